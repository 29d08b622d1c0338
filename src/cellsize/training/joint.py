"""One size's training on all folds at once: independent members, one optimizer, one sum of losses.

Each member is one network for one fold, one seed and one setting (learning rate, dropout, weight decay). The
first seed tries every setting; at each rung the worse half of a fold's settings is dropped by its stop score,
and when one is left the other seeds begin with it. Members never see each other's windows or gradients.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from math import isfinite
from typing import Any, Literal

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor

from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold
from cellsize.models.stacked import forward, groups
from cellsize.sizing.sizes import Shape, Size
from cellsize.training.early_stopping import PIECES, early_stopping_scores, no_worse
from cellsize.training.flat_parameters import Rows, tie
from cellsize.training.records import Epoch, Setting, Work

Status = Literal["waiting", "active", "done", "dropped", "failed"]


@dataclass
class Member:
    """Where one network's training stands.

    Attributes:
        fold: Its fold, from 0.
        seed: Its repetition, from 0.
        setting: What it is trained with; a waiting member has the first one until it begins.
        status: waiting, active, done, dropped or failed.
        began: Epoch of the whole training before which it began.
        epoch: Epochs trained.
        steps: Optimizer steps made.
        best: Lowest stop score so far, epoch 0 (the linear map alone) included.
        best_pieces: That score on each piece of the stop part; empty for epoch 0.
        lowest: Lowest stop score since training began: what settings are compared by.
        kept_epoch: Latest epoch that is better than epoch 0 and no worse than the best but for chance.
        kept_score: Its stop score.
        kept: Its weights, in a row.
        loss: Sum and number of this epoch's training losses.
        curve: Training loss and stop score of each epoch.
    """

    fold: int
    seed: int
    setting: Setting
    status: Status
    began: int = 0
    epoch: int = 0
    steps: int = 0
    best: float = float("inf")
    best_pieces: tuple[float, ...] = ()
    lowest: float = float("inf")
    kept_epoch: int = 0
    kept_score: float = float("inf")
    kept: Tensor = field(default_factory=lambda: torch.empty(0))
    loss: tuple[float, int] = (0.0, 0)
    curve: list[tuple[float, float]] = field(default_factory=list)


def settings(work: Work) -> list[Setting]:
    """Every combination that is tuned for each size."""
    training = work.training
    return [Setting(*values) for values in product(training.learning_rates, training.dropouts, training.weight_decays)]


class JointTraining(pl.LightningModule):
    """The members of one size, trained side by side."""

    def __init__(
        self,
        work: Work,
        size: Size,
        parts: Mapping[int, FittedFold],
        shape: Shape,
        trained: list[Setting],
        epochs: int | None = None,
    ) -> None:
        super().__init__()
        self.work, self.size, self.parts = work, size, parts
        # A refit ends earlier on the same schedule, since the epochs it is given were counted on that.
        self.epochs = work.training.epochs if epochs is None else epochs
        self.members = [
            Member(fold, seed, setting, "active" if seed == 0 or len(trained) == 1 else "waiting")
            for fold in parts
            for seed in range(work.training.seeds)
            for setting in (trained if seed == 0 else trained[:1])
        ]
        # In the order in which they began: the optimizer's groups are rebuilt in it after an interruption.
        self.begun = [number for number, member in enumerate(self.members) if member.status == "active"]
        nets: list[Net] = []
        for member in self.members:
            torch.manual_seed(derive(work.seed, size, member.fold, member.seed))
            nets.append(Net(size, work.network, shape))
        self.nets = torch.nn.ModuleList(nets)
        self.automatic_optimization = False
        self.rows: Rows = tie(nets)
        self._errors: Tensor | None = None
        for number, member in enumerate(self.members):
            member.best = member.kept_score = parts[member.fold].start
            member.kept = self.rows.averages[number].clone()

    def net(self, number: int) -> Net:
        """The network of a member."""
        net = self.nets[number]
        assert isinstance(net, Net)
        return net

    def active(self) -> list[int]:
        """Members in training, by number."""
        return [number for number, member in enumerate(self.members) if member.status == "active"]

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """One AdamW with a group for all that move alike; the members are on their device by now."""
        self.rows = tie([self.net(number) for number in range(len(self.members))], self.rows.averages)
        # An optimizer must have a group to begin with; this one stays empty.
        optimizer = torch.optim.AdamW([{"params": []}], foreach=True)
        for number in self.begun:
            self._enter(optimizer, number)
        return optimizer

    def _share(self, epoch: int) -> float:
        """How much of the learning rate is left in an epoch (from 0)."""
        whole = self.work.training.epochs
        return 1.0 if self.work.training.schedule == "constant" else max(0, whole - epoch) / whole

    def _enter(self, optimizer: torch.optim.Optimizer, number: int) -> None:
        """Puts a member into the group of its learning rate, weight decay and first epoch."""
        member, vector = self.members[number], self.rows.vectors[number]
        pace = (member.setting.learning_rate, member.setting.weight_decay, member.began)
        for group in optimizer.param_groups:
            if group.get("pace") == pace:
                group["params"].append(vector)
                return
        optimizer.add_param_group({"params": [vector], "lr": pace[0], "weight_decay": pace[1], "pace": pace})

    def on_train_epoch_start(self) -> None:
        """Sets the learning rates, and draws each member's dropout from where it stands alone.

        Neither depends on anything but the epoch: a resumed training does the same.
        """
        for group in self._optimizer().param_groups[1:]:
            rate, _, began = group["pace"]
            group["lr"] = rate * self._share(self.current_epoch - began)
        for number in self.active():
            net, member = self.net(number), self.members[number]
            net.dropout, member.loss = member.setting.dropout, (0.0, 0)
            seed = derive(self.work.seed, self.size, member.fold, member.seed, member.epoch + 1)
            net.generator = torch.Generator(self.device).manual_seed(seed)

    def training_step(self, batch: dict[int, tuple[Tensor, ...]], _: int) -> None:
        """One step of every member; each member's gradient comes from its own loss alone."""
        numbers = [number for number in self.active() if self._stream(number) in batch]
        windows = [len(batch[self._stream(number)][0]) for number in numbers]
        self.rows.gradients.zero_()
        for together in groups([self.net(number) for number in numbers], numbers, windows):
            # A group's gradients follow its forward pass at once, while its memory is still in the cache.
            steps, known, target, spread = zip(*(batch[self._stream(number)] for number in together), strict=True)
            weights = self.rows.values[together].requires_grad_()
            made = forward([self.net(number) for number in together], steps, known, weights)
            losses = ((made - torch.stack(target)) * torch.stack(spread)).square().mean(dim=(1, 2, 3))
            self.manual_backward(losses.sum())
            if weights.grad is not None:
                self.rows.gradients[together] = weights.grad
            else:  # members that cannot move together went by themselves
                for number in together:
                    self.rows.take(number, self.net(number))
            self._note(together, losses.detach().tolist())
        stepped = [number for number in numbers if self.members[number].status == "active"]
        self.rows.clip(stepped, self.work.training.max_gradient_norm)
        self.rows.move(stepped)
        self._optimizer().step()
        self._average(stepped)

    def _note(self, numbers: list[int], losses: list[float]) -> None:
        """Adds up this epoch's losses; a member whose loss is no number has failed and learns no more."""
        for number, loss in zip(numbers, losses, strict=True):
            member = self.members[number]
            member.loss = (member.loss[0] + loss, member.loss[1] + 1)
            if not isfinite(loss):
                member.status = "failed"
                self.rows.gradients[number] = 0.0

    def _stream(self, number: int) -> int:
        """Members of one fold and one seed read the same batches."""
        member = self.members[number]
        return member.fold * self.work.training.seeds + member.seed

    def _average(self, numbers: list[int]) -> None:
        """Moves the running average of each member's weights."""
        # Short memory at first, so that the start is forgotten: the usual correction of a running mean.
        steps = [self.members[number].steps for number in numbers]
        self.rows.average(numbers, [min(self.work.training.ema_decay, (1 + made) / (10 + made)) for made in steps])
        for number in numbers:
            self.members[number].steps += 1

    def on_validation_epoch_start(self) -> None:
        """Puts the averaged weights in place."""
        self.rows.swap(self.active())
        # One tensor for all sums: a small one for each piece, kept between large ones that come and go, would leave
        # the heap in holes, and memory would grow with the number of pieces.
        self._errors = torch.zeros(len(self.members), PIECES, dtype=torch.float64, device=self.device)

    def validation_step(self, batch: tuple[int, int, tuple[Tensor, ...]], _: int) -> None:
        """Adds up the squared errors on some windows of a piece of one fold's stop part."""
        fold, piece, (steps, known, target, spread) = batch
        assert self._errors is not None
        numbers = [number for number in self.active() if self.members[number].fold == fold]
        for together in groups([self.net(number) for number in numbers], numbers):
            nets, count = [self.net(number) for number in together], len(together)
            for number, made in zip(together, forward(nets, [steps] * count, [known] * count), strict=True):
                self._errors[number, piece] += ((made - target) * spread).double().square().sum()

    def on_validation_epoch_end(self) -> None:
        """Puts the trained weights back."""
        self.rows.swap(self.active())

    def on_train_epoch_end(self) -> None:
        """Decides for each member: keep these weights, go on, stop; then for each fold: drop settings."""
        # A refit has no stop part: it goes on to its last epoch and keeps that one.
        errors = None if self._errors is None else self._errors.tolist()
        for number in self.active():
            member = self.members[number]
            part, outputs = self.parts[member.fold], self.net(number).shape.n_outputs
            score, each = (
                (0.0, ())
                if errors is None
                else early_stopping_scores(errors[number], part.fold.early_stopping, outputs)
            )
            member.epoch += 1
            member.curve.append((member.loss[0] / max(1, member.loss[1]), score))
            if not isfinite(score):
                member.status = "failed"
                continue
            member.lowest = min(member.lowest, score)
            if errors is None or score < member.best:
                member.best, member.best_pieces = score, each
                self._keep(number, score)
            elif score < part.start and no_worse(each, member.best_pieces):
                self._keep(number, score)
            waited = member.epoch - member.kept_epoch
            if member.epoch >= self.epochs or waited >= self.work.training.patience:
                member.status = "done"
        for fold in self.parts:
            self._drop_settings(fold)
        if not self.active():
            self.trainer.should_stop = True

    def _keep(self, number: int, score: float) -> None:
        member = self.members[number]
        member.kept_epoch, member.kept_score = member.epoch, score
        member.kept = self.rows.averages[number].clone()

    def _drop_settings(self, fold: int) -> None:
        """At a rung, keeps the better half of a fold's settings; the last one left starts the other seeds."""
        tried = [n for n, member in enumerate(self.members) if member.fold == fold and member.seed == 0]
        waiting = [n for n, member in enumerate(self.members) if member.fold == fold and member.status == "waiting"]
        left = [n for n in tried if self.members[n].status in ("active", "done")]
        rungs = self.work.training.rungs
        age = max(self.members[n].epoch for n in tried)
        if len(left) > 1 and (age in rungs or (age > 0 and not any(self.members[n].status == "active" for n in left))):
            final = not rungs or age >= rungs[-1] or not any(self.members[n].status == "active" for n in left)
            keep = 1 if final else (len(left) + 1) // 2
            ranked = sorted(left, key=lambda n: (self.members[n].lowest, n))
            for number in ranked[keep:]:
                self.members[number].status = "dropped"
            left = ranked[:keep]
        if len(left) == 1 and waiting:
            self._begin(waiting, self.members[left[0]].setting)
        if not left:
            for number in waiting:
                self.members[number].status = "failed"

    def _begin(self, waiting: list[int], setting: Setting) -> None:
        for number in waiting:
            member = self.members[number]
            member.setting, member.status, member.began = setting, "active", self.current_epoch + 1
            self._enter(self._optimizer(), number)
            self.begun.append(number)

    def _optimizer(self) -> torch.optim.Optimizer:
        optimizer = self.optimizers(use_pl_optimizer=False)
        assert isinstance(optimizer, torch.optim.Optimizer)
        return optimizer

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds where each member stands; plain values and tensors, so that no pickle is needed to load."""
        checkpoint["begun"] = list(self.begun)
        checkpoint["averages"] = self.rows.averages
        checkpoint["members"] = [
            {**vars(member), "setting": tuple(vars(member.setting).values())} for member in self.members
        ]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes up where `on_save_checkpoint` left off; Lightning restores weights and optimizer."""
        self.begun = list(checkpoint["begun"])
        self.rows.averages.copy_(checkpoint["averages"])
        self.members = [Member(**{**state, "setting": Setting(*state["setting"])}) for state in checkpoint["members"]]

    def curves(self) -> list[Epoch]:
        """The learning curves of all members that began."""
        return [
            Epoch(
                self.size.layers,
                self.size.units,
                member.fold + 1,
                member.seed,
                **vars(member.setting),
                epoch=number + 1,
                train_loss=loss,
                early_stopping_score=score,
            )
            for member in self.members
            for number, (loss, score) in enumerate(member.curve)
        ]


def derive(*numbers: int | Size) -> int:
    """A seed that depends on every number and on nothing else."""
    words = [
        word for number in numbers for word in ((number.layers, number.units) if isinstance(number, Size) else [number])
    ]
    return int(np.random.SeedSequence(words).generate_state(1)[0])
