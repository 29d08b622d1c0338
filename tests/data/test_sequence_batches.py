"""Batches of sequences, and the summaries that a model without memory reads."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cellsize.data.sequence_batches import fit_scaling, padded_steps, summaries
from cellsize.data.sequences import Sequences

Make = Callable[..., Sequences]


def test_scaling_is_of_the_steps_and_labels_of_the_training_sequences_alone(make_sequences: Make) -> None:
    sequences, train = make_sequences(), np.array([0, 4, 8, 9])
    scaling = fit_scaling(sequences, train)
    rows = sequences.rows(train)
    np.testing.assert_allclose(scaling.mean, sequences.inputs[rows].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(scaling.std, sequences.inputs[rows].std(axis=0), rtol=1e-5)
    assert scaling.deviation[0] == pytest.approx(1.5 * np.log(2))  # classes 0, 1, 2, 0: 1/2, 1/4, 1/4
    other = sequences.inputs.copy()
    outside = np.setdiff1d(np.arange(len(other)), rows)
    other[outside] = 1e6
    labels = sequences.target.copy()
    labels[np.setdiff1d(np.arange(len(labels)), train)] = 0
    again = fit_scaling(replace(sequences, inputs=other, target=labels), train)
    for name, value in vars(scaling).items():
        np.testing.assert_array_equal(getattr(again, name), value)


def test_a_shorter_sequence_ends_in_zeros_and_each_step_is_scaled(make_sequences: Make) -> None:
    sequences, chosen = make_sequences((0, 1, 0, 1)), np.array([3, 0])
    scaling = fit_scaling(sequences, np.arange(4))
    steps = padded_steps(sequences, scaling, chosen)
    assert steps.shape == (2, 5, 2)
    assert (steps[1, 2:] == 0).all()
    np.testing.assert_allclose(steps[1, :2] * scaling.std + scaling.mean, sequences.inputs[:2], atol=1e-6)


def test_a_value_far_beyond_what_training_has_shown_is_clipped(make_sequences: Make) -> None:
    sequences = make_sequences((0, 1, 0, 1))
    scaling = fit_scaling(sequences, np.arange(3))
    inputs = sequences.inputs.copy()
    inputs[-1, 0] = 1e9
    assert scaling.upper is not None
    steps = padded_steps(replace(sequences, inputs=inputs), scaling, np.array([3]))
    assert steps[0, -1, 0] == scaling.upper[0]


def test_a_summary_has_mean_deviation_smallest_largest_first_last_and_the_length() -> None:
    steps = np.array([[[1.0], [3.0], [0.0], [0.0]], [[-2.0], [-4.0], [-6.0], [-8.0]]], np.float32)
    found = summaries(steps, np.array([2, 4]))
    assert found[0].tolist() == [2, 1, 1, 3, 1, 3, 0.5, 1]
    assert found[1].tolist() == pytest.approx([-5, 5**0.5, -8, -2, -2, -8, 1, 1])
