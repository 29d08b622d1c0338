"""Scaling: constants of the training rows, of all series and of each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data import batches
from cellsize.data.clipping import clipped_columns
from cellsize.data.forecast import Forecast
from cellsize.data.scaling import Scaling, fit_scaling, usual, with_unknown
from cellsize.data.windows import Windows
from cellsize.params import Metric

Make = Callable[..., Windows]

Covariates = Callable[..., tuple[Windows, Scaling]]


def test_scaling_is_mean_and_standard_deviation_of_the_training_rows(eight: Callable[..., Windows]) -> None:
    # The windows 0 and 1 cover the rows 0 to 5: each row counts once, however many windows it is in.
    scaling = fit_scaling(eight(), np.array([0, 1]))
    assert scaling.mean[0] == pytest.approx(2.5)
    assert scaling.std[0] == pytest.approx(np.sqrt(35 / 12))


def test_an_input_that_never_changes_in_training_is_not_divided_by_zero(make_windows: Make) -> None:
    arrays = make_windows([3, 3, 3, 3, 3, 3, 9, 9])
    scaling = fit_scaling(arrays, np.array([0, 1]))
    assert (scaling.mean[0], scaling.std[0]) == (3, 1)
    assert np.isfinite(batches.gather(arrays, scaling, np.arange(4)).steps).all()


@pytest.mark.parametrize("unit", [2.0**-100, 2.0**-60, 2.0**40, 2.0**110])
def test_the_unit_of_a_number_changes_nothing(make_windows: Make, unit: float) -> None:
    values = np.sin(np.arange(12)) + 1.5
    both = [make_windows(values), make_windows(values * unit)]
    plain, other = (batches.gather(arrays, fit_scaling(arrays, np.arange(4)), np.arange(8)) for arrays in both)
    np.testing.assert_array_equal(plain.steps, other.steps)
    np.testing.assert_array_equal(plain.target, other.target)


def test_rounding_of_a_constant_is_not_a_standard_deviation(make_windows: Make) -> None:
    # Of the table's float64, whose next number after 1e6 is 1e-10 away.
    arrays = make_windows(1e6 + np.array([0, 1e-10, 0, 1e-10, 0, 1e-10, 0, 9]))
    assert fit_scaling(arrays, np.array([0, 1])).std[0] == 1
    # Of the base arrays' float32, where most of the table is far from it.
    arrays = make_windows([1e8, 1e8 + 5] * 3 + [0.0] * 30)
    assert arrays.offset[0] == 0
    assert fit_scaling(arrays, np.array([0, 1])).std[0] == 1


def test_the_absolute_deviation_worked_out_by_hand(make_windows: Make) -> None:
    # Training rows 0, 0, 0, 4, 11: median 0, mean absolute deviation 3, variance 18.4. The last row is not training.
    arrays = make_windows([0.0, 0.0, 0.0, 4.0, 11.0, 99.0], normalise="none")
    scaling = fit_scaling(arrays, np.array([0]))
    assert scaling.deviation == pytest.approx([3 / np.sqrt(18.4)], rel=1e-6)
    assert scaling.error_scale("mae") == pytest.approx(1 / scaling.deviation)
    assert scaling.error_scale("mse").tolist() == [1.0]


def test_a_constant_target_divides_absolute_errors_by_one(make_windows: Make) -> None:
    scaling = fit_scaling(make_windows([5.0] * 9, normalise="none"), np.arange(3))
    assert scaling.deviation.tolist() == [1.0]


@settings(max_examples=30, deadline=None)
@given(
    y=st.lists(st.integers(-100, 100), min_size=6, max_size=20).filter(lambda y: len(set(y)) > 1),
    constant=st.floats(-3, 3),
    metric=st.sampled_from([metric for metric in get_args(Metric) if metric != "quantile"]),
)
def test_no_constant_forecast_of_the_training_rows_scores_below_one(
    make_windows: Make, y: list[int], constant: float, metric: Metric
) -> None:
    arrays = make_windows([float(value) for value in y], normalise="none")
    scaling = fit_scaling(arrays, np.arange(len(arrays.first)))
    values = ((np.array(y) - scaling.mean[0]) / scaling.std[0]).astype(np.float32)[:, None, None]
    task = Forecast(lookback=3, horizon=1, n_targets=1)

    def score(forecast: float) -> float:
        return task.score_of(np.full_like(values, forecast), values, scaling.error_scale(metric), metric)

    best = 0.0 if metric == "mse" else float(np.median(values))
    assert score(best) == pytest.approx(1, rel=1e-4)
    assert score(constant) >= 1 - 1e-4


@settings(max_examples=30, deadline=None)
@given(
    y=st.lists(st.integers(-100, 100), min_size=6, max_size=20).filter(lambda y: len(set(y)) > 1),
    constants=st.lists(st.floats(-3, 3), min_size=3, max_size=3),
)
def test_no_constant_quantiles_of_the_training_rows_score_below_one(
    make_windows: Make, y: list[int], constants: list[float]
) -> None:
    arrays = replace(make_windows([float(value) for value in y], normalise="none"), quantiles=(0.1, 0.5, 0.8))
    scaling = fit_scaling(arrays, np.arange(len(arrays.first)))
    values = ((np.array(y) - scaling.mean[0]) / scaling.std[0])[:, None, None]
    task = Forecast(lookback=3, horizon=1, n_targets=1, quantiles=arrays.quantiles)

    def score(levels: Any) -> float:
        return task.score_of(
            np.broadcast_to(np.asarray(levels), (len(y), 1, 3)), values, scaling.error_scale("quantile"), "quantile"
        )

    assert score(np.quantile(values, arrays.quantiles, method="inverted_cdf")) == pytest.approx(1, rel=1e-4)
    assert score(constants) >= 1 - 1e-4
    assert fit_scaling(replace(arrays, quantiles=()), np.arange(len(arrays.first))).pinball is None


def test_constants_of_one_table_scale_windows_with_another_offset(make_windows: Make) -> None:
    values = 1e9 + np.round(3 * np.sin(np.arange(60)), 3)
    arrays, other = make_windows(values), make_windows(np.concatenate([values[:7], values[:7] - 1e3]))
    scaling = fit_scaling(arrays, np.arange(40))
    assert arrays.offset[0] != other.offset[0]
    first, second = (batches.gather(each, scaling, np.array([0, 1])).steps for each in (arrays, other))
    np.testing.assert_allclose(first[:, :, 0], second[:, :, 0], atol=1e-4)


ROWS = 2000


def in_table_units(scaling: Scaling, values: npt.NDArray[np.floating], column: int) -> list[float]:
    return np.round(values * scaling.std[column] + scaling.mean[column], 5).tolist()  # type: ignore[no-any-return]


def test_a_covariate_stays_within_its_training_range_and_a_tenth_of_it(with_covariates: Covariates) -> None:
    x = np.arange(ROWS) % 11 / 10  # 0 to 1 in training
    x[1500:1503] = [-5, 1.05, 1e30]
    arrays, scaling = with_covariates(x)
    batch = batches.gather(arrays, scaling, np.array([1500]))
    assert in_table_units(scaling, batch.steps[0, :, 1], 1) == pytest.approx([-0.1, 1.05, 1.1], abs=1e-4)


@pytest.mark.parametrize(("rows", "shown"), [(19, False), (20, True)])
def test_a_covariate_counts_as_shown_from_twenty_rows_on(with_covariates: Covariates, rows: int, shown: bool) -> None:
    # 8 of 3,200 rows once taught the linear model a weight that made forecasts of -124 and 373 out of rain.
    x = np.zeros(ROWS)
    x[np.arange(rows) * 50] = np.arange(rows) + 1
    x[1500] = 1e4
    arrays, scaling = with_covariates(x)
    assert bool((batches.gather(arrays, scaling, np.array([0, 1500])).steps[:, :, 1].std(axis=1) > 0).all()) == shown


def test_an_event_known_in_future_counts_as_shown_from_five_rows_on(with_covariates: Covariates) -> None:
    for rows in (4, 5):
        event = np.zeros(ROWS)
        event[np.arange(rows) * 50] = 1
        event[1500] = 1
        arrays, scaling = with_covariates(event, event)
        batch = batches.gather(arrays, scaling, np.array([1497, 1500]))
        assert (batch.known_future[0, 0, 0] != batch.known_future[0, 1, 0]) == (rows == 5)
        assert (batch.steps[:, :, 1] == 0).all()  # as a past covariate it needs twenty


def test_few_outliers_of_a_covariate_have_no_say_in_its_scaling(with_covariates: Covariates) -> None:
    x = np.cos(np.arange(ROWS))
    glitch = x.copy()
    glitch[100:110] = 1e6
    (_, plain), (_, other) = with_covariates(x), with_covariates(glitch)
    assert other.std[1] == pytest.approx(plain.std[1], rel=0.01)


def test_a_target_may_leave_its_training_range_by_as_much_again(with_covariates: Covariates) -> None:
    # It rises on: 0 to 0.5 in training, 0.9995 at the end.
    arrays, scaling = with_covariates()
    assert clipped_columns(arrays, scaling, np.arange(len(arrays.first)), ("y", "x", "k")) == {}
    assert scaling.lower is not None
    assert scaling.upper is not None
    lowest, highest = (in_table_units(scaling, bound[:1], 0)[0] for bound in (scaling.lower, scaling.upper))
    assert (lowest, highest) == pytest.approx((-0.4995, 0.999), abs=1e-4)


def two_levels(make_windows: Make, **window: Any) -> Windows:
    """a: 1, 3, 1, 3, …; b: 100, 500, 100, 500, …; c never changes. The same covariate x, and k known in future."""
    return make_windows([1, 3] * 5, [100, 500] * 5, [7] * 10, scale="series", **window)


def test_each_series_is_scaled_by_its_own_training_rows(make_windows: Make) -> None:
    arrays = two_levels(make_windows)
    scaling = fit_scaling(arrays, np.arange(len(arrays.first)))
    assert scaling.own_mean is not None
    assert scaling.own_std is not None
    assert scaling.names == ("a", "b", "c")
    assert scaling.own_mean[:2, 0].tolist() == [2, 300]
    assert scaling.own_std[:2, 0].tolist() == [1, 200]
    batch = batches.gather(arrays, scaling, np.arange(3))  # one of each series, from the first hour
    assert batch.steps[:2, :, 0].tolist() == [[-1, 1, -1], [-1, 1, -1]]
    assert batch.target[:2, :, 0].tolist() == [[1, -1], [1, -1]]
    # What is known in future has one scale: all series are at the same hour.
    assert (batch.known_future[0] == batch.known_future[2]).all()
    # Ten values of a and ten of b are 1 away from their medians, those of c 0.
    assert scaling.deviation.tolist() == pytest.approx([2 / 3], abs=1e-6)


def test_a_series_that_says_nothing_has_the_scale_of_all(make_windows: Make) -> None:
    arrays = two_levels(make_windows)
    plain = fit_scaling(replace(arrays, n_own=0), np.arange(len(arrays.first)))
    scaling = fit_scaling(arrays, np.arange(len(arrays.first)))
    assert scaling.own_mean is not None
    assert scaling.own_std is not None
    assert (scaling.own_mean[2, 0], scaling.own_std[2, 0]) == (plain.mean[0], plain.std[0])  # c is constant
    only_a = np.flatnonzero(arrays.series[arrays.first] == 0)
    scaling = fit_scaling(arrays, only_a)
    assert scaling.own_mean is not None
    # b and c have no training rows: served under their names they are new series.
    assert (scaling.names, scaling.own_mean[:, 0].tolist()) == (("a",), [2])


@pytest.mark.parametrize("metric", ["mse", "mae"])
def test_the_own_mean_or_median_of_each_series_scores_one(make_windows: Make, metric: Metric) -> None:
    random = np.random.default_rng(0)
    arrays = make_windows(*(level * random.gamma(1, size=4000) for level in (1, 1000)), scale="series")
    chosen = np.arange(len(arrays.first))
    scaling = fit_scaling(arrays, chosen)
    values, codes = batches.truth(arrays, scaling, chosen), arrays.series[arrays.first]
    forecasts = np.empty_like(values)
    for code in (0, 1):
        mine = values[codes == code]
        forecasts[codes == code] = mine.mean() if metric == "mse" else np.median(mine)
    score = Forecast.of(arrays).score_of(forecasts, values, scaling.error_scale(metric), metric)
    assert score == pytest.approx(1, abs=2e-3)


def test_a_series_that_training_has_not_known_is_scaled_by_the_rows_given(make_windows: Make) -> None:
    arrays = two_levels(make_windows)
    scaling = fit_scaling(arrays, np.arange(len(arrays.first)))
    served = replace(make_windows([10, 30] * 3, [100, 500] * 3, scale="series"), names=("new", "b"))
    extended = with_unknown(served, scaling)
    batch = batches.gather(served, extended, np.arange(2))
    assert batch.steps[:, :, 0].tolist() == [[-1, 1, -1], [-1, 1, -1]]
    back = batches.original(served, extended, batches.scaled(batch, batch.target), np.arange(2))
    assert back[:, :, 0].tolist() == [[30, 10], [500, 100]]
    assert usual(scaling, 0, ("b", "new")).tolist() == [300, scaling.mean[0]]
    assert usual(scaling, 2, ("b", "new")).tolist() == [scaling.mean[2]] * 2  # known in future
    assert with_unknown(replace(served, names=("a", "b")), scaling) is scaling


def test_a_series_of_the_table_without_training_rows_is_scaled_as_a_new_one(make_windows: Make) -> None:
    # It had the constants of all series: its forecasts were those of another level.
    arrays = two_levels(make_windows)
    scaling = fit_scaling(arrays, np.flatnonzero(arrays.series[arrays.first] == 0))
    known, new = (
        with_unknown(replace(make_windows([100, 500] * 3, scale="series"), names=(name,)), scaling)
        for name in ("b", "new")
    )
    assert (known.names, new.names) == (("a", "b"), ("a", "new"))
    for one, other in ((known.own_mean, new.own_mean), (known.own_std, new.own_std)):
        np.testing.assert_array_equal(one, other)
    assert known.own_mean is not None
    assert known.own_mean[:, 0].tolist() == [2, 300]
