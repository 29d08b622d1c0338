"""Whether one model is better than another on the same windows: paired blocks of time, and the seeds' variance.

Losses of neighbouring windows go up and down together, so whole blocks of time are drawn (a block bootstrap: Künsch,
Annals of Statistics 17(3), 1989), all series of a block at once. And a training is one draw of a seed: the mean of
three twins is not the mean of all that the recipe might give, which the blocks know nothing of.
"""

import functools
from dataclasses import dataclass

import numpy as np
from scipy import stats

from cellsize.data.windows import Floats, Ints

DRAWS = 10_000
# Beyond, neighbours are joined: longer blocks leave less of what one has in common with the next, and so many are
# enough to draw from.
MOST_BLOCKS = 100


@dataclass(frozen=True)
class Paired:
    """What the comparison of a challenger with a champion says.

    Attributes:
        blocks: Blocks of time that were drawn; neighbours are joined where there are very many.
        challenger: Its mean loss.
        champion: Its mean loss.
        better: Probability that the challenger's loss is lower by more than the margin.
        not_worse: Probability that it is higher by no more than the margin.
    """

    blocks: int
    challenger: float
    champion: float
    better: float
    not_worse: float


def paired(challenger: Floats, champion: Floats, blocks: Ints, margin: float) -> Paired:
    """Compares losses on the same windows.

    Args:
        challenger: Losses of its twins, shape (twins, n).
        champion: Losses of the champion, shape (1, n), or of twins of it, shape (twins, n).
        blocks: Block of time of each window, shape (n,); at least two are different.
        margin: In percent of the champion's loss.

    Returns:
        Both mean losses and both probabilities; the same for the same losses.
    """
    codes, count = joined(blocks)
    ours, theirs = (np.bincount(codes, weights=losses.mean(axis=0)) for losses in (challenger, champion))
    allowed = margin / 100 * theirs
    # Of each block: how far the challenger's loss is above the champion's less the margin, and plus the margin.
    above = np.stack([ours - theirs + allowed, ours - theirs - allowed])
    noise = _seed_noise(challenger, champion) * blocks.size
    drawn = (
        times_drawn(count) @ above.T * wider(np.asarray(ours - theirs, np.float64)) + above.sum(axis=1) + noise[:, None]
    )
    better, not_worse = (float(part) for part in (drawn < 0).mean(axis=0))
    return Paired(count, float(challenger.mean()), float(champion.mean()), better, not_worse)


def joined(blocks: Ints) -> tuple[Ints, int]:
    """Number of each window's block, from 0, and of all blocks; neighbours are joined where there are very many."""
    codes = np.unique(blocks, return_inverse=True)[1]
    codes //= -(-(int(codes.max()) + 1) // MOST_BLOCKS)
    return codes, int(codes.max()) + 1


def wider(values: Floats) -> float:
    """How much wider draws are made than a bootstrap of these blocks would have them.

    A bootstrap of few blocks is too sure: the variance of n is divided by n, its tails are those of the normal
    distribution, and what a block has in common with the next is lost. A wider draw makes up for all three.
    """
    count = values.size
    factor = np.sqrt(count / (count - 1)) * stats.t.ppf(0.95, count - 1) / stats.norm.ppf(0.95)
    return float(factor * _inflation(values))


def _inflation(differences: Floats) -> float:
    """How much larger the standard error is where neighbouring blocks are alike, as in a first-order autoregression.

    Negative correlation is not believed. The estimate from n blocks is too low by (1 + 3 ρ)/n, which is added
    (Marriott & Pope, Biometrika 41, 1954).
    """
    centred = differences - differences.mean()
    variance = float(centred @ centred)
    correlation = float(centred[1:] @ centred[:-1]) / variance if variance else 0.0
    correlation = min(max(correlation + (1 + 3 * correlation) / centred.size, 0.0), 0.9)
    return float(np.sqrt((1 + correlation) / (1 - correlation)))


@functools.lru_cache(maxsize=2)
def times_drawn(count: int, seed: int = 0) -> Floats:
    """How much more often than once each block is drawn, shape (draws, count); the same for the same count and seed."""
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=DRAWS)
    return np.asarray(drawn - 1.0)


def _seed_noise(challenger: Floats, champion: Floats) -> Floats:
    """Draws of what the seeds add to the difference of the mean losses, shape (draws,).

    The mean of m twins has their variance divided by m; t-distributed, since few twins tell that variance badly
    (Welch's degrees of freedom). A champion that is measured as it is served is one model, and not a draw.
    """
    sides = [losses.mean(axis=1) for losses in (challenger, champion) if len(losses) > 1]
    variances = np.array([means.var(ddof=1) / means.size for means in sides])
    total = variances.sum()
    if not total:
        return np.zeros(DRAWS)
    freedom = total**2 / sum(variance**2 / (means.size - 1) for variance, means in zip(variances, sides, strict=True))
    return np.asarray(np.sqrt(total) * np.random.default_rng(1).standard_t(freedom, DRAWS))


def level(probability: float, look: int) -> float:
    """The probability that is asked for at one of several looks at the same rows, so that all together keep it.

    What may go wrong, 1 − probability, is spent as 1/(k (k + 1)) at look k: a half at the first, a sixth at the second.
    These fractions add up to 1 however often somebody looks. (Alpha spending: Lan & DeMets, Biometrika 70(3), 1983; by
    the union bound, since looks at models that are trained anew share no increments.)

    Args:
        probability: Of all looks together.
        look: Which one it is, from 1.
    """
    return 1 - (1 - probability) / (look * (look + 1))
