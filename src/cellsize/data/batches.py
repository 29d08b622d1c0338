"""Batches: windows gathered by index, scaled and normalised, and the way back to the data's units."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cellsize.data.calendar import linear_columns
from cellsize.data.clipping import bounds_of, clipped_values, within
from cellsize.data.forecast import Forecast
from cellsize.data.quantiles import for_columns
from cellsize.data.scaling import Scaling, of_series, shift_of
from cellsize.data.windows import BACKWARD, Floats, Ints, Windows

CHUNK = 512
# Added to the scale of each window, in standard deviations of the training rows: what a window sees may be constant.
EPSILON = 1e-3


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
        shift, std = of_series(windows, scaling, windows.series[first])
        flat -= np.tile(shift, (1, windows.span))
        flat /= np.tile(std, (1, windows.span))
    clipped = clipped_values(windows, scaling)
    if clipped is None:
        lower, upper = bounds_of(windows, scaling)
        np.maximum(flat, np.tile(lower, windows.span), out=flat)  # np.clip takes three times as long as these two
        np.minimum(flat, np.tile(upper, windows.span), out=flat)
    elif clipped.row.size:
        window, at = within(clipped.row, first, windows.span)
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


def cell_steps(windows: Windows, steps: Floats) -> Floats:
    """What memory cells see of `Batch.steps`, shape (n, cell_lookback, n_cell_inputs).

    Columns that are constant in each series are for the head: at every step they made cells worse (docs/decisions.md).
    """
    seen = steps[:, windows.lookback - windows.cell_lookback :]
    if not windows.n_static:
        return seen
    return np.concatenate([seen[:, :, : windows.n_past], seen[:, :, windows.n_past + windows.n_static :]], axis=2)


def design(windows: Windows, batch: Batch, reads_past: bool = True) -> Floats:
    """The linear model's inputs: past columns of every step seen, known-future columns of all steps ahead, calendar, 1.

    Known-future columns that are constant in each series are read once: one more for each step would say nothing new.

    Args:
        windows: Base arrays and index.
        batch: Some of the windows.
        reads_past: Whether the past columns are among the inputs.

    Returns:
        An array of shape (n, inputs).
    """
    n, n_past = len(batch.steps), windows.n_past
    past = [batch.steps[:, :, :n_past].reshape(n, -1)] if reads_past else []
    static, ahead = batch.known_future[:, 0, : windows.n_static], batch.known_future[:, :, windows.n_static :]
    known = [static, ahead.reshape(n, -1)]
    return np.concatenate([*past, *known, batch.origin, np.ones((n, 1), np.float32)], axis=1)


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
        shift, std = (each[:, None] for each in of_series(windows, scaling, windows.series[windows.first[chosen]]))
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
    shift, std = of_series(windows, scaling, windows.series[windows.first[chosen]])
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
    columns = normalised.shape[-1]
    return normalised * for_columns(batch.scale, columns) + for_columns(batch.location, columns)


def original(windows: Windows, scaling: Scaling, values: Floats, chosen: Ints | None = None) -> Floats:
    """Undoes scaling and transformation: values in the units of the table; see `of_targets`."""
    mean, std = of_targets(windows, scaling, chosen)
    transformed = values.astype(np.float64)  # a copy; in place, since a whole holdout's are large
    transformed *= std
    transformed += mean
    return _untransformed(windows, transformed)


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
