"""Gradient-boosted trees on the summaries of sequences."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cellsize.data.folds import Fold
from cellsize.data.sequence_batches import fit_scaling
from cellsize.data.sequences import Sequences
from cellsize.models import boosted_trees, summary_trees
from cellsize.models.summary_trees import drawn, fit, fit_chosen, log_odds

TRAIN, STOPPING, REST = np.arange(90), np.arange(90, 120), np.arange(120, 150)


def test_probabilities_add_up_and_the_class_that_the_mean_tells_is_found(
    make_sequences: Callable[..., Sequences],
) -> None:
    sequences = make_sequences((0, 1, 2) * 50)
    scaling = fit_scaling(sequences, TRAIN)
    trees = fit_chosen(sequences, scaling, Fold(TRAIN, STOPPING, REST))
    probabilities = np.exp(log_odds(sequences, scaling, trees, REST))
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-5)
    assert (probabilities[:, 0].argmax(axis=1) == sequences.target[REST]).mean() > 0.8
    assert 1 <= trees.iterations <= boosted_trees.MOST_ITERATIONS


def test_the_same_data_give_the_same_trees_whatever_is_held_out(make_sequences: Callable[..., Sequences]) -> None:
    sequences, other = make_sequences((0, 1, 2) * 50), make_sequences((0, 1, 2) * 50)
    other.inputs[other.rows(REST)] += 3
    found = [
        log_odds(each, fit_scaling(each, TRAIN), fit(each, fit_scaling(each, TRAIN), TRAIN, 5), STOPPING)
        for each in (sequences, other)
    ]
    np.testing.assert_array_equal(found[0], found[1])


def test_the_trees_that_are_best_on_the_early_stopping_set_are_used_and_no_more(
    make_sequences: Callable[..., Sequences],
) -> None:
    sequences = make_sequences((0, 1, 2) * 50)
    scaling = fit_scaling(sequences, TRAIN)
    trees = fit_chosen(sequences, scaling, Fold(TRAIN, STOPPING, REST))
    codes, losses = sequences.target[STOPPING], []
    for count in (1, trees.iterations, trees.model.n_iter_):
        outputs = log_odds(sequences, scaling, replace(trees, iterations=count), STOPPING)
        losses.append(-outputs[np.arange(len(codes)), 0, codes].mean())
    assert losses[1] == min(losses)


def test_two_classes_have_two_probabilities(make_sequences: Callable[..., Sequences]) -> None:
    sequences = make_sequences((0, 1) * 40)
    train = np.arange(60)
    scaling = fit_scaling(sequences, train)
    assert log_odds(sequences, scaling, fit(sequences, scaling, train, 3), np.arange(60, 80)).shape == (20, 1, 2)


def test_very_many_sequences_are_thinned_out(
    make_sequences: Callable[..., Sequences], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary_trees, "MOST_ROWS", 10)
    sequences = make_sequences((0, 1) * 50)
    found = drawn(sequences, np.arange(100))
    assert 10 <= len(found) == len(np.unique(found)) <= 12
    np.testing.assert_array_equal(drawn(sequences, np.arange(10)), np.arange(10))


def test_a_class_of_few_is_not_lost_where_sequences_are_drawn(
    make_sequences: Callable[..., Sequences], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary_trees, "MOST_ROWS", 10)
    sequences = make_sequences((0,) * 50 + (1, 2) + (0,) * 50)
    every = np.arange(len(sequences.first))
    assert set(sequences.target[drawn(sequences, every)]) == {0, 1, 2}
    scaling = fit_scaling(sequences, every)
    assert log_odds(sequences, scaling, fit(sequences, scaling, every, 2), every).shape == (102, 1, 3)
