"""How well probabilities of classes fit the truth."""

import numpy as np
import pytest

from cellsize.data.scaling import Scaling
from cellsize.evaluation.class_errors import confusion, errors_of, mean_errors, mistakes, reliability
from cellsize.sizing.class_records import ClassErrors

# Of two balanced classes.
SCALING = Scaling(np.zeros(1), np.ones(1), np.array([np.log(2)], np.float32))


def test_accuracy_macro_f1_and_log_loss_have_their_textbook_values() -> None:
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
    found = errors_of(probabilities, np.array([0, 0, 1, 1]), SCALING)
    assert found.accuracy == 0.75
    assert found.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert found.log_loss == pytest.approx(-np.log([0.9, 0.6, 0.8, 0.3]).mean())
    assert found.score == pytest.approx(found.log_loss / np.log(2))


def test_a_class_that_is_neither_there_nor_named_does_not_count_in_macro_f1() -> None:
    found = errors_of(np.array([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]]), np.array([0, 1]), SCALING)
    assert found.macro_f1 == 1


def test_a_certain_mistake_has_a_log_loss_that_is_a_number() -> None:
    assert np.isfinite(errors_of(np.array([[0.0, 1.0]]), np.array([0]), SCALING).log_loss)


def test_the_errors_of_twins_are_their_means() -> None:
    one, other = (ClassErrors(accuracy=of, macro_f1=of, log_loss=of, score=of) for of in (0.5, 1.0))
    assert mean_errors([one, other]) == ClassErrors(accuracy=0.75, macro_f1=0.75, log_loss=0.75, score=0.75)


def test_the_confusion_has_true_classes_down_and_labels_across() -> None:
    assert confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 3) == ((1, 1, 0), (0, 1, 0), (0, 0, 0))


def test_reliability_counts_sequences_by_the_tenth_of_what_was_said() -> None:
    probabilities = np.array([[0.95, 0.05], [0.91, 0.09], [0.55, 0.45], [1.0, 0.0]])
    low, high = reliability(probabilities, np.array([0, 1, 1, 0]))
    assert (low.count, low.probability, low.right) == (1, pytest.approx(0.55), 0)
    assert (high.count, high.probability, high.right) == (3, pytest.approx((0.95 + 0.91 + 1) / 3), pytest.approx(2 / 3))


def test_the_worst_mistakes_are_those_whose_class_was_held_least_probable() -> None:
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.99, 0.01]])
    found = mistakes(probabilities, np.array([1, 0, 0, 1]), ["first", "right", "third", "worst"], ["a", "b"])
    assert [each.sequence for each in found] == ["worst", "first", "third"]
    assert (found[0].label, found[0].predicted, found[0].probability) == ("b", "a", 0.99)
    assert found[0].probability_of_label == 0.01


def test_at_most_ten_mistakes_are_shown() -> None:
    names = [str(number) for number in range(30)]
    assert len(mistakes(np.tile([0.9, 0.1], (30, 1)), np.ones(30, np.int64), names, ["a", "b"])) == 10
