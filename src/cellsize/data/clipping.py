"""Clipping: what an input beyond what the training rows have shown becomes, and how often that happens."""

from typing import Any, NamedTuple

import numpy as np

from cellsize.data.folds import row_mask
from cellsize.data.scaling import Scaling, of_series, places, shift_of
from cellsize.data.windows import Floats, Ints, Windows

NOTHING = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
MUCH = 0.02  # of all values: so many are clipped in whole batches


class Clipped(NamedTuple):
    """Values of the base arrays that leave their bounds, by row: shape (values,) each."""

    row: Ints
    column: Ints
    value: Floats  # what they become, in standard deviations from the mean


def clipped_values(windows: Windows, scaling: Scaling) -> Clipped | None:
    """What is clipped, found once and for all batches; None: so much that to clip whole batches is faster.

    Clipping whole batches takes half as long as all the rest of `batches.gather`, and few values are clipped.
    """
    if scaling.own_mean is not None and (places(scaling.names, windows.names) >= 0).sum() < len(scaling.names):
        return None  # a request: its arrays are read once
    bounds = bounds_of(windows, scaling)
    shift = shift_of(windows, scaling)
    own = () if scaling.own_mean is None or scaling.own_std is None else (scaling.own_mean, scaling.own_std)
    key = b"".join(array.tobytes() for array in (shift, scaling.std, *bounds, *own))
    if own:
        key += places(scaling.names, windows.names).tobytes()
    if key not in windows.clipped:
        lowest, highest = (windows.extent - shift) / scaling.std
        found = []
        beyond = (lowest < bounds[0]) | (highest > bounds[1])
        if own:
            shifts, stds = of_series(windows, scaling, np.arange(len(windows.names)))
            beyond[: windows.n_own] = True
        for column in np.flatnonzero(beyond):
            mean, std = shift[column], scaling.std[column]
            if own:
                mean, std = shifts[windows.series, column], stds[windows.series, column]
            scaled_column = (windows.inputs[:, column] - mean) / std  # as `batches.gather` does
            bounded = np.minimum(np.maximum(scaled_column, bounds[0][column]), bounds[1][column])
            rows = np.flatnonzero((bounded != scaled_column) & np.isfinite(scaled_column))
            found.append((rows, np.full(len(rows), column), bounded[rows]))
        row, columns, value = map(np.concatenate, zip(*found, strict=True)) if found else NOTHING
        order = np.argsort(row, kind="stable")
        is_much = len(order) > MUCH * windows.inputs.size
        windows.clipped[key] = None if is_much else Clipped(row[order], columns[order], value[order])
    clipped: Clipped | None = windows.clipped[key]
    return clipped


def within(rows: Ints, first: Ints, span: int) -> tuple[Ints, Ints]:
    """Which of some ascending rows lie in which window: pairs of positions in `first` and in `rows`."""
    begin, end = np.searchsorted(rows, first), np.searchsorted(rows, first + span)
    count = end - begin
    window = np.repeat(np.arange(len(first)), count)
    return window, np.arange(len(window)) + np.repeat(begin - np.cumsum(count) + count, count)


def bounds_of(windows: Windows, scaling: Scaling) -> tuple[Floats, Floats]:
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
    lower, upper = (bound.astype(np.float64) for bound in bounds_of(windows, scaling))
    counts: dict[str, int] = {}
    # Past columns are seen up to the origin; those known in future on all rows of a window.
    seen, covered = row_mask(windows, chosen, windows.lookback), row_mask(windows, chosen)
    for column, name in enumerate(columns):
        rows = seen if column < windows.n_past else covered
        there = windows.inputs[rows, column].astype(np.float64)
        mean: Any = scaling.mean[column] - windows.offset[column]
        std: Any = np.float64(scaling.std[column])
        if scaling.own_mean is not None and column < windows.n_own:
            shifts, stds = of_series(windows, scaling, np.arange(len(windows.names)))
            mean, std = (of_name[windows.series[rows], column].astype(np.float64) for of_name in (shifts, stds))
        below = mean + lower[column] * std - there
        above = there - mean - upper[column] * std
        # A constant lies on its bounds, but for rounding.
        count = int((np.maximum(below, above) > 1e-6 * (np.abs(there) + np.abs(mean))).sum())
        if count:
            counts[name] = count
    return counts
