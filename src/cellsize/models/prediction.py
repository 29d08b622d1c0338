"""Forecasts of windows by networks and their linear skip connection; all that a served model needs of torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cellsize.data.batches import cell_steps, chunks, gather, scaled
from cellsize.data.folds import Fold
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.models.network import Net
from cellsize.models.ridge_linear import RidgeLinear, apply, design
from cellsize.params import Skip

Forward = Callable[[Sequence[Net], Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]], Tensor]


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
    networks: Sequence[Net], steps: Sequence[Tensor], known_future: Sequence[Tensor], linear_inputs: Sequence[Tensor]
) -> Tensor:
    """Forecasts of one network after another, with the kernels of PyTorch; see `stacked.forward`.

    Returns:
        Shape (networks, n, horizon, n_targets).
    """
    batches = zip(networks, steps, known_future, linear_inputs, strict=True)
    return torch.stack([net(*batch) for net, *batch in batches])


def forecast(
    windows: Windows, fitted: FittedFold, networks: Sequence[Net], chosen: Ints, forward: Forward = plain_forward
) -> list[Floats]:
    """Forecasts of each network in standard deviations of the training rows; without any, of the linear model alone.

    Args:
        windows: Base arrays and index.
        fitted: Scaling constants and ridge-linear model.
        networks: Networks of one size.
        chosen: Positions in `windows.first`, shape (n,).
        forward: Runs several networks. A served model needs no compiler for the default; training and evaluation give
            `stacked.forward`, since other kernels have other last digits.

    Returns:
        For each network an array of shape (n, horizon, n_targets).
    """
    pieces: list[list[Floats]] = []
    for piece in chunks(chosen):
        batch = gather(windows, fitted.scaling, piece)
        inputs = design(windows, batch)
        linear = np.zeros_like(batch.target) if fitted.linear is None else apply(windows, fitted.linear, inputs)
        forecasts = [linear]
        if networks:
            arrays = (cell_steps(windows, batch.steps), batch.known_future, inputs)
            tensors = [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]
            with torch.no_grad():
                outputs = forward(networks, *([tensor] * len(networks) for tensor in tensors))
            forecasts = [
                output.numpy() if network.architecture.skip == "none" else linear + output.numpy()
                for network, output in zip(networks, outputs, strict=True)
            ]
        pieces.append([scaled(batch, normalised) for normalised in forecasts])
    return [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
