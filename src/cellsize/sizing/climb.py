"""The climb: zero cells and MLPs, then one layer from small to large until larger ones stop helping, then one more.

A walk is replayed from its beginning on the scores known so far, so that what it visits depends on the scores alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile, takewhile

from cellsize.params import Search
from cellsize.sizing import compute
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.candidates import on_grid
from cellsize.sizing.scores import Scores, compare
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Known, Walk

# Units of the size that is tried before no memory cells are the answer.
LARGE = 32
# A climb knows at most so many sizes that may come next; each one more doubles the cases to be thought through.
AHEAD = 8


@dataclass(frozen=True)
class Limits:
    """When a ladder ends, other than by the end of the grid.

    Attributes:
        patience: Sizes in a row that do not help.
        minimum_units: Units that the first ladder goes to at least, whatever the scores and the work.
        work: Multiply-adds of training each size.
        work_limit: The most of all sizes together.
        large: Units of the large size that is tried before no memory cells are the answer; 0 for none.
    """

    patience: int
    minimum_units: int
    work: Mapping[Size, float]
    work_limit: float
    large: int

    def allow(self, size: Size, visited: Sequence[Size]) -> bool:
        """Whether a size may still be trained after those visited."""
        return self.work[size] + sum(self.work[before] for before in visited) <= self.work_limit


@dataclass(frozen=True)
class Cut:
    """What the work limit left out.

    Attributes:
        size: The size.
        was_helping: Whether the ladder's last size helped, so that a larger one may well be better.
        is_below: Whether it is smaller than a large size that helped, so that it may be enough.
    """

    size: Size
    was_helping: bool
    is_below: bool = False


def limits(candidates: Candidates, search: Search) -> Limits:
    """The limits that params.yaml sets."""
    return Limits(
        patience=search.patience,
        minimum_units=search.minimum_units,
        work=compute.table(candidates, search.training),
        work_limit=(1 - compute.FOR_SEEDS) * search.work_limit * compute.UNIT,
        large=large_units(candidates),
    )


def large_units(candidates: Candidates) -> int:
    """Units of a size that has to be tried before no memory cells are the answer: 32, or a quarter of the bound."""
    return max(1, min(LARGE, candidates.bound.units // 4))


def climb(sizes: list[Size], known: Known, limits: Limits, ahead: int = 0) -> Walk:
    """Zero cells and MLPs, then one layer from small to large until larger ones stop helping; then one layer more.

    A ladder is the sizes of one depth, small to large. A size helps if its score is lower than the best one's before
    it by more than one corrected standard error of their paired difference. `patience` sizes in a row that do not help
    end a ladder; the first one continues to `minimum_units` all the same, since one or two cells often do nothing
    where eight do. A further layer begins at a quarter of the units that the best size so far has; it is left out,
    with all deeper ones, if the layer before it brought no better size. Where the first ladder ends and no size with
    memory cells helped, one large size is tried too: if that helps, the ladder resumes, with what it left out below and
    then above it.

    Args:
        sizes: The grid; the order within a number of layers is by units.
        known: Scores so far.
        limits: When a ladder ends.
        ahead: How many likely sizes to name: those that follow if the ones before them help, or not.
    """
    walk, _ = _replay(sizes, known, limits, {})
    likely: list[Size] = []
    assumptions: list[dict[Size, bool]] = [{size: helps} for size in walk.wanted for helps in (True, False)]
    while assumptions and len(likely) < ahead:
        assumed = assumptions.pop(0)
        for size in _replay(sizes, known, limits, assumed)[0].wanted:
            if size not in likely:
                likely.append(size)
            assumptions += [{**assumed, size: True}, {**assumed, size: False}]
    return Walk(walk.visited, walk.wanted, tuple(likely))


def cuts(sizes: list[Size], known: Known, limits: Limits) -> tuple[Cut, ...]:
    """What the work limit left out: where ladders ended, and sizes below a large one; of a climb that has ended."""
    return _replay(sizes, known, limits, {})[1]


def resumed(
    sizes: list[Size], counted: Known, limits: Limits, spent: float
) -> tuple[tuple[Size, ...], tuple[Cut, ...]]:
    """What comes next on ladders whose last size helps by all seeds that count, although it did not by the first ones.

    Where that is a large size that was tried before its turn, what was left out below it comes first: it may be enough.

    Args:
        sizes: The grid.
        counted: Scores of all sizes that the climb came to, with the seeds that count.
        limits: When a ladder ends. The work of all sizes may be `work_limit` at most, and with that of the seeds what
            is kept for these more.
        spent: Multiply-adds of all sizes tried, and of the seeds added to them.

    Returns:
        The next sizes, and those of them that the work limit forbids.
    """
    wanted, forbidden, best = list[Size](), list[Cut](), counted[ZERO]
    most = limits.work_limit / (1 - compute.FOR_SEEDS)
    for depth in range(max(size.layers for size in sizes) + 1):
        ladder, helps, last = sorted(size for size in sizes if size.layers == depth and size != ZERO), False, 0
        for size in ladder:
            if size in counted:
                helps, last = _helps(counted[size], best), size.units
                best = counted[size] if helps else best
        if depth == 0 or not helps:
            continue
        # Every ladder but the first begins somewhere: what is smaller was not left out.
        below = [size for size in ladder if depth == 1 and size.units < last and size not in counted]
        left = [*below, *(size for size in [first_of(ladder, last + 1)] if size is not None)]
        allowed = [size for size in left if limits.allow(size, tuple(counted)) and spent + limits.work[size] <= most]
        wanted += allowed[:1]
        forbidden += [
            Cut(size, was_helping=size not in below, is_below=size in below) for size in left if size not in allowed
        ]
    return tuple(wanted), tuple(forbidden)


def fewest_and_most(sizes: list[Size], limits: Limits) -> tuple[tuple[Size, ...], tuple[Size, ...]]:
    """The sizes that are tried if no size helps, and if every size does."""
    few, many = (_replay(sizes, {}, limits, dict.fromkeys(sizes, helps))[0].visited for helps in (False, True))
    return few, many


def came_to(tried: Known, candidates: Candidates) -> set[Size]:
    """The steps that a climb has taken: it leaves none out, while a rule of thumb may ask for one beyond them."""
    sizes, large = on_grid(candidates), large_units(candidates)
    climbed: set[Size] = set()
    for depth in {size.layers for size in sizes}:
        ladder = sorted(size for size in sizes if size.layers == depth)
        begun = dropwhile(lambda size: size not in tried, ladder)
        climbed |= set(takewhile(lambda size: size in tried, begun))
        if depth == 1:
            climbed |= {size for size in ladder if size == first_of(ladder, large)} & set(tried)
    return climbed


def _replay(
    sizes: list[Size], known: Known, limits: Limits, assumed: Mapping[Size, bool]
) -> tuple[Walk, tuple[Cut, ...]]:
    """One replay; what an assumed size would score is unknown, so that it never becomes the one to beat."""
    if ZERO not in known and ZERO not in assumed:
        return Walk((), (ZERO,)), ()
    visited, best, best_size, ended = [ZERO], known.get(ZERO), ZERO, list[Cut]()
    for depth in range(max(size.layers for size in sizes) + 1):
        if best_size.layers < depth - 1:
            break
        ladder = sorted(size for size in sizes if size.layers == depth and size != ZERO)
        if depth > 1:
            ladder = [size for size in ladder if size.units >= max(1, best_size.units // 4)]
        failed, helped, last_look, large = 0, False, depth != 1 or not limits.large, None
        while ladder:
            size = ladder[0]
            # Sizes below a large one that helped may be adequate; they say nothing of larger ones.
            is_below = large is not None and size.units < large.units
            if is_below:
                if not limits.allow(size, visited):
                    ended.append(Cut(size, was_helping=False, is_below=True))
                    ladder.remove(size)
                    continue
            elif _ends(limits, size, visited, failed):
                # A size that learns only now and then says nothing against memory cells: one large size is tried.
                large = first_of(ladder, limits.large)
                if last_look or best_size.has_memory or large is None:
                    if failed < limits.patience:
                        ended.append(Cut(size, helped))
                    break
                size, last_look = large, True
            if size not in known and size not in assumed:
                return Walk(tuple(visited), (size,)), ()
            ladder.remove(size)
            visited.append(size)
            helps = assumed[size] if size not in known else best is None or _helps(known[size], best)
            if helps:
                best, best_size = known.get(size, best), size
            if not is_below:
                failed, helped = (0, True) if helps else (failed + 1, False)
                if size == large and not helps:
                    break
    return Walk(tuple(visited), ()), tuple(ended)


def _ends(limits: Limits, size: Size, visited: Sequence[Size], failed: int) -> bool:
    """Whether a ladder ends before a size."""
    if size.layers == 0:  # MLPs cost little
        return False
    # One or two cells are too few to stop at, however many inputs make them expensive.
    is_far = size.layers > 1 or (visited[-1].has_memory and visited[-1].units >= limits.minimum_units)
    may_cost = size.layers > 1 or size.units > limits.minimum_units
    return (is_far and failed >= limits.patience) or (may_cost and not limits.allow(size, visited))


def first_of(ladder: list[Size], units: int) -> Size | None:
    """The smallest size of a ladder with so many units."""
    return next((size for size in ladder if size.units >= units), None)


def _helps(new: Scores, best: Scores) -> bool:
    difference = compare(best, new)
    return difference.mean > difference.standard_error
