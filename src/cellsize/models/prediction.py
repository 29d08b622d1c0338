"""What networks and their linear skip connection say of samples; all that a served model needs of torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from cellsize.data.batches import chunks
from cellsize.data.folds import Fold
from cellsize.data.quantiles import for_columns, in_order
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.models.network import Net
from cellsize.models.ridge_linear import RidgeLinear, apply
from cellsize.params import Skip
from cellsize.tasks.forecasting import Forecasting
from cellsize.tasks.samples import Samples
from cellsize.tasks.task import Task


class Forward(Protocol):
    """Runs several networks, each on its own samples; `plain_forward` and `stacked.forward` do."""

    def __call__(
        self,
        networks: Sequence[Net],
        steps: Sequence[Tensor],
        known_future: Sequence[Tensor],
        linear_inputs: Sequence[Tensor],
        *,
        lengths: Sequence[Tensor] | None,
    ) -> Tensor:
        """Outputs of shape (networks, n, horizon, n_targets)."""


# The most windows of an early-stopping set that are looked at after every few steps: more tell little more.
WATCHED = 2048


@dataclass(frozen=True)
class FittedFold:
    """One fold with what was fitted on its training part.

    Attributes:
        fold: The windows.
        scaling: Constants of the training rows.
        linear: The ridge-linear model that a skip connection adds, or None.
        start_alone: Early-stopping score of an untrained network without a skip connection: that of forecasting 0.
        start_linear: The same with one: that of the ridge-linear model.
    """

    fold: Fold
    scaling: Scaling
    linear: RidgeLinear | None
    start_alone: float
    start_linear: float

    def start(self, skip: Skip) -> float:
        """Early-stopping score before any training: an untrained network adds nothing."""
        return self.start_alone if skip == "none" else self.start_linear

    @property
    def watched(self) -> Ints:
        """The windows of the early-stopping set that are looked at during training, spread evenly."""
        return spread_out(self.fold.early_stopping, WATCHED)


def spread_out(chosen: Ints, count: int) -> Ints:
    """At most `count` of the chosen windows, evenly."""
    if len(chosen) <= count:
        return chosen
    return chosen[np.linspace(0, len(chosen) - 1, count).astype(np.int64)]


def plain_forward(
    networks: Sequence[Net],
    steps: Sequence[Tensor],
    known_future: Sequence[Tensor],
    linear_inputs: Sequence[Tensor],
    *,
    lengths: Sequence[Tensor] | None = None,
) -> Tensor:
    """Outputs of one network after another, with the kernels of PyTorch; see `stacked.forward`.

    Returns:
        Shape (networks, n, horizon, n_targets).
    """
    of_each = [None] * len(networks) if lengths is None else lengths
    batches = zip(networks, steps, known_future, linear_inputs, of_each, strict=True)
    return torch.stack([net(*batch) for net, *batch in batches])


def given(lengths: Sequence[Tensor | None]) -> list[Tensor] | None:
    """The lengths of several batches; None where all samples have the same."""
    there = [each for each in lengths if each is not None]
    assert len(there) in (0, len(lengths))  # of one task, all batches have them or none
    return there or None


def predict(
    task: Task,
    samples: Samples,
    fitted: FittedFold,
    networks: Sequence[Net],
    chosen: Ints,
    forward: Forward = plain_forward,
) -> list[Floats]:
    """What each network says of some samples, in the units of `Task.truth`; without any, what the linear model says.

    Args:
        task: Of the samples.
        samples: Base arrays and index.
        fitted: Scaling constants and linear model.
        networks: Networks of one size.
        chosen: Positions of samples, shape (n,).
        forward: Runs several networks. A served model needs no compiler for the default; training and evaluation give
            `stacked.forward`, since other kernels have other last digits.

    Returns:
        For each network an array of shape (n, horizon, n_targets).
    """
    pieces: list[list[Floats]] = []
    for piece in chunks(chosen):
        read = task.read(fitted.scaling, piece)
        inputs = read.linear_inputs
        outputs = [linear_part(samples, fitted.linear, inputs)]
        linear = outputs[0]
        if networks:
            arrays = (read.steps, read.known_future, inputs)
            tensors = [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]
            lengths = None if read.lengths is None else [torch.from_numpy(read.lengths)] * len(networks)
            with torch.no_grad():
                found = forward(networks, *([tensor] * len(networks) for tensor in tensors), lengths=lengths)
            outputs = [
                output.numpy() if network.architecture.skip == "none" else linear + output.numpy()
                for network, output in zip(networks, found, strict=True)
            ]
        columns = linear.shape[-1]
        scale, location = for_columns(read.scale, columns), for_columns(read.location, columns)
        pieces.append([output * scale + location for output in outputs])
    return [np.concatenate(parts) for parts in zip(*pieces, strict=True)]


def linear_part(samples: Samples, linear: RidgeLinear | None, inputs: Floats) -> Floats:
    """What the linear model says, shape (n, horizon, columns), from what it reads; zeros without one."""
    if linear is None:
        return np.zeros((len(inputs), samples.horizon, samples.n_columns), np.float32)
    return apply(samples, linear, inputs)


def forecast(
    windows: Windows, fitted: FittedFold, networks: Sequence[Net], chosen: Ints, forward: Forward = plain_forward
) -> list[Floats]:
    """Forecasts of each network in standard deviations of the training rows; see `predict`. Quantiles do not cross."""
    found = predict(Forecasting(windows), windows, fitted, networks, chosen, forward)
    return [in_order(forecasts, windows.quantiles, windows.n_targets) for forecasts in found]
