"""Whether the inputs have shifted: KS and PSI of each column, with p-values that hold for series.

The textbook's p-value of a Kolmogorov-Smirnov test takes rows to be independent. Those of a series are not: on an
autocorrelated or seasonal one it raises an alarm in 58 to 100 % of windows that are like all before
(`make bench-drift`). What the new rows are compared with here are stretches of time of the reference, as long as they
are: its windows. Each is exchanged with the new one, that is compared with all the rest as the new one is. A January
is compared with the rest of a year as each other month is, and is no shift if months differ that much.

Of windows of equal length that are exchangeable, the newest is among the k most unusual of W + 1 with a probability of
k / (W + 1). That is the p-value. A few windows cannot give a small one; where the newest is beyond all of them, a
t-distribution of the logarithms of their statistics, which are nearly normal, says how far.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cellsize.data.windows import Floats, Ints
from cellsize.lifecycle.sketch import MISSING

LEVEL = 0.05  # of an alarm on any column
FEWEST_WINDOWS = 8  # of the new rows' length that the reference has to hold, one after another
MOST_BLOCKS = 2000  # of the reference: neighbours are joined beyond, for time and memory
PSI_BINS = 10  # of PSI, as everybody counts it: tenths of the reference, and one for what is missing


@dataclass(frozen=True)
class Shift:
    """How far a column has shifted.

    Attributes:
        column: Its name.
        ks: Largest difference of the cumulative distributions, 0 to 1.
        psi: Population stability index: Σ (p − q) ln(p / q) over tenths of the reference, and what is missing.
        usual_ks: Median of windows of the reference that are as long.
        usual_psi: The same of PSI.
        windows: KS of these windows, one after another from the oldest, shape (windows,).
        p: Probability of a KS or PSI as unusual without any shift.
        adjusted: The same, for this column to be one of all that were looked at (Holm).
    """

    column: str
    ks: float
    psi: float
    usual_ks: float
    usual_psi: float
    windows: tuple[float, ...]
    p: float
    adjusted: float

    @property
    def is_shifted(self) -> bool:
        """Whether it raises an alarm."""
        return self.adjusted < LEVEL


def ks(ours: Ints, theirs: Ints) -> Floats:
    """Largest difference of two cumulative distributions, 0 to 1, as `scipy.stats.ks_2samp` has it; NaN without rows.

    Args:
        ours: How often each code is there, shape (…, CODES); what is missing does not count.
        theirs: The same of the others, to be broadcast.
    """
    sums = [np.cumsum(each[..., :MISSING], axis=-1) for each in (ours, theirs)]
    with np.errstate(invalid="ignore"):
        ours_below, theirs_below = (each / each[..., -1:] for each in sums)
    largest: Floats = np.abs(ours_below - theirs_below).max(axis=-1)
    return largest


def psi(ours: Ints, theirs: Ints, bins: Ints) -> Floats:
    """Population stability index of two distributions, at least 0.

    Half a row of ours is added to each bin, the same fraction on both sides: none is empty, so that the index stays
    finite, and of two equal distributions it is 0. NaN without rows.

    Args:
        ours: How often each code is there, shape (…, CODES).
        theirs: The same of the others, to be broadcast.
        bins: Bin of each code, shape (CODES,); see `bins_of`.
    """
    one_hot = (bins[:, None] == np.arange(bins.max() + 1)).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        added = 0.5 / ours.sum(axis=-1, keepdims=True)
        our_part, their_part = (each @ one_hot / each.sum(axis=-1, keepdims=True) + added for each in (ours, theirs))
        index: Floats = ((our_part - their_part) * np.log(our_part / their_part)).sum(axis=-1)
    return np.asarray(index / (1 + added[..., 0] * one_hot.shape[1]))


def bins_of(counts: Ints) -> Ints:
    """The bin of each code, shape (CODES,): tenths of the reference, and one for what is missing.

    Args:
        counts: How often each code is there in the reference, shape (CODES,).
    """
    values = counts[:MISSING]
    before = np.cumsum(values) - values / 2  # the middle of each code
    tenth = np.minimum(PSI_BINS * before // max(int(values.sum()), 1), PSI_BINS - 1)
    return np.append(np.unique(tenth, return_inverse=True)[1], np.unique(tenth).size).astype(np.int64)


def length_of(steps: int, season: int, new: int) -> tuple[int, int]:
    """Steps of a block, and how many blocks of the new rows are compared: whole seasons, or none.

    Args:
        steps: Of the reference.
        season: Steps of a season.
        new: Steps of the new rows; of many the newest are compared, so that the reference holds enough windows.
    """
    length = season * max(1, -(-steps // (season * MOST_BLOCKS)))
    return length, min(new // length, steps // length // FEWEST_WINDOWS)


def shifts(names: tuple[str, ...], reference: Ints, new: Ints) -> tuple[Shift, ...]:
    """How far each column has shifted.

    Args:
        names: Of the columns.
        reference: How often each code is there in each block, shape (blocks, columns, CODES), the oldest first.
        new: The same of the new rows, which have at least one block, and at most a `FEWEST_WINDOWS`-th as many.
    """
    blocks, number = len(reference), len(new)
    ours, every = new.sum(axis=0), reference.sum(axis=0)
    before = np.concatenate([np.zeros((1, *every.shape), np.int64), np.cumsum(reference, axis=0)])
    of_columns = []
    for column, name in enumerate(names):
        bins = bins_of(every[column])
        windows = before[number:, column] - before[:-number, column]
        rest = every[column] - windows
        rows = max(float(windows.sum(axis=1).mean()), 1.0)
        measured = [(ks(windows, rest), _whole(ks(ours[column], every[column])))]
        measured.append((psi(windows, rest, bins), float(psi(ours[column], every[column], bins))))
        p = min(1.0, 2 * min(p_value(usual, value, number, 1 / rows) for usual, value in measured))
        (of_ks, one_ks), (of_psi, one_psi) = measured
        in_turn = of_ks[(blocks - number) % number :: number]
        of_columns.append(
            (name, one_ks, one_psi, _median(of_ks), _median(of_psi), tuple(map(float, np.nan_to_num(in_turn))), p)
        )
    adjusted = holm([each[-1] for each in of_columns])
    return tuple(Shift(*each, adjusted=value) for each, value in zip(of_columns, adjusted, strict=True))


def p_value(usual: Floats, value: float, overlap: int, least: float) -> float:
    """Probability of a statistic as large as the new rows', were they a window like those of the reference.

    Args:
        usual: The statistic of each window of the reference, shape (windows,), one for each block that a window begins
            with; NaN for windows without rows.
        value: That of the new rows.
        overlap: Blocks of a window: neighbours share all but one of them.
        least: What counts as nothing: one row of a window.
    """
    number = (len(usual) + overlap - 1) // overlap  # that fit one after another
    there = usual[np.isfinite(usual)]
    beyond = float((there >= value).mean()) if there.size else 0.0
    rank = (1 + number * beyond) / (1 + number)
    if there.size and there.max() == there.min():  # a column that has never changed
        return rank if beyond else 0.0
    logarithms, new = np.log(usual + least), np.log(value + least)
    # Of windows that do not overlap, for each block that the first may begin with: their variances have no bias.
    parts = [part[np.isfinite(part)] for part in (logarithms[begin::overlap] for begin in range(overlap))]
    variances = [part.var(ddof=1) for part in parts if part.size > 1]
    spread = float(np.sqrt(np.mean(variances) * (1 + 1 / number)))
    beyond_mean = (new - float(np.mean(logarithms[np.isfinite(logarithms)]))) / spread if spread else np.inf
    tail = float(stats.t.sf(beyond_mean, number - 1))
    return max(rank, tail) if beyond else tail


def holm(p: list[float]) -> list[float]:
    """p-values for the family: the chance of any false alarm is at most the level (Holm, Scand. J. Stat. 6, 1979)."""
    order, adjusted, largest = np.argsort(p, kind="stable"), [0.0] * len(p), 0.0
    for position, at in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - position) * p[at]))
        adjusted[at] = largest
    return adjusted


def _whole(value: Floats) -> float:
    """A KS of the new rows; where they have no value of the column at all, all of it has gone."""
    return float(np.nan_to_num(value, nan=1.0))


def _median(values: Floats) -> float:
    there = values[np.isfinite(values)]
    return float(np.median(there)) if there.size else 0.0
