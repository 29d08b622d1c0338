"""Batches: windows gathered by index, scaled and normalised, and the way back to the data's units."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cellsize.data.calendar import linear_columns
from cellsize.data.folds import row_mask
from cellsize.data.forecast import Forecast
from cellsize.data.windows import BACKWARD, Floats, Ints, Windows

CHUNK = 512
# Added to the scale of each window, in standard deviations of the training rows: what a window sees may be constant.
EPSILON = 1e-3


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of each input over the training rows.

    Attributes:
        mean: Shape (n_inputs,), in the order of `Windows.inputs`: the targets come first.
        std: Shape (n_inputs,); never 0.
    """

    mean: Floats
    std: Floats


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
    """Mean and standard deviation over the rows of the training windows, and over no other row."""
    values = windows.inputs[row_mask(windows, train)]
    mean = np.asarray(np.nanmean(values, axis=0, dtype=np.float64))
    std = np.asarray(np.nanstd(values, axis=0, dtype=np.float64))
    # An input that is constant in training is divided by 1: it is 0 there, and finite later. It counts as constant if
    # its standard deviation is rounding compared with its mean; an absolute limit would depend on its unit.
    std = np.where(std > np.maximum(1e-6 * np.abs(mean), np.finfo(np.float32).tiny), std, 1.0)
    return Scaling(mean.astype(np.float32), std.astype(np.float32))


def gather(windows: Windows, scaling: Scaling, chosen: Ints) -> Batch:
    """Copies the chosen windows out of the base arrays, scaled and normalised.

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
    flat -= np.tile(scaling.mean, windows.span)
    flat /= np.tile(scaling.std, windows.span)
    steps, known_future = inputs[:, : windows.lookback], inputs[:, windows.lookback :, windows.n_past :]
    target = truth(windows, scaling, chosen)
    location, scale = _location_and_scale(cell_steps(windows, steps)[:, :, :n_targets], windows.normalise)
    if windows.normalise != "none":
        steps[:, :, :n_targets] = (steps[:, :, :n_targets] - location) / scale
        target = (target - location) / scale
    origin = linear_columns(windows.linear_calendar, windows.seconds, windows.origin[first + windows.lookback])
    return Batch(steps, known_future, target, location, scale, origin)


def cell_steps(windows: Windows, steps: Floats) -> Floats:
    """What memory cells see of `Batch.steps`: a view of shape (n, cell_lookback, n_inputs)."""
    return steps[:, windows.lookback - windows.cell_lookback :]


def truth(windows: Windows, scaling: Scaling, chosen: Ints) -> Floats:
    """What is to be predicted, in standard deviations of the training rows, shape (n, horizon, n_targets)."""
    values = Forecast.of(windows).target(windows.target, windows.first[chosen])
    values -= scaling.mean[: windows.n_targets]
    values /= scaling.std[: windows.n_targets]
    return values


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


def original(windows: Windows, scaling: Scaling, values: Floats) -> Floats:
    """Undoes scaling and transformation: values in the units of the table."""
    n_targets = windows.n_targets
    transformed = values.astype(np.float64) * scaling.std[:n_targets] + scaling.mean[:n_targets]
    if windows.transform != "none":
        # log1p and sqrt give nothing below 0 for a target that is not negative: the square of -1 would come back as 1.
        transformed = np.maximum(transformed, 0.0)
    untransformed: Floats = BACKWARD[windows.transform](transformed)
    return untransformed


def chunks(chosen: Ints, size: int = CHUNK) -> Iterator[Ints]:
    """The chosen positions in chunks of at most `size`, shape (size,) but for the last."""
    for begin in range(0, len(chosen), size):
        yield chosen[begin : begin + size]
