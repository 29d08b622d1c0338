"""What a trial is given and what it gives back: plain data, no torch, no Ray."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize import files
from cellsize.data.folds import Folds, load
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.params import Head, Metric, Network, Precision, Search, Skip, Training
from cellsize.sizing.sizes import Architecture, Size
from cellsize.tasks.samples import Samples, task_of, windows_of
from cellsize.tasks.samples import load as load_samples
from cellsize.tasks.task import Task

Status = Literal["ok", "runner_up", "dropped", "failed"]


@dataclass(frozen=True)
class Work:
    """What every trial shares.

    Attributes:
        samples: Base arrays and index, of whichever task.
        folds: Who learns from which sample.
        network: What every candidate has in common.
        training: How a network is trained.
        penalties: Ridge penalties to choose from, in each fold.
        seed: Seed of everything drawn.
        metric: What is trained and scored: squared or absolute errors.
        precision: Of the training, in Lightning's words.
        accelerator: Lightning's name of the device: cpu or gpu. Another one gives other last digits.
        gpu: On GPUs, which ones, and how torch computes on them; empty if nobody knows. Others give other last digits.
        devices: Over how many of them a training is spread, if it is. Another number gives other last digits.
        spread_from: Multiply-adds of a trial from which on it is; 0: each.
    """

    samples: Samples
    folds: Folds
    network: Network
    training: Training
    penalties: tuple[float, ...]
    seed: int
    metric: Metric
    precision: Precision = "32-true"
    accelerator: Literal["cpu", "gpu"] = "cpu"
    gpu: str = ""
    devices: int = 1
    spread_from: float = 0.0

    @cached_property
    def task(self) -> Task:
        """What is learnt of the samples, and how it is scored."""
        return task_of(self.samples)

    @property
    def windows(self) -> Windows:
        """The samples of a forecast; see `tasks.samples.windows_of`."""
        return windows_of(self.samples)


def load_work(
    windows: Path,
    folds: Path,
    network: Network,
    search: Search,
    penalties: tuple[float, ...],
    metric: Metric,
    seed: int | None = None,
) -> Work:
    """Reads arrays and folds, and joins them with how to train.

    Args:
        windows: Base arrays and index.
        folds: Table of folds.
        network: What the candidates have in common, from `candidates.json`.
        search: Training settings and seed.
        penalties: Ridge penalties to choose from, in each fold.
        metric: What is trained and scored.
        seed: In place of the search's.
    """
    return Work(
        samples=load_samples(windows),
        folds=load(folds),
        network=network,
        training=search.training,
        penalties=penalties,
        seed=search.seed if seed is None else seed,
        metric=metric,
        precision=search.compute.precision,
    )


@dataclass(frozen=True)
class Setting:
    """What is tuned for each size, on the early-stopping set of each fold."""

    learning_rate: float
    dropout: float
    weight_decay: float
    skip: Skip = "none"
    head: Head = "plain"

    @property
    def architecture(self) -> Architecture:
        """What of it says which weights the network has."""
        return Architecture(self.skip, self.head)


@dataclass(frozen=True)
class MoreSeeds:
    """Seeds that are added to a size that is undecided.

    Attributes:
        seeds: The seeds, from 1.
        settings: What each fold is trained with, by fold from 0.
    """

    seeds: tuple[int, ...]
    settings: Mapping[int, Setting]


@dataclass(frozen=True)
class Row:
    """One training of one size: a line of `trials.csv`.

    Attributes:
        layers: Recurrent layers.
        units: Memory cells a layer.
        fold: The fold, from 1.
        seed: The seed, from 0.
        learning_rate: Of the network; 0 without one.
        dropout: Fraction dropped after every layer.
        weight_decay: Decoupled weight decay.
        skip: What the cells stand beside: none, linear, joint.
        head: plain or mixed.
        penalty: Ridge penalty of the ridge-linear model, chosen on the early-stopping set; 0 without one.
        status: ok (counts for the size), runner_up (trained to the end too, and another setting was better on the
            early-stopping set), dropped (given up early), failed.
        steps: Optimizer steps after which the weights were as they were kept.
        trained: Optimizer steps in all.
        early_stopping_score: Normalised MSE on the early-stopping set at that step, or MAE (`choose.metric`).
        train_score: The same at the last step on as many training windows as there are validation windows.
        score: The same on the validation set at the step kept: measured once, never used for training.
        n_train: Training windows.
        n_validation: Validation windows.
        parameters: All parameters, with those of the linear skip connection.
        recurrent: Parameters of the recurrent layers.
    """

    layers: int
    units: int
    fold: int
    seed: int
    learning_rate: float
    dropout: float
    weight_decay: float
    skip: Skip
    head: Head
    penalty: float
    status: Status
    steps: int
    trained: int
    early_stopping_score: float | None
    train_score: float | None
    score: float | None
    n_train: int
    n_validation: int
    parameters: int
    recurrent: int

    @property
    def setting(self) -> Setting:
        """What it was trained with."""
        return Setting(self.learning_rate, self.dropout, self.weight_decay, self.skip, self.head)


@dataclass(frozen=True)
class Check:
    """One look at the early-stopping set in one training: a line of `curves.csv`."""

    layers: int
    units: int
    fold: int
    seed: int
    learning_rate: float
    dropout: float
    weight_decay: float
    skip: Skip
    head: Head
    step: int
    train_loss: float
    early_stopping_score: float


@dataclass(frozen=True)
class Result:
    """All that a trial gives back.

    Attributes:
        rows: One for each fold, seed and setting, in this order.
        checks: The learning curves in the same order.
        residuals: Truth minus forecast on up to `RESIDUALS` validation windows of each fold, in standard
            deviations of its training rows, by the first seed of its better setting of each kind (with a linear skip
            connection, without), NaN where the target was not observed; shape (n, horizon, n_targets). A window counts
            by its values: they are single ones, and no means.
        residual_windows: Positions of these windows, shape (n,); of two kinds each is there twice.
        residual_skips: Whether a linear skip connection stood beside the network, shape (n,).
        seconds: Wall time of the trial.
        milliseconds: Time for one forecast of one window on this machine.
    """

    rows: tuple[Row, ...]
    checks: tuple[Check, ...]
    residuals: Floats
    residual_windows: Ints
    residual_skips: npt.NDArray[np.bool_]
    seconds: float
    milliseconds: float

    @property
    def size(self) -> Size:
        """The size that was tried."""
        return Size(self.rows[0].layers, self.rows[0].units)

    def to_bytes(self) -> bytes:
        """The content of an npz without pickles."""
        lines = {key: json.dumps([asdict(record) for record in getattr(self, key)]) for key in ("rows", "checks")}
        kept = ("residuals", "residual_windows", "residual_skips", "seconds", "milliseconds")
        rest = {key: getattr(self, key) for key in kept}
        content = BytesIO()
        np.savez(content, allow_pickle=False, **lines, **rest)
        return content.getvalue()

    def save(self, path: Path) -> None:
        """Writes an npz without pickles, whole or not at all."""
        content = self.to_bytes()
        files.write(path, lambda partial: partial.write_bytes(content))

    @classmethod
    def load(cls, path: Path) -> "Result":
        """Reads what `save` wrote."""
        return cls.from_bytes(path.read_bytes())

    @classmethod
    def from_bytes(cls, content: bytes) -> "Result":
        """Reads what `to_bytes` gave."""
        with np.load(BytesIO(content), allow_pickle=False) as read:
            arrays = dict(read)
        return cls(
            rows=tuple(Row(**line) for line in json.loads(str(arrays["rows"]))),
            checks=tuple(Check(**line) for line in json.loads(str(arrays["checks"]))),
            residuals=arrays["residuals"],
            residual_windows=arrays["residual_windows"],
            residual_skips=arrays["residual_skips"],
            seconds=float(arrays["seconds"]),
            milliseconds=float(arrays["milliseconds"]),
        )


def frame(records: tuple[Row, ...] | tuple[Check, ...], kind: type[Row] | type[Check]) -> pd.DataFrame:
    """Records as a table; None becomes NaN."""
    names = [field.name for field in fields(kind)]
    table = pd.DataFrame([asdict(record) for record in records], columns=names)
    scores = [name for name in names if name.endswith("score")]
    return table.astype(dict.fromkeys(scores, np.float64))
