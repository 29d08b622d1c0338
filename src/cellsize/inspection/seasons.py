"""Seasons of a series, from its autocorrelation."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import find_peaks

Floats = npt.NDArray[np.floating]

MOST = 3
MOST_ROWS = 200_000  # of a series: the transforms of more would be the largest arrays of the stage
HIGHER = 0.05  # a longer season repeats the shorter ones: it counts only if it is clearly more than their multiple
LOWEST = 0.1


def seasons(values: Sequence[Floats], cycles: Sequence[int] = ()) -> tuple[int, ...]:
    """The seasons of some series that are alike, in steps, ascending.

    A season is a peak of the autocorrelation that comes again at twice the lag, with a trough before each: a slow
    wander of the series has peaks too, but not again. Differences are looked at as well, since the slow part of a
    series may hide its short seasons.

    Args:
        values: One array for each series and target, shape (rows,), NaN where a row must not be looked at.
        cycles: Steps in a day or a week. A peak of so many steps is broad, and noise moves its top: a season within
            2 % of a cycle is the cycle.

    Returns:
        At most three; none if no season was seen four times.
    """
    chains: list[dict[int, float]] = []
    for each in (values, [np.diff(series) for series in values]):
        correlation, pairs = autocorrelation(each)
        chains.append(_chain(correlation, max(LOWEST, 4 / np.sqrt(max(pairs, 1)))))
    found, of_differences = chains
    # Differences are noisier: where they miss a season, what they show beside it is a chance multiple of it.
    if all(any(_is_near(lag, other) for other in of_differences) for lag in found):
        new = {lag: height for lag, height in of_differences.items() if not any(_is_near(lag, old) for old in found)}
        found = found | new
    strongest = max(found.values(), default=0.0)
    kept = sorted(found, key=lambda lag: -found[lag])[:MOST]
    exact = {
        next((cycle for cycle in cycles if 50 * abs(lag - cycle) <= cycle), lag)
        for lag in kept
        if found[lag] > strongest / 3
    }
    return tuple(sorted(exact))


def autocorrelation(values: Sequence[Floats]) -> tuple[Floats, int]:
    """Autocorrelation over all series, up to half the longest one, and the number of values that it is made of."""
    values = [_last_rows(series) for series in values]
    longest = max((len(series) for series in values), default=0)
    lags = longest // 2 + 1
    products, counts = np.zeros(lags), np.zeros(lags)
    for series in values:
        seen = np.isfinite(series)
        if seen.sum() < 2:
            continue
        centred = np.where(seen, series - series[seen].mean(dtype=np.float64), 0.0)
        spread = np.sqrt(np.square(centred).sum() / seen.sum())
        if not spread > 0:
            continue
        padded = next_fast_len(2 * len(series), real=True)
        for total, content in ((products, centred / spread), (counts, seen.astype(np.float64))):
            sums = irfft(np.abs(rfft(content, padded)) ** 2, padded)[: min(lags, len(series))]
            total[: len(sums)] += sums
    pairs = round(counts[0]) if lags else 0
    # A lag that few pairs lie behind says nothing.
    known = counts > max(pairs / 8, 1)
    correlation = np.where(known, products / np.maximum(counts, 1), 0.0)
    return correlation, pairs


def _chain(correlation: Floats, limit: float) -> dict[int, float]:
    """The first peak, the next one that is clearly higher, and so on; each lag with its height."""
    chain: dict[int, float] = {}
    highest = limit
    for lag in find_peaks(correlation, prominence=limit)[0]:
        height = float(correlation[lag])
        if 2 * lag >= len(correlation) or height <= highest or lag < 2:
            continue
        before, after = correlation[lag // 2], correlation[3 * lag // 2]
        near = max(1, lag // 20)
        again = correlation[2 * lag - near : 2 * lag + near + 1].max()
        if height - before > limit and again - after > limit:
            chain[int(lag)] = height
            highest = height + max(HIGHER, limit / 2)
    return chain


def _is_near(lag: int, other: int) -> bool:
    return abs(lag - other) <= max(1, other // 20)


def _last_rows(series: Floats) -> Floats:
    """The last rows up to the last one that may be looked at."""
    seen = np.flatnonzero(np.isfinite(series))
    return series[max(seen[0], seen[-1] + 1 - MOST_ROWS) : seen[-1] + 1] if seen.size else series[:0]
