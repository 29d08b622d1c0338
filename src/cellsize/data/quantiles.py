"""Forecasts of quantiles: which column is of which level, their loss, and how forecasts of values become quantiles.

There is a column for each target and level: those of the first target, then those of the next. A forecast with one
column a target is that of every level. Levels rise, and 0.5 is one of them; none at all: values alone are forecast.

As `data.forecast`, it imports neither torch nor any other module that computes. Where a type is `Any`, arrays and
tensors are alike.
"""

import warnings
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Levels = tuple[float, ...]

# Of the ways to define an empirical quantile the one whose pinball loss is the smallest.
LEAST: Literal["inverted_cdf"] = "inverted_cdf"


def for_columns(values: Floats, columns: int) -> Floats:
    """Values of each target, shape (…, n_targets), for each column that is forecast of it, shape (…, columns)."""
    own = values.shape[-1]
    return values if own == columns else np.repeat(values, columns // own, axis=-1)


def columns_of_levels(forecasts: Any, levels: Levels, n_targets: int) -> list[Any]:
    """The forecasts of each level, each of shape (…, n_targets).

    Args:
        forecasts: Shape (…, n_targets · levels) or (…, n_targets).
        levels: Rising, at least one.
        n_targets: Columns to predict.
    """
    count = len(levels)
    if forecasts.shape[-1] == n_targets:
        return [forecasts] * count
    return [forecasts[..., at::count] for at in range(count)]


def by_level(forecasts: Floats, levels: Levels, n_targets: int) -> dict[float, Floats]:
    """The forecasts of each level, shape (…, n_targets), by it; none without levels. See `columns_of_levels`."""
    return dict(zip(levels, columns_of_levels(forecasts, levels, n_targets), strict=True)) if levels else {}


def central(forecasts: Floats, levels: Levels, n_targets: int) -> Floats:
    """The forecast of a value, shape (…, n_targets): of quantiles the median. See `columns_of_levels`."""
    return by_level(forecasts, levels, n_targets)[0.5] if levels else forecasts


def in_order(forecasts: Floats, levels: Levels, n_targets: int) -> Floats:
    """Quantiles that do not cross: those of each target sorted, which is never worse (Chernozhukov et al. 2010).

    Args:
        forecasts: Shape (…, n_targets · levels).
        levels: Rising; without any the forecasts stay what they are.
        n_targets: Columns to predict.

    Returns:
        Of the same shape.
    """
    if not levels:
        return forecasts
    by_target = forecasts.reshape(*forecasts.shape[:-1], n_targets, len(levels))
    ordered: Floats = np.sort(by_target, axis=-1).reshape(forecasts.shape)
    return ordered


def mean_pinball(differences: Iterable[Any], levels: Levels) -> Any:
    """Mean pinball loss over the levels (Koenker and Bassett 1978), value by value.

    Args:
        differences: For each level its forecasts minus the targets, all of one shape; one is held at a time.
        levels: At least one.

    Returns:
        Of the shape of one difference.
    """
    total: Any = 0.0
    for level, difference in zip(levels, differences, strict=True):
        total = total + abs(difference) / 2 - (level - 0.5) * difference
    return total / len(levels)


def widened(forecasts: Floats, residuals: Floats, levels: Levels) -> Floats:
    """Quantiles around forecasts of values: each level has the empirical quantile of the residuals added.

    Args:
        forecasts: Shape (n, horizon, n_targets).
        residuals: Truth minus forecast of other windows, shape (m, horizon, n_targets); NaN where unobserved.
        levels: At least one.

    Returns:
        Shape (n, horizon, n_targets · levels).
    """
    return for_columns(forecasts, residuals.shape[-1] * len(levels)) + shifts(residuals, levels)


def shifts(residuals: Floats, levels: Levels) -> Floats:
    """The empirical quantiles of residuals, those of a step that was never observed being those of all steps.

    Args:
        residuals: Shape (m, horizon, n_targets); NaN where unobserved.
        levels: At least one.

    Returns:
        Shape (horizon, n_targets · levels), float32.
    """
    with warnings.catch_warnings():  # of a step without any
        warnings.simplefilter("ignore", RuntimeWarning)
        found = np.nanquantile(residuals, levels, axis=0, method=LEAST)
    of_all = np.nan_to_num(np.nanquantile(residuals, levels, axis=(0, 1), method=LEAST))[:, None]
    found = np.where(np.isnan(found), of_all, found)
    horizon, n_targets = residuals.shape[1:]
    by_column: Floats = np.moveaxis(found, 0, -1).reshape(horizon, n_targets * len(levels)).astype(np.float32)
    return by_column
