"""Sequences as a long table."""

import numpy as np

from cellsize.data import long_table


def test_a_row_is_a_step_and_what_a_sequence_has_one_of_stands_in_each_of_its_rows() -> None:
    table = long_table.of(np.arange(6.0).reshape(3, 2), np.array([1, 2]), {"label": ["a", "b"]})
    assert list(table.columns) == ["sequence", "step", "x1", "x2", "label"]
    assert table.to_numpy().tolist() == [[1, 1, 0.0, 1.0, "a"], [2, 1, 2.0, 3.0, "b"], [2, 2, 4.0, 5.0, "b"]]
