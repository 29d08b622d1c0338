"""More seeds for sizes that are undecided: in rounds, until the rule decides or the work runs out.

Each round is replayed from the first seeds on: which sizes it adds to depends on the scores alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cellsize.params import Choose
from cellsize.sizing.adequacy import more_seeds
from cellsize.sizing.compute import FOR_SEEDS
from cellsize.sizing.scores import with_seeds
from cellsize.sizing.sizes import Size
from cellsize.sizing.walk import Known, Walk

# Seeds of a round: networks of one size are trained together, and two take little longer than one.
A_ROUND = 2


@dataclass(frozen=True)
class Seeds:
    """How many seeds a size is trained with.

    Attributes:
        first: Of every size.
        most: Of a size that is undecided.
        work: Multiply-adds of one seed more of each size.
        first_work: Multiply-adds of each size with its first seeds.
        work_limit: The most of the whole search.
    """

    first: int
    most: int
    work: Mapping[Size, float]
    first_work: Mapping[Size, float]
    work_limit: float

    def left(self, visited: Iterable[Size]) -> float:
        """Work that is left for seeds: of what is not spent, and never less than what is kept for them."""
        return max(FOR_SEEDS * self.work_limit, self.work_limit - self.spent(visited, {}))

    def spent(self, visited: Iterable[Size], counts: Mapping[Size, int]) -> float:
        """Work of all sizes visited with their first seeds, and of the seeds added to some, of which so many count."""
        of_first = sum(self.first_work[size] for size in visited)
        return of_first + sum(max(0, count - self.first) * self.work[size] for size, count in counts.items())


def first_seeds(known: Known, seeds: Seeds) -> Known:
    """The scores that every size has, whatever was added."""
    return {size: with_seeds(scores, seeds.first) for size, scores in known.items()}


def add_seeds(walk: Walk, known: Known, seeds: Seeds, choose: Choose) -> Walk:
    """A walk that has found its sizes, and then the seeds that decide between them.

    Args:
        walk: Where the procedure ended; nothing is wanted. Seeds that count already go on counting.
        known: Scores of the sizes visited, with all seeds trained so far.
        seeds: How many there may be.
        choose: The rule; one that knows no undecided sizes wants no more seeds.
    """
    if choose.rule != "adequate":
        return walk
    counts = {size: walk.seeds.get(size, seeds.first) for size in walk.visited}
    left = seeds.left(walk.visited) - seeds.spent((), walk.seeds)
    while True:
        scores = [with_seeds(known[size], counts[size]) for size in walk.visited]
        wanted: dict[Size, int] = {}
        for size in more_seeds(scores, choose):
            count = min(seeds.most, counts[size] + A_ROUND)
            work = (count - counts[size]) * seeds.work[size]
            if counts[size] < count and work <= left:
                wanted[size], left = count, left - work
        added = {size: count for size, count in counts.items() if count > seeds.first}
        if not wanted:
            return replace(walk, seeds=added)
        missing = {size: count for size, count in wanted.items() if known[size].n_seeds < count}
        if missing:
            return replace(walk, seeds=added, more_seeds=missing)
        counts |= wanted
