"""What the members are fed with: batches gathered by index, one for each fold and seed."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from cellsize.batches import chunks, gather
from cellsize.forecasting import Part
from cellsize.linear import predict
from cellsize.lockstep import Lockstep, derive
from cellsize.stopping import pieces
from cellsize.trials import Work
from cellsize.windows import Ints

Tensors = tuple[Tensor, Tensor, Tensor, Tensor]


def load(work: Work, part: Part, chosen: Ints) -> Tensors:
    """Windows of one fold as tensors.

    Returns:
        What is seen (n, lookback, n_inputs), what is known ahead (n, horizon, n_known), what the linear
        map leaves to be learnt (n, horizon, n_targets), and the window's spread (n, 1, n_targets).
    """
    batch = gather(work.windows, part.scaling, chosen)
    target = batch.target if part.linear is None else batch.target - predict(work.windows, part.linear, batch)
    return tuple(torch.from_numpy(array) for array in (batch.steps, batch.known, target, batch.spread))  # type: ignore[return-value]


class TrainingBatches:
    """One pass over every active fold and seed, in step; Lightning iterates it once an epoch."""

    def __init__(self, lockstep: Lockstep) -> None:
        self.lockstep = lockstep

    def __len__(self) -> int:
        folds = {self.lockstep.members[number].fold for number in self.lockstep.active()}
        return max((self._steps(self.lockstep.parts[fold]) for fold in folds), default=0)

    def _steps(self, part: Part) -> int:
        return max(1, len(part.fold.train) // self.lockstep.work.training.batch)

    def __iter__(self) -> Iterator[dict[int, Tensors]]:
        lockstep, work = self.lockstep, self.lockstep.work
        members = [lockstep.members[number] for number in lockstep.active()]
        orders = {
            (member.fold, member.seed): np.random.default_rng(
                derive(work.seed, member.fold, member.seed, member.epoch)
            ).permutation(lockstep.parts[member.fold].fold.train)
            for member in members
        }
        for step in range(len(self)):
            here = slice(step * work.training.batch, (step + 1) * work.training.batch)
            yield {
                fold * work.training.seeds + seed: load(work, lockstep.parts[fold], order[here])
                for (fold, seed), order in orders.items()
                if step < self._steps(lockstep.parts[fold])
            }


class StopBatches:
    """The stop part of every fold that still has an active member, in large pieces."""

    def __init__(self, lockstep: Lockstep) -> None:
        self.lockstep = lockstep

    def __iter__(self) -> Iterator[tuple[int, int, Tensors]]:
        folds = sorted({self.lockstep.members[number].fold for number in self.lockstep.active()})
        for fold in folds:
            part = self.lockstep.parts[fold]
            for number, piece in enumerate(pieces(part.fold.stop)):
                for chosen in chunks(piece):
                    yield fold, number, load(self.lockstep.work, part, chosen)
