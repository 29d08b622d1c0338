"""Sequences of unequal length as an index over base arrays."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from cellsize.data.sequences import Sequences

Make = Callable[..., Sequences]


def test_the_rows_of_some_sequences_are_theirs_in_the_order_asked(make_sequences: Make) -> None:
    sequences = make_sequences((0, 1, 0))  # of 2, 3 and 4 steps
    assert sequences.rows(np.array([2, 0])).tolist() == [5, 6, 7, 8, 0, 1]
    assert sequences.rows(np.array([1])).tolist() == [2, 3, 4]


def test_what_is_saved_is_read_again(make_sequences: Make, tmp_path: Path) -> None:
    sequences = make_sequences(groups=np.arange(36) // 2)
    sequences.save(tmp_path / "windows.npz")
    read = Sequences.load(tmp_path / "windows.npz")
    for field in fields(Sequences):
        np.testing.assert_array_equal(getattr(read, field.name), getattr(sequences, field.name))


def test_a_sequence_has_one_step_to_predict_with_a_column_for_each_class(make_sequences: Make) -> None:
    sequences = make_sequences()
    assert (sequences.horizon, sequences.n_targets, sequences.n_outputs) == (1, 3, 3)
    assert (sequences.n_cell_inputs, sequences.lookback, sequences.n_linear) == (2, 6, 14)


def test_another_file_is_none_of_sequences(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", first=np.zeros(1))
    with pytest.raises(KeyError):
        Sequences.load(tmp_path / "other.npz")
