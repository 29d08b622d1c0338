"""Gathering windows by index: scaled, normalised, and the way back to the data's units."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cellsize.data.folds import row_mask
from cellsize.data.windows import BACKWARD, Floats, Ints, Windows

CHUNK = 512
FLOOR = 1e-3


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of each feature over training rows; a deviation is never 0.

    Attributes:
        mean: Shape (n_inputs,), in the order of `Windows.inputs`: the targets come first.
        std: Shape (n_inputs,).
    """

    mean: Floats
    std: Floats


@dataclass(frozen=True)
class Batch:
    """Windows gathered, in scaled and normalised values.

    Attributes:
        steps: What the window sees, shape (n, lookback, n_inputs): past, then known columns.
        known_future: Known-future columns of the hours to be predicted, shape (n, horizon, n_known_future).
        target: What is to be predicted, shape (n, horizon, n_targets); NaN where unobserved.
        location: Subtracted from the targets by the normalisation, shape (n, 1, n_targets).
        scale: Divided by, shape (n, 1, n_targets).
    """

    steps: Floats
    known_future: Floats
    target: Floats
    location: Floats
    scale: Floats


def fit_scaling(windows: Windows, train: Ints) -> Scaling:
    """Takes the constants from the rows of the training windows and from no other row."""
    values = windows.inputs[row_mask(windows, train)]
    mean = np.asarray(np.nanmean(values, axis=0, dtype=np.float64))
    deviation = np.asarray(np.nanstd(values, axis=0, dtype=np.float64))
    # A feature that does not change in training says nothing: it is kept at 0 there, and finite later. What is small
    # beside its mean is rounding; how small a number is by itself depends on its unit alone.
    deviation = np.where(deviation > np.maximum(1e-6 * np.abs(mean), np.finfo(np.float32).tiny), deviation, 1.0)
    return Scaling(mean.astype(np.float32), deviation.astype(np.float32))


def gather(windows: Windows, scaling: Scaling, chosen: Ints) -> Batch:
    """Copies the chosen windows out of the base arrays.

    Args:
        windows: Base arrays and index.
        scaling: Constants of the fold.
        chosen: Positions in `windows.first`, shape (n,).

    Returns:
        The batch, all arrays float32.
    """
    first, targets, n_past = windows.first[chosen], windows.n_targets, windows.n_past
    whole = _blocks(windows.inputs, first, windows.span)
    flat = whole.reshape(len(first), -1)  # one long row a window: broadcasting over a few features is slow
    flat -= np.tile(scaling.mean, windows.span)
    flat /= np.tile(scaling.std, windows.span)
    steps, known = whole[:, : windows.lookback], whole[:, windows.lookback :, n_past:]
    target = truth(windows, scaling, chosen)
    location, scale = _normalisation(steps[:, :, :targets], windows.normalise)
    if windows.normalise != "none":
        steps[:, :, :targets] = (steps[:, :, :targets] - location) / scale
        target = (target - location) / scale
    return Batch(steps, known, target, location, scale)


def truth(windows: Windows, scaling: Scaling, chosen: Ints) -> Floats:
    """What is to be predicted, in deviations of the training rows, shape (n, horizon, n_targets)."""
    values = _blocks(windows.target, windows.first[chosen] + windows.lookback, windows.horizon)
    values -= scaling.mean[: windows.n_targets]
    values /= scaling.std[: windows.n_targets]
    return values


def _blocks(values: Floats, first: Ints, length: int) -> Floats:
    """Copies `length` rows from each of `first` on: rows follow one another, so each is one block of memory."""
    columns = values.shape[1]
    assert values.flags.c_contiguous
    shape, strides = (len(values) - length + 1, length * columns), values.strides
    # The blocks overlap in memory: this view is only read, and indexing it copies.
    blocks = as_strided(values, shape, (strides[0], values.itemsize), writeable=False)
    return blocks[first].reshape(len(first), length, columns)


def _normalisation(seen: Floats, kind: str) -> tuple[Floats, Floats]:
    shape = (len(seen), 1, seen.shape[2])
    location, scale = np.zeros(shape, np.float32), np.ones(shape, np.float32)
    if kind == "last":
        location = seen[:, -1:].copy()
    if kind == "standard":
        location = seen.mean(axis=1, keepdims=True)
        scale = seen.std(axis=1, keepdims=True) + np.float32(FLOOR)
    return location, scale


def scaled(batch: Batch, normalised: Floats) -> Floats:
    """Undoes the window's normalisation: values in deviations of the training rows."""
    return normalised * batch.scale + batch.location


def original(windows: Windows, scaling: Scaling, values: Floats) -> Floats:
    """Undoes scaling and transformation: values in the data's own units."""
    targets = windows.n_targets
    transformed = values.astype(np.float64) * scaling.std[:targets] + scaling.mean[:targets]
    if windows.transform != "none":
        # Both transformations start from 0, and nothing below it has an original.
        transformed = np.maximum(transformed, 0.0)
    back: Floats = BACKWARD[windows.transform](transformed)
    return back


def chunks(chosen: Ints, size: int = CHUNK) -> Iterator[Ints]:
    """The chosen positions in pieces of at most `size`."""
    for begin in range(0, len(chosen), size):
        yield chosen[begin : begin + size]
