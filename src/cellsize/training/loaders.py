"""Data loaders of the joint training: batches gathered by index, one for each fold and seed.

They stand in for torch's `DataLoader`, whose samplers and worker processes know one data set: here a step reads one
batch of every fold and seed, and only of those that are still in training.
"""

from collections.abc import Iterator

import numpy as np
import torch

from cellsize.data.batches import chunks
from cellsize.data.windows import Ints
from cellsize.models.prediction import FittedFold, linear_part
from cellsize.training.joint import JointTraining, Key, Tensors
from cellsize.training.records import Work
from cellsize.training.state import derive


def load_batch(work: Work, fitted: FittedFold, chosen: Ints) -> Tensors:
    """Samples of one fold as tensors.

    Args:
        work: Base arrays and index.
        fitted: The fold.
        chosen: Their positions, shape (n,).
    """
    read = work.task.read(fitted.scaling, chosen)
    inputs, target = read.linear_inputs, read.target
    linear = linear_part(work.samples, fitted.linear, inputs)
    scale = read.scale * fitted.scaling.error_scale(work.metric)
    arrays = (read.steps, read.known_future, inputs, target, linear, scale)
    lengths = None if read.lengths is None else torch.from_numpy(read.lengths)
    return Tensors(*(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays), lengths=lengths)  # type: ignore[misc]


class TrainingBatches:
    """As many batches as there are steps between two checks, of every active fold and seed; Lightning's epoch.

    The windows are gone through in a new order each time, from where the last check interrupted it. Of several
    processes each takes its share of every batch.
    """

    def __init__(self, joint: JointTraining) -> None:
        self.joint = joint
        self._orders: dict[tuple[int, int], tuple[int, Ints]] = {}

    def __len__(self) -> int:
        # None for a training that is resumed after its last check.
        return self.joint.work.training.check_every if self.joint.active() else 0

    def __iter__(self) -> Iterator[dict[Key, Tensors]]:
        joint, work = self.joint, self.joint.work
        keys = dict.fromkeys(joint.states[index].key for index in joint.active())
        every = work.training.check_every
        for step in range(every):
            shares = {
                (fold, seed, checks): self._windows(fold, seed, checks * every + step) for fold, seed, checks in keys
            }
            # A share of a small batch may be empty: it adds nothing to the sums.
            yield {key: load_batch(work, joint.fitted[key[0]], chosen) for key, chosen in shares.items() if len(chosen)}

    def _windows(self, fold: int, seed: int, step: int) -> Ints:
        """The windows of a fold and seed at an optimizer step, from 0."""
        work, train = self.joint.work, self.joint.fitted[fold].fold.train
        size = min(work.training.batch_size, len(train))
        in_a_pass = len(train) // size
        begin = step % in_a_pass * size
        return self._order(fold, seed, step // in_a_pass)[begin : begin + size][self.joint.ranks.share(size)]

    def _order(self, fold: int, seed: int, number: int) -> Ints:
        """The order of a pass over a fold's windows; kept, since the steps of a pass follow one another."""
        if (fold, seed) not in self._orders or self._orders[fold, seed][0] != number:
            generator = np.random.default_rng(derive(self.joint.work.seed, fold, seed, number))
            self._orders[fold, seed] = number, generator.permutation(self.joint.fitted[fold].fold.train)
        return self._orders[fold, seed][1]


class EarlyStoppingBatches:
    """The early-stopping set of every fold that still has an active network, this process's share, in large pieces."""

    def __init__(self, joint: JointTraining) -> None:
        self.joint = joint

    def __iter__(self) -> Iterator[tuple[int, Tensors]]:
        folds = sorted({self.joint.states[index].fold for index in self.joint.active()})
        for fold in folds:
            fitted = self.joint.fitted[fold]
            for chosen in chunks(fitted.watched[self.joint.ranks.share(len(fitted.watched))]):
                yield fold, load_batch(self.joint.work, fitted, chosen)
