"""Forecasts of windows by networks and their linear skip connection; all that a served model needs of torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cellsize.data.batches import Scaling, cell_steps, chunks, gather, scaled
from cellsize.data.folds import Fold
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.models.network import Net
from cellsize.models.ridge_linear import RidgeLinear, predict

Forward = Callable[[Sequence[Net], Sequence[Tensor], Sequence[Tensor]], Tensor]


@dataclass(frozen=True)
class FittedFold:
    """One fold with what was fitted on its training part.

    Attributes:
        fold: The windows.
        scaling: Constants of the training rows.
        linear: The ridge-linear model whose residual the network learns, or None.
        start: Early-stopping score before any training: an untrained network adds nothing.
    """

    fold: Fold
    scaling: Scaling
    linear: RidgeLinear | None
    start: float


def plain_forward(networks: Sequence[Net], steps: Sequence[Tensor], known_future: Sequence[Tensor]) -> Tensor:
    """Forecasts of one network after another, with the kernels of PyTorch; see `stacked.forward`.

    Returns:
        Shape (networks, n, horizon, n_targets).
    """
    return torch.stack([net(*batch) for net, *batch in zip(networks, steps, known_future, strict=True)])


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
        linear = np.zeros_like(batch.target) if fitted.linear is None else predict(windows, fitted.linear, batch)
        forecasts = [linear]
        if networks:
            steps = torch.from_numpy(cell_steps(windows, batch.steps))
            known_future = torch.from_numpy(batch.known_future)
            with torch.no_grad():
                outputs = forward(networks, [steps] * len(networks), [known_future] * len(networks))
            forecasts = [linear + output.numpy() for output in outputs]
        pieces.append([scaled(batch, normalised) for normalised in forecasts])
    return [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
