"""Forecasts of windows by networks beside a linear map; all that a served model needs of torch."""

from dataclasses import dataclass

import numpy as np
import torch

from cellsize.data.batches import Scaling, chunks, gather, scaled
from cellsize.data.folds import Fold
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.models.network import Net
from cellsize.models.ridge_linear import RidgeLinear, predict
from cellsize.models.stacked import forward


@dataclass(frozen=True)
class FittedFold:
    """One fold with what was fitted on its training part.

    Attributes:
        fold: The windows.
        scaling: Constants of the training rows.
        linear: The map whose residual the network learns, or None.
        start: Score on the stop part before any training: an untrained network adds nothing.
    """

    fold: Fold
    scaling: Scaling
    linear: RidgeLinear | None
    start: float


def forecast(windows: Windows, part: FittedFold, nets: list[Net], chosen: Ints) -> list[Floats]:
    """Forecasts of each network in deviations of the training rows, or of the linear map alone without any.

    Returns:
        For each network an array of shape (windows, horizon, n_targets).
    """
    pieces: list[list[Floats]] = []
    for piece in chunks(chosen):
        batch = gather(windows, part.scaling, piece)
        base = np.zeros_like(batch.target) if part.linear is None else predict(windows, part.linear, batch)
        made = [base]
        if nets:
            steps, known = torch.from_numpy(batch.steps), torch.from_numpy(batch.known_future)
            with torch.no_grad():
                outputs = forward(nets, [steps] * len(nets), [known] * len(nets))
            made = [base + output.numpy() for output in outputs]
        pieces.append([scaled(batch, one) for one in made])
    return [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
