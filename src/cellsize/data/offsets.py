"""What is subtracted from a column before it becomes float32, so that it keeps its digits."""

import numpy as np
import numpy.typing as npt

from cellsize.data.windows import Floats, Ints

SAMPLE = 10_000  # rows that a column's offset is found on
# How coarse float32 may be at the level of a series, in its standard deviations: coarser, and the series has an offset
# of its own, or is refused where all series have one scale.
COARSE, TOO_COARSE = 1e-3, 2e-2


def begins_of(codes: Ints) -> Ints:
    """First row of each series, shape (names,), from the ascending codes of all rows."""
    return np.flatnonzero(np.diff(codes, prepend=-1))


def own_offset_of(
    values: npt.NDArray[np.float64], begins: Ints, offset: float, given: Floats | None
) -> npt.NDArray[np.float64] | None:
    """The offset of each series, shape (names,), where one offset would cost some series its digits; else None.

    Args:
        values: A column, shape (rows,), NaN where missing.
        begins: First row of each series, shape (names,).
        offset: The one offset, of the other series too.
        given: What is known already, shape (names,); NaN where it is not.
    """
    if given is None:
        if len(begins) < 2:
            return None
        needed = np.flatnonzero(coarseness(values, begins, offset) > COARSE)
        if not needed.size:
            return None
        offsets = np.full(len(begins), offset)
    else:
        offsets, needed = np.array(given, np.float64), np.flatnonzero(np.isnan(given))
    ends = np.append(begins[1:], len(values))
    for code in needed:
        offsets[code] = offset_of(values[begins[code] : ends[code]])
    return offsets


def coarseness(values: npt.NDArray[np.float64], begins: Ints, offset: float) -> npt.NDArray[np.float64]:
    """The step of float32 at the mean of each series, in its standard deviations; 0 where it never changes: (names,).

    Args:
        values: A column, shape (rows,), NaN where missing.
        begins: First row of each series.
        offset: What is subtracted.
    """
    there = np.isfinite(values)
    count = np.maximum(np.add.reduceat(there, begins, dtype=np.int64), 1)
    centred = np.where(there, values - offset, 0.0)
    mean = np.add.reduceat(centred, begins) / count
    centred -= np.repeat(mean, np.diff(begins, append=len(values)))
    std = np.sqrt(np.add.reduceat(np.square(centred, where=there, out=np.zeros_like(centred)), begins) / count)
    changes = std > 1e-12 * (np.abs(mean) + abs(offset))
    step = np.spacing(np.abs(mean).astype(np.float32)).astype(np.float64)
    return np.divide(step, std, where=changes, out=np.zeros_like(std))


def offset_of(values: npt.NDArray[np.float64]) -> float:
    """A coarse number near most values of a column, to be subtracted before they become float32.

    1e9 ± 3 would lose its digits otherwise. It is the median, rounded to a power of two of at least eight times the
    interquartile range: so it is 0 for most columns. It is no leak, though it is found on the whole table: scaling adds
    it to the mean of the training rows and subtracts it again, so that nothing but rounding depends on it; and a number
    as coarse as this hardly ever depends on any part of the table.

    Args:
        values: A column, shape (rows,), NaN where missing.
    """
    if len(values) > SAMPLE:  # drawn, since every 24th hour would be the same hour
        values = values[np.random.default_rng(0).integers(0, len(values), SAMPLE)]
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75], method="lower")
    if high == low:
        return float(median)
    grain = np.ldexp(1.0, int(np.frexp(high - low)[1]) + 3)
    return float(np.round(median / grain) * grain) + 0.0  # never -0.0
