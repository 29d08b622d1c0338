"""Gathering windows: scaled by training rows alone, normalised, and the way back."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cellsize.data import batches, windows
from cellsize.data.forecast import Forecast
from cellsize.data.schema import Schema
from cellsize.data.windows import Windows
from cellsize.params import Metric, Window

Make = Callable[..., Windows]
Covariates = Callable[..., tuple[Windows, batches.Scaling]]


@pytest.fixture(scope="session")
def eight(make_windows: Make) -> Callable[..., Windows]:
    """Eight rows, y = 0 … 7: four windows of three steps seen and two predicted."""
    return lambda **window: make_windows(range(8), **window)


def test_scaling_is_mean_and_standard_deviation_of_the_training_rows(eight: Callable[..., Windows]) -> None:
    # The windows 0 and 1 cover the rows 0 to 5: each row counts once, however many windows it is in.
    scaling = batches.fit_scaling(eight(), np.array([0, 1]))
    assert scaling.mean[0] == pytest.approx(2.5)
    assert scaling.std[0] == pytest.approx(np.sqrt(35 / 12))


def test_an_input_that_never_changes_in_training_is_not_divided_by_zero(make_windows: Make) -> None:
    arrays = make_windows([3, 3, 3, 3, 3, 3, 9, 9])
    scaling = batches.fit_scaling(arrays, np.array([0, 1]))
    assert (scaling.mean[0], scaling.std[0]) == (3, 1)
    assert np.isfinite(batches.gather(arrays, scaling, np.arange(4)).steps).all()


@pytest.mark.parametrize("unit", [2.0**-100, 2.0**-60, 2.0**40, 2.0**110])
def test_the_unit_of_a_number_changes_nothing(make_windows: Make, unit: float) -> None:
    values = np.sin(np.arange(12)) + 1.5
    both = [make_windows(values), make_windows(values * unit)]
    plain, other = (batches.gather(arrays, batches.fit_scaling(arrays, np.arange(4)), np.arange(8)) for arrays in both)
    np.testing.assert_array_equal(plain.steps, other.steps)
    np.testing.assert_array_equal(plain.target, other.target)


def test_rounding_of_a_constant_is_not_a_standard_deviation(make_windows: Make) -> None:
    # Of the table's float64, whose next number after 1e6 is 1e-10 away.
    arrays = make_windows(1e6 + np.array([0, 1e-10, 0, 1e-10, 0, 1e-10, 0, 9]))
    assert batches.fit_scaling(arrays, np.array([0, 1])).std[0] == 1
    # Of the base arrays' float32, where most of the table is far from it.
    arrays = make_windows([1e8, 1e8 + 5] * 3 + [0.0] * 30)
    assert arrays.offset[0] == 0
    assert batches.fit_scaling(arrays, np.array([0, 1])).std[0] == 1


def test_a_batch_worked_out_by_hand(eight: Callable[..., Windows]) -> None:
    arrays = eight(normalise="none")
    scaling = batches.Scaling(np.array([1, 0, 0], np.float32), np.array([2, 1, 10], np.float32), np.ones(1, np.float32))
    batch = batches.gather(arrays, scaling, np.array([3, 0]))
    assert batch.steps[:, :, 0].tolist() == [[1.0, 1.5, 2.0], [-0.5, 0.0, 0.5]]
    assert batch.target[:, :, 0].tolist() == [[2.5, 3.0], [1.0, 1.5]]
    assert batch.steps[:, :, 1].tolist() == arrays.inputs[[[3, 4, 5], [0, 1, 2]], 1].tolist()
    assert batch.known_future[:, :, 0] == pytest.approx(arrays.inputs[[[6, 7], [3, 4]], 2] / 10)
    assert (batch.location == 0).all()
    assert (batch.scale == 1).all()


def test_the_last_value_seen_becomes_zero(eight: Callable[..., Windows]) -> None:
    arrays = eight(normalise="last")
    scaling = batches.Scaling(np.zeros(3, np.float32), np.ones(3, np.float32), np.ones(1, np.float32))
    batch = batches.gather(arrays, scaling, np.array([0, 3]))
    assert batch.steps[:, :, 0].tolist() == [[-2, -1, 0], [-2, -1, 0]]
    assert batch.target[:, :, 0].tolist() == [[1, 2], [1, 2]]
    assert batch.location[:, 0, 0].tolist() == [2, 5]
    # Only targets are normalised: the value of x or k means something by itself.
    assert batch.steps[:, :, 1].tolist() == arrays.inputs[[[0, 1, 2], [3, 4, 5]], 1].tolist()


def test_mean_and_standard_deviation_of_the_window_become_zero_and_one(eight: Callable[..., Windows]) -> None:
    scaling = batches.Scaling(np.zeros(3, np.float32), np.ones(3, np.float32), np.ones(1, np.float32))
    batch = batches.gather(eight(normalise="standard"), scaling, np.array([0, 3]))
    scale = np.sqrt(2 / 3) + 1e-3
    assert batch.steps[:, :, 0] == pytest.approx(np.array([[-1, 0, 1], [-1, 0, 1]]) / scale, rel=1e-5)
    assert batch.target[:, :, 0] == pytest.approx(np.array([[2, 3], [2, 3]]) / scale, rel=1e-5)


def test_the_absolute_deviation_worked_out_by_hand(make_windows: Make) -> None:
    # Training rows 0, 0, 0, 4, 11: median 0, mean absolute deviation 3, variance 18.4. The last row is not training.
    arrays = make_windows([0.0, 0.0, 0.0, 4.0, 11.0, 99.0], normalise="none")
    scaling = batches.fit_scaling(arrays, np.array([0]))
    assert scaling.deviation == pytest.approx([3 / np.sqrt(18.4)], rel=1e-6)
    assert scaling.error_scale("mae") == pytest.approx(1 / scaling.deviation)
    assert scaling.error_scale("mse").tolist() == [1.0]


def test_a_constant_target_divides_absolute_errors_by_one(make_windows: Make) -> None:
    scaling = batches.fit_scaling(make_windows([5.0] * 9, normalise="none"), np.arange(3))
    assert scaling.deviation.tolist() == [1.0]


@settings(max_examples=30, deadline=None)
@given(
    y=st.lists(st.integers(-100, 100), min_size=6, max_size=20).filter(lambda y: len(set(y)) > 1),
    constant=st.floats(-3, 3),
    metric=st.sampled_from(get_args(Metric)),
)
def test_no_constant_forecast_of_the_training_rows_scores_below_one(
    make_windows: Make, y: list[int], constant: float, metric: Metric
) -> None:
    arrays = make_windows([float(value) for value in y], normalise="none")
    scaling = batches.fit_scaling(arrays, np.arange(len(arrays.first)))
    values = ((np.array(y) - scaling.mean[0]) / scaling.std[0]).astype(np.float32)[:, None, None]
    task = Forecast(lookback=3, horizon=1, n_targets=1)

    def score(forecast: float) -> float:
        return task.score_of(np.full_like(values, forecast), values, scaling.error_scale(metric), metric)

    best = 0.0 if metric == "mse" else float(np.median(values))
    assert score(best) == pytest.approx(1, rel=1e-4)
    assert score(constant) >= 1 - 1e-4


@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
def test_what_is_added_to_a_whole_column_changes_nothing(make_windows: Make, normalise: str) -> None:
    # 1e9 ± 3 in float32 is a handful of steps of 64: it once scored 0.0000.
    values = np.round(3 * np.sin(np.arange(60)), 3)
    both = [make_windows(values + added, normalise=normalise) for added in (0, 1e9)]
    scalings = [batches.fit_scaling(arrays, np.arange(40)) for arrays in both]
    assert scalings[1].mean[0] - scalings[0].mean[0] == pytest.approx(1e9, abs=1e-6)
    plain, other = (
        batches.gather(arrays, scaling, np.arange(50)) for arrays, scaling in zip(both, scalings, strict=True)
    )
    np.testing.assert_allclose(other.steps, plain.steps, atol=1e-5)
    np.testing.assert_allclose(other.target, plain.target, atol=1e-5)
    back = batches.original(both[1], scalings[1], batches.scaled(other, other.target))
    rows = both[1].first[:50, None] + 3 + np.arange(2)
    np.testing.assert_allclose(back[:, :, 0], values[rows] + 1e9, rtol=0, atol=2e-6)


def test_constants_of_one_table_scale_windows_with_another_offset(make_windows: Make) -> None:
    values = 1e9 + np.round(3 * np.sin(np.arange(60)), 3)
    arrays, other = make_windows(values), make_windows(np.concatenate([values[:7], values[:7] - 1e3]))
    scaling = batches.fit_scaling(arrays, np.arange(40))
    assert arrays.offset[0] != other.offset[0]
    first, second = (batches.gather(each, scaling, np.array([0, 1])).steps for each in (arrays, other))
    np.testing.assert_allclose(first[:, :, 0], second[:, :, 0], atol=1e-4)


# --- bounds -----------------------------------------------------------------------------------------------------------

ROWS = 2000


@pytest.fixture(scope="session")
def with_covariates(
    make_schema: Callable[..., Schema], make_window: Callable[..., Window]
) -> Callable[..., tuple[Windows, batches.Scaling]]:
    """A rising target, a past covariate x and a known-future k; scaling of the first half of the rows."""

    def make(x: object = 0.0, k: object = 0.0, normalise: str = "none") -> tuple[Windows, batches.Scaling]:
        frame = pd.DataFrame(
            {
                "series": "a",
                "time": pd.date_range("2026-01-01", periods=ROWS, freq="h"),
                "y": np.arange(ROWS) / ROWS,
                "x": np.broadcast_to(np.asarray(x, float), ROWS),
                "k": np.broadcast_to(np.asarray(k, float), ROWS),
            }
        )
        schema = make_schema(past_covariates=("x",), known_future_covariates=("k",))
        arrays = windows.build(frame, schema, make_window(normalise=normalise), Path("a.csv"))
        return arrays, batches.fit_scaling(arrays, np.arange(ROWS // 2 - arrays.span + 1))

    return make


def in_table_units(scaling: batches.Scaling, values: npt.NDArray[np.floating], column: int) -> list[float]:
    return np.round(values * scaling.std[column] + scaling.mean[column], 5).tolist()  # type: ignore[no-any-return]


def test_a_covariate_stays_within_its_training_range_and_a_tenth_of_it(with_covariates: Covariates) -> None:
    x = np.arange(ROWS) % 11 / 10  # 0 to 1 in training
    x[1500:1503] = [-5, 1.05, 1e30]
    arrays, scaling = with_covariates(x)
    batch = batches.gather(arrays, scaling, np.array([1500]))
    assert in_table_units(scaling, batch.steps[0, :, 1], 1) == pytest.approx([-0.1, 1.05, 1.1], abs=1e-4)


def test_a_column_that_is_constant_in_training_has_no_effect(with_covariates: Covariates) -> None:
    late = np.where(np.arange(ROWS) < 1000, 7.0, 9.0)
    arrays, scaling = with_covariates(late, late)
    batch = batches.gather(arrays, scaling, np.array([10, 1500]))
    assert (batch.steps[:, :, 1:] == 0).all()
    assert (batch.known_future == 0).all()


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
    assert batches.clipped_columns(arrays, scaling, np.arange(len(arrays.first)), ("y", "x", "k")) == {}
    assert scaling.lower is not None
    assert scaling.upper is not None
    lowest, highest = (in_table_units(scaling, bound[:1], 0)[0] for bound in (scaling.lower, scaling.upper))
    assert (lowest, highest) == pytest.approx((-0.4995, 0.999), abs=1e-4)


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
    assert batches.clipped_columns(arrays, scaling, np.array([1500]), columns) == {"x": 3, "k": 5}
    assert batches.clipped_columns(arrays, scaling, np.arange(1490, 1520), columns) == {"x": 5, "k": 5}
    assert batches.clipped_columns(arrays, scaling, np.array([0, 100]), columns) == {}


@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
def test_few_clipped_values_become_what_clipping_everything_makes_of_them(
    with_covariates: Covariates, monkeypatch: pytest.MonkeyPatch, normalise: str
) -> None:
    rng, x, k = np.random.default_rng(0), np.cos(np.arange(ROWS)), np.sin(np.arange(ROWS))
    x[1500:1505], k[1503] = 9, -9
    arrays, scaling = with_covariates(x, k, normalise=normalise)
    chosen = rng.permutation(len(arrays.first))[:500]
    few = batches.gather(arrays, scaling, chosen)
    assert batches._clipped(arrays, scaling) is not None
    monkeypatch.setattr(batches, "MUCH", 0.0)
    arrays = replace(arrays)  # nothing is remembered
    whole = batches.gather(arrays, scaling, chosen)
    assert batches._clipped(arrays, scaling) is None
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
    window, at = batches._within(np.array([2, 4, 4, 9]), np.array([3, 0, 10, 2]), span=3)
    # Windows of rows 3 to 5, 0 to 2, 10 to 12, 2 to 4.
    assert list(zip(window, at, strict=True)) == [(0, 1), (0, 2), (1, 0), (3, 0), (3, 1), (3, 2)]


def test_without_bounds_nothing_is_clipped(with_covariates: Covariates) -> None:
    x = np.cos(np.arange(ROWS))
    x[1500] = 9
    arrays, scaling = with_covariates(x)
    old = replace(scaling, lower=None, upper=None)
    assert in_table_units(old, batches.gather(arrays, old, np.array([1500])).steps[0, :1, 1], 1) == [9]
    assert batches.clipped_columns(arrays, old, np.array([1500]), ("y", "x", "k")) == {}


def test_bounds_that_reach_beyond_every_value_change_no_digit(with_covariates: Covariates) -> None:
    arrays, scaling = with_covariates(np.cos(np.arange(ROWS)), np.sin(np.arange(ROWS)))
    chosen = np.arange(len(arrays.first))
    bounded = batches.gather(arrays, scaling, chosen)
    free = batches.gather(arrays, replace(scaling, lower=None, upper=None), chosen)
    for name, values in vars(bounded).items():
        np.testing.assert_array_equal(values, getattr(free, name))


def test_gathering_leaves_the_base_arrays_as_they_are(eight: Callable[..., Windows]) -> None:
    arrays = eight(normalise="standard")
    inputs, target = arrays.inputs.copy(), arrays.target.copy()
    batches.gather(arrays, batches.fit_scaling(arrays, np.arange(4)), np.arange(4))
    np.testing.assert_array_equal(arrays.inputs, inputs)
    np.testing.assert_array_equal(arrays.target, target)


def test_what_a_window_must_predict_is_nowhere_in_what_it_sees(eight: Callable[..., Windows]) -> None:
    for normalise in ("none", "last", "standard"):
        arrays = eight(normalise=normalise)
        scaling = batches.Scaling(np.zeros(3, np.float32), np.ones(3, np.float32), np.ones(1, np.float32))
        before = batches.gather(arrays, scaling, np.array([1]))
        arrays.inputs[4:6, : arrays.n_past] += 100
        arrays.target[4:6] += 100
        after = batches.gather(arrays, scaling, np.array([1]))
        for name in ("steps", "known_future", "location", "scale"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
        assert (after.target != before.target).all()


@settings(max_examples=30, deadline=None)
@example(y=[0, 6e-5] * 3 + [0, 1, 0, 0, 6e-5, 1, 0, 0, 1], normalise="last", transform="none", second=True)
@example(y=[1e9, 1e9 + 3] * 5, normalise="standard", transform="none", second=False)
@given(
    y=st.lists(st.floats(0, 1e3, width=32), min_size=9, max_size=20),
    normalise=st.sampled_from(["none", "last", "standard"]),
    transform=st.sampled_from(["none", "log1p", "sqrt"]),
    second=st.booleans(),
)
def test_undoing_everything_gives_the_values_of_the_table(
    make_windows: Make, y: list[float], normalise: str, transform: str, second: bool
) -> None:
    if second:
        y = [value / 100 for value in y]  # z = 10 - y / 2 may not be negative.
    arrays = make_windows(y, normalise=normalise, transform=transform, second=second)
    scaling = batches.fit_scaling(arrays, np.arange(3))
    chosen = np.arange(len(arrays.first))
    batch = batches.gather(arrays, scaling, chosen)
    values = batches.original(arrays, scaling, batches.scaled(batch, batch.target))
    rows = arrays.first[:, None] + arrays.lookback + np.arange(arrays.horizon)
    expected = np.array(y)[rows][:, :, None]
    if second:
        expected = np.concatenate([expected, 10 - expected / 2], axis=2)
    right = batches.truth(arrays, scaling, chosen)
    # What float32 can hold of a normalised value beside the location that is subtracted: no fixed tolerance is right.
    held = 4 * np.finfo(np.float32).eps * (np.abs(right) + 2 * np.abs(batch.location))
    assert (np.abs(batches.scaled(batch, batch.target) - right) <= held).all()
    n_targets = arrays.n_targets
    mean, offset = scaling.mean[:n_targets], arrays.offset[:n_targets]
    forward = windows.FORWARD[transform]
    held = held * scaling.std[:n_targets] + 4 * np.finfo(np.float32).eps * (
        np.abs(forward(expected) - offset) + np.abs(mean - offset)
    )
    assert (np.abs(forward(values) - forward(expected)) <= held + 1e-12).all()


@pytest.mark.parametrize("transform", ["log1p", "sqrt"])
def test_a_forecast_below_what_the_transformation_can_give_is_zero(
    eight: Callable[..., Windows], transform: str
) -> None:
    # The square of a forecast of -1 once came back as 1.
    arrays = eight(transform=transform)
    scaling = batches.Scaling(np.zeros(3, np.float32), np.ones(3, np.float32), np.ones(1, np.float32))
    assert batches.original(arrays, scaling, np.full((1, 2, 1), -1, np.float32)).tolist() == [[[0], [0]]]


@settings(deadline=None)
@given(n_windows=st.integers(0, 50), size=st.integers(1, 20))
def test_chunks_hold_every_window_once_in_order(n_windows: int, size: int) -> None:
    chunks = list(batches.chunks(np.arange(n_windows), size))
    assert [window for chunk in chunks for window in chunk] == list(range(n_windows))
    assert all(0 < len(chunk) <= size for chunk in chunks)


@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
def test_more_lookback_for_the_linear_part_leaves_what_the_cells_are_fed_with(
    make_windows: Make, normalise: str
) -> None:
    values = np.sin(np.arange(30)) + np.arange(30) / 7
    short, long = (make_windows(values, normalise=normalise, linear_lookback=steps) for steps in (None, 8))
    scaling = batches.fit_scaling(short, np.arange(9))
    ours, theirs = batches.gather(short, scaling, np.array([5, 9])), batches.gather(long, scaling, np.array([0, 4]))
    np.testing.assert_array_equal(ours.steps, batches.cell_steps(long, theirs.steps))
    for name in ("known_future", "target", "location", "scale"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def test_the_calendar_of_a_window_is_that_of_its_first_step_ahead(make_windows: Make) -> None:
    arrays = make_windows(range(30), begins=(20,), linear_calendar=("hour_of_day",))
    batch = batches.gather(arrays, batches.fit_scaling(arrays, np.arange(9)), np.array([0, 3]))
    assert batch.origin.argmax(axis=1).tolist() == [23, 2]
    assert batch.origin.sum(axis=1).tolist() == [1, 1]


# --- a scale of each series ----------------------------------------------------------------------------------------


def two_levels(make_windows: Make, **window: Any) -> Windows:
    """a: 1, 3, 1, 3, …; b: 100, 500, 100, 500, …; c never changes. The same covariate x, and k known in future."""
    return make_windows([1, 3] * 5, [100, 500] * 5, [7] * 10, scale="series", **window)


def test_each_series_is_scaled_by_its_own_training_rows(make_windows: Make) -> None:
    arrays = two_levels(make_windows)
    scaling = batches.fit_scaling(arrays, np.arange(len(arrays.first)))
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
    plain = batches.fit_scaling(replace(arrays, n_own=0), np.arange(len(arrays.first)))
    scaling = batches.fit_scaling(arrays, np.arange(len(arrays.first)))
    assert scaling.own_mean is not None
    assert scaling.own_std is not None
    assert (scaling.own_mean[2, 0], scaling.own_std[2, 0]) == (plain.mean[0], plain.std[0])  # c is constant
    only_a = np.flatnonzero(arrays.series[arrays.first] == 0)
    scaling = batches.fit_scaling(arrays, only_a)
    assert scaling.own_mean is not None
    # b and c have no training rows: served under their names they are new series.
    assert (scaling.names, scaling.own_mean[:, 0].tolist()) == (("a",), [2])


@pytest.mark.parametrize("transform", ["none", "log1p", "sqrt"])
@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
def test_scales_of_series_are_undone_to_the_units_of_the_table(
    make_windows: Make, normalise: str, transform: str
) -> None:
    values = np.random.default_rng(0).uniform(1, 9, (3, 30)) * np.array([[1], [1000], [0.01]])
    values[:, 20] = np.nan
    arrays = make_windows(*values, scale="series", normalise=normalise, transform=transform, observed=0.5, fill=1)
    chosen = np.arange(len(arrays.first))
    scaling = batches.fit_scaling(arrays, chosen)
    batch = batches.gather(arrays, scaling, chosen)
    there = batches.original(arrays, scaling, batches.scaled(batch, batch.target), chosen)
    expected = Forecast.of(arrays).target(values.reshape(-1, 1), arrays.first)
    np.testing.assert_allclose(there, expected, rtol=2e-4)
    np.testing.assert_allclose(
        batches.original(arrays, scaling, batches.truth(arrays, scaling, chosen), chosen), expected, rtol=2e-4
    )


@pytest.mark.parametrize("metric", ["mse", "mae"])
def test_the_own_mean_or_median_of_each_series_scores_one(make_windows: Make, metric: Metric) -> None:
    random = np.random.default_rng(0)
    arrays = make_windows(*(level * random.gamma(1, size=4000) for level in (1, 1000)), scale="series")
    chosen = np.arange(len(arrays.first))
    scaling = batches.fit_scaling(arrays, chosen)
    values, codes = batches.truth(arrays, scaling, chosen), arrays.series[arrays.first]
    forecasts = np.empty_like(values)
    for code in (0, 1):
        mine = values[codes == code]
        forecasts[codes == code] = mine.mean() if metric == "mse" else np.median(mine)
    score = Forecast.of(arrays).score_of(forecasts, values, scaling.error_scale(metric), metric)
    assert score == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("much", [0.0, 1.0])  # whole batches are clipped, or values found before
def test_a_value_is_clipped_by_what_all_series_have_shown_in_their_own_scales(
    make_windows: Make, monkeypatch: pytest.MonkeyPatch, much: float
) -> None:
    monkeypatch.setattr(batches, "MUCH", much)
    # b reaches three times its own standard deviation in training, a only one: a may, too, and twice as far as that.
    a, b = np.tile([-1.0, 1.0], 30), np.tile([-1.0, 1.0], 30) * 100
    b[10] = 3000
    a[55], a[56] = 9, 1000
    arrays = make_windows(a, b, scale="series")
    train = np.flatnonzero(arrays.start < 40)
    scaling = batches.fit_scaling(arrays, train)
    assert scaling.upper is not None
    assert scaling.own_std is not None
    at = np.flatnonzero((arrays.start == 54) & (arrays.series[arrays.first] == 0))
    seen = batches.gather(arrays, scaling, at).steps[0, :, 0]
    assert seen[1] == pytest.approx(9 / scaling.own_std[0, 0], rel=1e-3)
    assert seen[2] == scaling.upper[0] < 1000
    assert batches.clipped_columns(arrays, scaling, at, ("y", "x", "k")) == {"y": 1}
    assert batches.clipped_columns(arrays, scaling, train, ("y", "x", "k")) == {}


def test_a_series_that_training_has_not_known_is_scaled_by_the_rows_given(make_windows: Make) -> None:
    arrays = two_levels(make_windows)
    scaling = batches.fit_scaling(arrays, np.arange(len(arrays.first)))
    served = replace(make_windows([10, 30] * 3, [100, 500] * 3, scale="series"), names=("new", "b"))
    extended = batches.with_unknown(served, scaling)
    batch = batches.gather(served, extended, np.arange(2))
    assert batch.steps[:, :, 0].tolist() == [[-1, 1, -1], [-1, 1, -1]]
    back = batches.original(served, extended, batches.scaled(batch, batch.target), np.arange(2))
    assert back[:, :, 0].tolist() == [[30, 10], [500, 100]]
    assert batches.usual(scaling, 0, ("b", "new")).tolist() == [300, scaling.mean[0]]
    assert batches.usual(scaling, 2, ("b", "new")).tolist() == [scaling.mean[2]] * 2  # known in future
    assert batches.with_unknown(replace(served, names=("a", "b")), scaling) is scaling


def test_a_series_of_the_table_without_training_rows_is_scaled_as_a_new_one(make_windows: Make) -> None:
    # It had the constants of all series: its forecasts were those of another level.
    arrays = two_levels(make_windows)
    scaling = batches.fit_scaling(arrays, np.flatnonzero(arrays.series[arrays.first] == 0))
    known, new = (
        batches.with_unknown(replace(make_windows([100, 500] * 3, scale="series"), names=(name,)), scaling)
        for name in ("b", "new")
    )
    assert (known.names, new.names) == (("a", "b"), ("a", "new"))
    for one, other in ((known.own_mean, new.own_mean), (known.own_std, new.own_std)):
        np.testing.assert_array_equal(one, other)
    assert known.own_mean is not None
    assert known.own_mean[:, 0].tolist() == [2, 300]


@pytest.mark.parametrize("much", [0.0, 1.0])
def test_a_scaling_of_some_of_the_series_gathers_as_one_of_all(
    make_windows: Make, monkeypatch: pytest.MonkeyPatch, much: float
) -> None:
    monkeypatch.setattr(batches, "MUCH", much)
    levels = [level * np.random.default_rng(level).gamma(1, size=60) for level in (1, 30, 1000)]
    arrays = make_windows(*levels, scale="series")
    codes = arrays.series[arrays.first]
    train = np.flatnonzero((codes != 1) & (arrays.start < 30))
    scaling = batches.fit_scaling(arrays, train)
    assert scaling.names == ("a", "c")
    alone = make_windows(levels[0], levels[2], scale="series")
    # Each offset is part of the mean, so that only rounding may differ.
    chosen = np.flatnonzero(codes != 1)
    other = batches.fit_scaling(alone, np.flatnonzero(alone.start < 30))
    one, two = (
        batches.gather(arrays, scaling, chosen),
        batches.gather(alone, replace(other, names=("a", "b")), np.arange(len(chosen))),
    )
    np.testing.assert_allclose(one.steps, two.steps, rtol=1e-4, atol=1e-5)
