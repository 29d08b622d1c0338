"""Where each network's training stands: its setting, its scores, and the weights that are kept. No Lightning."""

from dataclasses import dataclass, field
from itertools import product
from math import isfinite

import numpy as np
import torch
from torch import Tensor

from cellsize.data.forecast import Forecast
from cellsize.models.prediction import FittedFold
from cellsize.sizing.sizes import Size
from cellsize.training import halving
from cellsize.training.early_stopping import early_stopping_scores, is_kept
from cellsize.training.records import Setting, Work


@dataclass
class NetworkState:
    """Where one network's training stands.

    Attributes:
        fold: Its fold, from 0.
        seed: Its seed, from 0.
        setting: What it is trained with; a waiting network has the first one until it begins.
        status: waiting, active, done, dropped or failed.
        first_epoch: Epoch of the joint training in which it began, from 0.
        epoch: Epochs it was trained.
        steps: Optimizer steps it was trained.
        score: Early-stopping score of its last epoch.
        best_score: Lowest early-stopping score so far, epoch 0 (before any training) included.
        best_pieces: That score on each piece of the early-stopping set; empty for epoch 0.
        lowest_score: Lowest early-stopping score since training began: what settings are compared by.
        kept_epoch: Latest epoch that is better than epoch 0 and not significantly worse than the best.
        kept_score: Its early-stopping score.
        kept: Its weights, shape (parameters,).
        loss_sum: Sum of this epoch's training losses.
        loss_count: Number of this epoch's training losses.
        curve: Training loss and early-stopping score of each epoch.
    """

    fold: int
    seed: int
    setting: Setting
    status: halving.Status
    first_epoch: int = 0
    epoch: int = 0
    steps: int = 0
    score: float = float("inf")
    best_score: float = float("inf")
    best_pieces: tuple[float, ...] = ()
    lowest_score: float = float("inf")
    kept_epoch: int = 0
    kept_score: float = float("inf")
    kept: Tensor = field(default_factory=lambda: torch.empty(0))
    loss_sum: float = 0.0
    loss_count: int = 0
    curve: list[tuple[float, float]] = field(default_factory=list)

    @property
    def progress(self) -> halving.Progress:
        """What successive halving decides by."""
        return halving.Progress(
            self.fold, self.seed, self.status, self.epoch, self.kept_epoch, self.score, self.lowest_score
        )

    def end_epoch(self, sums: list[float] | None, fitted: FittedFold, task: Forecast) -> None:
        """Notes an epoch's scores, and whether its weights are the ones to keep: then `kept_epoch` is `epoch`.

        Args:
            sums: Errors on each piece of the early-stopping set; None in a refit, which has no such set, is
                trained to its last epoch and keeps that one.
            fitted: The network's fold.
            task: How a score is made of their sums.
        """
        self.epoch += 1
        self.score, pieces = (
            (0.0, ()) if sums is None else early_stopping_scores(sums, fitted.fold.early_stopping, task)
        )
        self.curve.append((self.loss_sum / max(1, self.loss_count), self.score))
        if not isfinite(self.score):
            return
        self.lowest_score = min(self.lowest_score, self.score)
        if sums is None or is_kept(self.score, pieces, self.best_score, self.best_pieces, fitted.start):
            self.kept_epoch, self.kept_score = self.epoch, self.score
        if sums is None or self.score < self.best_score:
            self.best_score, self.best_pieces = self.score, pieces


def settings(work: Work) -> list[Setting]:
    """Every combination that is tuned for each size."""
    training = work.training
    return [Setting(*values) for values in product(training.learning_rates, training.dropouts, training.weight_decays)]


def derive(*numbers: int | Size) -> int:
    """A seed that depends on every number and on nothing else."""
    words = [
        word for number in numbers for word in ((number.layers, number.units) if isinstance(number, Size) else [number])
    ]
    return int(np.random.SeedSequence(words).generate_state(1)[0])
