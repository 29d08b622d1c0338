"""Data loaders of the joint training: batches gathered by index, one for each fold and seed.

They stand in for torch's `DataLoader`, whose samplers and worker processes know one data set: here a step reads one
batch of every fold and seed, and only of those that are still in training.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from cellsize.data.batches import cell_steps, chunks, gather
from cellsize.data.windows import Ints
from cellsize.models.prediction import FittedFold
from cellsize.models.ridge_linear import predict
from cellsize.training.early_stopping import pieces
from cellsize.training.joint import JointTraining
from cellsize.training.records import Work
from cellsize.training.state import derive

Tensors = tuple[Tensor, Tensor, Tensor, Tensor]


def load_batch(work: Work, fitted: FittedFold, chosen: Ints) -> Tensors:
    """Windows of one fold as tensors.

    Args:
        work: Base arrays and index.
        fitted: The fold.
        chosen: Positions in `windows.first`, shape (n,).

    Returns:
        What the cells see (n, cell_lookback, n_inputs), known-future covariates (n, horizon, n_known_future), what the
        linear skip connection leaves to be learnt (n, horizon, n_targets), and the window's scale (n, 1, n_targets).
    """
    batch = gather(work.windows, fitted.scaling, chosen)
    linear = fitted.linear
    target = batch.target if linear is None else batch.target - predict(work.windows, linear, batch)
    steps = cell_steps(work.windows, batch.steps)
    return tuple(torch.from_numpy(array) for array in (steps, batch.known_future, target, batch.scale))  # type: ignore[return-value]


class TrainingBatches:
    """One pass over every active fold and seed; Lightning iterates it once an epoch."""

    def __init__(self, joint: JointTraining) -> None:
        self.joint = joint

    def __len__(self) -> int:
        folds = {self.joint.states[index].fold for index in self.joint.active()}
        return max((self._steps(self.joint.fitted[fold]) for fold in folds), default=0)

    def _steps(self, fitted: FittedFold) -> int:
        return max(1, len(fitted.fold.train) // self.joint.work.training.batch_size)

    def __iter__(self) -> Iterator[dict[tuple[int, int], Tensors]]:
        joint, work = self.joint, self.joint.work
        states = [joint.states[index] for index in joint.active()]
        orders = {
            (state.fold, state.seed): np.random.default_rng(
                derive(work.seed, state.fold, state.seed, state.epoch)
            ).permutation(joint.fitted[state.fold].fold.train)
            for state in states
        }
        for step in range(len(self)):
            here = slice(step * work.training.batch_size, (step + 1) * work.training.batch_size)
            yield {
                (fold, seed): load_batch(work, joint.fitted[fold], order[here])
                for (fold, seed), order in orders.items()
                if step < self._steps(joint.fitted[fold])
            }


class EarlyStoppingBatches:
    """The early-stopping set of every fold that still has an active network, in large pieces."""

    def __init__(self, joint: JointTraining) -> None:
        self.joint = joint

    def __iter__(self) -> Iterator[tuple[int, int, Tensors]]:
        folds = sorted({self.joint.states[index].fold for index in self.joint.active()})
        for fold in folds:
            fitted = self.joint.fitted[fold]
            for index, piece in enumerate(pieces(fitted.fold.early_stopping)):
                for chosen in chunks(piece):
                    yield fold, index, load_batch(self.joint.work, fitted, chosen)
