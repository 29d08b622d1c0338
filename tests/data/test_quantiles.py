"""Forecasts of quantiles: exact answers on toy arrays, the same for NumPy and for torch."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from cellsize.data.forecast import Forecast
from cellsize.data.quantiles import (
    by_level,
    central,
    columns_of_levels,
    for_columns,
    in_order,
    mean_pinball,
    shifts,
    widened,
)

LEVELS = (0.1, 0.5, 0.9)
KINDS = pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
FORECASTS = np.arange(12.0).reshape(1, 2, 6)  # two steps of two targets


def test_the_columns_of_a_target_are_its_levels() -> None:
    assert central(FORECASTS, LEVELS, 2).tolist() == [[[1.0, 4.0], [7.0, 10.0]]]
    assert by_level(FORECASTS, LEVELS, 2)[0.9].tolist() == [[[2.0, 5.0], [8.0, 11.0]]]
    assert list(by_level(FORECASTS, LEVELS, 2)) == [0.1, 0.5, 0.9]


def test_without_levels_forecasts_are_values_and_stay_what_they_are() -> None:
    assert central(FORECASTS, (), 6) is FORECASTS
    assert by_level(FORECASTS, (), 6) == {}
    assert in_order(FORECASTS, (), 6) is FORECASTS


@KINDS
def test_a_value_alone_is_the_forecast_of_every_level(kind: Callable[[np.ndarray], np.ndarray]) -> None:
    values = kind(FORECASTS[..., :2])
    assert all(column is values for column in columns_of_levels(values, LEVELS, 2))
    assert [column.tolist() for column in columns_of_levels(kind(FORECASTS), LEVELS, 2)] == [
        [[[0.0, 3.0], [6.0, 9.0]]], [[[1.0, 4.0], [7.0, 10.0]]], [[[2.0, 5.0], [8.0, 11.0]]],
    ]  # fmt: skip


def test_what_is_of_a_target_is_of_each_of_its_columns() -> None:
    std = np.array([2.0, 3.0])
    assert for_columns(std, 6).tolist() == [2.0, 2.0, 2.0, 3.0, 3.0, 3.0]
    assert for_columns(std, 2) is std


@KINDS
def test_a_level_weighs_what_lies_above_its_forecast_and_the_rest_what_lies_below(
    kind: Callable[[np.ndarray], np.ndarray],
) -> None:
    # A forecast of level 0.75 loses 0.25 for each unit that it is too high, and 0.75 for each that it is too low.
    differences = kind(np.array([4.0, -4.0, 0.0]))
    assert mean_pinball([differences], (0.75,)).tolist() == [1.0, 3.0, 0.0]
    assert mean_pinball(iter([differences, differences]), (0.25, 0.75)).tolist() == [2.0, 2.0, 0.0]
    with pytest.raises(ValueError, match="zip"):
        mean_pinball([differences], (0.25, 0.75))


def test_quantiles_that_cross_are_sorted_and_never_worse() -> None:
    crossing = np.array([[[3.0, 1, 2, 6, 5, 4]] * 2])
    assert in_order(crossing, LEVELS, 2).tolist() == [[[1.0, 2, 3, 4, 5, 6]] * 2]
    random = np.random.default_rng(0)
    forecasts, target = random.standard_normal((50, 2, 6)), random.standard_normal((50, 2, 2))
    task, one = Forecast(lookback=3, horizon=2, n_targets=2, quantiles=LEVELS), np.ones(1)
    scores = [task.score_of(of, target, one, "quantile") for of in (in_order(forecasts, LEVELS, 2), forecasts)]
    assert scores[0] < scores[1]


def test_forecasts_are_widened_by_the_quantiles_of_their_errors() -> None:
    errors = np.stack([np.arange(11.0), 2 * np.arange(11.0)], axis=1).reshape(11, 1, 2) - 5
    residuals = np.concatenate([errors, np.full_like(errors, np.nan)], axis=1)  # a step that was never observed
    assert shifts(residuals, LEVELS).tolist() == [[-4.0, 0.0, 4.0, -3.0, 5.0, 13.0]] * 2
    assert shifts(residuals, LEVELS).dtype == np.float32
    wide = widened(np.zeros((1, 2, 2)), residuals, LEVELS)
    assert wide[0].tolist() == [[-4.0, 0.0, 4.0, -3.0, 5.0, 13.0]] * 2
    wide = widened(np.array([[[10.0, 20.0]] * 2]), residuals, LEVELS)
    assert wide[0].tolist() == [[6.0, 10.0, 14.0, 17.0, 25.0, 33.0]] * 2
