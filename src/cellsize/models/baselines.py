"""What the network has to beat: forecasts that need no memory cells."""

import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from cellsize.data.batches import chunks, gather, of_targets, scaled, standardised, truth
from cellsize.data.folds import TRAIN, Folds
from cellsize.data.forecast import Forecast
from cellsize.data.names import BOOSTED_TREES, NAIVE, RIDGE_LINEAR, seasonal_naive
from cellsize.data.quantiles import widened
from cellsize.data.scaling import Scaling, fit_scaling
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.errors import InputError
from cellsize.models import boosted_trees
from cellsize.models.boosted_trees import BoostedTrees
from cellsize.models.ridge_linear import RESIDUALS, RidgeLinear, at_most, fit_chosen, predict
from cellsize.params import Baseline, Metric
from cellsize.progress import unsaid
from cellsize.sizing.baseline_records import Baselines

SHORTEST = 7  # AutoETS refuses shorter histories


def simple(
    windows: Windows,
    scaling: Scaling,
    linear: RidgeLinear,
    trees: BoostedTrees,
    seasons: tuple[int, ...],
    chosen: Ints,
    learnt: Ints,
) -> Iterator[tuple[str, Floats]]:
    """Naive, seasonal naive and ridge-linear forecasts, and those of boosted trees; one after another.

    Of a long table those of each are as large as the base arrays: who asks for the next need not keep the last.

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        linear: The ridge-linear model fitted on them.
        trees: The boosted trees fitted on them.
        seasons: For each seasonal naive forecast, steps in its season.
        chosen: Positions in `windows.first`, shape (n,).
        learnt: The training windows: naive forecasts of quantiles are around values, by their errors there.

    Yields:
        A name, and forecasts in standard deviations of the training rows, shape (n, horizon, n_columns).
    """
    for season in (None, *seasons):
        forecasts = naive(windows, scaling, chosen, season)
        if windows.quantiles:
            some = at_most(learnt, RESIDUALS)
            errors = truth(windows, scaling, some) - naive(windows, scaling, some, season)
            forecasts = widened(forecasts, errors, windows.quantiles)
        yield seasonal_naive(season) if season else NAIVE, forecasts
        del forecasts

    def of_linear(at: Ints) -> Floats:
        batch = gather(windows, scaling, at)
        return scaled(batch, predict(windows, linear, batch))

    yield RIDGE_LINEAR, in_chunks(chosen, of_linear)
    yield BOOSTED_TREES, boosted_trees.predict(windows, scaling, trees, chosen)


def in_chunks(chosen: Ints, forecast: Callable[[Ints], Floats]) -> Floats:
    """Forecasts of some windows, made piece by piece: all at once, inputs and rows would be the largest arrays."""
    whole, done = np.empty(0), 0
    for piece in chunks(chosen):
        values = forecast(piece)
        if not done:
            whole = np.empty((len(chosen), *values.shape[1:]), values.dtype)
        whole[done : done + len(piece)] = values
        done += len(piece)
    return whole


def naive(windows: Windows, scaling: Scaling, chosen: Ints, season: int | None) -> Floats:
    """The naive forecast, or the seasonal naive one, in standard deviations; see `Forecast.baseline_rows`.

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        chosen: Positions in `windows.first`, shape (n,).
        season: Steps in a season; None for the last value.

    Returns:
        An array of shape (n, horizon, n_targets).
    """
    values = windows.inputs[:, : windows.n_targets]
    there = np.asarray(np.isfinite(values).all(axis=1))
    name, seasons = (seasonal_naive(season), (season,)) if season else (NAIVE, ())

    def forecast(at: Ints) -> Floats:
        first = windows.first[at]
        begins = np.searchsorted(windows.series, windows.series[first])
        rows = Forecast.of(windows).baseline_rows(first, seasons, begins, there)[name]
        return standardised(windows, scaling, values[rows], at)

    return in_chunks(chosen, forecast)


def classical(windows: Windows, scaling: Scaling, baseline: Baseline, chosen: Ints) -> Floats:
    """AutoETS or AutoTheta, fitted anew at each origin on the last `baseline.history` steps.

    Args:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        baseline: Which model, the seasons (it knows the first one) and its history.
        chosen: Positions in `windows.first`, shape (n,).

    Returns:
        Forecasts in standard deviations of the training rows, shape (n, horizon, n_targets).
    """
    from statsforecast.models import AutoETS, AutoTheta  # two seconds of imports that few stages need

    model = {"AutoETS": AutoETS, "AutoTheta": AutoTheta}[baseline.classical](season_length=baseline.seasons[0])
    forecasts = np.empty((len(chosen), windows.horizon, windows.n_targets))
    for index, first in enumerate(windows.first[chosen]):
        for column in range(windows.n_targets):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                history = _history(windows, baseline, first, column)
                forecasts[index, :, column] = model.forecast(y=history, h=windows.horizon)["mean"]
    mean, std = of_targets(windows, scaling, chosen)
    forecasts = (forecasts - mean) / std
    return forecasts.astype(np.float32)


def _history(windows: Windows, baseline: Baseline, first: int, column: int) -> Floats:
    """The last `baseline.history` steps before a window's forecast, of one series and since its last gap."""
    origin = first + windows.lookback
    begin = max(origin - baseline.history, int(np.searchsorted(windows.series, windows.series[first])))
    offset = windows.own_offset[windows.series[first]] if windows.own_offset.size else windows.offset
    history: Floats = windows.inputs[begin:origin, column] + offset[column]  # float64
    missing = np.flatnonzero(~np.isfinite(history))
    return history[missing[-1] + 1 :] if missing.size else history


def ridge_penalty(windows: Windows, folds: Folds, penalties: tuple[float, ...], metric: Metric) -> float:
    """The ridge penalty that most folds choose on their early-stopping set; of equals the smallest."""
    chosen = [
        fit_chosen(windows, fit_scaling(windows, fold.train), fold, penalties, metric).penalty for fold in folds.all()
    ]
    return max(sorted(set(chosen)), key=chosen.count)


def origins(windows: Windows, baseline: Baseline, chosen: Ints, count: int) -> Ints:
    """At most `count` of the chosen windows, spread evenly: the subset for a slow model.

    Raises:
        InputError: None of them has the history that the classical models need.
    """
    columns = range(windows.n_targets)
    enough = [
        all(len(_history(windows, baseline, first, column)) >= SHORTEST for column in columns)
        for first in (windows.first[chosen] if min(windows.lookback, baseline.history) < SHORTEST else ())
    ]
    chosen = chosen[enough] if enough else chosen
    if not len(chosen):
        raise InputError(
            f"baseline.classical: {baseline.classical} needs {SHORTEST} steps of history, and no window has them; "
            "raise baseline.history or window.lookback, or set baseline.classical: none"
        )
    if len(chosen) <= count:
        return chosen
    return chosen[np.linspace(0, len(chosen) - 1, count).astype(np.int64)]


def score_folds(
    windows: Windows, folds: Folds, baseline: Baseline, metric: Metric, note: Callable[[str], None] = unsaid
) -> tuple[Baselines, pd.DataFrame]:
    """Scores every baseline on every fold's validation set, and the classical one at some origins of it.

    Args:
        windows: Base arrays and index.
        folds: Who learns from which window.
        baseline: Seasons, ridge penalties, and the classical model with its number of origins.
        metric: What scores are, and what is fitted to as far as a model can be.
        note: Is told what is done now; see `progress.lines`.

    Returns:
        The scores, and the seconds that each fitting took: columns baseline, fold, seconds.
    """
    task = Forecast.of(windows)
    on_all: dict[str, list[float]] = {}
    on_subset: dict[str, list[float]] = {}
    learnt, seconds = list[BoostedTrees](), list[tuple[str, int, float]]()

    for index in range(1, len(folds.labels) + 1):
        of_folds, fold = f"fold {index} of {len(folds.labels)}: ", folds.fold(index - 1)
        scaling, validation = fit_scaling(windows, fold.train), fold.validation
        note(of_folds + "ridge-linear model")
        begin = time.perf_counter()
        linear = fit_chosen(windows, scaling, fold, baseline.penalties, metric)
        seconds.append((RIDGE_LINEAR, index, time.perf_counter() - begin))
        note(of_folds + "boosted trees")
        begin = time.perf_counter()
        trees = boosted_trees.fit_chosen(windows, scaling, fold, baseline.seasons, boosted_trees.LOSSES[metric])
        seconds.append((BOOSTED_TREES, index, time.perf_counter() - begin))
        learnt.append(trees)
        classical_at = None
        if baseline.classical != "none":
            classical_at = origins(windows, baseline, validation, max(1, baseline.origins // len(folds.labels)))
        right = truth(windows, scaling, validation)
        scale = scaling.error_scale(metric)
        for name, values in simple(windows, scaling, linear, trees, baseline.seasons, validation, fold.train):
            on_all.setdefault(name, []).append(task.score_of(values, right, scale, metric))
            if classical_at is not None:
                position = np.searchsorted(validation, classical_at)
                score = task.score_of(values[position], right[position], scale, metric)
                on_subset.setdefault(name, []).append(score)
            del values  # before those of the next are made
        if classical_at is not None:
            note(of_folds + str(baseline.classical))
            begin = time.perf_counter()
            values = classical(windows, scaling, baseline, classical_at)
            seconds.append((str(baseline.classical), index, time.perf_counter() - begin))
            score = task.score_of(values, truth(windows, scaling, classical_at), scale, metric)
            on_subset.setdefault(str(baseline.classical), []).append(score)
        del right  # before the next fold's models are fitted
    scores = Baselines(
        metric=metric,
        all={name: tuple(by_fold) for name, by_fold in on_all.items()},
        subset={name: tuple(by_fold) for name, by_fold in on_subset.items()},
        boosting_iterations=tuple(trees.iterations for trees in learnt),
        boosting_steps=tuple(trees.rows for trees in learnt),
        boosting_windows=tuple(trees.windows for trees in learnt),
        training_windows=tuple(int((labels == TRAIN).sum()) for labels in folds.labels),
    )
    return scores, pd.DataFrame(seconds, columns=["baseline", "fold", "seconds"])
