"""The model without memory cells: a ridge-linear map of the window, in closed form."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from cellsize.data.batches import Batch, Scaling, chunks, gather, scaled
from cellsize.data.folds import Fold
from cellsize.data.windows import Floats, Ints, Windows


@dataclass(frozen=True)
class RidgeLinear:
    """A fitted map.

    Attributes:
        weights: Shape (inputs of `design`, n_outputs), bias last.
        penalty: The ridge penalty.
        seen: Whether it reads what the window sees, or only what is known ahead.
    """

    weights: Floats
    penalty: float
    seen: bool = True

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return int(self.weights.size)


def design(windows: Windows, batch: Batch, seen: bool = True) -> Floats:
    """The map's inputs: past columns of every step seen (if `seen`), known columns of every step ahead, and 1.

    Returns:
        An array of shape (n, inputs).
    """
    n, n_past = len(batch.steps), windows.n_past
    inputs = [batch.steps[:, :, :n_past].reshape(n, -1)] if seen else []
    return np.concatenate([*inputs, batch.known_future.reshape(n, -1), np.ones((n, 1), np.float32)], axis=1)


def predict(windows: Windows, linear: RidgeLinear, batch: Batch) -> Floats:
    """Normalised forecasts of shape (n, horizon, n_targets)."""
    return (design(windows, batch, linear.seen) @ linear.weights).reshape(batch.target.shape)


def fit(
    windows: Windows, scaling: Scaling, train: Ints, penalties: tuple[float, ...], seen: bool = True
) -> list[RidgeLinear]:
    """Fits one map for each ridge penalty; the bias is not penalised.

    With one target the error is weighted by the window's spread, so that it is the error in deviations
    of the training rows, the one that is scored; several targets have several spreads, and no weight.
    """
    moments = _normal_equations(windows, scaling, train, seen)
    return [RidgeLinear(_solve(*moments, penalty), penalty, seen) for penalty in penalties]


def fit_chosen(
    windows: Windows, scaling: Scaling, fold: Fold, penalties: tuple[float, ...], seen: bool = True
) -> RidgeLinear:
    """Fits on the training part, with the penalty that is best on the stop part."""
    maps = fit(windows, scaling, fold.train, penalties, seen)
    return min(maps, key=lambda linear: score(windows, scaling, linear, fold.early_stopping))


def score(windows: Windows, scaling: Scaling, linear: RidgeLinear, chosen: Ints) -> float:
    """Mean squared error in variances of the training rows."""
    total = 0.0
    for part in chunks(chosen):
        batch = gather(windows, scaling, part)
        error = scaled(batch, predict(windows, linear, batch)) - scaled(batch, batch.target)
        total += float(np.square(error, dtype=np.float64).sum())
    return total / (len(chosen) * windows.n_outputs)


def _normal_equations(windows: Windows, scaling: Scaling, train: Ints, seen: bool) -> tuple[np.ndarray, np.ndarray]:
    columns = seen * windows.n_past * windows.lookback + windows.n_known_future * windows.horizon + 1
    gram, cross = np.zeros((columns, columns)), np.zeros((columns, windows.n_outputs))
    for part in chunks(train):
        batch = gather(windows, scaling, part)
        inputs = design(windows, batch, seen).astype(np.float64)
        if windows.n_targets == 1:
            inputs *= batch.scale[:, :, 0]
            outputs = (batch.target * batch.scale).reshape(len(part), -1).astype(np.float64)
        else:
            outputs = batch.target.reshape(len(part), -1).astype(np.float64)
        gram += inputs.T @ inputs
        cross += inputs.T @ outputs
    return gram, cross


def _solve(gram: np.ndarray, cross: np.ndarray, penalty: float) -> Floats:
    ridge = np.full(len(gram), penalty)
    ridge[-1] = 1e-6 * max(1.0, gram[-1, -1])
    weights: Floats = cho_solve(cho_factor(gram + np.diag(ridge)), cross).astype(np.float32)
    return weights
