"""Which sizes are trained, and in which order: climb, grid, random, alpha. Pure: scores in, sizes out.

Each procedure is a walk that is replayed from its beginning on the scores known so far. What it visits
depends on the scores alone, never on how many workers there are or which trial ends first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cellsize.sizing.scores import Difference, Scores, compare, paired
from cellsize.sizing.sizes import ZERO, Size

SMALL = 5000.0
Known = Mapping[Size, Scores]


@dataclass(frozen=True)
class Walk:
    """Where a procedure stands.

    Attributes:
        visited: Sizes that it has decided on, in order.
        wanted: Sizes that it needs before it can go on, most pressing first; empty when it is done.
        likely: Sizes that it may want after these, for workers that would idle.
    """

    visited: tuple[Size, ...]
    wanted: tuple[Size, ...]
    likely: tuple[Size, ...] = ()


Plan = Callable[[dict[Size, Scores]], Walk]
Allowed = Callable[[Size, tuple[Size, ...]], bool]


@dataclass(frozen=True)
class _Rules:
    """When a ladder ends; see `climb`."""

    patience: int
    reach: int
    allowed: Allowed


def within_cost_limit(costs: Mapping[Size, float], limit: float) -> Allowed:
    """A size may cost at most `limit` times all that was visited before it; small ones always may.

    Args:
        costs: Multiply-adds of each size for one step of one window.
        limit: How many times.
    """

    def allowed(size: Size, visited: tuple[Size, ...]) -> bool:
        return effort(size, costs) <= limit * sum(effort(one, costs) for one in visited) + SMALL

    return allowed


def effort(size: Size, costs: Mapping[Size, float]) -> float:
    """What training a size costs: a tiny layer's step is overhead, worth about 2,000 multiply-adds."""
    return costs[size] + 2000.0 * size.layers


def climb(
    sizes: list[Size], known: Known, patience: int, reach: int, ahead: int = 0, allowed: Allowed | None = None
) -> Walk:
    """Zero cells, then one layer from small to large until larger ones stop helping; then one layer more.

    A size helps if its score is lower than the best one's before it by more than one corrected standard
    error of their paired difference. `patience` sizes in a row that do not help end a ladder; the first one
    goes on to `reach` units all the same, since one or two cells often do nothing where eight do. A further
    layer begins at a quarter of the units that the best size so far has; it is left out, with all deeper
    ones, if the layer before it brought no better size.

    Args:
        sizes: The grid; the order within a number of layers is by units.
        known: Scores so far.
        patience: Sizes in a row that do not help before a ladder ends.
        reach: Units that the first ladder goes to at least.
        allowed: Whether a size may be tried after those visited; one that may not ends its ladder. The first
            ladder goes to `reach` units without asking.
        ahead: How many likely sizes to name: those that follow if the ones before them help, or not.
    """
    rules = _Rules(patience, reach, allowed or (lambda size, visited: True))
    walk = _climb(sizes, known, rules, {})
    likely: list[Size] = []
    assumptions: list[dict[Size, bool]] = [{size: helps} for size in walk.wanted for helps in (True, False)]
    while assumptions and len(likely) < ahead:
        assumed = assumptions.pop(0)
        for size in _climb(sizes, known, rules, assumed).wanted:
            if size not in likely:
                likely.append(size)
            assumptions += [{**assumed, size: True}, {**assumed, size: False}]
    return Walk(walk.visited, walk.wanted, tuple(likely))


def _climb(sizes: list[Size], known: Known, rules: _Rules, assumed: Mapping[Size, bool]) -> Walk:
    """One replay; what an assumed size would score is unknown, so that it never becomes the one to beat."""
    if ZERO not in known and ZERO not in assumed:
        return Walk((), (ZERO,))
    visited, best, best_size = [ZERO], known.get(ZERO), ZERO
    for depth in range(1, max(size.layers for size in sizes) + 1):
        if best_size.layers < depth - 1:
            break
        ladder = sorted(size for size in sizes if size.layers == depth)
        if depth > 1:
            ladder = [size for size in ladder if size.units >= max(1, best_size.units // 4)]
        failed = 0
        for size in ladder:
            # One or two cells are nothing to stop at, however many inputs make them dear.
            if (depth > 1 or size.units > rules.reach) and not rules.allowed(size, tuple(visited)):
                break
            if size not in known and size not in assumed:
                return Walk(tuple(visited), (size,))
            visited.append(size)
            helped = assumed[size] if size not in known else best is None or _helps(known[size], best)
            failed = 0 if helped else failed + 1
            if helped:
                best, best_size = known.get(size, best), size
            if failed >= rules.patience and (depth > 1 or size.units >= rules.reach):
                break
    return Walk(tuple(visited), ())


def _helps(new: Scores, best: Scores) -> bool:
    difference = compare(best, new)
    return difference.mean > difference.standard_error


def grid(sizes: list[Size], known: Known, costs: Mapping[Size, float]) -> Walk:
    """Every size; the dearest ones first, so that no worker idles at the end."""
    missing = sorted((size for size in sizes if size not in known), key=lambda size: effort(size, costs), reverse=True)
    return Walk(tuple(size for size in sizes if size in known), tuple(missing))


def after(walk: Walk, sizes: list[Size], known: Known, costs: Mapping[Size, float]) -> Walk:
    """A walk that has ended, and then some sizes more, the dearest ones first."""
    more = grid([size for size in sizes if size not in walk.visited], known, costs)
    return Walk((*walk.visited, *more.visited), more.wanted)


def sample(sizes: list[Size], number: int, seed: int) -> list[Size]:
    """Zero cells and a drawn number of the other sizes, in grid order."""
    others = [size for size in sizes if size != ZERO]
    drawn = np.random.default_rng(seed).choice(len(others), min(number, len(others)), replace=False)
    return [ZERO, *(others[position] for position in sorted(drawn))]


def alpha(ladder: list[Size], known: Known) -> Walk:
    """From α = 2's size up to α = 10's, one step each time the network overfits.

    A network overfits if its training error is below its validation error by more than two corrected
    standard errors of their paired difference over the folds. The walk ends when it no longer does.

    Args:
        ladder: One layer, the units of α = 2, 3, … 10, so from large to small.
        known: Scores so far.
    """
    visited: list[Size] = []
    for size in (ZERO, *dict.fromkeys(ladder)):
        if size not in known:
            return Walk(tuple(visited), (size,))
        visited.append(size)
        if size != ZERO and not overfits(known[size]):
            break
    return Walk(tuple(visited), ())


def overfits(scores: Scores) -> bool:
    """Whether the training error is significantly below the validation error."""
    gap = generalisation_gap(scores)
    return gap.mean > 2 * gap.standard_error


def generalisation_gap(scores: Scores) -> Difference:
    """Validation error minus training error, paired over the folds."""
    return paired(scores.folds, scores.train, scores.test_ratio)
