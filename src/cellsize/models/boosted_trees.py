"""Gradient-boosted trees, the baseline that a user would pick: one model of all steps, the step among its inputs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from cellsize.data import batches
from cellsize.data.batches import CHUNK, Batch, chunks, gather, scaled
from cellsize.data.folds import Fold
from cellsize.data.forecast import Forecast
from cellsize.data.quantiles import in_order
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.params import Metric

if TYPE_CHECKING:  # a second of imports that few stages need
    from sklearn.ensemble import HistGradientBoostingRegressor

Loss = Literal["squared_error", "absolute_error", "quantile"]
LOSSES: dict[Metric, Loss] = {"mse": "squared_error", "mae": "absolute_error", "quantile": "quantile"}
# Rows to learn from, each a step of a window; as many again end the boosting. Eight times as many cost eight times the
# time and three times the memory, and gained nothing on three data sets.
MOST_ROWS = 50_000
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
        models: One for each target, or for each level of each target.
        iterations: How many iterations of each are used.
        rows: What they learnt from, each a step of a window.
        windows: Windows that these are steps of.
    """

    seasons: tuple[int, ...]
    edges: Floats
    models: "tuple[HistGradientBoostingRegressor, ...]"
    iterations: tuple[int, ...]
    rows: int
    windows: int


def design(windows: Windows, batch: Batch, seasons: tuple[int, ...], at: Ints | None = None) -> Floats:
    """The inputs of a step ahead: the step, its known-future columns, and all else that the ridge-linear model sees.

    Of what the window sees, the targets whole seasons before the step have columns of their own too. The ridge-linear
    model has weights for each step, and so finds them. Trees have to split by the step first: on the folds of road
    traffic their nmse was a fifth higher without these columns.

    Args:
        windows: Base arrays and index.
        batch: Some of the windows.
        seasons: Steps in each season; those that are longer than the window add nothing.
        at: Which steps, shape (rows,): step s of window w of the batch is w · horizon + s. None: all of them.

    Returns:
        An array of shape (rows, inputs), or (n · horizon, inputs): the steps of a window one after the other.
    """
    of, ahead, of_window = _parts(windows, batch, seasons, at)
    return np.concatenate([ahead, of_window[of]], axis=1)


def _parts(windows: Windows, batch: Batch, seasons: tuple[int, ...], at: Ints | None) -> tuple[Ints, Floats, Floats]:
    """The window of each row of `design`, its columns of a step, and those of each window, shape (n, columns)."""
    n, horizon = len(batch.steps), windows.horizon
    of, step = np.divmod(np.arange(n * horizon) if at is None else at, horizon)
    seen, ahead = windows.n_past * windows.lookback, windows.n_known
    linear = batches.design(windows, batch)
    of_window = np.concatenate([linear[:, :seen], linear[:, seen + ahead : -1]], axis=1)  # the last is the bias
    before = batch.steps[of[:, None], seasons_before(windows, seasons)[step], : windows.n_targets]
    of_step = [(step + 1).astype(np.float32)[:, None], batch.known_future[of, step], before.reshape(len(of), -1)]
    return of, np.concatenate(of_step, axis=1), of_window


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

    Where the steps of all windows are more than `MOST_ROWS`, or hold more than `MOST_VALUES`, it learns from steps that
    are drawn of them. The same data give the same trees to the last bit, whatever the number of threads.

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        train: Training windows, as positions in `windows.first`.
        seasons: See `design`.
        iterations: For each target.
        loss: The error that is scored.
    """
    rows = _rows(windows, scaling, train, seasons, loss)
    edges = _edges(rows.inputs)
    inputs = _binned(edges, rows.inputs)
    models = tuple(
        _model(loss, count, level) for count, (_, level) in zip(iterations, _columns(windows, loss), strict=True)
    )
    with threadpool_limits(ONE_THREAD):
        for model, (column, _) in zip(models, _columns(windows, loss), strict=True):
            there = _with_target(rows, column)
            model.fit(inputs[there], rows.target[there, column], rows.weight[there, column])
    return BoostedTrees(seasons, edges, models, iterations, len(inputs), rows.windows)


def fit_chosen(
    windows: Windows, scaling: Scaling, fold: Fold, seasons: tuple[int, ...], loss: Loss = "squared_error"
) -> BoostedTrees:
    """Fits on the training part, with the number of iterations that is best on the early-stopping set.

    Both sets are thinned out as `fit` says.
    """
    rows = _rows(windows, scaling, fold.train, seasons, loss)
    other = _rows(windows, scaling, fold.early_stopping, seasons, loss)
    edges = _edges(rows.inputs)
    inputs, other_inputs = _binned(edges, rows.inputs), _binned(edges, other.inputs)
    models, iterations = [], []
    for column, level in _columns(windows, loss):
        model = _model(loss, MOST_ITERATIONS, level, early_stopping=True)
        there, also = _with_target(rows, column), _with_target(other, column)
        with threadpool_limits(ONE_THREAD):
            model.fit(
                inputs[there], rows.target[there, column], rows.weight[there, column], X_val=other_inputs[also],
                y_val=other.target[also, column], sample_weight_val=other.weight[also, column],
            )  # fmt: skip
        models.append(model)
        # One score for each iteration, higher is better, and before them that of no iteration.
        iterations.append(max(1, int(np.argmax(model.validation_score_))))
    return BoostedTrees(seasons, edges, tuple(models), tuple(iterations), len(inputs), rows.windows)


def predict(windows: Windows, scaling: Scaling, trees: BoostedTrees, chosen: Ints) -> Floats:
    """Forecasts in standard deviations of the training rows, shape (n, horizon, n_targets).

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        trees: Fitted with them.
        chosen: Positions in `windows.first`, shape (n,).
    """
    forecasts = np.empty((len(chosen), windows.horizon, len(trees.models)), np.float32)
    done = 0
    for piece in chunks(chosen):
        batch = gather(windows, scaling, piece)
        # What all steps of a window share is binned once: it is nine tenths of the columns.
        of, ahead, of_window = _parts(windows, batch, trees.seasons, None)
        of_steps, of_windows = np.split(trees.edges, [ahead.shape[1]])
        inputs = np.concatenate([_binned(of_steps, ahead), _binned(of_windows, of_window)[of]], axis=1)
        with threadpool_limits(ONE_THREAD):
            columns = [
                _after(model.staged_predict(inputs), count)
                for model, count in zip(trees.models, trees.iterations, strict=True)
            ]
        normalised = np.stack(columns, axis=1).astype(np.float32).reshape(len(piece), windows.horizon, -1)
        forecasts[done : done + len(piece)] = scaled(batch, normalised)
        done += len(piece)
    if len(trees.models) == windows.n_targets:
        return forecasts
    return in_order(forecasts, windows.quantiles, windows.n_targets)


def _columns(windows: Windows, loss: Loss) -> list[tuple[int, float | None]]:
    """Target and level of each model."""
    levels: tuple[float | None, ...] = windows.quantiles if loss == "quantile" else (None,)
    return [(column, level) for column in range(windows.n_targets) for level in levels]


def drawn(windows: Windows, chosen: Ints, columns: int) -> Ints:
    """Steps of some windows to learn from, as `design` counts them, ascending; all, or as many as may be.

    Steps and not windows are drawn: the steps of one window, and windows that overlap, say nearly the same. A step
    without any target is none.

    Args:
        windows: Base arrays and index.
        chosen: Positions in `windows.first`, shape (n,).
        columns: Number of inputs.
    """
    most = max(windows.horizon, min(MOST_ROWS, MOST_VALUES // columns))
    steps = np.arange(len(chosen) * windows.horizon)
    if (windows.observed(chosen) < windows.n_outputs).any():
        there = Forecast.of(windows).observed(windows.target) > 0
        steps = steps[there[Forecast.of(windows).target_rows(windows.first[chosen])].ravel()]
    if len(steps) <= most:
        return steps
    return steps[np.sort(np.random.default_rng(0).choice(len(steps), most, replace=False))]


class _Rows(NamedTuple):
    """What trees learn from: inputs (rows, inputs), normalised targets and weights (rows, n_targets)."""

    inputs: Floats
    target: Floats
    weight: Floats
    windows: int  # that the rows are steps of


def _rows(windows: Windows, scaling: Scaling, chosen: Ints, seasons: tuple[int, ...], loss: Loss) -> _Rows:
    """Steps of the chosen windows."""
    inputs, targets, weights = [], [], []
    columns = design(windows, gather(windows, scaling, chosen[:1]), seasons).shape[1]
    of, step = np.divmod(drawn(windows, chosen, columns), windows.horizon)
    used, of = np.unique(of, return_inverse=True)
    begins = np.searchsorted(of, np.arange(0, len(used) + CHUNK, CHUNK))
    for index, piece in enumerate(chunks(chosen[used])):
        here = slice(begins[index], begins[index + 1])
        batch, at = gather(windows, scaling, piece), (of[here] - index * CHUNK) * windows.horizon + step[here]
        inputs.append(design(windows, batch, seasons, at))
        targets.append(batch.target.reshape(-1, windows.n_targets)[at])
        # An error of a window's normalised values is scored times its scale.
        scale = batch.scale[of[here] - index * CHUNK, 0]
        weights.append(scale**2 if loss == "squared_error" else scale)
    return _Rows(np.concatenate(inputs), np.concatenate(targets), np.concatenate(weights), len(used))


def _with_target(rows: _Rows, column: int) -> Ints | slice:
    """The rows where a target was observed; all without a copy where it always was."""
    there = np.isfinite(rows.target[:, column])
    return slice(None) if there.all() else np.flatnonzero(there)


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


def _model(
    loss: Loss, iterations: int, level: float | None = None, *, early_stopping: bool = False
) -> "HistGradientBoostingRegressor":
    """scikit-learn's defaults, but for what ends boosting: its own early-stopping set would be drawn at random."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        loss=loss,
        quantile=level,
        max_iter=iterations,
        early_stopping=early_stopping,
        n_iter_no_change=PATIENCE,
        tol=0.0,
        random_state=0,  # the bins are made of a sample of the rows
    )


def _after(predictions: Iterator[Floats], count: int) -> Floats:
    """What so many iterations predict."""
    return next(islice(predictions, count - 1, None))
