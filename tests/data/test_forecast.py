"""The task `forecast`: exact answers on toy arrays, the same for NumPy and for torch."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch

from cellsize.data import forecast
from cellsize.data.forecast import Forecast
from cellsize.data.windows import Windows
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


def test_a_row_counts_if_every_target_was_observed() -> None:
    nan = np.nan
    assert TWO.observed(np.array([[1, 2], [nan, 2], [1, nan], [nan, nan], [3, 4]])).tolist() == [
        True, False, False, False, True
    ]  # fmt: skip


# --- how wrong a forecast is ----------------------------------------------------------------------------------------

FORECASTS = np.array([[[1.0], [2.0]], [[0.0], [5.0]]], np.float32)
TARGET = np.array([[[0.0], [2.0]], [[2.0], [2.0]]], np.float32)  # errors 1, 0, -2 and 3


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_squared_errors_are_summed_over_windows_and_steps(kind: Callable[[np.ndarray], np.ndarray]) -> None:
    total = TASK.squared_error_sum(kind(FORECASTS), kind(TARGET))
    assert float(total) == 14.0
    scale = np.array([[[2.0]], [[1.0]]], np.float32)
    assert float(TASK.squared_error_sum(kind(FORECASTS), kind(TARGET), kind(scale))) == 17.0


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_squared_errors_are_summed_in_float64(kind: Callable[[np.ndarray], np.ndarray]) -> None:
    # In float32 the small one would be lost beside the large one.
    forecasts = np.array([[[4096.0], [1e-3]]], np.float32)
    total = TASK.squared_error_sum(kind(forecasts), kind(np.zeros_like(forecasts)))
    assert float(total) == 4096.0**2 + float(np.float32(1e-3)) ** 2


def test_the_score_is_the_mean_over_windows_horizon_and_targets() -> None:
    assert TASK.score(14.0, 2) == 3.5
    assert TASK.score_of(FORECASTS, TARGET) == 3.5
    assert TWO.score(14.0, 2) == 1.75


def test_the_score_by_step_is_the_mean_over_windows_and_targets() -> None:
    assert TASK.score_by_step(FORECASTS, TARGET) == (2.5, 4.5)
    assert np.mean(TASK.score_by_step(FORECASTS, TARGET)) == TASK.score_of(FORECASTS, TARGET)


def test_the_score_of_pieces_is_that_of_the_whole_to_the_last_digit() -> None:
    random = np.random.default_rng(0)
    forecasts, target = (random.standard_normal((7, 2, 2)).astype(np.float32) for _ in range(2))
    squared = np.square(forecasts - target, dtype=np.float64)
    assert TWO.score_of(forecasts, target) == float(squared.mean())
    assert TWO.score(float(squared.sum()), 7) == float(squared.sum()) / 28


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_each_network_has_a_loss_of_its_own(kind: Callable[[np.ndarray], np.ndarray]) -> None:
    forecasts, target = np.stack([FORECASTS, TARGET]), np.stack([TARGET, TARGET])
    scale = np.array([[[[2.0]], [[1.0]]]] * 2, np.float32)
    assert TASK.loss(kind(forecasts), kind(target), kind(scale)).tolist() == [4.25, 0.0]


def test_the_loss_has_a_gradient() -> None:
    forecasts = torch.from_numpy(FORECASTS[None]).requires_grad_()
    TASK.loss(forecasts, torch.from_numpy(TARGET[None]), torch.ones(1, 2, 1, 1)).sum().backward()
    assert forecasts.grad is not None
    assert forecasts.grad.flatten().tolist() == [0.5, 0.0, -1.0, 1.5]


def test_a_fit_weighs_windows_by_their_scale_where_there_is_one_target() -> None:
    scale = np.array([[[2.0]], [[0.5]]], np.float32)
    assert TASK.least_squares_weight(scale).tolist() == [[[2.0]], [[0.5]]]
    assert TWO.least_squares_weight(np.repeat(scale, 2, axis=2)).tolist() == [[[1.0]], [[1.0]]]


# --- baselines ------------------------------------------------------------------------------------------------------


def test_naive_forecasts_are_the_last_row_seen_and_the_last_one_of_the_season() -> None:
    task = Forecast(lookback=4, horizon=5, n_targets=1)
    rows = task.baseline_rows(np.array([10, 20]), season=3)
    assert {name: at.tolist() for name, at in rows.items()} == {
        "naive": [[13] * 5, [23] * 5],
        "seasonal_naive": [[11, 12, 13, 11, 12], [21, 22, 23, 21, 22]],
    }


def test_every_baseline_has_its_name() -> None:
    assert forecast.BASELINES == ("naive", "seasonal_naive", "ridge_linear", "AutoETS", "AutoTheta")
    assert list(TASK.baseline_rows(np.array([0]), season=1)) == ["naive", "seasonal_naive"]


def test_the_task_loads_no_torch() -> None:
    command = "import sys; import cellsize.data.forecast; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", command], check=True)
