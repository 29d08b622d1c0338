"""The ridge-linear model, which has no memory cells: a linear model of the window, fitted in closed form.

It is fitted to squared errors whatever `choose.metric` says: absolute ones have no closed form. What the metric decides
is its ridge penalty.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from cellsize.data.batches import Batch, Scaling, chunks, gather, scaled
from cellsize.data.folds import Fold
from cellsize.data.forecast import Forecast
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.params import Metric

# How often the list of ridge penalties is extended, and by which fraction each time has to lower the score: where
# no penalty is needed at all, the score falls for ever by less and less.
EXTENSIONS = 8
WORTH = 1e-3


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

    Known-future columns that are constant in each series are read once: one more for each step would say nothing new.

    Args:
        windows: Base arrays and index.
        batch: Some of the windows.
        reads_past: Whether the past columns are among the inputs.

    Returns:
        An array of shape (n, inputs).
    """
    n, n_past = len(batch.steps), windows.n_past
    past = [batch.steps[:, :, :n_past].reshape(n, -1)] if reads_past else []
    static, ahead = batch.known_future[:, 0, : windows.n_static], batch.known_future[:, :, windows.n_static :]
    known = [static, ahead.reshape(n, -1)]
    return np.concatenate([*past, *known, batch.origin, np.ones((n, 1), np.float32)], axis=1)


def predict(windows: Windows, linear: RidgeLinear, batch: Batch) -> Floats:
    """Normalised forecasts of shape (n, horizon, n_targets)."""
    return apply(windows, linear, design(windows, batch, linear.reads_past))


def apply(windows: Windows, linear: RidgeLinear, inputs: Floats) -> Floats:
    """Normalised forecasts (n, horizon, n_targets) from what `design` returned, shape (n, inputs)."""
    if inputs.shape[1] != len(linear.weights):  # the whole design, for a model that reads no past
        inputs = inputs[:, -len(linear.weights) :]
    return (inputs @ linear.weights).reshape(len(inputs), windows.horizon, windows.n_targets)


def fit(
    windows: Windows, scaling: Scaling, train: Ints, penalties: tuple[float, ...], reads_past: bool = True
) -> list[RidgeLinear]:
    """Fits one model for each ridge penalty by least squares; the bias is not penalised.

    Each step of each target is fitted to the windows where it was observed. Where none is missing, all share one
    matrix; else each pattern of missing windows has a matrix of its own: inputs² · 8 bytes, and the time of a solution.

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        train: Training windows, as positions in `windows.first`.
        penalties: Ridge penalties.
        reads_past: Whether the models read what the window sees.
    """
    moments = _normal_equations(windows, scaling, train, reads_past)
    return [RidgeLinear(_solve(moments, penalty), penalty, reads_past) for penalty in penalties]


def fit_chosen(
    windows: Windows,
    scaling: Scaling,
    fold: Fold,
    penalties: tuple[float, ...],
    metric: Metric,
    reads_past: bool = True,
) -> RidgeLinear:
    """Fits on the training part, with the penalty that is best by the metric on the early-stopping set.

    A best one at the end of a list of several extends the list, by its last factor, while that pays.
    """
    moments = _normal_equations(windows, scaling, fold.train, reads_past)
    scored: dict[float, tuple[float, RidgeLinear]] = {}

    def try_out(penalty: float) -> None:
        model = RidgeLinear(_solve(moments, penalty), penalty, reads_past)
        scored[penalty] = score(windows, scaling, model, fold.early_stopping, metric), model

    for penalty in penalties:
        try_out(penalty)
    for _ in range(EXTENSIONS):
        ordered, best = sorted(scored), min(scored, key=lambda penalty: (scored[penalty][0], penalty))
        if len(ordered) < 2 or best not in (ordered[0], ordered[-1]):
            break
        is_first = best == ordered[0]
        next_best = scored[ordered[1] if is_first else ordered[-2]][0]
        if len(scored) > len(penalties) and scored[best][0] > (1 - WORTH) * next_best:
            break
        beyond = ordered[0] ** 2 / ordered[1] if is_first else ordered[-1] ** 2 / ordered[-2]
        try_out(float(f"{beyond:.3g}"))
    return scored[min(scored, key=lambda penalty: (scored[penalty][0], penalty))][1]


def score(windows: Windows, scaling: Scaling, linear: RidgeLinear, chosen: Ints, metric: Metric) -> float:
    """Normalised MSE or MAE on the chosen windows."""
    task, total = Forecast.of(windows), 0.0
    for piece in chunks(chosen):
        batch = gather(windows, scaling, piece)
        forecasts = scaled(batch, predict(windows, linear, batch))
        errors = task.error_sum(forecasts, scaled(batch, batch.target), scaling.error_scale(metric), metric)
        total += float(errors)
    return task.score(total, int(windows.observed(chosen).sum()))


class _Moments(NamedTuple):
    """Normal equations of all outputs, in float64."""

    gram: Floats  # of all windows, (inputs, inputs)
    cross: Floats  # of the windows where the output was observed, (inputs, n_outputs)
    missing: list[tuple[Ints, Floats]]  # outputs that lack the same windows, and the part of `gram` that these make


def _normal_equations(windows: Windows, scaling: Scaling, train: Ints, reads_past: bool) -> _Moments:
    columns = windows.n_linear - (not reads_past) * windows.n_past * windows.lookback
    gram, cross = np.zeros((columns, columns)), np.zeros((columns, windows.n_outputs))
    task = Forecast.of(windows)
    missing: list[tuple[Ints, Floats]] = [
        (outputs, np.zeros_like(gram)) for outputs in _lacking_the_same(windows, train)
    ]
    for piece in chunks(train):
        batch = gather(windows, scaling, piece)
        weight = task.least_squares_weight(batch.scale)
        inputs = design(windows, batch, reads_past).astype(np.float64) * weight[:, :, 0]
        outputs = (batch.target * weight).reshape(len(piece), -1).astype(np.float64)
        gram += inputs.T @ inputs
        if missing:
            lacks = np.isnan(outputs)
            outputs[lacks] = 0.0
            for of_outputs, part in missing:
                without = inputs[lacks[:, of_outputs[0]]]
                part += without.T @ without
        cross += inputs.T @ outputs
    return _Moments(gram, cross, missing)


def _lacking_the_same(windows: Windows, train: Ints) -> list[Ints]:
    """The outputs that were not observed in some training windows, those together that lack the same windows."""
    if (windows.observed(train) == windows.n_outputs).all():
        return []
    rows = Forecast.of(windows).target_rows(windows.first[train])
    together: dict[bytes, list[int]] = {}
    for output in range(windows.n_outputs):
        step, target = divmod(output, windows.n_targets)
        lacks = np.isnan(windows.target[rows[:, step], target])
        if lacks.any():
            together.setdefault(np.packbits(lacks).tobytes(), []).append(output)
    return [np.array(outputs) for outputs in together.values()]


def _solve(moments: _Moments, penalty: float) -> Floats:
    """Weights of all outputs; each is fitted to the windows where it was observed."""
    gram, cross, missing = moments
    weights = _solve_one(gram, cross, penalty)
    for outputs, part in missing:
        weights[:, outputs] = _solve_one(gram - part, cross[:, outputs], penalty)
    return weights


def _solve_one(gram: Floats, cross: Floats, penalty: float) -> Floats:
    ridge = np.full(len(gram), penalty)
    ridge[-1] = 1e-6 * max(1.0, gram[-1, -1])
    weights: Floats = cho_solve(cho_factor(gram + np.diag(ridge)), cross).astype(np.float32)
    return weights
