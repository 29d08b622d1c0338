"""Heads are compared on the same folds of the first rows, and differ in nothing but the head."""

from typing import Any

import numpy as np
import pytest

from benchmarks import data, heads
from cellsize.sizing.sizes import Size

TABLE = "santa-fe-laser"


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "ROWS", {TABLE: 1200})
    monkeypatch.setattr(heads, "SIZES", (Size(1, 2),))


def test_only_the_head_differs_and_only_the_first_rows_are_read() -> None:
    works = heads.works(TABLE, smoke=True)
    assert list(works) == ["plain", "mixed", "encoder_decoder"]
    first = works["plain"]
    assert len(first.windows.step) <= 1200
    assert len(first.folds.labels) == 3
    for head, work in works.items():
        assert work.network.head == (head,)
        assert work.network.model_copy(update={"head": ("plain",)}) == first.network
        assert (work.training, work.seed, work.metric) == (first.training, first.seed, first.metric)
        np.testing.assert_array_equal(work.folds.labels, first.folds.labels)
    assert first.network.skip == ("none",)


def test_every_head_has_its_score_and_a_decoder_counts_its_own_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    written = dict[str, Any]()
    monkeypatch.setattr(data, "write", lambda name, content, smoke: written.update({name: (content, smoke)}))
    monkeypatch.setattr("sys.argv", ["heads", "--smoke"])
    heads.main()
    (rows, smoke) = written["heads"]
    assert smoke
    assert [row["head"] for row in rows] == ["plain", "mixed", "encoder_decoder"]
    plain, mixed, decoder = rows
    for row in rows:
        assert (row["data"], row["size"]) == (TABLE, "1x2")
        assert row["score"] == pytest.approx(np.mean(row["folds"]))
        assert row["standard_error"] == pytest.approx(np.std(row["folds"], ddof=1) / np.sqrt(3))
    # One input, two cells: 4 · 2 · (1 + 2 + 2); the decoder's cells read the number of the step in place of the input.
    assert plain["recurrent"] == mixed["recurrent"] == 40
    assert decoder["recurrent"] == 80
