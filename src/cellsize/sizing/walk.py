"""Where a procedure stands, and the walks that need no scores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size

Known = Mapping[Size, Scores]


@dataclass(frozen=True)
class Walk:
    """Where a procedure stands.

    Attributes:
        visited: Sizes that it has decided on, in order.
        wanted: Sizes that it needs before it can go on, most pressing first; empty when no size is missing.
        likely: Sizes that it may want after these, for workers that would idle.
        seeds: Of each size that got more than the first ones how many seeds count.
        more_seeds: Sizes that have to be trained with more seeds before it can go on, and up to how many.
    """

    visited: tuple[Size, ...]
    wanted: tuple[Size, ...]
    likely: tuple[Size, ...] = ()
    seeds: Mapping[Size, int] = field(default_factory=dict)
    more_seeds: Mapping[Size, int] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether nothing is wanted any more."""
        return not self.wanted and not self.more_seeds


Plan = Callable[[Known], Walk]


def grid(sizes: list[Size], known: Known, work: Mapping[Size, float]) -> Walk:
    """Every size; the most expensive ones first, so that no worker idles at the end.

    Args:
        sizes: The sizes.
        known: Scores so far.
        work: What training each size costs, in any unit.
    """
    missing = sorted((size for size in sizes if size not in known), key=lambda size: work[size], reverse=True)
    return Walk(tuple(size for size in sizes if size in known), tuple(missing))


def after(walk: Walk, sizes: list[Size], known: Known, work: Mapping[Size, float]) -> Walk:
    """A walk that has ended, and then some sizes more, the most expensive ones first."""
    more = grid([size for size in sizes if size not in walk.visited], known, work)
    return Walk((*walk.visited, *more.visited), more.wanted)


def sample(sizes: list[Size], count: int, seed: int, large: int = 0) -> list[Size]:
    """Zero cells, a drawn number of the other sizes, and one large size; in grid order.

    Args:
        sizes: The grid.
        count: How many are drawn.
        seed: Of the draw.
        large: Units of the one-layer size that is always among them; 0 for none.
    """
    others = [size for size in sizes if size != ZERO]
    drawn = np.random.default_rng(seed).choice(len(others), min(count, len(others)), replace=False)
    always = [size for size in sizes if size.layers == 1 and size.units >= large][:1] if large else []
    chosen = {ZERO, *always, *(others[position] for position in drawn)}
    return [size for size in sizes if size in chosen]
