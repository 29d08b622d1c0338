"""The page of a check of sequences: one file that fetches nothing and says what the command says."""

import re
from pathlib import Path

import pytest

from cellsize.lifecycle import sequence_check, sequence_page, sequence_verdict
from cellsize.lifecycle.sequence_losses import measure
from cellsize.lifecycle.sequence_verdict import SequenceCheck
from tests.lifecycle.known_classifier import LEARNED, KnownClassifier, sequences_table


@pytest.fixture(params=["labelled", "not labelled", "nothing kept"])
def result(labels: KnownClassifier, tmp_path: Path, request: pytest.FixtureRequest) -> SequenceCheck:
    table, path = sequences_table(LEARNED - 3, LEARNED + 40, level=2.0), tmp_path / "new.parquet"
    (table if request.param == "labelled" else table.drop(columns="kind")).to_parquet(path, index=False)
    reference = None if request.param == "nothing kept" else labels.reference
    return sequence_check.measured("<toy>", "1", path, labels.model, labels.prepare, reference, labels.history, measure)


def test_it_says_what_the_command_says_and_fetches_nothing(result: SequenceCheck) -> None:
    page = sequence_page.render(result)
    assert f"<h1>{sequence_verdict.headline(result)}</h1>" in page
    for line in sequence_verdict.notes(result):
        assert line in page
    assert "&lt;toy&gt;" in page
    assert not re.search(r"(src|href)=[\"']?http|<script", page)
    assert not re.search(
        r"\b(windows?|forecasts?|stretch)\b", re.sub(r"<(style|svg).*?</\1>", "", page, flags=re.DOTALL)
    )


def test_what_is_there_is_drawn(result: SequenceCheck) -> None:
    page = sequence_page.render(result)
    assert page.count("<svg") == (result.new is not None) + bool(result.shifts)
