"""Training one size: on every fold for its score, or on everything but the holdout for its weights.

Knows neither Ray nor MLflow, so it runs anywhere.
"""

import logging
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch

from cellsize.data.batches import chunks, fit_scaling, truth
from cellsize.data.folds import Fold
from cellsize.data.windows import Floats, Ints
from cellsize.errors import InputError
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, forecast
from cellsize.models.ridge_linear import fit, fit_chosen
from cellsize.sizing.sizes import ZERO, Size, cost, shape
from cellsize.training.joint import JointTraining, settings
from cellsize.training.loaders import EarlyStoppingBatches, TrainingBatches
from cellsize.training.records import Result, Row, Setting, Work

RESIDUALS = 1000
SAVE_SECONDS = 20.0


def train(
    work: Work,
    size: Size,
    checkpoint: Path | None = None,
    on_epoch: Callable[[int], None] | None = None,
    accelerator: str = "cpu",
    folds: Sequence[int] | None = None,
) -> Result:
    """Trains a size on every fold, or on some, and scores it on the validation parts.

    Args:
        work: Data, folds and how to train.
        size: What to train; (0, 0) is the linear map alone.
        checkpoint: Where to keep the state between epochs; continues from it if it is there.
        on_epoch: Called with the number of epochs done after each.
        accelerator: Lightning's name of the device: cpu or gpu.
        folds: Which folds, from 0; by default all. A fold's numbers do not depend on the others'.

    Returns:
        A row for each fold, seed and setting, learning curves, and residuals.
    """
    began = time.perf_counter()
    chosen = range(len(work.folds.labels)) if folds is None else folds
    parts = {number: _part(work, work.folds.fold(number), size) for number in chosen}
    if size == ZERO:
        rows = [_linear_row(work, number, part) for number, part in parts.items()]
        residuals = [_residuals(work, part, []) for part in parts.values()]
        nets: list[Net] = []
        curves = []
    else:
        joint = JointTraining(work, size, parts, shape(work.windows), settings(work))
        _fit(joint, checkpoint, on_epoch, accelerator)
        _keep_best(joint)
        rows = [_row(joint, number) for number in range(len(joint.members))]
        curves = joint.curves()
        nets = [net for net in joint.nets if isinstance(net, Net)]
        residuals = [
            _residuals(
                work, part, [nets[n] for n, row in enumerate(rows) if row.fold == fold + 1 and row.status == "ok"]
            )
            for fold, part in parts.items()
        ]
    return Result(
        rows=tuple(rows),
        epochs=tuple(curves),
        residuals=np.concatenate([made for made, _ in residuals]),
        residual_windows=np.concatenate([chosen for _, chosen in residuals]),
        seconds=time.perf_counter() - began,
        milliseconds=_milliseconds(work, next(iter(parts.values())), nets[:1]),
    )


def refit(work: Work, size: Size, setting: Setting, penalty: float, epochs: int) -> tuple[FittedFold, Net | None]:
    """Trains the chosen size on every window before the holdout.

    Args:
        work: Data and how to train; its folds say which windows come before the holdout.
        size: The choice.
        setting: Learning rate, dropout and weight decay of the choice.
        penalty: Ridge penalty of the linear map.
        epochs: Passes over the data, on the schedule of `training.epochs`; 0 leaves the linear map alone.

    Returns:
        Scaling and linear map, and the network in evaluation mode, or None if there is none.

    Raises:
        InputError: The loss became infinite or no number.
    """
    everything = np.flatnonzero(work.folds.development)
    nothing = np.empty(0, np.int64)
    scaling = fit_scaling(work.windows, everything)
    needs_map = size == ZERO or work.network.skip == "linear"
    seen = work.network.skip == "linear"
    linear = fit(work.windows, scaling, everything, (penalty,), seen)[0] if needs_map else None
    part = FittedFold(Fold(everything, nothing, nothing), scaling, linear, float("inf"))
    if size == ZERO:
        return part, None
    # A schedule that ends before the refit does would leave its last epochs without a learning rate.
    longest = max(epochs, work.training.epochs)
    once = work.training.model_copy(update={"seeds": 1, "rungs": (), "epochs": longest})
    joint = JointTraining(
        Work(work.windows, work.folds, work.network, once, (penalty,), work.seed),
        size,
        {0: part},
        shape(work.windows),
        [setting],
        epochs,
    )
    if epochs:
        _fit(joint, None, None, "cpu")
    if joint.members[0].status == "failed":
        raise InputError(
            f"refit: the loss of {size} is no number after epoch {joint.members[0].epoch}; set another refit.seed, "
            "or remove the highest of search.training.learning_rates"
        )
    _keep_best(joint)
    return part, joint.net(0)


def _part(work: Work, fold: Fold, size: Size) -> FittedFold:
    scaling = fit_scaling(work.windows, fold.train)
    needs_map = size == ZERO or work.network.skip == "linear"
    # Zero cells without the skip is the same network without its recurrent part: it has seen nothing.
    seen = work.network.skip == "linear"
    linear = fit_chosen(work.windows, scaling, fold, work.penalties, seen) if needs_map else None
    part = FittedFold(fold, scaling, linear, 0.0)
    return FittedFold(fold, scaling, linear, _score(work, part, [], fold.early_stopping))


def _fit(
    joint: JointTraining, checkpoint: Path | None, on_epoch: Callable[[int], None] | None, accelerator: str
) -> None:
    """Runs Lightning until no member is active."""
    training = joint.work.training
    torch.set_num_threads(1)
    for name in ("pytorch_lightning", "lightning_fabric", "pytorch_lightning.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.ERROR)
    resume = checkpoint if checkpoint is not None and checkpoint.is_file() else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = pl.Trainer(
            accelerator=accelerator,
            devices=1,
            max_epochs=training.epochs + (training.rungs[-1] if training.rungs else 0),
            logger=False,
            enable_checkpointing=True,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            # An epoch is as long as the longest fold still training: else none that is shorter would be validated.
            reload_dataloaders_every_n_epochs=1,
            callbacks=[_Keeper(checkpoint, on_epoch)],
        )
        stop = (
            EarlyStoppingBatches(joint) if any(part.fold.early_stopping.size for part in joint.parts.values()) else None
        )
        trainer.fit(joint, TrainingBatches(joint), stop, ckpt_path=resume, weights_only=True)


class _Keeper(pl.callbacks.Checkpoint):
    """Saves the state every so often, whole or not at all, and tells of each epoch."""

    def __init__(self, path: Path | None, on_epoch: Callable[[int], None] | None) -> None:
        self.path, self.on_epoch, self.saved = path, on_epoch, time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.path is not None and time.monotonic() - self.saved >= SAVE_SECONDS:
            partial = self.path.with_suffix(".partial")
            trainer.save_checkpoint(partial)
            partial.replace(self.path)
            self.saved = time.monotonic()
        if self.on_epoch is not None:
            self.on_epoch(trainer.current_epoch + 1)


def _keep_best(joint: JointTraining) -> None:
    """Puts each member's kept weights in place, ready to forecast."""
    joint.to("cpu").eval()
    for number, member in enumerate(joint.members):
        torch.nn.utils.vector_to_parameters(member.kept.to("cpu"), joint.nets[number].parameters())


def _errors(work: Work, part: FittedFold, nets: list[Net], chosen: Ints) -> list[Floats]:
    """Truth minus forecast in deviations of the training rows, for each network."""
    right = truth(work.windows, part.scaling, chosen)
    return [right - made for made in forecast(work.windows, part, nets, chosen)]


def _score(work: Work, part: FittedFold, nets: list[Net], chosen: Ints) -> float:
    """Mean squared error in variances of the training rows, piece by piece."""
    total = 0.0
    for piece in chunks(chosen):
        total += float(np.square(_errors(work, part, nets, piece)[0], dtype=np.float64).sum())
    return total / (len(chosen) * work.windows.n_outputs)


def _spread_out(chosen: Ints, number: int) -> Ints:
    """At most `number` of the chosen windows, evenly."""
    if len(chosen) <= number:
        return chosen
    return chosen[np.linspace(0, len(chosen) - 1, number).astype(np.int64)]


def _residuals(work: Work, part: FittedFold, nets: list[Net]) -> tuple[Floats, Ints]:
    chosen = _spread_out(part.fold.validation, RESIDUALS)
    return np.mean(_errors(work, part, nets, chosen), axis=0).astype(np.float32), chosen.astype(np.int64)


def _linear_row(work: Work, number: int, part: FittedFold) -> Row:
    return Row(
        **_identity(work, ZERO, number, part),
        seed=0,
        **vars(Setting(0.0, 0.0, 0.0)),
        status="ok",
        epochs=0,
        early_stopping_score=part.start,
        train_score=_score(work, part, [], _spread_out(part.fold.train, len(part.fold.validation))),
        score=_score(work, part, [], part.fold.validation),
    )


def _row(joint: JointTraining, number: int) -> Row:
    work, member = joint.work, joint.members[number]
    part, nets = joint.parts[member.fold], [joint.net(number)]
    scored = member.status == "done"
    return Row(
        **_identity(work, joint.size, member.fold, part),
        seed=member.seed,
        **vars(member.setting),
        status="ok" if scored else "dropped" if member.status == "dropped" else "failed",
        epochs=member.kept_epoch,
        early_stopping_score=member.kept_score if np.isfinite(member.kept_score) else None,
        train_score=_score(work, part, nets, _spread_out(part.fold.train, len(part.fold.validation)))
        if scored
        else None,
        score=_score(work, part, nets, part.fold.validation) if scored else None,
    )


def _identity(work: Work, size: Size, number: int, part: FittedFold) -> dict[str, Any]:
    return {
        "layers": size.layers,
        "units": size.units,
        "fold": number + 1,
        "penalty": part.linear.penalty if part.linear is not None else 0.0,
        "n_train": len(part.fold.train),
        "n_validation": len(part.fold.validation),
        "parameters": cost(size, work.network, shape(work.windows)).parameters,
    }


def _milliseconds(work: Work, part: FittedFold, nets: list[Net]) -> float:
    """Time for the forecast of one window: the lower decile of a hundred, since other trials run beside it."""
    one, times = part.fold.validation[:1], []
    for _ in range(100):
        began = time.perf_counter()
        forecast(work.windows, part, nets, one)
        times.append(time.perf_counter() - began)
    return 1000 * float(np.quantile(times, 0.1))
