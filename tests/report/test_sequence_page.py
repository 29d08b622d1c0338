"""The page of a task of sequences: what all of them share."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.data.folds import EARLY_STOPPING, TRAIN, VALIDATION, Folds
from cellsize.errors import InputError
from cellsize.report.sequence_page import Block, SequenceInputs, Told, method, parts, read, render
from cellsize.report.summaries import table
from cellsize.report.tables import Row, Table
from cellsize.report.tiles import Tile
from cellsize.report.words import OF_CLASSES
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Registration

LABELS = np.array([[TRAIN, TRAIN, EARLY_STOPPING, VALIDATION, 0], [VALIDATION, TRAIN, EARLY_STOPPING, TRAIN, 0]])
FOLDS = Folds(LABELS.astype(np.int8), np.arange(5) == 4, np.arange(5) < 4)


@pytest.fixture
def inputs(
    toy_candidates: Candidates, toy_trials: pd.DataFrame, toy_curves: pd.DataFrame, toy_timings: pd.DataFrame,
    toy_choice: Callable[..., Choice], toy_registration: Registration,
) -> SequenceInputs:  # fmt: skip
    seconds = pd.DataFrame({"baseline": ["majority_class"], "fold": [1], "seconds": [0.1]})
    return SequenceInputs(
        toy_candidates, toy_trials, toy_curves, toy_timings, seconds, FOLDS, toy_choice(), toy_registration
    )


def told(bad: bool = False, total: int = 5) -> Told:
    blocks = [
        Block("", Table(("Model", "Accuracy"), (Row(("this <model>", "95 %")),)), "What the table says."),
        Block("A chart", "<svg><text>drawn</text></svg>", "What the chart says."),
    ]
    tile = Tile("Accuracy", "95 %", "a note")
    return Told(OF_CLASSES, "The verdict.", bad, ["something odd"], [tile], blocks, ["Some data."], total)


def test_the_page_has_what_the_task_says_in_its_place_and_escapes_it(inputs: SequenceInputs) -> None:
    page = render(inputs, told(), "A title")
    assert "<svg><text>drawn</text></svg>" in page
    assert "this &lt;model&gt;" in page
    order = ["A title", "The verdict.", "something odd", "<dt>Accuracy</dt>", "What the table says.", "A chart",
             "What the chart says.", "Some data."]  # fmt: skip
    places = [page.index(text) for text in order]
    assert places == sorted(places)
    assert 'class="bad"' not in page
    assert 'class="bad">The verdict.' in render(inputs, told(bad=True), "A title")


def test_the_same_inputs_give_the_same_bytes_and_nothing_is_fetched(inputs: SequenceInputs) -> None:
    page = render(inputs, told(), "A title")
    assert page == render(inputs, told(), "A title")
    assert "://" not in page
    assert "default-src 'none'" in page


def test_the_page_of_sequences_does_not_speak_of_forecasts(inputs: SequenceInputs) -> None:
    page = render(inputs, told(), "A title").lower()
    assert "ridge-linear" not in page
    assert "forecast" not in page
    assert "window" not in page
    assert "time point" not in page
    assert "series" not in page


def test_a_size_that_was_searched_on_fewer_sequences_than_there_are_now_says_so(inputs: SequenceInputs) -> None:
    said = "The size was searched on the first 5 sequences, and kept while new ones came in"
    assert said not in render(inputs, told(), "A title")
    assert render(inputs, told(total=8), "A title").count(f"{said} (split.searched_until): there are 8 now.") == 2


def test_each_fold_says_how_many_sequences_are_in_which_part() -> None:
    assert table(parts(FOLDS)).splitlines()[2:] == ["| fold 1 | 2 | 1 | 1 | 1 |", "| fold 2 | 2 | 1 | 1 | 1 |"]


def test_the_method_names_the_holdout_and_the_model_without_memory_cells(inputs: SequenceInputs) -> None:
    said = " ".join(method(inputs, OF_CLASSES))
    assert "There are 5. The holdout, 1 of them" in said
    assert "a logistic regression of each sequence as a whole" in said


def test_a_result_that_is_missing_is_named_with_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"trials.csv: no such file; run `cellsize run`, which makes it"):
        read(tmp_path, tmp_path)
