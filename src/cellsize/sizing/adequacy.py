"""Adequate, too small, undecided: the probability that a size is no more than a margin worse than the best one.

The model: the loss of a training is the size's own, what the fold adds to every size, what it adds to this size alone
(the interaction), and what the seed adds. Only the last one shrinks with more seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri, ndtri
from scipy.stats import qmc

from cellsize.params import Choose
from cellsize.sizing.scores import Scores, extent
from cellsize.sizing.sizes import Size

Floats = npt.NDArray[np.float64]
Verdict = Literal["adequate", "undecided", "too_small"]

# Points of the sequence that stands for the draws; a power of two.
DRAWS = 2**12
# Degrees of freedom that the folds' own variance is thought to be worth before it is measured.
PRIOR_DEGREES = 4.0
# Of a seed's noise that sizes have in common, in trainings of one size.
PRIOR_SEEDS = 4.0
# With less than this fraction of its variance from seeds, more of them cannot decide a difference.
SEEDS_MATTER = 0.2


@dataclass(frozen=True)
class Margin:
    """How much worse than the best a size may be.

    Attributes:
        percent: Of the best size's loss.
        least: In normalised errors; it counts where the percentage is less.
    """

    percent: float
    least: float

    def of(self, best: float) -> float:
        """The margin beside a best loss."""
        return max(self.percent / 100 * best, self.least)


def margin(choose: Choose) -> Margin:
    """The margin that is asked for."""
    return Margin(choose.margin, choose.least_margin)


def probabilities(scores: Sequence[Scores], margin: Margin) -> dict[Size, float]:
    """For each size the probability that its loss is no more than the margin above the lowest one's.

    Args:
        scores: All sizes that were tried, on the same folds.
        margin: How much worse a size may be.

    Returns:
        Probabilities, rounded to three digits, so that they are the same on any machine; 1 for the size with the
        lowest mean.
    """
    if not scores:
        return {}
    best = _best(scores)
    means = _draws(scores, best)
    limit = means.min(axis=1) + margin.of(scores[best].mean)
    within = (means <= limit[:, None]).mean(axis=0)
    within[best] = 1.0
    return {one.size: round(float(probability), 3) for one, probability in zip(scores, within, strict=True)}


def verdicts(scores: Sequence[Scores], choose: Choose) -> dict[Size, Verdict]:
    """For each size whether it is adequate, too small, or undecided.

    Args:
        scores: All sizes that were tried, on the same folds.
        choose: The margin, and the probability that makes a size adequate; too small is one with no more than what
            is left to 1.
    """
    return {size: verdict(probability, choose) for size, probability in probabilities(scores, margin(choose)).items()}


def verdict(probability: float, choose: Choose) -> Verdict:
    """What a probability says."""
    if probability >= choose.probability:
        return "adequate"
    return "too_small" if probability <= round(1 - choose.probability, 9) else "undecided"


def smallest_adequate(scores: Sequence[Scores], choose: Choose) -> Scores:
    """The smallest adequate size: the answer, also where smaller ones are undecided."""
    of = verdicts(scores, choose)
    return min((one for one in scores if of[one.size] == "adequate"), key=lambda one: (*extent(one), one.size))


def undecided(scores: Sequence[Scores], choose: Choose) -> tuple[Size, ...]:
    """The undecided sizes that matter: those smaller than the answer, smallest first."""
    of, answer = verdicts(scores, choose), smallest_adequate(scores, choose)
    ordered = sorted(scores, key=lambda one: (*extent(one), one.size))
    return tuple(one.size for one in ordered if of[one.size] == "undecided" and extent(one) < extent(answer))


def more_seeds(scores: Sequence[Scores], choose: Choose) -> tuple[Size, ...]:
    """The sizes that should get one more seed in each fold now, smallest first.

    They are the undecided ones that are smaller than the answer, and the best one while it has fewer seeds than these.

    Args:
        scores: All sizes that were tried, on the same folds.
        choose: The rule's numbers.

    Returns:
        Empty when all that matter are decided, or when seeds are so small a part of what is uncertain that more of
        them cannot decide it.
    """
    matter = undecided(scores, choose)
    if not matter:
        return ()
    best = scores[_best(scores)]
    noise = dict(zip((one.size for one in scores), _seed_variances(scores), strict=True))
    wanted = []
    for one in scores:
        if one.size not in matter:
            continue
        # What more seeds can take away is the seeds' part of the variance of the difference.
        of_seeds = noise[one.size] + noise[best.size]
        total = float((one.folds - best.folds).var(ddof=1)) / len(one.folds)
        if of_seeds > SEEDS_MATTER * total:
            wanted.append(one)
    if not wanted:
        return ()
    # Against a size without anything random in it the best one's seeds are all that there is to add.
    most = max(_seeds(one) if one.size.units else 1 + _seeds(best) for one in wanted)
    if best.size.units and _seeds(best) < most:
        wanted.append(best)
    ordered = sorted(wanted, key=lambda one: (*extent(one), one.size))
    return tuple(one.size for one in ordered if one.size.units)


# --- the model --------------------------------------------------------------------------------------------------------


def _best(scores: Sequence[Scores]) -> int:
    """Position of the lowest mean; of equals the smallest size."""
    return min(range(len(scores)), key=lambda at: (scores[at].mean, *extent(scores[at]), scores[at].size))


def _seeds(scores: Scores) -> int:
    """Seeds of the fold that has the fewest."""
    return int(np.isfinite(scores.trainings).sum(axis=1).min())


def _seed_variances(scores: Sequence[Scores]) -> Floats:
    """Variance of each size's mean that its seeds are to blame for; 0 where nothing is random.

    The variance of one training is estimated within the folds, and drawn towards that of all sizes together: two seeds
    on five folds leave five degrees of freedom.
    """
    squares, degrees, inverse = (np.zeros(len(scores)) for _ in range(3))
    for at, one in enumerate(scores):
        counts = np.isfinite(one.trainings).sum(axis=1)
        if one.size.units:
            squares[at] = np.nansum((one.trainings - one.folds[:, None]) ** 2)
            degrees[at] = (counts - 1).sum()
            inverse[at] = (1 / counts).sum() / len(counts) ** 2
    if not degrees.sum():
        return np.zeros(len(scores))
    pooled = squares.sum() / degrees.sum()
    return (squares + PRIOR_SEEDS * pooled) / (degrees + PRIOR_SEEDS) * inverse


def _draws(scores: Sequence[Scores], best: int) -> Floats:
    """Draws of all sizes' means together, shape (draws, sizes), up to what the folds add to every size.

    Means of differences between sizes follow Student's t over the folds; the seeds' variance, which is known better,
    keeps five folds that happen to agree from looking certain.
    """
    table = np.array([one.folds for one in scores]).T
    table = table - table[:, [best]]
    means, count = table.mean(axis=0), len(table)
    deviations = (table - means) / np.sqrt(count * max(count - 1, 1))
    noise = _seed_variances(scores)
    own = noise + noise[best] * (np.arange(len(scores)) != best)
    own[best] = 0.0
    degrees, prior = count - 1.0, PRIOR_DEGREES
    normal, uniform = _points(count + len(scores))
    from_folds = normal[:, :count] @ deviations * np.sqrt(degrees)
    from_prior = normal[:, count:] * np.sqrt(own * prior)
    scale = 1 / np.sqrt(chdtri(degrees + prior, uniform))
    draws: Floats = means + (from_folds + from_prior) * scale[:, None]
    return draws


@lru_cache(maxsize=64)
def _points(dimensions: int) -> tuple[Floats, Floats]:
    """Points that fill the space evenly: normal ones, shape (draws, dimensions), and one uniform each."""
    with np.errstate(all="ignore"):
        points = qmc.Sobol(dimensions + 1, rng=np.random.default_rng(0)).random_base2(DRAWS.bit_length() - 1)
    inside = np.clip(points, 2**-32, 1 - 2**-32)
    return ndtri(inside[:, :-1]), inside[:, -1]
