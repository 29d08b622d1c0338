"""Which sizes are trained, and in which order: climb, grid, random, alpha. Pure: scores in, sizes out.

Each procedure is a walk that is replayed from its beginning on the scores known so far. What it visits
depends on the scores alone, never on how many workers there are or which trial ends first.

All that a procedure needs is in this module. A new one has a walk, its name in `params.Search.procedure`, and a case
in each of `plan`, `came_to`, `end`, `finding` and `sentence`; mypy names those that are missing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from typing import assert_never

import numpy as np

from cellsize.params import Procedure, Search
from cellsize.sizing.artefacts import Candidates
from cellsize.sizing.candidates import alpha_ladder, guesses, on_grid
from cellsize.sizing.scores import Difference, Scores, compare, paired
from cellsize.sizing.sizes import ZERO, Size

# What every cost limit allows, in multiply-adds: before the first size with cells there is nothing to multiply.
ALWAYS_ALLOWED = 5000.0
# What a step of a layer costs in addition to its multiply-adds.
OVERHEAD = 2000.0
# Units of the size that is tried before no memory cells are the answer.
LARGE = 32
# A climb knows at most so many sizes that may come next; each one more doubles the cases to be thought through.
AHEAD = 8
# The α procedure: standard errors by which a gap must be wider than the ridge-linear model's.
SIGNIFICANT = 2.0

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


# --- by name ----------------------------------------------------------------------------------------------------------


def plan(candidates: Candidates, search: Search) -> Plan:
    """The walk over the candidates that `search.procedure` names; the sizes of rules of thumb come last."""
    grid_sizes, guessed, ladder = on_grid(candidates), guesses(candidates), alpha_ladder(candidates)
    costs = {candidate.size: float(candidate.multiply_adds) for candidate in candidates.candidates}
    allowed = within_cost_limit(costs, search.cost_limit)

    def walk(known: dict[Size, Scores]) -> Walk:
        match search.procedure:
            case "climb":
                walked = climb(
                    grid_sizes, known, search.patience, search.minimum_units, AHEAD, allowed, large_units(candidates)
                )
            case "grid":
                walked = grid(grid_sizes, known, costs)
            case "random":
                walked = grid(sample(grid_sizes, search.sample, search.seed), known, costs)
            case "alpha":
                walked = alpha(ladder, known)
            case _:
                assert_never(search.procedure)
        # What guessing would have cost is measured last, whatever was chosen.
        return walked if walked.wanted else after(walked, guessed, known, costs)

    return walk


def came_to(procedure: Procedure, tried: Known, candidates: Candidates) -> set[Size]:
    """Of the sizes tried those that the procedure itself came to, and not a rule of thumb alone."""
    match procedure:
        case "climb":
            return _climbed(tried, on_grid(candidates), large_units(candidates))
        case "grid" | "random":
            return set(on_grid(candidates)) & set(tried)
        case "alpha":
            return set(alpha_ladder(candidates)) & set(tried)
        case _:
            assert_never(procedure)


def end(procedure: Procedure, *, larger: bool) -> str:
    """Where the procedure ends, in words.

    Args:
        procedure: Its name.
        larger: Whether the grid has a larger size with as many layers.
    """
    ends_with_grid = "the grid has no larger one"
    match procedure:
        case "climb":
            return "search.patience and search.cost_limit end the search there" if larger else ends_with_grid
        case "grid":
            return ends_with_grid
        case "random":
            return "no larger one was drawn" if larger else ends_with_grid
        case "alpha":
            return "the ladder begins there"
        case _:
            assert_never(procedure)


def finding(procedure: Procedure, tried: Known, candidates: Candidates) -> str:
    """What the procedure itself found out, in words; empty if it does nothing but train sizes."""
    match procedure:
        case "climb" | "grid" | "random":
            return ""
        case "alpha":
            return _overfitting(tried, alpha_ladder(candidates))
        case _:
            assert_never(procedure)


def sentence(procedure: Procedure) -> str:
    """What the report says about the procedure."""
    match procedure:
        case "climb":
            return (
                "Sizes were trained from the smallest up, until larger ones were no better or cost too much "
                "(search.cost_limit); then with one layer more."
            )
        case "grid":
            return "Every size of the grid was trained."
        case "random":
            return "A random sample of the grid was trained."
        case "alpha":
            return (
                "Only sizes that α gives were trained, from the largest down: on to the next one as long as the gap "
                "between training and validation error was significantly wider than the ridge-linear model's."
            )
        case _:
            assert_never(procedure)


# --- what a size costs ------------------------------------------------------------------------------------------------


def within_cost_limit(costs: Mapping[Size, float], limit: float) -> Allowed:
    """A size may cost at most `limit` times all that was visited before it; small ones always may.

    Args:
        costs: Multiply-adds of each size for one step of one window.
        limit: How many times.
    """

    def allowed(size: Size, visited: tuple[Size, ...]) -> bool:
        spent = sum(training_cost(before, costs) for before in visited)
        return training_cost(size, costs) <= limit * spent + ALWAYS_ALLOWED

    return allowed


def training_cost(size: Size, costs: Mapping[Size, float]) -> float:
    """What training a size costs: a tiny layer's step is mostly overhead, worth about 2,000 multiply-adds."""
    return costs[size] + OVERHEAD * size.layers


# --- climb ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _LadderEnd:
    """When a ladder ends; see `climb`."""

    patience: int
    minimum_units: int
    allowed: Allowed
    large: int


def large_units(candidates: Candidates) -> int:
    """Units of a size that has to be tried before no memory cells are the answer: 32, or a quarter of the bound."""
    return max(1, min(LARGE, candidates.bound.units // 4))


def climb(
    sizes: list[Size],
    known: Known,
    patience: int,
    minimum_units: int,
    ahead: int = 0,
    allowed: Allowed | None = None,
    large: int = 0,
) -> Walk:
    """Zero cells and MLPs, then one layer from small to large until larger ones stop helping; then one layer more.

    A ladder is the sizes of one depth, small to large. A size helps if its score is lower than the best one's before
    it by more than one corrected standard error of their paired difference. `patience` sizes in a row that do not help
    end a ladder; the first one continues to `minimum_units` all the same, since one or two cells often do nothing
    where eight do. A further layer begins at a quarter of the units that the best size so far has; it is left out,
    with all deeper ones, if the layer before it brought no better size. Where the first ladder ends and no size with
    memory cells helped, one large size is tried too: if that helps, the ladder resumes.

    Args:
        sizes: The grid; the order within a number of layers is by units.
        known: Scores so far.
        patience: Sizes in a row that do not help before a ladder ends.
        minimum_units: Units that the first ladder goes to at least.
        ahead: How many likely sizes to name: those that follow if the ones before them help, or not.
        allowed: Whether a size may be tried after those visited; one that may not ends its ladder. The first
            ladder goes to `minimum_units` without asking.
        large: Units of the large size that is tried in any case; 0 for none.
    """
    ends = _LadderEnd(patience, minimum_units, allowed or (lambda size, visited: True), large)
    walk = _climb(sizes, known, ends, {})
    likely: list[Size] = []
    assumptions: list[dict[Size, bool]] = [{size: helps} for size in walk.wanted for helps in (True, False)]
    while assumptions and len(likely) < ahead:
        assumed = assumptions.pop(0)
        for size in _climb(sizes, known, ends, assumed).wanted:
            if size not in likely:
                likely.append(size)
            assumptions += [{**assumed, size: True}, {**assumed, size: False}]
    return Walk(walk.visited, walk.wanted, tuple(likely))


def fewest_and_most(candidates: Candidates, search: Search) -> tuple[tuple[Size, ...], tuple[Size, ...]]:
    """The sizes that are tried if no size helps, and if every size does; of the α procedure, if none overfits or all.

    Args:
        candidates: The grid, and the ladder of the α procedure.
        search: The procedure and its limits.
    """
    sizes, guessed = on_grid(candidates), guesses(candidates)
    if search.procedure == "climb":
        costs = {candidate.size: float(candidate.multiply_adds) for candidate in candidates.candidates}
        allowed = within_cost_limit(costs, search.cost_limit)
        ends = _LadderEnd(search.patience, search.minimum_units, allowed, large_units(candidates))
        few, many = (_climb(sizes, {}, ends, dict.fromkeys(sizes, helps)).visited for helps in (False, True))
    elif search.procedure == "alpha":
        ladder = (ZERO, *alpha_ladder(candidates))
        few, many = ladder[:2], ladder
    else:
        drawn = sizes if search.procedure == "grid" else sample(sizes, search.sample, search.seed)
        few = many = tuple(drawn)
    return tuple(dict.fromkeys((*few, *guessed))), tuple(dict.fromkeys((*many, *guessed)))


def _climb(sizes: list[Size], known: Known, ends: _LadderEnd, assumed: Mapping[Size, bool]) -> Walk:
    """One replay; what an assumed size would score is unknown, so that it never becomes the one to beat."""
    if ZERO not in known and ZERO not in assumed:
        return Walk((), (ZERO,))
    visited, best, best_size = [ZERO], known.get(ZERO), ZERO
    for depth in range(max(size.layers for size in sizes) + 1):
        if best_size.layers < depth - 1:
            break
        ladder = sorted(size for size in sizes if size.layers == depth and size != ZERO)
        if depth > 1:
            ladder = [size for size in ladder if size.units >= max(1, best_size.units // 4)]
        failed, last_look, large = 0, depth != 1 or not ends.large, None
        while ladder:
            size = ladder[0]
            if _ends(ends, size, visited, failed):
                # A size that learns only now and then says nothing against memory cells: one large size is tried.
                large = _first_of(ladder, ends.large)
                if last_look or best_size.has_memory or large is None:
                    break
                size, last_look = large, True
            if size not in known and size not in assumed:
                return Walk(tuple(visited), (size,))
            ladder.remove(size)
            visited.append(size)
            helped = assumed[size] if size not in known else best is None or _helps(known[size], best)
            failed = 0 if helped else failed + 1
            if helped:
                best, best_size = known.get(size, best), size
            elif size == large:
                break
    return Walk(tuple(visited), ())


def _ends(ends: _LadderEnd, size: Size, visited: Sequence[Size], failed: int) -> bool:
    """Whether a ladder ends before a size."""
    if size.layers == 0:  # MLPs cost little
        return False
    # One or two cells are too few to stop at, however many inputs make them expensive.
    is_far = size.layers > 1 or (visited[-1].has_memory and visited[-1].units >= ends.minimum_units)
    may_cost = size.layers > 1 or size.units > ends.minimum_units
    return (is_far and failed >= ends.patience) or (may_cost and not ends.allowed(size, tuple(visited)))


def _first_of(ladder: list[Size], units: int) -> Size | None:
    """The smallest size of a ladder with so many units."""
    return next((size for size in ladder if size.units >= units), None)


def _helps(new: Scores, best: Scores) -> bool:
    difference = compare(best, new)
    return difference.mean > difference.standard_error


def _climbed(tried: Known, sizes: list[Size], large: int) -> set[Size]:
    """The steps that a climb has taken: it leaves none out, while a rule of thumb may ask for one beyond them."""
    climbed: set[Size] = set()
    for depth in {size.layers for size in sizes}:
        ladder = sorted(size for size in sizes if size.layers == depth)
        begun = dropwhile(lambda size: size not in tried, ladder)
        climbed |= set(takewhile(lambda size: size in tried, begun))
        if depth == 1:
            climbed |= {size for size in ladder if size == _first_of(ladder, large)} & set(tried)
    return climbed


# --- grid and random --------------------------------------------------------------------------------------------------


def grid(sizes: list[Size], known: Known, costs: Mapping[Size, float]) -> Walk:
    """Every size; the most expensive ones first, so that no worker idles at the end."""
    missing = sorted(
        (size for size in sizes if size not in known), key=lambda size: training_cost(size, costs), reverse=True
    )
    return Walk(tuple(size for size in sizes if size in known), tuple(missing))


def after(walk: Walk, sizes: list[Size], known: Known, costs: Mapping[Size, float]) -> Walk:
    """A walk that has ended, and then some sizes more, the most expensive ones first."""
    more = grid([size for size in sizes if size not in walk.visited], known, costs)
    return Walk((*walk.visited, *more.visited), more.wanted)


def sample(sizes: list[Size], count: int, seed: int) -> list[Size]:
    """Zero cells and a drawn number of the other sizes, in grid order."""
    others = [size for size in sizes if size != ZERO]
    drawn = np.random.default_rng(seed).choice(len(others), min(count, len(others)), replace=False)
    return [ZERO, *(others[position] for position in sorted(drawn))]


# --- alpha ------------------------------------------------------------------------------------------------------------


def alpha(ladder: list[Size], known: Known) -> Walk:
    """From α = 2's size up to α = 10's, one step each time the network overfits.

    A network overfits if the gap between its validation error and its training error is wider than the ridge-linear
    model's on the same folds, by more than two corrected standard errors of the paired difference. The walk ends when
    it no longer is.

    Args:
        ladder: One layer, the units of α = 2, 3, … 10, so from large to small.
        known: Scores so far.
    """
    visited: list[Size] = []
    for size in (ZERO, *dict.fromkeys(ladder)):
        if size not in known:
            return Walk(tuple(visited), (size,))
        visited.append(size)
        if size != ZERO and not overfits(known[size], known[ZERO]):
            break
    return Walk(tuple(visited), ())


def overfits(scores: Scores, linear: Scores) -> bool:
    """Whether a size's generalisation gap is significantly wider than the ridge-linear model's."""
    wider = wider_gap(scores, linear)
    return wider.mean > SIGNIFICANT * wider.standard_error


def wider_gap(scores: Scores, linear: Scores) -> Difference:
    """By how much the gap, validation minus training error, exceeds the ridge-linear model's, paired over the folds.

    Blocks of a series differ: in one fold the validation block is easier than the training part for every model, in
    another it is harder. Compared with that, no gap by itself is significant (docs/decisions.md).

    Args:
        scores: Of some size.
        linear: Of zero cells, which have too few degrees of freedom to overfit by much.
    """
    return paired(scores.folds - scores.train, linear.folds - linear.train, scores.test_ratio)


def _overfitting(tried: Known, ladder: list[Size]) -> str:
    """Where the α procedure ended, and why."""
    visited = [size for size in alpha(ladder, tried).visited if size != ZERO]
    last, linear = tried[visited[-1]], tried[ZERO]
    wider, cells = wider_gap(last, linear), f"{last.size.units} memory cell{'s' if last.size.units > 1 else ''}"
    way = f"went from {visited[0].units} to" if len(visited) > 1 else "began and ended with"
    return (
        f"The α procedure {way} {cells}. With {last.size.units} the gap between training and validation error is "
        f"{abs(wider.mean):.4f} {'wider' if wider.mean >= 0 else 'narrower'} than the ridge-linear model's on the same "
        f"folds, with a standard error of {wider.standard_error:.4f}: "
        + ("it still overfits there, at the largest α." if overfits(last, linear) else "no significant overfitting.")
    )
