"""One number for a sequence: its scale, and the way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellsize.data.regress import FORM, Regress, untransformed
from cellsize.data.windows import FORWARD


def test_the_best_constant_has_an_error_of_1() -> None:
    numbers = np.array([0.0, 0.0, 0.0, 8.0])
    scale = Regress.fitted(numbers)
    assert (scale.mean, scale.std) == (2, np.sqrt(12))
    assert scale.deviation == pytest.approx(2 / np.sqrt(12))
    target = scale.target(numbers)
    assert FORM.score_of(np.zeros_like(target), target, np.ones(1), "mse") == pytest.approx(1)
    median = np.full_like(target, (0 - scale.mean) / scale.std)
    assert FORM.score_of(median, target, np.array([1 / scale.deviation]), "mae") == pytest.approx(1)


def test_numbers_that_are_all_the_same_are_divided_by_1() -> None:
    found = Regress.fitted(np.full(5, 0.1))
    assert (found.std, found.deviation) == (1, 1)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20), st.sampled_from(["none", "log1p", "sqrt"]))
def test_what_networks_read_comes_back_in_the_unit_of_the_table(values: list[float], transform: str) -> None:
    numbers = np.abs(values) if transform != "none" else np.array(values)
    forward = FORWARD[transform](numbers)
    scale = Regress.fitted(forward)
    found = scale.original(scale.target(forward), transform)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, numbers, rtol=1e-4, atol=1e-5 * (1 + np.ptp(numbers)))


def test_a_network_that_says_less_than_nothing_says_nothing_of_what_cannot_be_negative() -> None:
    assert untransformed(np.array([-3.0, 2.0]), "sqrt").tolist() == [0, 4]
    assert untransformed(np.array([-3.0]), "none").tolist() == [-3]
