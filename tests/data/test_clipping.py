"""Clipping: what leaves its bounds is clipped and counted."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from cellsize.data import batches, clipping
from cellsize.data.clipping import clipped_columns, clipped_values, within
from cellsize.data.scaling import Scaling, fit_scaling
from cellsize.data.windows import Windows

Make = Callable[..., Windows]

Covariates = Callable[..., tuple[Windows, Scaling]]

ROWS = 2000


def in_table_units(scaling: Scaling, values: npt.NDArray[np.floating], column: int) -> list[float]:
    return np.round(values * scaling.std[column] + scaling.mean[column], 5).tolist()  # type: ignore[no-any-return]


def test_a_column_that_is_constant_in_training_has_no_effect(with_covariates: Covariates) -> None:
    late = np.where(np.arange(ROWS) < 1000, 7.0, 9.0)
    arrays, scaling = with_covariates(late, late)
    batch = batches.gather(arrays, scaling, np.array([10, 1500]))
    assert (batch.steps[:, :, 1:] == 0).all()
    assert (batch.known_future == 0).all()


@pytest.mark.parametrize("normalise", ["last", "standard"])
def test_a_normalised_target_follows_its_trend_without_a_bound(with_covariates: Covariates, normalise: str) -> None:
    arrays, scaling = with_covariates(normalise=normalise)
    arrays.inputs[1500:, 0] += 10
    batch = batches.gather(arrays, scaling, np.array([100, 1600]))
    np.testing.assert_allclose(batch.steps[1, :, 0], batch.steps[0, :, 0], atol=1e-2)


def test_clipped_values_are_counted_once_by_column_where_a_window_sees_them(with_covariates: Covariates) -> None:
    wave = np.cos(np.arange(ROWS))
    x, k = wave.copy(), wave.copy()
    x[1500:1505] = 9
    k[1500:1505] = -9
    arrays, scaling = with_covariates(x, k)
    columns = ("y", "x", "k")
    # A window sees three steps of the past and two known ahead.
    assert clipped_columns(arrays, scaling, np.array([1500]), columns) == {"x": 3, "k": 5}
    assert clipped_columns(arrays, scaling, np.arange(1490, 1520), columns) == {"x": 5, "k": 5}
    assert clipped_columns(arrays, scaling, np.array([0, 100]), columns) == {}


@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
def test_few_clipped_values_become_what_clipping_everything_makes_of_them(
    with_covariates: Covariates, monkeypatch: pytest.MonkeyPatch, normalise: str
) -> None:
    rng, x, k = np.random.default_rng(0), np.cos(np.arange(ROWS)), np.sin(np.arange(ROWS))
    x[1500:1505], k[1503] = 9, -9
    arrays, scaling = with_covariates(x, k, normalise=normalise)
    chosen = rng.permutation(len(arrays.first))[:500]
    few = batches.gather(arrays, scaling, chosen)
    assert clipped_values(arrays, scaling) is not None
    monkeypatch.setattr(clipping, "MUCH", 0.0)
    arrays = replace(arrays)  # nothing is remembered
    whole = batches.gather(arrays, scaling, chosen)
    assert clipped_values(arrays, scaling) is None
    for name, values in vars(whole).items():
        np.testing.assert_array_equal(getattr(few, name), values)
    free = batches.gather(arrays, replace(scaling, lower=None, upper=None), chosen)
    assert (free.steps != whole.steps).any()


def test_each_scaling_has_clipped_values_of_its_own(with_covariates: Covariates) -> None:
    x = np.cos(np.arange(ROWS))
    x[1500] = 9
    arrays, scaling = with_covariates(x)
    assert scaling.upper is not None
    lower_bound = replace(scaling, upper=scaling.upper / 2)
    at_most = [
        batches.gather(arrays, each, np.array([1500])).steps[0, 0, 1] for each in (scaling, lower_bound, scaling)
    ]
    assert at_most == [scaling.upper[1], scaling.upper[1] / 2, scaling.upper[1]]


def test_rows_are_found_in_every_window_that_has_them() -> None:
    window, at = within(np.array([2, 4, 4, 9]), np.array([3, 0, 10, 2]), span=3)
    # Windows of rows 3 to 5, 0 to 2, 10 to 12, 2 to 4.
    assert list(zip(window, at, strict=True)) == [(0, 1), (0, 2), (1, 0), (3, 0), (3, 1), (3, 2)]


def test_without_bounds_nothing_is_clipped(with_covariates: Covariates) -> None:
    x = np.cos(np.arange(ROWS))
    x[1500] = 9
    arrays, scaling = with_covariates(x)
    old = replace(scaling, lower=None, upper=None)
    assert in_table_units(old, batches.gather(arrays, old, np.array([1500])).steps[0, :1, 1], 1) == [9]
    assert clipped_columns(arrays, old, np.array([1500]), ("y", "x", "k")) == {}


def test_bounds_that_reach_beyond_every_value_change_no_digit(with_covariates: Covariates) -> None:
    arrays, scaling = with_covariates(np.cos(np.arange(ROWS)), np.sin(np.arange(ROWS)))
    chosen = np.arange(len(arrays.first))
    bounded = batches.gather(arrays, scaling, chosen)
    free = batches.gather(arrays, replace(scaling, lower=None, upper=None), chosen)
    for name, values in vars(bounded).items():
        np.testing.assert_array_equal(values, getattr(free, name))


@pytest.mark.parametrize("much", [0.0, 1.0])  # whole batches are clipped, or values found before
def test_a_value_is_clipped_by_what_all_series_have_shown_in_their_own_scales(
    make_windows: Make, monkeypatch: pytest.MonkeyPatch, much: float
) -> None:
    monkeypatch.setattr(clipping, "MUCH", much)
    # b reaches three times its own standard deviation in training, a only one: a may, too, and twice as far as that.
    a, b = np.tile([-1.0, 1.0], 30), np.tile([-1.0, 1.0], 30) * 100
    b[10] = 3000
    a[55], a[56] = 9, 1000
    arrays = make_windows(a, b, scale="series")
    train = np.flatnonzero(arrays.start < 40)
    scaling = fit_scaling(arrays, train)
    assert scaling.upper is not None
    assert scaling.own_std is not None
    at = np.flatnonzero((arrays.start == 54) & (arrays.series[arrays.first] == 0))
    seen = batches.gather(arrays, scaling, at).steps[0, :, 0]
    assert seen[1] == pytest.approx(9 / scaling.own_std[0, 0], rel=1e-3)
    assert seen[2] == scaling.upper[0] < 1000
    assert clipped_columns(arrays, scaling, at, ("y", "x", "k")) == {"y": 1}
    assert clipped_columns(arrays, scaling, train, ("y", "x", "k")) == {}
