"""What the members are fed with: batches gathered by index, one for each fold and seed."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from cellsize.data.batches import chunks, gather
from cellsize.data.windows import Ints
from cellsize.models.prediction import FittedFold
from cellsize.models.ridge_linear import predict
from cellsize.training.early_stopping import pieces
from cellsize.training.joint import JointTraining, derive
from cellsize.training.records import Work

Tensors = tuple[Tensor, Tensor, Tensor, Tensor]


def load(work: Work, part: FittedFold, chosen: Ints) -> Tensors:
    """Windows of one fold as tensors.

    Returns:
        What is seen (n, lookback, n_inputs), what is known ahead (n, horizon, n_known_future), what the linear
        map leaves to be learnt (n, horizon, n_targets), and the window's spread (n, 1, n_targets).
    """
    batch = gather(work.windows, part.scaling, chosen)
    target = batch.target if part.linear is None else batch.target - predict(work.windows, part.linear, batch)
    return tuple(torch.from_numpy(array) for array in (batch.steps, batch.known_future, target, batch.scale))  # type: ignore[return-value]


class TrainingBatches:
    """One pass over every active fold and seed, in step; Lightning iterates it once an epoch."""

    def __init__(self, joint: JointTraining) -> None:
        self.joint = joint

    def __len__(self) -> int:
        folds = {self.joint.members[number].fold for number in self.joint.active()}
        return max((self._steps(self.joint.parts[fold]) for fold in folds), default=0)

    def _steps(self, part: FittedFold) -> int:
        return max(1, len(part.fold.train) // self.joint.work.training.batch_size)

    def __iter__(self) -> Iterator[dict[int, Tensors]]:
        joint, work = self.joint, self.joint.work
        members = [joint.members[number] for number in joint.active()]
        orders = {
            (member.fold, member.seed): np.random.default_rng(
                derive(work.seed, member.fold, member.seed, member.epoch)
            ).permutation(joint.parts[member.fold].fold.train)
            for member in members
        }
        for step in range(len(self)):
            here = slice(step * work.training.batch_size, (step + 1) * work.training.batch_size)
            yield {
                fold * work.training.seeds + seed: load(work, joint.parts[fold], order[here])
                for (fold, seed), order in orders.items()
                if step < self._steps(joint.parts[fold])
            }


class EarlyStoppingBatches:
    """The stop part of every fold that still has an active member, in large pieces."""

    def __init__(self, joint: JointTraining) -> None:
        self.joint = joint

    def __iter__(self) -> Iterator[tuple[int, int, Tensors]]:
        folds = sorted({self.joint.members[number].fold for number in self.joint.active()})
        for fold in folds:
            part = self.joint.parts[fold]
            for number, piece in enumerate(pieces(part.fold.early_stopping)):
                for chosen in chunks(piece):
                    yield fold, number, load(self.joint.work, part, chosen)
