"""What is odd about labelled sequences before the holdout."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cellsize.data.folds import Folds
from cellsize.data.sequences import Sequences
from cellsize.inspection.sequences import inspect, inspect_numbers, printed, printed_numbers

Make = Callable[..., Sequences]


def before(holdout: np.ndarray) -> Folds:
    return Folds(np.zeros((1, len(holdout)), np.int8), holdout, ~holdout)


def test_sequences_that_are_there_twice_are_counted_unless_their_group_keeps_them_together(
    make_sequences: Make,
) -> None:
    sequences = make_sequences((0, 1) * 5)  # of 2, 3, 4, 5, 6 steps, twice
    inputs = sequences.inputs.copy()
    inputs[sequences.rows(np.array([5]))] = inputs[sequences.rows(np.array([0]))]
    twice, nothing = replace(sequences, inputs=inputs), np.zeros(10, np.bool_)
    found = inspect(twice, before(nothing))
    assert found.duplicates == 1
    assert "1 sequences are equal to an earlier one" in printed(found)
    together = np.array([0, 1, 2, 3, 4, 0, 6, 7, 8, 9])
    assert inspect(replace(twice, group=together), before(nothing)).duplicates == 0


def test_the_holdout_is_not_looked_at(make_sequences: Make) -> None:
    sequences, holdout = make_sequences((0, 1) * 5), np.arange(10) >= 5
    found = inspect(sequences, before(holdout))
    assert (found.sequences, found.classes) == (5, {"a": 3, "b": 2})
    inputs = sequences.inputs.copy()
    inputs[sequences.rows(np.arange(5, 10))] = 0.0
    assert inspect(replace(sequences, inputs=inputs), before(holdout)) == found


def test_the_rarest_class_is_said(make_sequences: Make) -> None:
    found = inspect(make_sequences((0, 0, 1)), before(np.zeros(3, np.bool_)))
    assert printed(found) == "inspect: 3 sequences of 2 to 4 steps, 2 classes, the rarest 'b' with 1"


def test_numbers_have_quartiles_in_the_unit_of_the_table_and_the_holdout_is_not_looked_at(make_numbers: Make) -> None:
    sequences = make_numbers(np.sqrt([0.0, 1.0, 2.0, 3.0, 4.0, 99.0]))
    found = inspect_numbers(sequences, before(np.arange(6) > 4), "sqrt")
    assert found.quantiles == pytest.approx({"0": 0, "25": 1, "50": 2, "75": 3, "100": 4})
    assert (found.sequences, found.duplicates, found.shortest, found.longest) == (5, 0, 2, 6)
    assert printed_numbers(found) == "inspect: 5 sequences of 2 to 6 steps, numbers from 0 to 4, half of them up to 2"
