"""How sure means over sequences are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellsize.evaluation.standard_errors import standard_error


def test_sequences_alone_have_the_textbook_standard_error() -> None:
    values = np.array([[1.0, 2.0, 4.0, 5.0]])
    expected = values[0].std(ddof=1) / 2
    assert standard_error(values, np.arange(4)) == pytest.approx(expected)


def test_equal_sequences_of_a_group_count_once() -> None:
    once, twice = np.array([[0.0, 1.0, 1.0]]), np.array([[0.0, 0.0, 1.0, 1.0, 1.0, 1.0]])
    assert standard_error(twice, np.array([0, 0, 1, 1, 2, 2])) == pytest.approx(standard_error(once, np.arange(3)))
    assert standard_error(twice, np.arange(6)) < standard_error(once, np.arange(3))


def test_the_seeds_of_the_twins_count_too() -> None:
    twins = np.array([[0.0, 1.0], [0.5, 1.5]])  # whose means are half apart
    alone = standard_error(twins.mean(axis=0, keepdims=True), np.arange(2))
    assert standard_error(twins, np.arange(2)) == pytest.approx(np.sqrt(alone**2 + 0.125 / 2))


def test_one_group_says_nothing() -> None:
    assert standard_error(np.array([[1.0, 2.0]]), np.array([7, 7])) == 0


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=9), st.floats(-3, 3))
def test_a_constant_more_changes_nothing(values: list[float], more: float) -> None:
    plain, groups = np.array([values]), np.arange(len(values))
    assert standard_error(plain + more, groups) == pytest.approx(standard_error(plain, groups), abs=1e-9)
