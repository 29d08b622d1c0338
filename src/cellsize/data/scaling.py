"""Scaling: mean, standard deviation and bounds of each input over the training rows, and over no other row."""

import warnings
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from cellsize.data.folds import row_mask
from cellsize.data.forecast import Forecast
from cellsize.data.offsets import COARSE
from cellsize.data.quantiles import shifts
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.params import Metric

# How far an input may leave what the training rows have shown, as a fraction of its range. Targets are given more room,
# since a trend continues; covariates of 1.2 times the range cost nothing (docs/decisions.md).
MARGIN, TARGET_MARGIN = 0.1, 1.0
# Rows that must have reached a value of a covariate before it counts as shown, but at most `FEW` of all rows. Fewer
# teach a linear model nothing but noise, which every later occurrence adds to a forecast. An indicator known in future
# is an event that somebody has declared, such as a holiday: few are enough.
SHOWN, SHOWN_EVENTS, FEW = 20, 5, 0.02


@dataclass(frozen=True)
class Scaling:
    """Mean, standard deviation and bounds of each input over the training rows.

    With `window.scale: series` the first `Windows.n_own` inputs (targets and past covariates) are scaled by mean and
    standard deviation of the training rows of their own series, so that series of other levels look alike. Errors then
    are in standard deviations of their own series too: a series counts by how well it is forecast, whatever its level,
    and forecasting each series' own mean has a normalised MSE of 1. An input that is constant in the training rows of a
    series has the mean and standard deviation of all series, as without. A series without training rows has no
    constants: `folds.split` scores none of its windows, and `with_unknown` finds some where a model is asked for it.

    Attributes:
        mean: Shape (n_inputs,), float64, in the order of `Windows.inputs`: the targets come first. `Windows.offset` is
            part of it, so that it fits other windows too, which may have another.
        std: Shape (n_inputs,); never 0.
        deviation: Mean absolute deviation of each target from its median (of its series), in its standard deviations,
            shape (n_targets,); never 0. Of a classification the log loss of the class frequencies, shape (1,); of
            sequences with numbers that of the labels, in their standard deviations, shape (1,).
        lower: What smaller inputs become, in standard deviations from the mean, shape (n_inputs,). Of the series' own
            ones all series share the bounds.
        upper: What larger ones become. Both None: nothing is clipped.
        names: Series that have training rows, and so constants of their own, by name; none: all have the same.
        own_mean: Their means of the first inputs, float64, shape (names, n_own).
        own_std: Their standard deviations, of the same shape; never 0.
        pinball: Mean pinball loss of the quantiles of the training targets, in their standard deviations, shape
            (n_targets,); never 0. None where no quantiles are forecast.
        label_mean: Where a sequence is labelled by a number, the mean of these in training, float64, shape (1,).
        label_std: Their standard deviation, likewise; never 0.
        characters: Of texts, the code points that a model knows, the most frequent first; see `data.characters`.
        ngrams: Of texts, the n-grams that its linear model counts, ascending.
    """

    mean: Floats
    std: Floats
    deviation: Floats
    lower: Floats | None = None
    upper: Floats | None = None
    names: tuple[str, ...] = ()
    own_mean: Floats | None = None
    own_std: Floats | None = None
    pinball: Floats | None = None
    label_mean: Floats | None = None
    label_std: Floats | None = None
    characters: Ints | None = None
    ngrams: Ints | None = None

    def error_scale(self, metric: Metric) -> Floats:
        """What errors in standard deviations are multiplied by, so that a constant forecast scores 1: (n_targets,)."""
        if metric == "quantile":
            assert self.pinball is not None
            return np.asarray(1 / self.pinball)
        return np.ones_like(self.deviation) if metric == "mse" else 1 / self.deviation


def fit_scaling(windows: Windows, train: Ints) -> Scaling:
    """Mean, standard deviation and bounds over the rows of the training windows, and over no other row."""
    rows = row_mask(windows, train)
    values = windows.inputs[rows]
    own = slice(windows.n_own)
    if windows.own_offset.size:  # around one offset for what all series share
        series = windows.series[rows]
        values[:, own] += windows.own_offset[series] - windows.offset[own]
    lowest, highest = _shown(windows, values)
    # So a rare value has no say in mean and standard deviation; a column that is rare values alone becomes constant.
    covariates = slice(windows.n_targets, None)
    np.clip(values[:, covariates], lowest[covariates], highest[covariates], out=values[:, covariates])
    mean = np.asarray(np.nanmean(values, axis=0, dtype=np.float64))
    # NumPy squares float32 in float32: as fractions of a power of two no digit changes, and 1e20 is not infinite.
    largest = np.maximum(np.nanmax(values, axis=0), -np.nanmin(values, axis=0))
    grain = np.ldexp(np.float32(1), np.frexp(largest)[1])
    values /= grain
    std = np.asarray(np.nanstd(values, axis=0, dtype=np.float64)) * grain
    # An input that is constant in training is divided by 1, and clipped to 0. It counts as constant if its standard
    # deviation is rounding: of float32 beside its mean, or of the table's float64 beside what was subtracted from it.
    # An absolute limit would depend on its unit.
    rounding = np.maximum(1e-6 * np.abs(mean), 1e-12 * np.abs(windows.offset))
    std = np.where(std > np.maximum(rounding, np.finfo(np.float32).tiny), std, 1.0)
    targets = values[:, : windows.n_targets].astype(np.float64) * grain[: windows.n_targets]
    deviation = absolute_deviation(targets) / std[: windows.n_targets]
    deviation = np.where(deviation > 0, deviation, 1.0)
    lower, upper = ((bound.astype(np.float64) - mean) / std for bound in (lowest, highest))
    scaling = Scaling(
        mean=mean + windows.offset,
        std=std.astype(np.float32),
        deviation=deviation.astype(np.float32),
        lower=lower.astype(np.float32),
        upper=upper.astype(np.float32),
        pinball=_pinball(windows, targets / std[: windows.n_targets]) if windows.quantiles else None,
    )
    if not windows.n_own:
        return scaling
    own_values = values[:, own].astype(np.float64) * grain[own]
    if windows.own_offset.size:  # and around its own for each, where `values` has lost its digits
        moved = windows.own_offset[series] - windows.offset[own]
        own_values = windows.inputs[rows, own].astype(np.float64)
        covariates = slice(windows.n_targets, windows.n_own)
        bounds = (bound[covariates] - moved[:, covariates] for bound in (lowest, highest))
        np.clip(own_values[:, covariates], *bounds, out=own_values[:, covariates])
    return _with_own(windows, scaling, windows.series[rows], own_values)


def _pinball(windows: Windows, targets: Floats) -> Floats:
    """Mean pinball loss of the quantiles of each target, shape (n_targets,), from targets (rows, n_targets)."""
    task = Forecast(0, 1, windows.n_targets, windows.quantiles)
    constants = shifts(targets[:, None], windows.quantiles)
    losses = task.score_by_target(np.broadcast_to(constants, (len(targets), *constants.shape)), targets[:, None])
    return np.where(losses > 0, losses, 1.0).astype(np.float32)


def _with_own(windows: Windows, scaling: Scaling, series: Ints, values: Floats) -> Scaling:
    """The constants of each series, and what follows from them, from the first inputs of rows ordered by series."""
    own, targets = slice(windows.n_own), slice(windows.n_targets)
    codes, of_row, mean, std = _own_constants(windows, scaling, series, values)
    scaled_values = ((values - mean[of_row]) / std[of_row]).astype(np.float32)
    begins = np.searchsorted(of_row, np.arange(1, len(codes)))
    medians = np.stack([_medians(part) for part in np.split(scaled_values[:, targets], begins)])
    deviation: Floats = np.nanmean(np.abs(scaled_values[:, targets] - medians[of_row]), axis=0, dtype=np.float64)
    lower, upper = scaling.lower, scaling.upper
    assert lower is not None and upper is not None  # noqa: PT018
    lower[own], upper[own] = _shown(windows, scaled_values)
    return replace(
        scaling,
        deviation=np.where(deviation > 0, deviation, 1.0).astype(np.float32),
        names=tuple(windows.names[code] for code in codes),
        own_mean=mean + windows.offsets(codes),
        own_std=std,
    )


def _medians(values: Floats) -> Floats:
    """Median of each column, 0 where it has no value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nan_to_num(np.nanmedian(values, axis=0))


def _own_constants(
    windows: Windows, scaling: Scaling, series: Ints, values: Floats
) -> tuple[Ints, Ints, Floats, Floats]:
    """Mean and standard deviation of each series as the base arrays have it; those of all where its own say nothing.

    Returns:
        Codes of the series, shape (n,); the position of each row's series in them, shape (rows,); means and standard
        deviations, shape (n, n_own).
    """
    own = slice(windows.n_own)
    codes, begins, of_row = np.unique(series, return_index=True, return_inverse=True)
    there = np.isfinite(values)
    count = np.maximum(np.add.reduceat(there, begins, axis=0, dtype=np.int64), 1)
    mean = np.add.reduceat(np.where(there, values, 0.0), begins, axis=0) / count
    squares = np.square(np.where(there, values - mean[of_row], 0.0))
    std = np.sqrt(np.add.reduceat(squares, begins, axis=0) / count)
    offsets = windows.offsets(codes)
    rounding = np.maximum(1e-6 * np.abs(mean), 1e-12 * np.abs(offsets))  # see `fit_scaling`
    changes = std > np.maximum(rounding, np.finfo(np.float32).tiny)
    mean = np.where(changes, mean, scaling.mean[own] - offsets)
    return codes, of_row, mean, np.where(changes, std, scaling.std[own]).astype(np.float32)


def usual(scaling: Scaling, column: int, names: tuple[str, ...]) -> Floats:
    """The mean of an input in some series, shape (names,): its own where the series has one, else that of all."""
    means = np.full(len(names), scaling.mean[column], np.float64)
    if scaling.own_mean is not None and column < scaling.own_mean.shape[1]:
        own = dict(zip(scaling.names, scaling.own_mean[:, column], strict=True))
        means = np.array([own.get(name, scaling.mean[column]) for name in names])
    return means


def own_offsets(scaling: Scaling, names: tuple[str, ...]) -> Floats | None:
    """What a served model subtracts from the rows of some series; see `base_arrays.base`.

    Args:
        scaling: Of the model, which knows its series.
        names: The series of a request.

    Returns:
        The means of those series whose digits would be lost around the mean of all, NaN for series that the model does
        not know, and else the mean of all: shape (names, n_own). None: all have that.
    """
    if scaling.own_mean is None or scaling.own_std is None:
        return None
    mean = scaling.mean[: scaling.own_mean.shape[1]]
    place = {name: position for position, name in enumerate(scaling.names)}
    at = np.array([place.get(name, -1) for name in names], np.int64)
    step = np.spacing(np.abs(scaling.own_mean - mean).astype(np.float32))
    own = np.where(step > COARSE * scaling.own_std, scaling.own_mean, mean)
    if not (at < 0).any() and (own[at] == mean).all():
        return None
    return np.where(at[:, None] < 0, np.nan, own[at])


def with_unknown(windows: Windows, scaling: Scaling) -> Scaling:
    """The scaling with constants for series that training has not known, from all rows of some base arrays.

    A model sees scaled values alone: a new series is forecast as one of the known ones would be that had shown these
    rows. To refuse it would make the model useless for what has just begun.

    Args:
        windows: Base arrays; series that the scaling knows keep their constants.
        scaling: Of a model.
    """
    unknown = np.flatnonzero(places(scaling.names, windows.names) < 0)
    if not windows.n_own or not unknown.size:
        return scaling
    rows = np.isin(windows.series, unknown)
    values = windows.inputs[rows, : windows.n_own].astype(np.float64)
    codes, _, mean, std = _own_constants(windows, scaling, windows.series[rows], values)
    assert scaling.own_mean is not None and scaling.own_std is not None  # noqa: PT018
    return replace(
        scaling,
        names=(*scaling.names, *(windows.names[code] for code in codes)),
        own_mean=np.concatenate([scaling.own_mean, mean + windows.offsets(codes)]),
        own_std=np.concatenate([scaling.own_std, std]),
    )


@lru_cache(maxsize=16)
def places(known: tuple[str, ...], names: tuple[str, ...]) -> Ints:
    """Where each of some names is among the known ones, shape (names,); -1 where it is not."""
    place = {name: position for position, name in enumerate(known)}
    places = np.array([place.get(name, -1) for name in names], np.int64)
    places.setflags(write=False)  # it is shared by all callers
    return places


def absolute_deviation(values: Floats) -> Floats:
    """Mean absolute deviation of each column from its median, shape (columns,), by which an MAE is divided.

    From the median and not the mean: it is the constant forecast with the smallest absolute error, which scores 1.

    Args:
        values: Shape (rows, columns), NaN where missing.
    """
    deviation: Floats = np.nanmean(np.abs(values - np.nanmedian(values, axis=0)), axis=0)
    return deviation


def _shown(windows: Windows, values: Floats) -> tuple[Floats, Floats]:
    """What smaller and larger values become, shape (columns,), from training rows of the first columns of `inputs`."""
    bounds = np.empty((2, values.shape[1]), np.float32)
    for column in range(values.shape[1]):
        there = values[:, column][np.isfinite(values[:, column])]
        lowest, highest = float(there.min()), float(there.max())
        margin = TARGET_MARGIN
        if column >= windows.n_targets:
            margin = MARGIN
            is_event = column >= windows.n_past and ((there == lowest) | (there == highest)).all()
            rank = min(SHOWN_EVENTS if is_event else SHOWN, int(FEW * len(there))) - 1
            if rank > 0:
                there.partition([rank, len(there) - 1 - rank])
                lowest, highest = float(there[rank]), float(there[-1 - rank])
        room = margin * (highest - lowest)
        bounds[:, column] = lowest - room, highest + room
    return bounds[0], bounds[1]


def shift_of(windows: Windows, scaling: Scaling) -> Floats:
    """The mean as the base arrays have it, shape (n_inputs,)."""
    shift: Floats = (scaling.mean - windows.offset).astype(np.float32)
    return shift


def of_series(windows: Windows, scaling: Scaling, codes: Ints) -> tuple[Floats, Floats]:
    """Mean as the base arrays have it, and standard deviation, of some series: shape (n, n_inputs) each, float32."""
    shift, std = (np.tile(constants, (len(codes), 1)) for constants in (shift_of(windows, scaling), scaling.std))
    assert scaling.own_mean is not None and scaling.own_std is not None  # noqa: PT018
    own = slice(windows.n_own)
    own_std, offsets = scaling.own_std, windows.offsets(codes)
    if windows.own_offset.size:
        shift[:, own] = scaling.mean[own] - offsets
    if scaling.names == windows.names:
        shift[:, own], std[:, own] = scaling.own_mean[codes] - offsets, own_std[codes]
        return shift, std
    at = places(scaling.names, windows.names)[codes]
    known = np.flatnonzero(at >= 0)
    shift[known, own], std[known, own] = scaling.own_mean[at[known]] - offsets[known], own_std[at[known]]
    return shift, std
