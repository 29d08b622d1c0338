"""Words of a check of sequences."""

from dataclasses import replace
from pathlib import Path

import pytest

from cellsize.lifecycle import check_verdict, sequence_check, sequence_quality, sequence_verdict
from cellsize.lifecycle.sequence_losses import measure
from cellsize.lifecycle.sequence_verdict import SequenceCheck
from tests.lifecycle.known_classifier import LEARNED, KnownClassifier, sequences_table


@pytest.fixture(scope="module")
def result(labels: KnownClassifier, tmp_path_factory: pytest.TempPathFactory) -> SequenceCheck:
    path = tmp_path_factory.mktemp("check") / "new.parquet"
    sequences_table(LEARNED, LEARNED + 60).to_parquet(path, index=False)
    return sequence_check.measured(
        "toy", "1", path, labels.model, labels.prepare, labels.reference, labels.history, measure
    )


def test_verdicts_have_the_statuses_of_forecasts(result: SequenceCheck) -> None:
    assert check_verdict.STATUS[result.verdict] == 0
    assert result.compared is not None
    worse = replace(result, compared=replace(result.compared, worse=0.96))
    moved = replace(result, shifts=(replace(result.shifts[0], adjusted=0.01), *result.shifts[1:]))
    nothing = replace(result, compared=None)
    assert [check_verdict.STATUS[each.verdict] for each in (worse, moved, nothing)] == [4, 3, 5]


def test_every_verdict_has_a_headline_and_an_advice(result: SequenceCheck) -> None:
    assert result.compared is not None
    cases = {
        "As before: the error on the new sequences is": result,
        "Worse: the error on the new sequences is": replace(result, compared=replace(result.compared, worse=0.96)),
        "Inputs shifted: mean of x is unlike": replace(result, shifts=(replace(result.shifts[0], adjusted=0.01),)),
        "Cannot tell: the error may be anything": replace(
            result, compared=replace(result.compared, worse=0.1, not_much_worse=0.5)
        ),
    }
    for begin, case in cases.items():
        assert sequence_verdict.headline(case).startswith(begin)
        assert sequence_verdict.advice(case)
    assert sequence_verdict.title(result).startswith("toy, version 1: 60 new sequences of ")


def test_all_lines_are_sentences_and_none_is_of_a_forecast(result: SequenceCheck) -> None:
    lines = sequence_verdict.lines(result)
    assert all(line.endswith(".") for line in lines[1:])
    assert not any(word in line for line in lines for word in ("forecast", "window", "seasonal"))


def test_intervals_take_enough_groups(result: SequenceCheck) -> None:
    assert result.new is not None
    between = sequence_quality.interval(result.new, result.new.right)
    assert between is not None
    assert between[0] < result.new.accuracy < between[1]
    few = replace(result.new, sequences=result.new.sequences[:19])
    assert sequence_quality.interval(few, few.right[:19]) is None


def test_a_version_that_does_not_say_what_it_has_learned_from_is_a_note(result: SequenceCheck) -> None:
    found = replace(result.found, taken_as_new=True, known=1)
    said = sequence_verdict.notes(replace(result, found=found))
    assert said[0] == sequence_verdict.TAKEN_AS_NEW
    assert said[1].startswith("1 sequence that the model has learned from")


def test_the_file_of_the_check_is_named(result: SequenceCheck) -> None:
    assert Path(result.data).name == "new.parquet"
