"""The one look at the holdout: the model's twins compared with the baselines and the current champion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cellsize.data.batches import original, truth
from cellsize.data.clipping import clipped_columns
from cellsize.data.folds import Folds
from cellsize.data.names import NAIVE, score_name, seasonal_naive
from cellsize.data.quantiles import central
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.evaluation.comparison import Fair, compare, fair
from cellsize.evaluation.losses import losses as losses_of
from cellsize.evaluation.losses import rescaled
from cellsize.evaluation.measure import Measure, mean_errors, seasonal_error
from cellsize.evaluation.rivals import Rivals
from cellsize.models import baselines, boosted_trees, intervals
from cellsize.models.forecaster import Forecaster
from cellsize.models.prediction import Forward, plain_forward
from cellsize.models.regressor import Regressor
from cellsize.models.ridge_linear import fit
from cellsize.params import Baseline, Metric
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.evaluation_records import ChampionErrors, Errors, Evaluation, Subset

Forecasts = dict[str, Floats]
LEVELS = (0.8, 0.9, 0.95)  # of the intervals whose coverage is reported


def evaluate(
    windows: Windows,
    folds: Folds,
    twins: Sequence[Forecaster],
    rivals: Rivals[Forecaster] | None,
    baseline: Baseline,
    metric: Metric,
    on_folds: Baselines,
    forward: Forward = plain_forward,
) -> tuple[Evaluation, pd.DataFrame]:
    """Scores the model's twins, the baselines and the champion on the same holdout windows.

    Args:
        windows: Base arrays and index.
        folds: Which windows are the holdout, and which come before it; baselines are fitted on these.
        twins: The refitted choice, once for each seed: the model's errors are the means of theirs.
        rivals: The current champion, if there is one. It is left out if it cannot be compared on the same windows; the
            evaluation says why.
        baseline: Seasons, ridge penalties, and the classical model with its number of origins.
        metric: Which error opens the gate; by it the ridge penalty is chosen, and each step of the horizon is scored.
        on_folds: What the baselines were on the folds: boosted trees get the median of the iterations there.
        forward: Runs the networks; see `prediction.forecast`.

    Returns:
        The errors, and a table of forecasts and truth with one origin a horizon; the model's are the first twin's.
    """
    holdout, development = np.flatnonzero(folds.holdout), np.flatnonzero(folds.development)
    scaling = twins[0].fitted.scaling
    # Not the choice's own penalty: a network without the linear skip connection has none.
    penalty = baselines.ridge_penalty(windows, folds, baseline.penalties, metric)
    linear = fit(windows, scaling, development, (penalty,))[0]
    iterations = tuple(int(np.median(of_target)) for of_target in zip(*on_folds.boosting_iterations, strict=True))
    trees = boosted_trees.fit(windows, scaling, development, baseline.seasons, iterations, boosted_trees.LOSSES[metric])
    season = baseline.seasons[0]
    measure = Measure(windows, scaling, seasonal_error(windows, folds, season), metric)
    origins = None
    if baseline.classical != "none":
        origins = baselines.origins(windows, baseline, holdout, baseline.origins)
    ours, held = list[_Kept](), list[list[int]]()
    for twin in twins:
        forecasts = twin.predict(windows, holdout, forward)
        ours.append(_kept(measure, forecasts, holdout, origins))
        held.append(_held(twins[0], _errors(measure, forecasts, holdout)))
        del forecasts  # of a long holdout they are as large as the base arrays: before those of the next are made
    simple = dict[str, _Kept]()
    for name, of in baselines.simple(windows, scaling, linear, trees, baseline.seasons, holdout, development):
        simple[name] = _kept(measure, of, holdout, origins)
        del of
    errors = tuple(of.errors for of in ours)
    rows = windows.first[holdout]
    evaluation = Evaluation(
        metric=metric,
        windows=len(holdout),
        rows_from=windows.said((rows + windows.lookback)[np.argmin(windows.stamp[rows + windows.lookback])]),
        rows_until=windows.said((rows + windows.span - 1)[np.argmax(windows.stamp[rows + windows.span - 1])]),
        series=len(np.unique(windows.series[rows])),
        model=mean_errors(errors),
        twins=errors,
        baselines={name: of.errors for name, of in simple.items()},
        by_series=measure.by_series(
            np.mean([of.absolute for of in ours], axis=0), np.mean([of.losses for of in ours], axis=0),
            simple[seasonal_naive(season)].losses, holdout,
        ),
        subset=None if origins is None else _subset(measure, ours, simple, baseline, origins),
        **_with_champion(measure, folds, rivals, season, holdout, forward),
        champion_version=None if rivals is None else rivals.champion.version,
        clipped=clipped_columns(windows, scaling, holdout, twins[0].schema.input_columns),
        coverage=_fractions(twins[0], held),
    )  # fmt: skip
    shown = {"model": ours[0].shown} | {name: of.shown for name, of in simple.items() if name != NAIVE}
    return evaluation, _with_truth(windows, scaling, shown, holdout)


def in_words(evaluation: Evaluation) -> str:
    """The model's errors, as the stage says them."""
    score, mae = evaluation.error(evaluation.model), evaluation.model.mae
    of_twins = f", mean of {len(evaluation.twins)} twins" if len(evaluation.twins) > 1 else ""
    return f"on the holdout {score_name(evaluation.metric)} {score:.4f}, MAE {mae:.4g}{of_twins}"


def coverage(model: Forecaster | Regressor, errors: Floats) -> dict[str, float]:
    """Fraction of targets within the model's intervals, by their level in percent; see `Evaluation.coverage`.

    Args:
        model: With the residuals of its folds, or without.
        errors: Truth minus forecast in standard deviations, shape (n, horizon, n_targets); NaN where unobserved.
    """
    return _fractions(model, [_held(model, errors)])


def _bounds(model: Forecaster | Regressor) -> dict[float, tuple[Floats, Floats]]:
    """The ends of the intervals of each level for which a model has enough residuals; none without any."""
    residuals = model.residuals
    if residuals is None:
        return {}
    return {level: intervals.bounds(residuals, level) for level in LEVELS if intervals.allows(residuals, level)}


def _held(model: Forecaster | Regressor, errors: Floats) -> list[int]:
    """How many errors there are, and how many lie within the intervals of each level."""
    within = [intervals.held(*ends, errors) for ends in _bounds(model).values()]
    return [int(np.isfinite(errors).sum()), *within]


def _fractions(model: Forecaster | Regressor, held: Sequence[list[int]]) -> dict[str, float]:
    """By level in percent the fraction of all errors that the intervals held; see `_held`."""
    every, *within = map(sum, zip(*held, strict=True))
    return {intervals.percent(level): count / every for level, count in zip(_bounds(model), within, strict=True)}


def _errors(measure: Measure, forecasts: Floats, holdout: Ints) -> Floats:
    """Truth minus forecast in standard deviations, shape (n, horizon, n_targets); NaN where unobserved."""
    windows = measure.windows
    return truth(windows, measure.scaling, holdout) - central(forecasts, windows.quantiles, windows.n_targets)


@dataclass(frozen=True)
class _Kept:
    """What is kept of a model's forecasts of the holdout, which are as large as the base arrays.

    Attributes:
        errors: Of all windows.
        absolute: Absolute error of each window in the data's units, shape (n,); of one series alone (0,).
        losses: What each adds to the score, shape (n,); of one series alone (0,).
        at_origins: The forecasts at the origins of the classical model, shape (origins, horizon, n_columns).
        shown: The forecasts of values with one origin a horizon, in standard deviations.
    """

    errors: Errors
    absolute: Floats
    losses: Floats
    at_origins: Floats
    shown: Floats


def _kept(measure: Measure, forecasts: Floats, holdout: Ints, origins: Ints | None) -> _Kept:
    """Measures forecasts of the holdout; see `_Kept`."""
    windows, none = measure.windows, holdout[:0]
    position = np.searchsorted(holdout, none if origins is None else origins)
    shown = central(forecasts[_one_a_horizon(windows, holdout)], windows.quantiles, windows.n_targets)
    each = len(windows.names) > 1
    return _Kept(
        measure.errors(forecasts, holdout),
        measure.absolute(forecasts, holdout) if each else none.astype(np.float64),
        measure.losses([forecasts], holdout)[0] if each else none.astype(np.float64),
        forecasts[position],
        shown,
    )


def _one_a_horizon(windows: Windows, holdout: Ints) -> Ints:
    """Positions of the windows of the holdout that begin whole horizons after its first one."""
    start = windows.start[holdout]
    return np.flatnonzero((start - start.min()) % windows.horizon == 0)


def _subset(
    measure: Measure, ours: Sequence[_Kept], simple: dict[str, _Kept], baseline: Baseline, origins: Ints
) -> Subset:
    """All models at the origins where the classical one is fitted."""
    there = {name: of.at_origins for name, of in simple.items()}
    there[baseline.classical] = baselines.classical(measure.windows, measure.scaling, baseline, origins)
    twins = [of.at_origins for of in ours]
    models = {name: measure.errors(values, origins) for name, values in there.items()}
    differences = measure.losses(list(there.values()), origins) - measure.losses(twins, origins).mean(axis=0)
    errors = differences.std(axis=1, ddof=1) / np.sqrt(len(origins)) if len(origins) > 1 else []
    return Subset(
        origins=len(origins),
        models={"model": mean_errors([measure.errors(values, origins) for values in twins]), **models},
        difference_se={name: float(error) for name, error in zip(there, errors, strict=False)},
    )


def _with_champion(
    measure: Measure, folds: Folds, rivals: Rivals[Forecaster] | None, season: int, holdout: Ints, forward: Forward
) -> dict[str, Any]:
    """The keys of an evaluation that are about the champion."""
    if rivals is None:
        return {"champion": None, "comparison": None, "champion_not_measured": None}
    windows = measure.windows
    chosen = fair(windows, folds, rivals, season)
    if not isinstance(chosen, Fair):
        return {"champion": None, "comparison": None, "champion_not_measured": chosen}

    def losses(models: Sequence[Forecaster], of: Ints) -> Floats:
        return losses_of(windows, measure.scaling, measure.metric, models, of, forward)

    comparison = compare(windows, folds, rivals, chosen, season, losses)
    errors = None
    if len(chosen.windows) == len(holdout):
        mean = mean_errors(
            [
                measure.errors(rescaled(windows, model, measure.scaling, holdout, forward), holdout)
                for model in chosen.models
            ]
        )
        errors = ChampionErrors(version=rivals.champion.version, **mean.model_dump())
    return {"champion": errors, "comparison": comparison, "champion_not_measured": None}


def _with_truth(windows: Windows, scaling: Scaling, forecasts: Forecasts, holdout: Ints) -> pd.DataFrame:
    """Forecasts and truth in the data's units, at one origin a horizon.

    Args:
        windows: Base arrays and index.
        scaling: In whose standard deviations the forecasts are.
        forecasts: Of each model those that are shown; see `_one_a_horizon`.
        holdout: Positions in `windows.first`, shape (n,).
    """
    at = holdout[_one_a_horizon(windows, holdout)]
    right = original(windows, scaling, truth(windows, scaling, at), at)
    shown = {name: original(windows, scaling, values, at) for name, values in forecasts.items()}
    first = windows.first[at]
    origin = windows.moment(first + windows.lookback - 1)
    parts = [
        pd.DataFrame(
            {
                "series": np.array(windows.names)[windows.series[first]],
                "target": target,
                "origin": origin,
                "time": windows.moment(first + windows.lookback + ahead),
                "step": ahead + 1,
                "truth": right[:, ahead, column],
                **{name: values[:, ahead, column] for name, values in shown.items()},
            }
        )
        for column, target in enumerate(windows.targets)
        for ahead in range(windows.horizon)
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values(["series", "target", "origin", "step"], ignore_index=True)
