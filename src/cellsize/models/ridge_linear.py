"""The ridge-linear model, which has no memory cells: a linear model of the window, fitted in closed form.

It is fitted to squared errors whatever `choose.metric` says: absolute ones have no closed form. What the metric decides
is its ridge penalty.
"""

from dataclasses import dataclass

import numpy as np

from cellsize.data.batches import Batch, chunks, design, gather, scaled
from cellsize.data.folds import Fold
from cellsize.data.forecast import Forecast
from cellsize.data.quantiles import shifts
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.models.normal_equations import Rows, equations_of, solve
from cellsize.models.penalties import best
from cellsize.params import Metric
from cellsize.tasks.samples import Samples

RESIDUALS = 5000  # training windows whose residuals say how far quantiles are from the mean


@dataclass(frozen=True)
class RidgeLinear:
    """A fitted ridge-linear model; beside a network it is the linear skip connection.

    Attributes:
        weights: Shape (inputs of `design`, horizon · columns), bias last; of quantiles a column for each level.
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


def predict(windows: Windows, linear: RidgeLinear, batch: Batch) -> Floats:
    """Normalised forecasts of shape (n, horizon, n_targets)."""
    return apply(windows, linear, design(windows, batch, linear.reads_past))


def apply(windows: Samples, linear: RidgeLinear, inputs: Floats) -> Floats:
    """Normalised forecasts (n, horizon, n_targets) from what `design` returned, shape (n, inputs)."""
    if inputs.shape[1] != len(linear.weights):  # the whole design, for a model that reads no past
        inputs = inputs[:, -len(linear.weights) :]
    columns = linear.weights.shape[1] // windows.horizon
    return (inputs @ linear.weights).reshape(len(inputs), windows.horizon, columns)


def fit(
    windows: Windows, scaling: Scaling, train: Ints, penalties: tuple[float, ...], reads_past: bool = True
) -> list[RidgeLinear]:
    """Fits one model for each ridge penalty by least squares; the bias is not penalised.

    Each step of each target is fitted to the windows where it was observed; see `normal_equations.solve`.

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        train: Training windows, as positions in `windows.first`.
        penalties: Ridge penalties.
        reads_past: Whether the models read what the window sees.
    """
    rows = Rows(windows, scaling, train, reads_past)
    solutions = [_with_quantiles(rows, weights) for weights in solve(equations_of(rows), penalties)]
    return [RidgeLinear(weights, penalty, reads_past) for weights, penalty in zip(solutions, penalties, strict=True)]


def fit_chosen(
    windows: Windows,
    scaling: Scaling,
    fold: Fold,
    penalties: tuple[float, ...],
    metric: Metric,
    reads_past: bool = True,
) -> RidgeLinear:
    """Fits on the training part, with the penalty that is best by the metric on the early-stopping set.

    A best one at the end of a list of several extends the list while that pays; see `penalties.best`.
    """
    equations = equations_of(Rows(windows, scaling, fold.train, reads_past))

    def try_out(penalties: tuple[float, ...]) -> list[tuple[float, RidgeLinear]]:
        models = [
            RidgeLinear(_with_quantiles(equations.rows, weights), penalty, reads_past)
            for weights, penalty in zip(solve(equations, penalties), penalties, strict=True)
        ]
        return [(score(windows, scaling, model, fold.early_stopping, metric), model) for model in models]

    return best(penalties, try_out)


def _with_quantiles(rows: Rows, weights: Floats) -> Floats:
    """The weights of all quantiles: those of the mean, and biases moved by quantiles of the residuals of training.

    Of a window that is normalised by what it sees, residuals are in its own scale: so are the distances of quantiles.
    """
    windows = rows.windows
    if not windows.quantiles:
        return weights
    residuals = []
    for piece in chunks(at_most(rows.train, RESIDUALS)):
        batch = gather(windows, rows.scaling, piece)
        values = design(windows, batch, rows.reads_past) @ weights
        residuals.append(batch.target - values.reshape(batch.target.shape))
    wide = np.repeat(weights, len(windows.quantiles), axis=1)
    wide[-1] += shifts(np.concatenate(residuals), windows.quantiles).ravel()
    return wide


def at_most(chosen: Ints, count: int) -> Ints:
    """At most `count` of the chosen windows, evenly."""
    return chosen if len(chosen) <= count else chosen[np.linspace(0, len(chosen) - 1, count).astype(np.int64)]


def score(windows: Windows, scaling: Scaling, linear: RidgeLinear, chosen: Ints, metric: Metric) -> float:
    """Normalised MSE or MAE on the chosen windows."""
    task, total = Forecast.of(windows), 0.0
    for piece in chunks(chosen):
        batch = gather(windows, scaling, piece)
        forecasts = scaled(batch, predict(windows, linear, batch))
        errors = task.error_sum(forecasts, scaled(batch, batch.target), scaling.error_scale(metric), metric)
        total += float(errors)
    return task.score(total, int(windows.observed(chosen).sum()))
