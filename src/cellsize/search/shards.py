"""A size's training in pieces that several workers can share, and its result out of theirs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellsize.sizing.sizes import Size
from cellsize.training.records import Result

# Fewer units than these in a shard, and what a step costs however small it is begins to tell (docs/decisions.md).
UNITS = 12


@dataclass(frozen=True)
class Shard:
    """What one trial trains: a size on all folds, or on some of them.

    Attributes:
        size: The size.
        folds: Folds from 0, in order.
        name: What its files are called.
    """

    size: Size
    folds: tuple[int, ...]
    name: str


def divide(size: Size, folds: int) -> tuple[Shard, ...]:
    """The shards of a size: one for a small size, up to one for each fold for a large one.

    How many depends on the size alone, never on the workers, so that every number comes out the same.
    """
    n_shards = min(folds, max(1, size.layers * size.units // UNITS))
    if n_shards == 1:
        return (Shard(size, tuple(range(folds)), str(size)),)
    parts = [tuple(map(int, part)) for part in np.array_split(np.arange(folds), n_shards)]
    return tuple(Shard(size, part, "-".join([str(size), *(str(fold + 1) for fold in part)])) for part in parts)


def join(results: Sequence[Result]) -> Result:
    """One result for a size from those of its shards, in the order of `divide`; its seconds are theirs together."""
    return Result(
        rows=tuple(row for result in results for row in result.rows),
        checks=tuple(check for result in results for check in result.checks),
        residuals=np.concatenate([result.residuals for result in results]),
        residual_windows=np.concatenate([result.residual_windows for result in results]),
        seconds=sum(result.seconds for result in results),
        milliseconds=results[0].milliseconds,
    )
