"""What the report says of labelled sequences in words."""

import pytest

from cellsize.report.class_prose import best_baseline, data, reliability, remarks, tiles, verdict
from cellsize.sizing.class_records import ClassDifference, ClassEvaluation, SequenceInspection
from tests.report.conftest import choice as toy_choice
from tests.sizing.class_examples import errors, evaluation

INSPECTION = SequenceInspection(
    task="classify",
    sequences=90,
    groups=90,
    classes={"a": 60, "b": 30},
    shortest=5,
    longest=15,
    duplicates=0,
    leak=None,
)


def with_best(score: float, accuracy: float, se: float) -> ClassEvaluation:
    """The logistic regression has such a score and accuracy; the model has 0.2 and 0.95."""
    plain = evaluation()
    difference = ClassDifference(accuracy=accuracy - 0.95, accuracy_se=0.01, score=score - 0.2, score_se=se)
    return evaluation(
        baselines={**plain.baselines, "logistic_regression": errors(score, accuracy)},
        differences={**plain.differences, "logistic_regression": difference},
    )


def test_a_model_that_is_clearly_better_is_said_to_be() -> None:
    said, bad = verdict(toy_choice(), with_best(0.25, 0.9, 0.01))
    assert not bad
    assert said.startswith("On the 40 sequences of the holdout, which were not used before, it labels 95.0 % ± 3.0 %")
    assert "20 % lower than that of the best baseline, logistic regression: 0.200 compared with 0.250" in said


def test_a_difference_within_its_standard_error_is_not_clear() -> None:
    said, bad = verdict(toy_choice(), with_best(0.21, 0.9, 0.03))
    assert not bad
    assert "is not clearly lower" in said
    assert "the difference is 0.010 ± 0.030 (standard error)" in said


@pytest.mark.parametrize(
    ("se", "clear"), [(0.01, " is better: the difference is "), (0.2, " is better, though not clearly: ")]
)
def test_a_baseline_that_wins_is_the_first_thing_said_with_both_errors(se: float, clear: str) -> None:
    said, bad = verdict(toy_choice(), with_best(0.1, 0.986, se))
    assert bad
    assert said.startswith("But on the holdout, which was not used before, the baseline logistic regression")
    assert clear in said
    assert "the baseline 98.6 %" in said
    assert "Do not use it before you know why." in said


def test_no_memory_cells_are_the_logistic_regression_itself() -> None:
    said, bad = verdict(toy_choice(0, 0), with_best(0.2, 0.95, 0.01))
    assert not bad
    assert "is that of the baseline logistic regression" in said


def test_a_baseline_that_is_more_often_right_is_named_though_its_log_loss_is_higher() -> None:
    plain = evaluation()
    found = evaluation(baselines={**plain.baselines, "boosted_trees": errors(0.3, 0.975)})
    said = "More of them are labelled rightly by the baseline boosted trees: 97.5 % compared with 95.0 %."
    assert said in verdict(toy_choice(), found)[0]


def test_the_best_baseline_has_the_lowest_log_loss() -> None:
    assert best_baseline(evaluation()) == "logistic_regression"


def test_the_tiles_have_accuracy_with_its_standard_error_and_the_best_baseline() -> None:
    accuracy, compared = tiles(evaluation())
    assert accuracy.value == "95.0 % ± 3.0 %"
    assert compared.label == "Compared with the best baseline (logistic regression)"
    assert compared.value == "20 % lower log loss"


def test_what_is_odd_and_what_is_left_out_are_remarks() -> None:
    assert remarks(INSPECTION, evaluation(left_out=None)) == []
    twice = INSPECTION.model_copy(update={"duplicates": 3})
    first, second = remarks(twice, evaluation())
    assert first.startswith("3 sequences are equal to an earlier one")
    assert second == "the nearest neighbour is not measured"


def test_the_data_are_said_in_sentences_and_groups_only_where_there_are_some() -> None:
    alone, classes, holdout = data(INSPECTION, evaluation())
    assert alone == "Before the holdout there are 90 sequences of 5 to 15 steps."
    assert classes == "Classes before the holdout: a 60, b 30."
    assert holdout == "The holdout has 40 sequences."
    grouped = data(INSPECTION.model_copy(update={"groups": 9}), evaluation(groups=4))
    assert grouped[0].endswith(", in 9 groups that stay together.")
    assert grouped[2] == "The holdout has 40 sequences in 4 groups."


def test_reliability_says_what_was_said_on_average_and_how_often_it_was_right() -> None:
    assert reliability(evaluation()).endswith("gives 94.2 % to what it says, and is right for 95.0 %.")
