"""The ridge-linear model, which has no memory cells: a linear model of the window, fitted in closed form."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from cellsize.data.batches import Batch, Scaling, chunks, gather, scaled
from cellsize.data.folds import Fold
from cellsize.data.forecast import Forecast
from cellsize.data.windows import Floats, Ints, Windows


@dataclass(frozen=True)
class RidgeLinear:
    """A fitted ridge-linear model; beside a network it is the linear skip connection.

    Attributes:
        weights: Shape (inputs of `design`, n_outputs), bias last.
        penalty: The ridge penalty.
        reads_past: Whether it reads what the window sees, or the known-future covariates alone.
    """

    weights: Floats
    penalty: float
    reads_past: bool = True

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return int(self.weights.size)


def design(windows: Windows, batch: Batch, reads_past: bool = True) -> Floats:
    """The model's inputs: past columns of every step seen, known-future columns of every step ahead, calendar, and 1.

    Args:
        windows: Base arrays and index.
        batch: Some of the windows.
        reads_past: Whether the past columns are among the inputs.

    Returns:
        An array of shape (n, inputs).
    """
    n, n_past = len(batch.steps), windows.n_past
    past = [batch.steps[:, :, :n_past].reshape(n, -1)] if reads_past else []
    return np.concatenate([*past, batch.known_future.reshape(n, -1), batch.origin, np.ones((n, 1), np.float32)], axis=1)


def predict(windows: Windows, linear: RidgeLinear, batch: Batch) -> Floats:
    """Normalised forecasts of shape (n, horizon, n_targets)."""
    return (design(windows, batch, linear.reads_past) @ linear.weights).reshape(batch.target.shape)


def fit(
    windows: Windows, scaling: Scaling, train: Ints, penalties: tuple[float, ...], reads_past: bool = True
) -> list[RidgeLinear]:
    """Fits one model for each ridge penalty, to the error that is scored; the bias is not penalised.

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        train: Training windows, as positions in `windows.first`.
        penalties: Ridge penalties.
        reads_past: Whether the models read what the window sees.
    """
    moments = _normal_equations(windows, scaling, train, reads_past)
    return [RidgeLinear(_solve(*moments, penalty), penalty, reads_past) for penalty in penalties]


def fit_chosen(
    windows: Windows, scaling: Scaling, fold: Fold, penalties: tuple[float, ...], reads_past: bool = True
) -> RidgeLinear:
    """Fits on the training part, with the penalty that is best on the early-stopping set."""
    models = fit(windows, scaling, fold.train, penalties, reads_past)
    return min(models, key=lambda linear: score(windows, scaling, linear, fold.early_stopping))


def score(windows: Windows, scaling: Scaling, linear: RidgeLinear, chosen: Ints) -> float:
    """Normalised MSE on the chosen windows."""
    task, total = Forecast.of(windows), 0.0
    for piece in chunks(chosen):
        batch = gather(windows, scaling, piece)
        forecasts = scaled(batch, predict(windows, linear, batch))
        total += float(task.squared_error_sum(forecasts, scaled(batch, batch.target)))
    return task.score(total, len(chosen))


def _normal_equations(windows: Windows, scaling: Scaling, train: Ints, reads_past: bool) -> tuple[Floats, Floats]:
    columns = reads_past * windows.n_past * windows.lookback
    columns += windows.n_known_future * windows.horizon + windows.n_origin + 1
    gram, cross = np.zeros((columns, columns)), np.zeros((columns, windows.n_outputs))
    task = Forecast.of(windows)
    for piece in chunks(train):
        batch = gather(windows, scaling, piece)
        weight = task.least_squares_weight(batch.scale)
        inputs = design(windows, batch, reads_past).astype(np.float64) * weight[:, :, 0]
        outputs = (batch.target * weight).reshape(len(piece), -1).astype(np.float64)
        gram += inputs.T @ inputs
        cross += inputs.T @ outputs
    return gram, cross


def _solve(gram: Floats, cross: Floats, penalty: float) -> Floats:
    ridge = np.full(len(gram), penalty)
    ridge[-1] = 1e-6 * max(1.0, gram[-1, -1])
    weights: Floats = cho_solve(cho_factor(gram + np.diag(ridge)), cross).astype(np.float32)
    return weights
