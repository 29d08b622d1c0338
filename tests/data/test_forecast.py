"""The task `forecast`: exact answers on toy arrays, the same for NumPy and for torch."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given, strategies
from sklearn.metrics import mean_pinball_loss

from cellsize.data.forecast import Forecast
from cellsize.data.windows import Windows
from cellsize.params import Metric
from cellsize.sizing.sizes import Shape

TASK = Forecast(lookback=3, horizon=2, n_targets=1)
TWO = Forecast(lookback=3, horizon=2, n_targets=2)


def test_windows_and_shapes_say_how_large_their_forecast_is(make_windows: Callable[..., Windows]) -> None:
    assert Forecast.of(make_windows(np.arange(20.0), second=True)) == TWO
    assert (
        Forecast.of(
            Shape(
                n_inputs=3,
                n_known_future=1,
                lookback=3,
                cell_lookback=3,
                horizon=2,
                n_targets=2,
                n_origin=0,
                n_linear=9,
            )
        )
        == TWO
    )
    assert TWO.n_outputs == 4


# --- the target -----------------------------------------------------------------------------------------------------


def test_the_target_is_the_rows_behind_what_a_window_sees() -> None:
    values = np.arange(20.0).reshape(10, 2)
    assert TWO.target_rows(np.array([0, 4])).tolist() == [[3, 4], [7, 8]]
    assert TWO.target(values, np.array([0, 4])).tolist() == [[[6, 7], [8, 9]], [[14, 15], [16, 17]]]


def test_the_target_is_a_copy() -> None:
    values = np.zeros((10, 1), np.float32)
    target = TASK.target(values, np.array([1]))
    target += 1
    assert target.dtype == np.float32
    assert not values.any()


def test_the_targets_that_were_observed_are_counted_row_by_row() -> None:
    nan = np.nan
    assert TWO.observed(np.array([[1, 2], [nan, 2], [1, nan], [nan, nan], [3, 4]])).tolist() == [2, 1, 1, 0, 2]


@pytest.mark.parametrize(("fraction", "fewest"), [(1.0, 4), (0.75, 3), (0.74, 3), (0.7, 3), (0.5, 2), (0.01, 1)])
def test_a_window_needs_a_fraction_of_its_targets_and_at_least_one(fraction: float, fewest: int) -> None:
    assert TWO.fewest(fraction) == fewest


def test_no_rounding_asks_for_one_target_more() -> None:
    assert 0.07 * 100 > 7
    assert Forecast(lookback=1, horizon=100, n_targets=1).fewest(0.07) == 7


# --- how wrong a forecast is ----------------------------------------------------------------------------------------

FORECASTS = np.array([[[1.0], [2.0]], [[0.0], [5.0]]], np.float32)
TARGET = np.array([[[0.0], [2.0]], [[2.0], [2.0]]], np.float32)  # errors 1, 0, -2 and 3


ONE = np.ones(1, np.float32)
KINDS = pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])


@KINDS
@pytest.mark.parametrize(("metric", "plain", "scaled"), [("mse", 14.0, 17.0), ("mae", 6.0, 7.0)])
def test_errors_are_summed_over_windows_and_steps(
    kind: Callable[[np.ndarray], np.ndarray], metric: Metric, plain: float, scaled: float
) -> None:
    assert float(TASK.error_sum(kind(FORECASTS), kind(TARGET), kind(ONE), metric)) == plain
    scale = np.array([[[2.0]], [[1.0]]], np.float32)
    assert float(TASK.error_sum(kind(FORECASTS), kind(TARGET), kind(scale), metric)) == scaled


@KINDS
@pytest.mark.parametrize("metric", get_args(Metric))
def test_errors_are_summed_in_float64(kind: Callable[[np.ndarray], np.ndarray], metric: Metric) -> None:
    # In float32 the small one would be lost beside the large one.
    forecasts = np.array([[[2.0**24], [1e-3]]], np.float32)
    task = replace(TASK, quantiles=(0.5,))
    total = task.error_sum(kind(forecasts), kind(np.zeros_like(forecasts)), kind(ONE), metric)
    power, part = 2 if metric == "mse" else 1, 0.5 if metric == "quantile" else 1.0  # |e| / 2 at the median
    assert float(total) == part * ((2.0**24) ** power + float(np.float32(1e-3)) ** power)


def test_the_score_is_the_mean_over_windows_horizon_and_targets() -> None:
    assert TASK.score(14.0, 4) == 3.5
    assert TASK.score_of(FORECASTS, TARGET, ONE, "mse") == 3.5
    assert TASK.score_of(FORECASTS, TARGET, ONE, "mae") == 1.5
    assert TWO.score(14.0, 8) == 1.75


def test_each_target_has_its_own_scale() -> None:
    forecasts, target = np.ones((1, 2, 2), np.float32), np.zeros((1, 2, 2), np.float32)
    scale = np.array([1.0, 3.0], np.float32)
    assert TWO.score_of(forecasts, target, scale, "mae") == 2.0
    assert TWO.score_of(forecasts, target, scale, "mse") == 5.0


@pytest.mark.parametrize(("metric", "expected"), [("mse", (2.5, 4.5)), ("mae", (1.5, 1.5))])
def test_the_score_by_step_is_the_mean_over_windows_and_targets(metric: Metric, expected: tuple[float, float]) -> None:
    by_step = TASK.score_by_step(FORECASTS, TARGET, ONE, metric)
    assert by_step == expected
    assert np.mean(by_step) == TASK.score_of(FORECASTS, TARGET, ONE, metric)


def test_the_score_of_pieces_is_that_of_the_whole_to_the_last_digit() -> None:
    random = np.random.default_rng(0)
    forecasts, target = (random.standard_normal((7, 2, 2)).astype(np.float32) for _ in range(2))
    squared = np.square(forecasts - target, dtype=np.float64)
    assert TWO.score_of(forecasts, target, ONE, "mse") == float(squared.mean())
    assert TWO.score(float(squared.sum()), 28) == float(squared.sum()) / 28


@KINDS
@pytest.mark.parametrize(("metric", "expected"), [("mse", 4.25), ("mae", 1.75)])
def test_each_network_has_a_loss_of_its_own(
    kind: Callable[[np.ndarray], np.ndarray], metric: Metric, expected: float
) -> None:
    forecasts, target = np.stack([FORECASTS, TARGET]), np.stack([TARGET, TARGET])
    scale = np.array([[[[2.0]], [[1.0]]]] * 2, np.float32)
    assert TASK.loss(kind(forecasts), kind(target), kind(scale), metric).tolist() == [expected, 0.0]


@pytest.mark.parametrize(("metric", "expected"), [("mse", [0.5, 0.0, -1.0, 1.5]), ("mae", [0.25, 0.0, -0.25, 0.25])])
def test_the_loss_has_a_gradient(metric: Metric, expected: list[float]) -> None:
    forecasts = torch.from_numpy(FORECASTS[None]).requires_grad_()
    TASK.loss(forecasts, torch.from_numpy(TARGET[None]), torch.ones(1, 2, 1, 1), metric).sum().backward()
    assert forecasts.grad is not None
    assert forecasts.grad.flatten().tolist() == expected


# --- targets that were not observed ---------------------------------------------------------------------------------

GAPPY = np.array([[[0.0], [np.nan]], [[2.0], [2.0]]], np.float32)  # errors 1, none, -2 and 3


@KINDS
@pytest.mark.parametrize(("metric", "total"), [("mse", 14.0), ("mae", 6.0)])
def test_a_missing_target_adds_nothing_and_counts_as_no_value(
    kind: Callable[[np.ndarray], np.ndarray], metric: Metric, total: float
) -> None:
    forecasts = FORECASTS.copy()
    forecasts[0, 1] = 1e30  # whatever is forecast there
    assert float(TASK.error_sum(kind(forecasts), kind(GAPPY), kind(ONE), metric)) == total
    assert TASK.score_of(forecasts, GAPPY, ONE, metric) == total / 3


@KINDS
def test_a_forecast_that_is_no_number_is_not_taken_for_a_missing_target(
    kind: Callable[[np.ndarray], np.ndarray],
) -> None:
    forecasts = FORECASTS.copy()
    forecasts[1, 1] = np.nan
    assert np.isnan(float(TASK.error_sum(kind(forecasts), kind(GAPPY), kind(ONE), "mse")))


def test_a_step_without_any_target_has_no_score() -> None:
    assert TASK.score_by_step(FORECASTS, GAPPY, ONE, "mse") == (2.5, 9.0)
    assert TASK.score_by_step(FORECASTS[:1], GAPPY[:1], ONE, "mse") == (1.0, None)


def test_windows_count_by_their_values_so_that_their_mean_is_the_score() -> None:
    by_window = TASK.score_by_window(FORECASTS, GAPPY, ONE, "mse")
    assert by_window == pytest.approx([1 / 1.5, 13 / 1.5])  # a window has 1.5 values on average
    assert by_window.mean() == pytest.approx(14 / 3)


@pytest.mark.parametrize("metric", get_args(Metric))
def test_the_loss_of_all_batches_together_is_the_score_of_all_values(metric: Metric) -> None:
    # Means over the values of each batch, or of each window, would weigh a value by how many others stand beside it.
    random = np.random.default_rng(0)
    forecasts, target = (random.standard_normal((6, 2, 2)).astype(np.float32) for _ in range(2))
    target[random.random(target.shape) < 0.4] = np.nan
    there = torch.tensor([np.isfinite(target).mean()], dtype=torch.float32)
    ones = torch.ones(1, 2, 1, 2)
    losses, task = [], replace(TWO, quantiles=(0.2, 0.5))
    for at in (0, 2, 4):
        batch = (torch.from_numpy(values[None, at : at + 2]) for values in (forecasts, target))
        losses.append(float(task.loss(next(batch), next(batch), ones, metric, there)))
    assert np.mean(losses) == pytest.approx(task.score_of(forecasts, target, ONE, metric), rel=1e-6)


@pytest.mark.parametrize(("metric", "expected"), [("mse", [0.5, 0.0, -1.0, 1.5]), ("mae", [0.25, 0.0, -0.25, 0.25])])
def test_a_missing_target_has_no_gradient(metric: Metric, expected: list[float]) -> None:
    forecasts = torch.from_numpy(FORECASTS[None]).requires_grad_()
    there = torch.tensor([0.75])
    TASK.loss(forecasts, torch.from_numpy(GAPPY[None]), torch.ones(1, 2, 1, 1), metric, there).sum().backward()
    assert forecasts.grad is not None
    assert forecasts.grad.flatten().tolist() == pytest.approx([each / 0.75 for each in expected])


def test_a_fit_weighs_windows_by_their_scale_where_there_is_one_target() -> None:
    scale = np.array([[[2.0]], [[0.5]]], np.float32)
    assert TASK.least_squares_weight(scale).tolist() == [[[2.0]], [[0.5]]]
    assert TWO.least_squares_weight(np.repeat(scale, 2, axis=2)).tolist() == [[[1.0]], [[1.0]]]


# --- baselines ------------------------------------------------------------------------------------------------------


def rows_of(
    task: Forecast, first: list[int], seasons: tuple[int, ...], begin: int, there: np.ndarray
) -> dict[str, Any]:
    """Rows of the naive forecasts of windows of one series."""
    rows = task.baseline_rows(np.array(first), seasons, np.full(len(first), begin), there)
    return {name: at.tolist() for name, at in rows.items()}


def test_naive_forecasts_are_the_last_row_seen_and_the_last_one_of_each_season() -> None:
    task = Forecast(lookback=4, horizon=5, n_targets=1)
    assert rows_of(task, [10, 20], (3, 9), 0, np.ones(30, bool)) == {
        "naive": [[13] * 5, [23] * 5],
        "seasonal_naive_3": [[11, 12, 13, 11, 12], [21, 22, 23, 21, 22]],
        "seasonal_naive_9": [[5, 6, 7, 8, 9], [15, 16, 17, 18, 19]],  # before what the windows see
    }


def test_a_season_before_that_is_missing_is_replaced_by_the_one_before_it() -> None:
    task, there = Forecast(lookback=4, horizon=3, n_targets=1), np.ones(40, bool)
    there[[25, 26, 16]] = False
    assert rows_of(task, [30], (10,), 0, there)["seasonal_naive_10"] == [[24, 15, 6]]


def test_the_naive_forecast_stands_in_where_the_series_has_no_season_before() -> None:
    task = Forecast(lookback=4, horizon=3, n_targets=1)
    # The series begins in row 25: rows before it are of another one.
    assert rows_of(task, [30], (10,), 25, np.ones(40, bool))["seasonal_naive_10"] == [[33, 25, 26]]
    assert rows_of(task, [30], (1000,), 25, np.ones(40, bool))["seasonal_naive_1000"] == [[33] * 3]


@given(data=strategies.data())
def test_seasonal_naive_rows_are_past_of_the_same_series_there_and_whole_seasons_before(
    data: strategies.DataObject,
) -> None:
    lookback, horizon = data.draw(strategies.integers(1, 6)), data.draw(strategies.integers(1, 8))
    season, begin = data.draw(strategies.integers(1, 20)), data.draw(strategies.integers(0, 20))
    first = begin + data.draw(strategies.integers(0, 30))
    there = np.array(data.draw(strategies.lists(strategies.booleans(), min_size=80, max_size=80)))
    there[first : first + lookback] = True  # a window sees nothing else
    task, last = Forecast(lookback, horizon, 1), first + lookback - 1
    rows = task.baseline_rows(np.array([first]), (season,), np.array([begin]), there)[f"seasonal_naive_{season}"][0]
    for ahead, row in enumerate(rows.tolist(), 1):
        usable = [other for other in range(last + ahead - season, begin - 1, -season) if other <= last and there[other]]
        assert row == (usable[0] if usable else last)


def test_windows_have_a_score_each() -> None:
    assert TASK.score_by_window(FORECASTS, TARGET, ONE, "mse").tolist() == [0.5, 6.5]
    assert TASK.score_by_window(FORECASTS, TARGET, ONE, "mae").tolist() == [0.5, 2.5]
    assert TASK.score_by_window(FORECASTS, TARGET, 2 * ONE, "mae").tolist() == [1.0, 5.0]


# --- quantiles --------------------------------------------------------------------------------------------------------

LEVELS = replace(TWO, quantiles=(0.1, 0.5, 0.9))


def test_quantiles_have_a_column_for_each_level_of_each_target() -> None:
    assert (LEVELS.n_columns, TWO.n_columns) == (6, 2)


@KINDS
def test_the_error_of_quantiles_is_the_mean_pinball_loss_of_scikit_learn(
    kind: Callable[[np.ndarray], np.ndarray],
) -> None:
    random = np.random.default_rng(0)
    forecasts, target = random.standard_normal((5, 2, 6)), random.standard_normal((5, 2, 2))
    target[0, 0, 1] = np.nan
    expected = 0.0
    for column, (at, level) in product(range(2), enumerate(LEVELS.quantiles)):
        there = np.isfinite(target[..., column])
        loss = mean_pinball_loss(target[..., column][there], forecasts[..., 3 * column + at][there], alpha=level)
        expected += loss * there.sum() / 3
    total = LEVELS.error_sum(kind(forecasts), kind(target), kind(np.ones((1, 1, 2))), "quantile")
    assert float(total) == pytest.approx(expected)
    # A value alone is the forecast of every level.
    value = forecasts[..., ::3]
    assert LEVELS.score_of(value, target, ONE, "quantile") == pytest.approx(
        LEVELS.score_of(np.repeat(value, 3, axis=2), target, ONE, "quantile")
    )


def test_the_task_loads_no_torch() -> None:
    command = "import sys; import cellsize.data.forecast; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", command], check=True)
