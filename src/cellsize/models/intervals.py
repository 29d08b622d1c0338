"""Prediction intervals: split-conformal quantiles of the out-of-fold residuals, for each step and target.

What is stored are order statistics, so that any level can be asked for later. A residual is truth minus forecast of a
window that its network has not learned from, in standard deviations of the transformed target. With n of them the
interval of level 1 − α lies between the ⌊(n + 1) α / 2⌋-th and the ⌈(n + 1) (1 − α / 2)⌉-th, added to the forecast
(Vovk, Gammerman and Shafer 2005; Lei et al. 2018). If the next residual is exchangeable with these, the interval holds
it with a probability of at least 1 − α. Residuals of series are not quite that: docs/consumers.md says what it costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cellsize.data.windows import Floats, Ints
from cellsize.errors import InputError

# Of many residuals: all of the smallest and largest, and so many in between. An interval whose own rank is not there
# has the next one outside of it, which adds at most 1 / BETWEEN to its level on a side.
ENDS, BETWEEN = 100, 500
AGAIN = "a model that is trained and registered again has them"


@dataclass(frozen=True)
class OrderStatistics:
    """Some of the sorted residuals of each step and target.

    Attributes:
        ranks: Which ones, ascending from 1 to the number of residuals, int32, shape (kept, horizon, n_targets). Where
            there are fewer, the last one repeats.
        values: Their values, in standard deviations of the transformed target, float32, of the same shape.
    """

    ranks: Ints
    values: Floats

    @property
    def counts(self) -> Ints:
        """Number of residuals of each step and target, shape (horizon, n_targets)."""
        counts: Ints = self.ranks[-1]
        return counts


def order_statistics(residuals: Floats) -> OrderStatistics | None:
    """The order statistics that are kept of some residuals; None if a step of a target has no residual at all.

    Args:
        residuals: Shape (n, horizon, n_targets), NaN where the target was not observed.
    """
    counts = np.isfinite(residuals).sum(axis=0)
    if not counts.size or not counts.min():
        return None
    ordered = np.sort(residuals, axis=0)  # NaN come last
    kept = min(int(counts.max()), 2 * ENDS + BETWEEN)
    ranks = np.stack([_ranks(int(count), kept) for count in counts.ravel()], axis=1).reshape(kept, *counts.shape)
    return OrderStatistics(ranks.astype(np.int32), np.take_along_axis(ordered, ranks - 1, axis=0).astype(np.float32))


def _ranks(count: int, kept: int) -> Ints:
    """Ranks that are kept of `count` residuals, shape (kept,)."""
    if count <= 2 * ENDS + BETWEEN:
        return np.minimum(np.arange(1, kept + 1), count)
    between = np.round(np.linspace(ENDS, count - ENDS + 1, BETWEEN + 2)[1:-1]).astype(np.int64)
    return np.concatenate([np.arange(1, ENDS + 1), between, np.arange(count - ENDS + 1, count + 1)])


def checked_levels(levels: Sequence[float]) -> tuple[float, ...]:
    """Levels in the order that they were asked for, each once.

    Raises:
        InputError: One is not between 0 and 1.
    """
    for level in levels:
        if not 0 < level < 1:
            raise InputError(f"levels: {level:g} is not between 0 and 1; ask for 0.9 to get intervals of 90 %")
    return tuple(dict.fromkeys(map(float, levels)))


def bounds(kept: OrderStatistics, level: float) -> tuple[Floats, Floats]:
    """What is added to a forecast for the lower and the upper end of its interval.

    Args:
        kept: Of the model.
        level: Probability, between 0 and 1.

    Returns:
        Two arrays of shape (horizon, n_targets), in standard deviations of the transformed target.

    Raises:
        InputError: There are too few residuals for this level.
    """
    counts, low = kept.counts.astype(np.int64), _low(kept, level)
    if low.min() < 1:
        fewest = int(counts.min())
        raise InputError(
            f"levels: an interval of {100 * level:g} % needs {_needed(level)} residuals of each step, and the model "
            f"has {fewest}; " + (f"ask for at most {highest(fewest):g}" if fewest > 1 else AGAIN)
        )
    high = counts + 1 - low
    # The next kept ones outside: of ranks up to `low` the last, of those from `high` on the first.
    below = (kept.ranks <= low).sum(axis=0) - 1
    above = (kept.ranks < high).sum(axis=0)
    lower, upper = (np.take_along_axis(kept.values, at[None], axis=0)[0] for at in (below, above))
    return lower, upper


def allows(kept: OrderStatistics, level: float) -> bool:
    """Whether there are enough residuals for a level."""
    return bool(_low(kept, level).min() >= 1)


def _low(kept: OrderStatistics, level: float) -> Ints:
    """Rank of the lower end, shape (horizon, n_targets); 0 where there are too few residuals."""
    # 0.9 is a little more than 0.9: (n + 1) · 0.05 of 19 residuals has to be 1.
    low: Ints = np.floor(np.round((kept.counts.astype(np.int64) + 1) * (1 - level) / 2, 9)).astype(np.int64)
    return low


def _needed(level: float) -> int:
    """Fewest residuals for a level: 2 / α − 1."""
    return int(np.ceil(np.round(2 / (1 - level) - 1, 6)))


def highest(count: int) -> float:
    """The highest level that so many residuals allow, in thousandths."""
    return float(np.floor(np.round(1000 * (1 - 2 / (count + 1)), 6)) / 1000)


def columns(target: str, level: float) -> tuple[str, str]:
    """Names of the lower and the upper end: `load_lower_90`, `load_upper_90`."""
    return f"{target}_lower_{percent(level)}", f"{target}_upper_{percent(level)}"


def percent(level: float) -> str:
    """A level in percent: 0.9 as 90, 0.975 as 97.5."""
    return f"{100 * level:.6g}"


def held(lower: Floats, upper: Floats, residuals: Floats) -> int:
    """How many residuals (n, horizon, n_targets) lie within the ends (horizon, n_targets); NaN do not."""
    return int(((residuals >= lower) & (residuals <= upper)).sum())


def of_recipe(residuals: Path, size: str, has_skip: bool) -> OrderStatistics | None:
    """The order statistics of a size's residuals, of the kind of network that counts for it.

    Args:
        residuals: What the search has kept; see `training.records.Result`.
        size: Name of the size.
        has_skip: Whether a linear skip connection stands beside the network that is refitted.

    Returns:
        None where a step of a target was never observed.
    """
    with np.load(residuals, allow_pickle=False) as arrays:
        return order_statistics(arrays[size][arrays[f"{size}.skips"] == has_skip])
