"""Adequate, too small, undecided: the probability that a size is no more than a margin worse than the best one.

The model: the loss of a training is the size's own, what the fold adds to every size, what it adds to this size alone
(the interaction), and what the seed adds. Only the last one shrinks with more seeds. `benchmarks/decision.py` holds the
probabilities against simulated truth; the constants below are those that it found calibrated.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import gamma, pi, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, stdtr

from cellsize.params import Choose
from cellsize.sizing.scores import Scores, extent
from cellsize.sizing.sizes import Size

Floats = npt.NDArray[np.float64]
Verdict = Literal["adequate", "undecided", "too_small"]

# What all sizes together say about one size's variance is worth so many degrees of freedom: five folds leave four, and
# with these alone every tenth size looks certain by chance.
PRIOR_DEGREES = 5.0
PRIOR_SEED_DEGREES = 6.0
# The density of how much worse than the best a size is, before it is measured, falls as 1 / (excess + this fraction of
# the margin). The lowest of many noisy losses is too low, and without it sizes that are as good would look too small.
NEAR = 0.08
# Sizes that are apart by less than about this fraction of the margin, or of their distance to the best, are one
# measurement, not several: beside a linear model many sizes learn nothing of their own, and must not outvote one that
# does.
ALIKE = 0.5
# Nothing is known better than to this fraction of the margin.
FINEST = 0.02
# More seeds cannot decide a difference of whose variance less than this fraction comes from seeds.
SEEDS_MATTER = 0.1


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


# --- verdicts ---------------------------------------------------------------------------------------------------------


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
    means = np.array([one.mean for one in scores])
    allowed = margin.of(scores[best].mean)
    total, _ = variances(scores, allowed)
    degrees = PRIOR_DEGREES + len(scores[best].folds) - 1
    within = within_margin(means, np.sqrt(total), degrees, allowed, 1 / alike(scores, allowed).sum(axis=1))
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
    return min((one for one in scores if of[one.size] == "adequate"), key=_order)


def undecided(scores: Sequence[Scores], choose: Choose) -> tuple[Size, ...]:
    """The undecided sizes that matter: those smaller than the answer, smallest first."""
    return below_answer(scores, verdicts(scores, choose))


def below_answer(scores: Sequence[Scores], of: dict[Size, Verdict]) -> tuple[Size, ...]:
    """Of these verdicts the undecided sizes that are smaller than every adequate one, smallest first."""
    answer = min(_order(one) for one in scores if of[one.size] == "adequate")
    ordered = sorted(scores, key=_order)
    return tuple(one.size for one in ordered if of[one.size] == "undecided" and _order(one) < answer)


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
    return seeds_for(scores, undecided(scores, choose), margin(choose))


def seeds_for(scores: Sequence[Scores], matter: Collection[Size], margin: Margin) -> tuple[Size, ...]:
    """Of these undecided sizes those that seeds can decide, and the best one while it has fewer; smallest first."""
    if not matter:
        return ()
    best = _best(scores)
    total, of_seeds = variances(scores, margin.of(scores[best].mean))
    # Of a single seed nobody knows what it adds.
    unknown = all(one.n_seeds < 2 for one in scores)
    wanted = [
        at
        for at, one in enumerate(scores)
        if one.size in matter and (unknown or of_seeds[at] + of_seeds[best] > SEEDS_MATTER * (total[at] + total[best]))
    ]
    if wanted:
        # Beside a size without anything random in it the best one's seeds are all that there is to add.
        most = max(scores[at].n_seeds if scores[at].size.units else scores[best].n_seeds + 1 for at in wanted)
        wanted += [best] * (scores[best].n_seeds < most)
    ordered = sorted((scores[at] for at in wanted), key=_order)
    return tuple(one.size for one in ordered if one.size.units)


def _best(scores: Sequence[Scores]) -> int:
    """Position of the lowest mean; of equals the smallest size."""
    return min(range(len(scores)), key=lambda at: (scores[at].mean, *_order(scores[at])))


def _order(scores: Scores) -> tuple[int, int, int, Size]:
    return (*extent(scores), scores.size)


# --- how sure each mean is --------------------------------------------------------------------------------------------


def alike(scores: Sequence[Scores], allowed: float) -> Floats:
    """How much two sizes are the same model, from 0 to 1, shape (sizes, sizes).

    They are if in the folds they differ from each other by much less than both do from the best one; differences below
    the margin need no such comparison.
    """
    table = np.array([one.folds for one in scores])
    squares = ((table[:, None] - table) ** 2).mean(axis=2)
    from_best = squares[_best(scores)]
    apart = np.maximum(np.minimum(from_best[:, None], from_best), allowed**2)
    result: Floats = np.exp(-squares / (ALIKE**2 * apart))
    return result


def variances(scores: Sequence[Scores], allowed: float) -> tuple[Floats, Floats]:
    """The variance of each size's mean over the folds, up to what the folds add to every size.

    What a fold adds to every size is estimated from all of them, the steadier ones first. The rest of a size is its
    own: seeds, and the interaction of fold and size. Its variance is drawn towards what its seeds explain and what
    sizes near the best have in addition.

    Args:
        scores: All sizes, on the same folds.
        allowed: The margin, in normalised errors.

    Returns:
        The variance, and how much of it the seeds are to blame for, each of shape (sizes,).
    """
    table = np.array([one.folds for one in scores])
    count, means = table.shape[1], table.mean(axis=1)
    of_seeds = _seed_variances(scores)
    if count < 2 or len(scores) < 2:
        return of_seeds / count + (FINEST * allowed) ** 2, of_seeds / count
    rest = table - means[:, None]
    base = of_seeds + (FINEST * allowed) ** 2 * count
    near = np.argsort(means, kind="stable")[: max(3, (len(scores) + 1) // 2)]
    same = alike(scores, allowed)
    variance = base + (rest - rest.mean(axis=0)).var(axis=1)
    for _ in range(15):  # fold effects and variances need each other
        weights = 1 / (same.sum(axis=1) * variance)
        weights /= weights.sum()
        own = rest - weights @ rest
        # A size that has much weight lies near the fold effects that it made itself.
        squares = (own**2).sum(axis=1) / np.maximum(1 - same @ weights, 0.1)
        interaction = max(0.0, float(np.median((squares / (count - 1) - base)[near])))
        variance = (PRIOR_DEGREES * (base + interaction) + squares) / (PRIOR_DEGREES + count - 1)
    return variance / count, np.minimum(of_seeds, variance) / count


def _seed_variances(scores: Sequence[Scores]) -> Floats:
    """Variance of a fold's mean that its seeds are to blame for, shape (sizes,); 0 where nothing is random.

    It is measured within the folds, and drawn towards what the sizes have in common: the mean of its logarithm, since
    some sizes train a hundred times as unsteadily as others.
    """
    squares, degrees, inverse = (np.zeros(len(scores)) for _ in range(3))
    for at, one in enumerate(scores):
        counts = np.isfinite(one.trainings).sum(axis=1)
        if one.size.units:
            squares[at] = np.nansum((one.trainings - one.folds[:, None]) ** 2)
            degrees[at] = (counts - 1).sum()
            inverse[at] = (1 / counts).mean()
    seen = (degrees > 0) & (squares > 0)
    if not seen.any():
        return np.zeros(len(scores))
    half = degrees[seen] / 2
    logarithms = np.log(squares[seen] / degrees[seen]) - digamma(half) + np.log(half)
    common = float(np.exp(np.average(logarithms, weights=half)))
    of_one: Floats = (squares + PRIOR_SEED_DEGREES * common) / (degrees + PRIOR_SEED_DEGREES) * inverse
    return of_one


# --- the probability --------------------------------------------------------------------------------------------------


def within_margin(means: Floats, errors: Floats, degrees: float, allowed: float, votes: Floats) -> Floats:
    """For each size the probability that it is no more than a margin above the lowest, by quadrature.

    One size has the lowest true loss, each with the same probability beforehand. The others exceed it by amounts whose
    density is highest at 0 (`NEAR`). Measured means lie around true ones as Student's t does.

    Args:
        means: Measured losses, shape (sizes,).
        errors: Their standard errors.
        degrees: Degrees of freedom of these.
        allowed: The margin.
        votes: What each size counts for: 1, or less where others are the same model.
    """
    errors = np.maximum(errors, FINEST * allowed)
    # Where the lowest true loss may be: nodes around each mean, dense in the middle and out to eight standard errors.
    steps = 8 * np.sinh(np.linspace(-3, 3, 17)) / np.sinh(3)
    lowest = np.unique((means[:, None] + errors[:, None] * steps).ravel())
    lowest = lowest[(lowest >= min(0.0, means.min())) & (lowest <= (means + 8 * errors).min())]
    widths = np.gradient(lowest)
    # How much a size may exceed it: bins, four of them within the margin.
    top = 4 * max(float(means.max()), 10 * allowed)
    edges = np.concatenate([np.linspace(0, allowed, 5), np.geomspace(allowed, top, 21)[1:]])
    prior = np.diff(np.log(edges + NEAR * allowed))
    prior /= prior.sum() * np.diff(edges)
    below = stdtr(degrees, (means[:, None, None] - lowest[:, None] - edges) / errors[:, None, None])
    bins = -np.diff(below, axis=2) * prior
    exceeding = bins.sum(axis=2) + 1e-300
    itself = _student((means[:, None] - lowest) / errors[:, None], degrees) / errors[:, None] + 1e-300
    # Of each size at each node: it is the lowest one, and all others exceed it.
    votes = votes[:, None]
    logarithm = np.log(votes) + votes * (np.log(itself) - np.log(exceeding)) + (votes * np.log(exceeding)).sum(axis=0)
    joint = np.exp(logarithm - logarithm.max()) * widths
    joint /= joint.sum()
    near = bins[:, :, :4].sum(axis=2) / exceeding
    result: Floats = joint.sum(axis=1) + ((joint.sum(axis=0) - joint) * near).sum(axis=1)
    return result


def _student(t: Floats, degrees: float) -> Floats:
    """Density of Student's t."""
    factor = gamma((degrees + 1) / 2) / gamma(degrees / 2) / sqrt(degrees * pi)
    density: Floats = factor * (1 + t**2 / degrees) ** (-(degrees + 1) / 2)
    return density
