"""New rows as a model reads them, and what is said of those that it cannot read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.data import series
from cellsize.data.history import history_of
from cellsize.errors import InputError
from cellsize.lifecycle import new_rows
from tests.lifecycle.known_model import Known

Make = Callable[..., Known]
Table = Callable[..., pd.DataFrame]
UNTIL = 588  # the model has learned from all but the last 12 hours


def written(folder: Path, table: pd.DataFrame, name: str = "new.csv") -> Path:
    path = folder / name
    table.to_csv(path, index=False) if name.endswith("csv") else table.to_parquet(path, index=False)
    return path


def test_windows_predict_new_rows_alone_and_old_rows_are_what_they_see(
    known: Known, wave: Table, tmp_path: Path
) -> None:
    found = new_rows.read(written(tmp_path, wave(500, 640)), known.model)
    windows = found.windows
    assert found.is_new.sum() == 640 - UNTIL
    begins = 500 + windows.step[windows.first] + windows.lookback
    assert begins.min() == UNTIL
    assert begins.max() == 640 - windows.horizon
    assert (found.first, found.last) == ("2026-01-25T12:00:00", "2026-01-27T15:00:00")
    assert found.unknown == ()


def test_parquet_and_text_are_read_alike(known: Known, wave: Table, tmp_path: Path) -> None:
    ours, theirs = (
        new_rows.read(written(tmp_path, wave(500, 640), name), known.model).windows for name in ("a.csv", "a.parquet")
    )
    np.testing.assert_array_equal(ours.inputs, theirs.inputs)
    np.testing.assert_array_equal(ours.first, theirs.first)


def test_a_series_that_is_new_counts_whole_and_is_named(make_known: Make, wave: Table, tmp_path: Path) -> None:
    made = make_known(("a", "b"), scale="series")
    table = wave(560, 620, ("a", "b")).replace({"place": {"b": "c"}})
    found = new_rows.read(written(tmp_path, table), made.model)
    assert found.unknown == ("c",)
    assert found.is_new.sum() == (620 - UNTIL) + 60
    assert set(found.model.fitted.scaling.names) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [
        (500, 580, "no row is newer than what the model has learned from, until 2026-01-25T11:00:00; give rows of"),
        (586, 592, "the longest series has 6 rows: put those from before the new ones into the same file"),
        (560, 589, "no series has more than 1 new rows: wait for more"),
    ],
)
def test_too_few_rows_are_said_in_one_line(
    known: Known, wave: Table, tmp_path: Path, begin: int, end: int, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        new_rows.read(written(tmp_path, wave(begin, end)), known.model)
    assert said in str(caught.value)
    assert "new.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_columns_steps_and_times_are_said_for_the_caller(known: Known, wave: Table, tmp_path: Path) -> None:
    table = wave(500, 700)
    zoned = table.assign(when=table["when"] + "+00:00")
    cases = {
        "no column 'x'": table.drop(columns="x"),
        "the rows are 3 × 'h' apart, and the model's step is 'h'; give a row for each step": table.iloc[::3],
        "times with an offset": zoned,
        "is not a number": table.assign(y=table["y"].astype(str).where(table.index != 7, "much")),
        "is duplicated": pd.concat([table, table.iloc[:1]]),
    }
    for said, bad in cases.items():
        with pytest.raises(InputError) as caught:
            new_rows.read(written(tmp_path, bad), known.model)
        assert said in str(caught.value)
        assert "params.yaml" not in str(caught.value)
        assert "prepare." not in str(caught.value)


def test_a_file_that_is_not_there_is_said_without_params_yaml(known: Known, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: no such file; name another one with --data$"):
        new_rows.read(tmp_path / "none.csv", known.model)


def test_counted_rows_that_the_model_has_learned_from_are_known_by_their_digests(
    make_known: Make, wave: Table, tmp_path: Path
) -> None:
    made = make_known(time=None, frequency="step", calendar=())
    schema = made.model.schema
    history = history_of(series.clean(wave(0, UNTIL), Path("table.csv"), schema), schema, None)
    whole, tail = (new_rows.read(written(tmp_path, wave(*span)), made.model, history=history)
                   for span in ((0, 640), (560, 640)))  # fmt: skip
    assert (whole.is_new.sum(), whole.taken_as_new) == (640 - UNTIL, False)
    assert (whole.first, whole.last) == ("588", "639")
    begins = whole.windows.step[whole.windows.first] + whole.windows.lookback
    assert begins.min() == UNTIL
    # Without the first ones nobody knows, nor without digests.
    assert (tail.is_new.sum(), tail.taken_as_new) == (80, True)
    unknown = new_rows.read(written(tmp_path, wave(0, 640)), made.model)
    assert (unknown.is_new.sum(), unknown.taken_as_new) == (640, True)
    with pytest.raises(InputError, match=r"no row is newer than what the model has learned from, until 587"):
        new_rows.read(written(tmp_path, wave(0, UNTIL)), made.model, history=history)
