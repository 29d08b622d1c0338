"""Batches: windows gathered by index, scaled and normalised, and the way back to the data's units."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cellsize.data.calendar import linear_columns
from cellsize.data.folds import row_mask
from cellsize.data.forecast import Forecast
from cellsize.data.windows import BACKWARD, COARSE, Floats, Ints, Windows
from cellsize.params import Metric

CHUNK = 512
# Added to the scale of each window, in standard deviations of the training rows: what a window sees may be constant.
EPSILON = 1e-3
# How far an input may leave what the training rows have shown, as a fraction of its range. Targets are given more room,
# since a trend continues; covariates of 1.2 times the range cost nothing (docs/decisions.md).
MARGIN, TARGET_MARGIN = 0.1, 1.0
# Rows that must have reached a value of a covariate before it counts as shown, but at most `FEW` of all rows. Fewer
# teach a linear model nothing but noise, which every later occurrence adds to a forecast. An indicator known in future
# is an event that somebody has declared, such as a holiday: few are enough.
SHOWN, SHOWN_EVENTS, FEW = 20, 5, 0.02
NOTHING = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
MUCH = 0.02  # of all values: so many are clipped in whole batches


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
            shape (n_targets,); never 0.
        lower: What smaller inputs become, in standard deviations from the mean, shape (n_inputs,). Of the series' own
            ones all series share the bounds.
        upper: What larger ones become. Both None: nothing is clipped.
        names: Series that have training rows, and so constants of their own, by name; none: all have the same.
        own_mean: Their means of the first inputs, float64, shape (names, n_own).
        own_std: Their standard deviations, of the same shape; never 0.
    """

    mean: Floats
    std: Floats
    deviation: Floats
    lower: Floats | None = None
    upper: Floats | None = None
    names: tuple[str, ...] = ()
    own_mean: Floats | None = None
    own_std: Floats | None = None

    def error_scale(self, metric: Metric) -> Floats:
        """What errors in standard deviations are multiplied by, so that a constant forecast scores 1: (n_targets,)."""
        return np.ones_like(self.deviation) if metric == "mse" else 1 / self.deviation


@dataclass(frozen=True)
class Batch:
    """Some windows, in scaled and normalised values.

    Attributes:
        steps: What each window sees, shape (n, lookback, n_inputs).
        known_future: Known-future columns of the steps to be predicted, shape (n, horizon, n_known_future).
        target: What is to be predicted, shape (n, horizon, n_targets); NaN where unobserved.
        location: What the normalisation of each window subtracts from its targets, shape (n, 1, n_targets).
        scale: What it divides them by afterwards, shape (n, 1, n_targets).
        origin: Calendar of the first step to be predicted, for the linear part alone, shape (n, n_origin).
    """

    steps: Floats
    known_future: Floats
    target: Floats
    location: Floats
    scale: Floats
    origin: Floats


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
    """What a served model subtracts from the rows of some series; see `windows.base`.

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
    unknown = np.flatnonzero(_places(scaling.names, windows.names) < 0)
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
def _places(known: tuple[str, ...], names: tuple[str, ...]) -> Ints:
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


def gather(windows: Windows, scaling: Scaling, chosen: Ints) -> Batch:
    """Copies the chosen windows out of the base arrays, scaled, clipped and normalised.

    Args:
        windows: Base arrays and index.
        scaling: Of the fold's training rows.
        chosen: Positions in `windows.first`, shape (n,).

    Returns:
        The batch, all arrays float32.
    """
    first, n_targets = windows.first[chosen], windows.n_targets
    inputs = _blocks(windows.inputs, first, windows.span)
    flat = inputs.reshape(len(first), -1)  # one long row for each window: broadcasting over a few columns is slow
    if scaling.own_mean is None:
        flat -= np.tile(shift_of(windows, scaling), windows.span)
        flat /= np.tile(scaling.std, windows.span)
    else:
        shift, std = _of_series(windows, scaling, windows.series[first])
        flat -= np.tile(shift, (1, windows.span))
        flat /= np.tile(std, (1, windows.span))
    clipped = _clipped(windows, scaling)
    if clipped is None:
        lower, upper = _bounds(windows, scaling)
        np.maximum(flat, np.tile(lower, windows.span), out=flat)  # np.clip takes three times as long as these two
        np.minimum(flat, np.tile(upper, windows.span), out=flat)
    elif clipped.row.size:
        window, at = _within(clipped.row, first, windows.span)
        flat[window, (clipped.row[at] - first[window]) * windows.n_inputs + clipped.column[at]] = clipped.value[at]
    steps, known_future = inputs[:, : windows.lookback], inputs[:, windows.lookback :, windows.n_past :]
    target = truth(windows, scaling, chosen)
    seen_by_cells = steps[:, windows.lookback - windows.cell_lookback :, :n_targets]
    location, scale = _location_and_scale(seen_by_cells, windows.normalise)
    if windows.normalise != "none":
        steps[:, :, :n_targets] = (steps[:, :, :n_targets] - location) / scale
        target = (target - location) / scale
    origin = linear_columns(windows.linear_calendar, windows.seconds, windows.origin[first + windows.lookback])
    return Batch(steps, known_future, target, location, scale, origin)


class _Clipped(NamedTuple):
    """Values of the base arrays that leave their bounds, by row: shape (values,) each."""

    row: Ints
    column: Ints
    value: Floats  # what they become, in standard deviations from the mean


def _clipped(windows: Windows, scaling: Scaling) -> _Clipped | None:
    """What is clipped, found once and for all batches; None: so much that to clip whole batches is faster.

    Clipping whole batches takes half as long as all the rest of `gather`, and few values are clipped.
    """
    if scaling.own_mean is not None and (_places(scaling.names, windows.names) >= 0).sum() < len(scaling.names):
        return None  # a request: its arrays are read once
    bounds = _bounds(windows, scaling)
    shift = shift_of(windows, scaling)
    own = () if scaling.own_mean is None or scaling.own_std is None else (scaling.own_mean, scaling.own_std)
    key = b"".join(array.tobytes() for array in (shift, scaling.std, *bounds, *own))
    if own:
        key += _places(scaling.names, windows.names).tobytes()
    if key not in windows.clipped:
        lowest, highest = (windows.extent - shift) / scaling.std
        found = []
        beyond = (lowest < bounds[0]) | (highest > bounds[1])
        if own:
            shifts, stds = _of_series(windows, scaling, np.arange(len(windows.names)))
            beyond[: windows.n_own] = True
        for column in np.flatnonzero(beyond):
            mean, std = shift[column], scaling.std[column]
            if own:
                mean, std = shifts[windows.series, column], stds[windows.series, column]
            scaled_column = (windows.inputs[:, column] - mean) / std  # as `gather` does
            bounded = np.minimum(np.maximum(scaled_column, bounds[0][column]), bounds[1][column])
            rows = np.flatnonzero((bounded != scaled_column) & np.isfinite(scaled_column))
            found.append((rows, np.full(len(rows), column), bounded[rows]))
        row, columns, value = map(np.concatenate, zip(*found, strict=True)) if found else NOTHING
        order = np.argsort(row, kind="stable")
        is_much = len(order) > MUCH * windows.inputs.size
        windows.clipped[key] = None if is_much else _Clipped(row[order], columns[order], value[order])
    clipped: _Clipped | None = windows.clipped[key]
    return clipped


def _within(rows: Ints, first: Ints, span: int) -> tuple[Ints, Ints]:
    """Which of some ascending rows lie in which window: pairs of positions in `first` and in `rows`."""
    begin, end = np.searchsorted(rows, first), np.searchsorted(rows, first + span)
    count = end - begin
    window = np.repeat(np.arange(len(first)), count)
    return window, np.arange(len(window)) + np.repeat(begin - np.cumsum(count) + count, count)


def cell_steps(windows: Windows, steps: Floats) -> Floats:
    """What memory cells see of `Batch.steps`, shape (n, cell_lookback, n_cell_inputs).

    Columns that are constant in each series are for the head: at every step they made cells worse (docs/decisions.md).
    """
    seen = steps[:, windows.lookback - windows.cell_lookback :]
    if not windows.n_static:
        return seen
    return np.concatenate([seen[:, :, : windows.n_past], seen[:, :, windows.n_past + windows.n_static :]], axis=2)


def _bounds(windows: Windows, scaling: Scaling) -> tuple[Floats, Floats]:
    """What each input is clipped to before any normalisation, shape (n_inputs,)."""
    if scaling.lower is None or scaling.upper is None:
        unbounded = np.full(windows.n_inputs, np.inf, np.float32)
        return -unbounded, unbounded
    lower, upper = scaling.lower, scaling.upper
    if windows.normalise != "none":
        lower, upper = lower.copy(), upper.copy()
        # A window's location has to follow its series wherever a trend leads. Clipping what is left of the targets made
        # it worse: after an outlier at the origin all that is right lies beyond the bounds.
        lower[: windows.n_targets], upper[: windows.n_targets] = -np.inf, np.inf
    return lower, upper


def clipped_columns(windows: Windows, scaling: Scaling, chosen: Ints, columns: tuple[str, ...]) -> dict[str, int]:
    """How many values of the columns are clipped in the chosen windows, without the columns where none is.

    A value counts once, however many windows see it.

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        chosen: Positions in `windows.first`, shape (n,).
        columns: Names of the columns of `windows.inputs`.
    """
    lower, upper = (bound.astype(np.float64) for bound in _bounds(windows, scaling))
    counts: dict[str, int] = {}
    # Past columns are seen up to the origin; those known in future on all rows of a window.
    seen, covered = row_mask(windows, chosen, windows.lookback), row_mask(windows, chosen)
    for column, name in enumerate(columns):
        rows = seen if column < windows.n_past else covered
        there = windows.inputs[rows, column].astype(np.float64)
        mean: Any = scaling.mean[column] - windows.offset[column]
        std: Any = np.float64(scaling.std[column])
        if scaling.own_mean is not None and column < windows.n_own:
            shifts, stds = _of_series(windows, scaling, np.arange(len(windows.names)))
            mean, std = (of_name[windows.series[rows], column].astype(np.float64) for of_name in (shifts, stds))
        below = mean + lower[column] * std - there
        above = there - mean - upper[column] * std
        # A constant lies on its bounds, but for rounding.
        count = int((np.maximum(below, above) > 1e-6 * (np.abs(there) + np.abs(mean))).sum())
        if count:
            counts[name] = count
    return counts


def shift_of(windows: Windows, scaling: Scaling) -> Floats:
    """The mean as the base arrays have it, shape (n_inputs,)."""
    shift: Floats = (scaling.mean - windows.offset).astype(np.float32)
    return shift


def _of_series(windows: Windows, scaling: Scaling, codes: Ints) -> tuple[Floats, Floats]:
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
    at = _places(scaling.names, windows.names)[codes]
    known = np.flatnonzero(at >= 0)
    shift[known, own], std[known, own] = scaling.own_mean[at[known]] - offsets[known], own_std[at[known]]
    return shift, std


def truth(windows: Windows, scaling: Scaling, chosen: Ints) -> Floats:
    """What is to be predicted, in standard deviations of the training rows, shape (n, horizon, n_targets).

    NaN where it was not observed.
    """
    return standardised(windows, scaling, Forecast.of(windows).target(windows.target, windows.first[chosen]), chosen)


def standardised(windows: Windows, scaling: Scaling, values: Floats, chosen: Ints) -> Floats:
    """Targets as the base arrays have them, in standard deviations of the training rows; in place.

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        values: Shape (n, steps, n_targets).
        chosen: The windows whose targets they are, as positions in `windows.first`, shape (n,).
    """
    shift, std = shift_of(windows, scaling), scaling.std
    if scaling.own_mean is not None:
        shift, std = (each[:, None] for each in _of_series(windows, scaling, windows.series[windows.first[chosen]]))
    values -= shift[..., : windows.n_targets]
    values /= std[..., : windows.n_targets]
    return values


def of_targets(windows: Windows, scaling: Scaling, chosen: Ints | None = None) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the targets, transformed, to be broadcast over (n, horizon, n_targets).

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        chosen: Positions in `windows.first`, shape (n,); needed where series have constants of their own.
    """
    mean, std = scaling.mean[: windows.n_targets], scaling.std[: windows.n_targets]
    if scaling.own_mean is None:
        return mean, std
    assert chosen is not None
    shift, std = _of_series(windows, scaling, windows.series[windows.first[chosen]])
    offsets = windows.offsets(windows.series[windows.first[chosen]])[:, None, : windows.n_targets]
    mean = shift[:, None, : windows.n_targets].astype(np.float64) + offsets
    return mean, std[:, None, : windows.n_targets]


def _blocks(values: Floats, first: Ints, length: int) -> Floats:
    """A copy of the `length` rows that begin at each of `first`, shape (n, length, columns)."""
    n_columns = values.shape[1]
    assert values.flags.c_contiguous
    # Consecutive rows are one block of memory, so that each window is copied at once. The blocks overlap: this view is
    # only read, and indexing it copies.
    shape = (len(values) - length + 1, length * n_columns)
    blocks = as_strided(values, shape, (values.strides[0], values.itemsize), writeable=False)
    return blocks[first].reshape(len(first), length, n_columns)


def _location_and_scale(seen_targets: Floats, normalise: str) -> tuple[Floats, Floats]:
    """Of each window, from the targets that its cells see, shape (n, cell_lookback, n_targets).

    Not from all that the linear part sees: more lookback for it must leave what the cells are fed with as it was.
    """
    shape = (len(seen_targets), 1, seen_targets.shape[2])
    location, scale = np.zeros(shape, np.float32), np.ones(shape, np.float32)
    if normalise == "last":
        location = seen_targets[:, -1:].copy()
    if normalise == "standard":
        location = seen_targets.mean(axis=1, keepdims=True)
        scale = seen_targets.std(axis=1, keepdims=True) + np.float32(EPSILON)
    return location, scale


def scaled(batch: Batch, normalised: Floats) -> Floats:
    """Undoes the normalisation of each window: values in standard deviations of the training rows."""
    return normalised * batch.scale + batch.location


def original(windows: Windows, scaling: Scaling, values: Floats, chosen: Ints | None = None) -> Floats:
    """Undoes scaling and transformation: values in the units of the table; see `of_targets`."""
    mean, std = of_targets(windows, scaling, chosen)
    return _untransformed(windows, values.astype(np.float64) * std + mean)


def _untransformed(windows: Windows, transformed: Floats) -> Floats:
    """Undoes the transformation alone."""
    if windows.transform != "none":
        # log1p and sqrt give nothing below 0 for a target that is not negative: the square of -1 would come back as 1.
        transformed = np.maximum(transformed, 0.0)
    untransformed: Floats = BACKWARD[windows.transform](transformed)
    return untransformed


def targets_of_rows(windows: Windows) -> Floats:
    """The targets of each row in the units of the table, float64, shape (rows, n_targets); NaN where unobserved."""
    if windows.own_offset.size:
        transformed = windows.target + windows.own_offset[windows.series, : windows.n_targets]
    else:
        transformed = windows.target + windows.offset[: windows.n_targets]
    return _untransformed(windows, transformed)


def chunks(chosen: Ints, size: int = CHUNK) -> Iterator[Ints]:
    """The chosen positions in chunks of at most `size`, shape (size,) but for the last."""
    for begin in range(0, len(chosen), size):
        yield chosen[begin : begin + size]
