"""Whether a model is worse on new windows than twins of it were on their holdout: two samples of blocks of time.

The windows are others, so that nothing can be paired: the new ones may be harder. Blocks are those of
`evaluation.paired`, drawn on each side by itself, and wider for the same reasons. The model that is served is one
training and its twins are a few others by the same recipe, so that what a seed moves counts too.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cellsize.data.windows import Floats, Ints
from cellsize.evaluation.paired import DRAWS, joined, times_drawn, wider

FEWEST_BLOCKS = 4  # on each side; fewer say nothing about how much blocks differ
MARGIN = 5.0  # percent by which an error has to be higher to be worse, where no params.yaml says it
TOLERATED = 50.0  # percent: where so much worse cannot be excluded either, nothing can be said
PROBABILITY, NOT_WORSE = 0.95, 0.8


class Losses(Protocol):
    """Losses of a model or its twins, summed over blocks: of time for windows, groups for sequences."""

    @property
    def losses(self) -> Floats:
        """Of each model, shape (models, blocks)."""

    @property
    def samples(self) -> Ints:
        """How many samples each block holds, shape (blocks,)."""

    @property
    def error(self) -> float:
        """The mean loss of a sample, mean of the models."""


class Intervals(Protocol):
    """How often intervals hold the truth, summed over blocks of time or groups."""

    @property
    def observed(self) -> Ints:
        """How many values each block holds, shape (blocks,)."""

    @property
    def inside(self) -> Floats:
        """How many of them lie within the intervals of each of `LEVELS`, shape (levels, blocks)."""

    def coverage(self, level: int) -> float:
        """Fraction of all values within the intervals of the n-th level; NaN if there are none."""


@dataclass(frozen=True)
class Compared:
    """What the comparison says.

    Attributes:
        blocks: Blocks of the new windows, and of the holdout, as they were drawn.
        higher: By how many percent the error is higher; negative: lower.
        interval: Of that, with a probability of 90 %.
        worse: Probability that it is higher by more than the margin.
        not_much_worse: Probability that it is higher by no more than `TOLERATED`.
    """

    blocks: tuple[int, int]
    higher: float
    interval: tuple[float, float]
    worse: float
    not_much_worse: float

    @property
    def is_worse(self) -> bool:
        """Whether the error is worse, as sure as a check asks for."""
        return self.worse >= PROBABILITY

    @property
    def says_something(self) -> bool:
        """Whether a much higher error can be excluded, or a higher one is shown."""
        return self.is_worse or self.not_much_worse >= NOT_WORSE


def compare(new: Losses, holdout: Losses, margin: float = MARGIN, fewest: int = FEWEST_BLOCKS) -> Compared | None:
    """Compares the losses of one model with those of its twins; None where there are too few blocks.

    Args:
        new: Of the model that is served.
        holdout: Of its twins.
        margin: What counts as worse, in percent of the twins' error.
        fewest: Blocks on each side that it takes.

    Returns:
        The same for the same losses.
    """
    if min(len(new.samples), len(holdout.samples)) < fewest or not holdout.error:
        return None
    drawn = [
        means(side.losses.mean(axis=0), side.samples.astype(np.float64), seed)
        for seed, side in enumerate((new, holdout))
    ]
    ours, theirs = (values for _, values in drawn)
    ours = ours + _seeds(holdout)
    higher = 100 * (ours - theirs) / holdout.error
    low, high = np.quantile(higher, [0.05, 0.95])
    return Compared(
        blocks=(drawn[0][0], drawn[1][0]),
        higher=100 * (new.error / holdout.error - 1),
        interval=(float(low), float(high)),
        worse=float((ours > (1 + margin / 100) * theirs).mean()),
        not_much_worse=float((ours <= (1 + TOLERATED / 100) * theirs).mean()),
    )


def coverage_interval(side: Intervals, level: int, fewest: int = FEWEST_BLOCKS) -> tuple[float, float] | None:
    """An interval of 90 % for the coverage, by blocks; None where there are too few, or no intervals.

    Args:
        side: The windows, or sequences.
        level: Position in `LEVELS`.
        fewest: Blocks that it takes.
    """
    if len(side.observed) < fewest or not np.isfinite(side.inside[level]).all():
        return None
    low, high = np.quantile(means(side.inside[level], side.observed.astype(np.float64), 0)[1], [0.05, 0.95])
    return float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))


def means(sums: Floats, weights: Floats, seed: int) -> tuple[int, Floats]:
    """Number of blocks that were drawn, and draws of a mean, shape (draws,).

    Args:
        sums: Of each block, shape (blocks,).
        weights: How much each counts, shape (blocks,).
        seed: Of the draws.
    """
    codes, _ = joined(np.arange(len(sums)))
    sums, weights = (np.asarray(np.bincount(codes, weights=values), np.float64) for values in (sums, weights))
    mean = sums.sum() / weights.sum()
    off = (sums - mean * weights) / weights.sum()
    drawn = mean + times_drawn(len(off), seed) @ off * wider(off)
    return len(off), np.asarray(drawn)


def _seeds(twins: Losses) -> Floats:
    """Draws of what seeds add to the difference of one training and the mean of some, shape (draws,).

    t-distributed: few twins tell their variance badly. Without memory cells there is one, and seeds change nothing.
    """
    of_each = twins.losses.sum(axis=1) / twins.samples.sum()
    if of_each.size < 2:
        return np.zeros(DRAWS)
    spread = of_each.std(ddof=1) * np.sqrt(1 + 1 / of_each.size)
    return np.asarray(spread * np.random.default_rng(2).standard_t(of_each.size - 1, DRAWS))
