"""Gradient-boosted trees, the baseline that a user would pick: one model of all steps, the step among its inputs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

import numpy as np

from cellsize.data.batches import Batch, Scaling, chunks, gather, scaled
from cellsize.data.folds import Fold
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.models import ridge_linear

if TYPE_CHECKING:  # a second of imports that few stages need
    from sklearn.ensemble import HistGradientBoostingRegressor

Loss = Literal["squared_error", "absolute_error"]
MOST_ROWS = 200_000  # rows to learn from, each a step of a window
MOST_VALUES = 50_000_000  # rows × inputs: scikit-learn holds them in float64, which is 400 MB
MOST_ITERATIONS = 500
PATIENCE = 20  # iterations without a gain on the early-stopping set, after which boosting ends


@dataclass(frozen=True)
class BoostedTrees:
    """Fitted trees.

    Attributes:
        models: One for each target.
        iterations: How many iterations of each are used.
    """

    models: "tuple[HistGradientBoostingRegressor, ...]"
    iterations: tuple[int, ...]


def design(windows: Windows, batch: Batch) -> Floats:
    """The inputs of each step ahead: the step, its known-future columns, and all else that the ridge-linear model sees.

    Args:
        windows: Base arrays and index.
        batch: Some of the windows.

    Returns:
        An array of shape (n · horizon, inputs), the steps of a window one after the other.
    """
    n, horizon = len(batch.steps), windows.horizon
    seen, ahead = windows.n_past * windows.lookback, windows.n_known_future * horizon
    linear = ridge_linear.design(windows, batch)
    of_window = np.concatenate([linear[:, :seen], linear[:, seen + ahead : -1]], axis=1)  # the last is the bias
    step = np.tile(np.arange(1, horizon + 1, dtype=np.float32), n)[:, None]
    of_step = batch.known_future.reshape(n * horizon, -1)
    return np.concatenate([step, of_step, np.repeat(of_window, horizon, axis=0)], axis=1)


def fit(
    windows: Windows, scaling: Scaling, train: Ints, iterations: tuple[int, ...], loss: Loss = "squared_error"
) -> BoostedTrees:
    """Fits so many iterations for each target, to the error that is scored.

    Where the steps of all windows are more than `MOST_ROWS`, or hold more than `MOST_VALUES`, it learns from windows
    that are spread evenly over them. The same data give the same trees to the last bit, whatever the number of threads.

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        train: Training windows, as positions in `windows.first`.
        iterations: For each target.
        loss: The error that is scored.
    """
    inputs, target, weight = _rows(windows, scaling, spread(windows, train), loss)
    models = tuple(
        _model(loss, count).fit(inputs, target[:, column], weight[:, column]) for column, count in enumerate(iterations)
    )
    return BoostedTrees(models, iterations)


def fit_chosen(windows: Windows, scaling: Scaling, fold: Fold, loss: Loss = "squared_error") -> BoostedTrees:
    """Fits on the training part, with the number of iterations that is best on the early-stopping set.

    Both sets are thinned out as `fit` says.
    """
    inputs, target, weight = _rows(windows, scaling, spread(windows, fold.train), loss)
    other_inputs, other, other_weight = _rows(windows, scaling, spread(windows, fold.early_stopping), loss)
    models, iterations = [], []
    for column in range(windows.n_targets):
        model = _model(loss, MOST_ITERATIONS, early_stopping=True)
        model.fit(
            inputs, target[:, column], weight[:, column], X_val=other_inputs, y_val=other[:, column],
            sample_weight_val=other_weight[:, column],
        )  # fmt: skip
        models.append(model)
        # One score for each iteration, higher is better, and before them that of no iteration.
        iterations.append(max(1, int(np.argmax(model.validation_score_))))
    return BoostedTrees(tuple(models), tuple(iterations))


def predict(windows: Windows, scaling: Scaling, trees: BoostedTrees, chosen: Ints) -> Floats:
    """Forecasts in standard deviations of the training rows, shape (n, horizon, n_targets).

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        trees: Fitted with them.
        chosen: Positions in `windows.first`, shape (n,).
    """
    forecasts = np.empty((len(chosen), windows.horizon, windows.n_targets), np.float32)
    done = 0
    for piece in chunks(chosen):
        batch = gather(windows, scaling, piece)
        inputs = design(windows, batch)
        columns = [
            _after(model.staged_predict(inputs), count)
            for model, count in zip(trees.models, trees.iterations, strict=True)
        ]
        normalised = np.stack(columns, axis=1).astype(np.float32).reshape(batch.target.shape)
        forecasts[done : done + len(piece)] = scaled(batch, normalised)
        done += len(piece)
    return forecasts


def spread(windows: Windows, chosen: Ints) -> Ints:
    """As many of the windows as may be learned from, spread evenly."""
    columns = 1 + windows.n_past * windows.lookback + windows.n_known_future
    most = max(1, min(MOST_ROWS, MOST_VALUES // columns) // windows.horizon)
    return chosen[np.linspace(0, len(chosen) - 1, most).astype(np.int64)] if len(chosen) > most else chosen


def _rows(windows: Windows, scaling: Scaling, chosen: Ints, loss: Loss) -> tuple[Floats, Floats, Floats]:
    """Inputs of each step of the windows, their normalised targets and weights, both (rows, n_targets)."""
    inputs, targets, weights = [], [], []
    for piece in chunks(chosen):
        batch = gather(windows, scaling, piece)
        inputs.append(design(windows, batch))
        targets.append(batch.target.reshape(-1, windows.n_targets))
        # An error of a window's normalised values is scored times its scale.
        scale = np.repeat(batch.scale[:, 0], windows.horizon, axis=0)
        weights.append(scale**2 if loss == "squared_error" else scale)
    return np.concatenate(inputs), np.concatenate(targets), np.concatenate(weights)


def _model(loss: Loss, iterations: int, *, early_stopping: bool = False) -> "HistGradientBoostingRegressor":
    """scikit-learn's defaults, but for what ends boosting: its own early-stopping set would be drawn at random."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        loss=loss,
        max_iter=iterations,
        early_stopping=early_stopping,
        n_iter_no_change=PATIENCE,
        tol=0.0,
        random_state=0,  # the bins are made of a sample of the rows
    )


def _after(predictions: Iterator[Floats], count: int) -> Floats:
    """What so many iterations predict."""
    return next(islice(predictions, count - 1, None))
