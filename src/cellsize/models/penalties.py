"""Which ridge penalty a linear model gets, of whichever task."""

from collections.abc import Callable, Sequence
from typing import TypeVar

Model = TypeVar("Model")

# How often the list of ridge penalties is extended, and by which fraction each time has to lower the score: where
# no penalty is needed at all, the score falls for ever by less and less.
EXTENSIONS = 8
WORTH = 1e-3


def best(penalties: tuple[float, ...], scored: Callable[[tuple[float, ...]], Sequence[tuple[float, Model]]]) -> Model:
    """The model of the penalty with the lowest score; of equals the smallest penalty.

    A best one at the end of a list of several extends the list, by its last factor, while that pays.

    Args:
        penalties: Ridge penalties.
        scored: Gives a score and a model for each of some penalties.
    """
    found = dict(zip(penalties, scored(penalties), strict=True))
    for _ in range(EXTENSIONS):
        ordered, lowest = sorted(found), min(found, key=lambda penalty: (found[penalty][0], penalty))
        if len(ordered) < 2 or lowest not in (ordered[0], ordered[-1]):
            break
        is_first = lowest == ordered[0]
        next_best = found[ordered[1] if is_first else ordered[-2]][0]
        if len(found) > len(penalties) and found[lowest][0] > (1 - WORTH) * next_best:
            break
        beyond = ordered[0] ** 2 / ordered[1] if is_first else ordered[-1] ** 2 / ordered[-2]
        beyond = float(f"{beyond:.3g}")
        found |= dict(zip((beyond,), scored((beyond,)), strict=True))
    return found[min(found, key=lambda penalty: (found[penalty][0], penalty))][1]
