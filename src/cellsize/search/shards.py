"""A size's training in pieces that several workers can share, and its result out of theirs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cellsize.sizing.sizes import ZERO, Size
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
        seeds: Seeds that are added to the settings that counted; empty for the race and its first seeds.
    """

    size: Size
    folds: tuple[int, ...]
    name: str
    seeds: tuple[int, ...] = ()


def divide(size: Size, folds: int, seeds: tuple[int, ...] = (), on_gpu: bool = False) -> tuple[Shard, ...]:
    """The shards of a size: one for a small size, up to one for each fold for a large one.

    How many depends on the size and the kind of device alone, never on the workers, so that every number comes out the
    same. On a CPU the networks of several folds run together in less time than one after another; on a GPU they run one
    after another in any case, so that each fold may as well be on a device of its own.

    Args:
        size: The size.
        folds: How many folds there are.
        seeds: Seeds that are added to a size that is trained.
        on_gpu: Whether it is trained on GPUs.
    """
    n_shards = min(folds, max(1, size.layers * size.units // UNITS))
    if on_gpu and size != ZERO:
        n_shards = folds
    added = "".join(f"s{seed + 1}" for seed in seeds)
    name = f"{size}{added}"
    if n_shards == 1:
        return (Shard(size, tuple(range(folds)), name, seeds),)
    parts = [tuple(map(int, part)) for part in np.array_split(np.arange(folds), n_shards)]
    return tuple(Shard(size, part, "-".join([name, *(str(fold + 1) for fold in part)]), seeds) for part in parts)


def add(result: Result, more: Sequence[Result]) -> Result:
    """A size's result with those of the seeds added to it; residuals and milliseconds stay those of the first ones."""
    return replace(
        result,
        rows=(*result.rows, *(row for other in more for row in other.rows)),
        checks=(*result.checks, *(check for other in more for check in other.checks)),
        seconds=result.seconds + sum(other.seconds for other in more),
    )


def join(results: Sequence[Result]) -> Result:
    """One result for a size from those of its shards, in the order of `divide`; its seconds are theirs together."""
    return Result(
        rows=tuple(row for result in results for row in result.rows),
        checks=tuple(check for result in results for check in result.checks),
        residuals=np.concatenate([result.residuals for result in results]),
        residual_windows=np.concatenate([result.residual_windows for result in results]),
        residual_skips=np.concatenate([result.residual_skips for result in results]),
        seconds=sum(result.seconds for result in results),
        milliseconds=results[0].milliseconds,
    )
