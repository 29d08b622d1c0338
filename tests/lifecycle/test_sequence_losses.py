"""Losses of sequences by group: sums that add up to the errors of an evaluation."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.evaluation.classes import errors_of
from cellsize.lifecycle.sequence_losses import SequenceLosses, frequencies, measure
from tests.lifecycle.known_classifier import KnownClassifier


def test_of_all_groups_together_they_are_the_errors_of_an_evaluation(labels: KnownClassifier) -> None:
    sequences, model, chosen = labels.sequences, labels.model, np.flatnonzero(labels.folds.holdout)
    found = measure(sequences, chosen, [model, model], model, np.array([0.5, 0.5]))
    probabilities = model.probabilities(sequences, chosen)
    expected = errors_of(probabilities, sequences.target[chosen], model.fitted.scaling)
    assert found.error == pytest.approx(expected.score)
    assert found.accuracy == pytest.approx(expected.accuracy)
    assert found.sureness == pytest.approx(probabilities.max(axis=1).mean())
    assert found.constant_error == pytest.approx(1)  # classes are balanced, also in training
    assert found.losses.shape == (2, len(chosen))


def test_a_group_is_a_sum_in_the_order_in_which_groups_come(
    make_known_classifier: Callable[..., KnownClassifier],
) -> None:
    known = make_known_classifier(people=5)
    chosen = np.arange(20)[::-1].copy()
    found = measure(known.sequences, chosen, [known.model], known.model, np.array([0.5, 0.5]))
    assert found.sequences.tolist() == [5, 5, 5, 5]
    first = measure(known.sequences, chosen[:5], [known.model], known.model, np.array([0.5, 0.5]))
    assert found.losses[0, 0] == pytest.approx(first.losses[0, 0])


def test_a_probability_of_nothing_has_a_finite_loss() -> None:
    one = SequenceLosses(np.array([2]), np.array([[4.0]]), np.array([2.0]), np.array([1.0]), np.array([1.5]))
    assert (one.error, one.constant_error, one.accuracy, one.sureness) == (2.0, 1.0, 0.5, 0.75)


def test_frequencies_are_those_before_the_holdout(labels: KnownClassifier) -> None:
    counts = np.bincount(labels.sequences.target[~labels.folds.holdout])
    np.testing.assert_allclose(frequencies(labels.sequences, labels.folds), counts / counts.sum())
