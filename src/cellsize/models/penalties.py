"""The ridge penalty of a linear model: the best of a list, which is extended where its best one is at an end."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# How often the list of ridge penalties is extended, and by which fraction each time has to lower the score: where
# no penalty is needed at all, the score falls for ever by less and less.
EXTENSIONS = 8
WORTH = 1e-3


def best(penalties: tuple[float, ...], try_out: Callable[[tuple[float, ...]], list[tuple[float, T]]]) -> T:
    """The model whose penalty has the lowest score; of equals the one with the smallest penalty.

    A best one at the end of a list of several extends the list, by its last factor, while that pays.

    Args:
        penalties: The list.
        try_out: Fits a model for each of some penalties, and scores it.
    """
    scored = dict(zip(penalties, try_out(penalties), strict=True))
    for _ in range(EXTENSIONS):
        ordered, lowest = sorted(scored), min(scored, key=lambda penalty: (scored[penalty][0], penalty))
        if len(ordered) < 2 or lowest not in (ordered[0], ordered[-1]):
            break
        is_first = lowest == ordered[0]
        next_best = scored[ordered[1] if is_first else ordered[-2]][0]
        if len(scored) > len(penalties) and scored[lowest][0] > (1 - WORTH) * next_best:
            break
        beyond = ordered[0] ** 2 / ordered[1] if is_first else ordered[-1] ** 2 / ordered[-2]
        more = (float(f"{beyond:.3g}"),)
        scored |= dict(zip(more, try_out(more), strict=True))
    return scored[min(scored, key=lambda penalty: (scored[penalty][0], penalty))][1]
