"""Over how many devices the training of a shard is spread, and when there is room for it. Knows nothing of Ray."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cellsize.search.shards import Shard
from cellsize.sizing.compute import steps
from cellsize.sizing.sizes import ZERO, cost, shape
from cellsize.training.records import Result, Work

# What processes that train together cost before they train, in seconds: two take 29 CPU seconds (docs/scaling.md).
FIXED_SECONDS = 25.0
# Multiply-adds a second of one GPU: assumed, never measured, and high, so that nothing is spread in vain.
GPU_SPEED = 1e12
# Where params.yaml leaves it open, a shard is spread if the fixed cost is a tenth of its time on one device, or less.
WORTH = 10 * FIXED_SECONDS * GPU_SPEED
ON = "@"  # in the name of a spread shard, before the number of its devices


def devices(shard: Shard, work: Work) -> int:
    """How many devices train a shard together; last digits depend on it, so that it is part of the name: see `named`.

    Args:
        shard: What is trained.
        work: Data, how to train, and over how many devices a shard of how much work is spread.
    """
    if shard.size == ZERO or work_of(shard, work) < work.spread_from:
        return 1
    return work.devices


def named(shard: Shard, work: Work) -> Shard:
    """The shard, with the number of its devices in its name if it is spread: other last digits are other files.

    Only there: what is trained on one device is the same on a cluster whose nodes have more of them.
    """
    together = devices(shard, work)
    return replace(shard, name=f"{shard.name}{ON}{together}") if together > 1 else shard


def is_of(name: str, result: Result, work: Work) -> bool:
    """Whether a finished shard was trained on as many devices as it would be now."""
    folds = tuple(sorted({row.fold - 1 for row in result.rows}))
    return named(Shard(result.size, folds, name.partition(ON)[0]), work).name == name


def work_of(shard: Shard, work: Work) -> float:
    """Multiply-adds of the race on a shard's folds; of seeds that are added later too, which are spread alike."""
    one = work.training.batch_size * cost(shard.size, work.network, shape(work.samples)).window_work
    return float(len(shard.folds) * steps(work.network, work.training, shard.size) * one)


@dataclass(frozen=True)
class Room:
    """What there is for trials of which some take several devices at once.

    Ray counts what trials take itself. But it hands devices out one by one: a trial that waits for several would wait
    as long as others begin.

    Attributes:
        devices: How many there are: GPUs, or the cores of so many trials.
        taken_by: How many of them a shard takes, or which part of one.
    """

    devices: float
    taken_by: Callable[[Shard], float]

    def may_begin(self, shard: Shard, is_ahead: bool, running: Sequence[Shard]) -> bool:
        """Whether a shard may begin now.

        Args:
            shard: What to train next.
            is_ahead: Whether it may turn out not to be needed. Several devices are not taken for that: Ray Train does
                not give them back before the end.
            running: What is in training.
        """
        needed = self.taken_by(shard)
        if needed > 1 and is_ahead:
            return False
        return not running or sum(map(self.taken_by, running)) + needed <= self.devices + 1e-6
