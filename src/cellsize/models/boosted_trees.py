"""Gradient-boosted trees, the baseline that a user would pick: one model of all steps, the step among its inputs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

import numpy as np
from threadpoolctl import threadpool_limits

from cellsize.data.batches import Batch, Scaling, chunks, gather, scaled
from cellsize.data.folds import Fold
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.models import ridge_linear
from cellsize.params import Metric

if TYPE_CHECKING:  # a second of imports that few stages need
    from sklearn.ensemble import HistGradientBoostingRegressor

Loss = Literal["squared_error", "absolute_error"]
LOSSES: dict[Metric, Loss] = {"mse": "squared_error", "mae": "absolute_error"}
MOST_ROWS = 50_000  # rows to learn from, each a step of a window; as many again end the boosting
MOST_VALUES = 12_500_000  # rows × inputs: scikit-learn holds them in float64, which is 100 MB
MOST_ITERATIONS = 500
BINS = 255  # of each input: trees split between them
# More threads give the same bytes, but wait for each other at every split: on a machine that others use too, two took
# up to ten times as long as one. scikit-learn brings threads of its own; a limit set before its import misses them.
ONE_THREAD = 1
PATIENCE = 20  # iterations without a gain on the early-stopping set, after which boosting ends


@dataclass(frozen=True)
class BoostedTrees:
    """Fitted trees.

    Attributes:
        seasons: Steps in each season.
        edges: Of the bins of each input, shape (inputs, BINS − 1); the models read which bin a value is in.
        models: One for each target.
        iterations: How many iterations of each are used.
    """

    seasons: tuple[int, ...]
    edges: Floats
    models: "tuple[HistGradientBoostingRegressor, ...]"
    iterations: tuple[int, ...]


def design(windows: Windows, batch: Batch, seasons: tuple[int, ...]) -> Floats:
    """The inputs of each step ahead: the step, its known-future columns, and all else that the ridge-linear model sees.

    Of what the window sees, the targets whole seasons before the step have columns of their own too. The ridge-linear
    model has weights for each step, and so finds them. Trees have to split by the step first: on the folds of road
    traffic their nmse was a fifth higher without these columns.

    Args:
        windows: Base arrays and index.
        batch: Some of the windows.
        seasons: Steps in each season; those that are longer than the window add nothing.

    Returns:
        An array of shape (n · horizon, inputs), the steps of a window one after the other.
    """
    n, horizon = len(batch.steps), windows.horizon
    seen, ahead = windows.n_past * windows.lookback, windows.n_known_future * horizon
    linear = ridge_linear.design(windows, batch)
    of_window = np.concatenate([linear[:, :seen], linear[:, seen + ahead : -1]], axis=1)  # the last is the bias
    step = np.tile(np.arange(1, horizon + 1, dtype=np.float32), n)[:, None]
    before = batch.steps[:, seasons_before(windows, seasons), : windows.n_targets]
    of_step = [part.reshape(n * horizon, -1) for part in (batch.known_future, before)]
    return np.concatenate([step, *of_step, np.repeat(of_window, horizon, axis=0)], axis=1)


def seasons_before(windows: Windows, seasons: tuple[int, ...]) -> Ints:
    """Steps of a window whole seasons before each step ahead, as many as it sees for all, shape (horizon, columns)."""
    ahead = windows.lookback + np.arange(windows.horizon)
    columns = []
    for season in seasons:
        at = ahead - season * -(-(ahead - windows.lookback + 1) // season)
        while at.min() >= 0:
            columns.append(at)
            at = at - season
    return np.stack(columns, axis=1) if columns else np.empty((windows.horizon, 0), np.int64)


def fit(
    windows: Windows,
    scaling: Scaling,
    train: Ints,
    seasons: tuple[int, ...],
    iterations: tuple[int, ...],
    loss: Loss = "squared_error",
) -> BoostedTrees:
    """Fits so many iterations for each target, to the error that is scored.

    Where the steps of all windows are more than `MOST_ROWS`, or hold more than `MOST_VALUES`, it learns from windows
    that are spread evenly over them. The same data give the same trees to the last bit, whatever the number of threads.

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        train: Training windows, as positions in `windows.first`.
        seasons: See `design`.
        iterations: For each target.
        loss: The error that is scored.
    """
    inputs, target, weight = _rows(windows, scaling, train, seasons, loss)
    edges = _edges(inputs)
    inputs = _binned(edges, inputs)
    models = tuple(_model(loss, count) for count in iterations)
    with threadpool_limits(ONE_THREAD):
        for column, model in enumerate(models):
            model.fit(inputs, target[:, column], weight[:, column])
    return BoostedTrees(seasons, edges, models, iterations)


def fit_chosen(
    windows: Windows, scaling: Scaling, fold: Fold, seasons: tuple[int, ...], loss: Loss = "squared_error"
) -> BoostedTrees:
    """Fits on the training part, with the number of iterations that is best on the early-stopping set.

    Both sets are thinned out as `fit` says.
    """
    inputs, target, weight = _rows(windows, scaling, fold.train, seasons, loss)
    other_inputs, other, other_weight = _rows(windows, scaling, fold.early_stopping, seasons, loss)
    edges = _edges(inputs)
    inputs, other_inputs = _binned(edges, inputs), _binned(edges, other_inputs)
    models, iterations = [], []
    for column in range(windows.n_targets):
        model = _model(loss, MOST_ITERATIONS, early_stopping=True)
        with threadpool_limits(ONE_THREAD):
            model.fit(
                inputs, target[:, column], weight[:, column], X_val=other_inputs, y_val=other[:, column],
                sample_weight_val=other_weight[:, column],
            )  # fmt: skip
        models.append(model)
        # One score for each iteration, higher is better, and before them that of no iteration.
        iterations.append(max(1, int(np.argmax(model.validation_score_))))
    return BoostedTrees(seasons, edges, tuple(models), tuple(iterations))


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
        inputs = _binned(trees.edges, design(windows, batch, trees.seasons))
        with threadpool_limits(ONE_THREAD):
            columns = [
                _after(model.staged_predict(inputs), count)
                for model, count in zip(trees.models, trees.iterations, strict=True)
            ]
        normalised = np.stack(columns, axis=1).astype(np.float32).reshape(batch.target.shape)
        forecasts[done : done + len(piece)] = scaled(batch, normalised)
        done += len(piece)
    return forecasts


def spread(windows: Windows, chosen: Ints, columns: int) -> Ints:
    """As many of the windows as may be learned from, spread evenly, where the inputs have so many columns."""
    most = max(1, min(MOST_ROWS, MOST_VALUES // columns) // windows.horizon)
    return chosen[np.linspace(0, len(chosen) - 1, most).astype(np.int64)] if len(chosen) > most else chosen


def _rows(
    windows: Windows, scaling: Scaling, chosen: Ints, seasons: tuple[int, ...], loss: Loss
) -> tuple[Floats, Floats, Floats]:
    """Inputs of each step of the windows, their normalised targets and weights, both (rows, n_targets)."""
    inputs, targets, weights = [], [], []
    columns = design(windows, gather(windows, scaling, chosen[:1]), seasons).shape[1]
    for piece in chunks(spread(windows, chosen, columns)):
        batch = gather(windows, scaling, piece)
        inputs.append(design(windows, batch, seasons))
        targets.append(batch.target.reshape(-1, windows.n_targets))
        # An error of a window's normalised values is scored times its scale.
        scale = np.repeat(batch.scale[:, 0], windows.horizon, axis=0)
        weights.append(scale**2 if loss == "squared_error" else scale)
    return np.concatenate(inputs), np.concatenate(targets), np.concatenate(weights)


def _edges(inputs: Floats) -> Floats:
    """Quantiles of each column: edges of its bins, shape (columns, BINS − 1)."""
    quantiles = np.arange(1, BINS) / BINS
    columns = np.ascontiguousarray(inputs.T)  # a column whose values lie apart in memory is sorted at half the speed
    return np.stack([np.quantile(column, quantiles) for column in columns]).astype(np.float32)


def _binned(edges: Floats, inputs: Floats) -> Floats:
    """The bin that each value is in.

    scikit-learn makes such bins itself, but where rows have weights it takes a weighted quantile for each edge: on road
    traffic 9 s, and 1 s for all else.
    """
    columns = np.ascontiguousarray(inputs.T)
    bins = [np.searchsorted(edge, column).astype(np.float32) for edge, column in zip(edges, columns, strict=True)]
    return np.stack(bins, axis=1)


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
