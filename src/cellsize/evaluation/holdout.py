"""The one look at the holdout: the model compared with the baselines and the current champion."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cellsize.data.batches import of_targets, original, targets_of_rows, truth
from cellsize.data.clipping import clipped_columns
from cellsize.data.folds import Folds, of_each_series
from cellsize.data.forecast import NAIVE, Forecast, seasonal_naive
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.models import baselines, boosted_trees, intervals
from cellsize.models.forecaster import Forecaster
from cellsize.models.prediction import Forward, plain_forward
from cellsize.models.ridge_linear import fit
from cellsize.params import Baseline, Metric
from cellsize.sizing.artefacts import Baselines, ChampionErrors, Errors, Evaluation, SeriesErrors, Subset

Forecasts = dict[str, Floats]
LEVELS = (0.8, 0.9, 0.95)  # of the intervals whose coverage is reported


def evaluate(
    windows: Windows,
    folds: Folds,
    model: Forecaster,
    champion: tuple[str, Forecaster] | None,
    baseline: Baseline,
    metric: Metric,
    on_folds: Baselines,
    forward: Forward = plain_forward,
) -> tuple[Evaluation, pd.DataFrame]:
    """Scores the model, the baselines and the champion on the same holdout windows.

    Args:
        windows: Base arrays and index.
        folds: Which windows are the holdout, and which come before it; baselines are fitted on these.
        model: The refitted choice.
        champion: Version and model of the current champion, if there is one. It is left out if it cannot be measured
            on the same windows, or has learned from them; the evaluation says why.
        baseline: Seasons, ridge penalties, and the classical model with its number of origins.
        metric: Which error opens the gate; by it the ridge penalty is chosen, and each step of the horizon is scored.
        on_folds: What the baselines were on the folds: boosted trees get the median of the iterations there.
        forward: Runs the networks; see `prediction.forecast`.

    Returns:
        The errors, and a table of forecasts and truth with one origin a horizon.
    """
    holdout, development = np.flatnonzero(folds.holdout), np.flatnonzero(folds.development)
    scaling = model.fitted.scaling
    # Not the choice's own penalty: a network without the linear skip connection has none.
    penalty = baselines.ridge_penalty(windows, folds, baseline.penalties, metric)
    linear = fit(windows, scaling, development, (penalty,))[0]
    iterations = tuple(int(np.median(of_target)) for of_target in zip(*on_folds.boosting_iterations, strict=True))
    trees = boosted_trees.fit(windows, scaling, development, baseline.seasons, iterations, boosted_trees.LOSSES[metric])
    measure = _Measure(windows, scaling, _seasonal_error(windows, folds, baseline.seasons[0]), metric)
    simple = baselines.simple(windows, scaling, linear, trees, baseline.seasons, holdout)
    forecasts = {"model": model.predict(windows, holdout, forward), **simple}
    not_measured = None if champion is None else _not_measured(windows, folds, champion[1], model)
    evaluation = Evaluation(
        metric=metric,
        windows=len(holdout),
        model=measure.errors(forecasts["model"], holdout),
        baselines={name: measure.errors(simple[name], holdout) for name in simple},
        by_series=measure.by_series(forecasts["model"], forecasts[seasonal_naive(baseline.seasons[0])], holdout),
        subset=_subset(measure, forecasts, baseline, holdout),
        champion=_champion(measure, champion, holdout, forward)
        if champion is not None and not_measured is None
        else None,
        champion_not_measured=not_measured,
        champion_version=None if champion is None else champion[0],
        clipped=clipped_columns(windows, scaling, holdout, model.schema.input_columns),
        coverage=coverage(model, truth(windows, scaling, holdout) - forecasts["model"]),
    )
    return evaluation, _with_truth(windows, scaling, forecasts, holdout)


def coverage(model: Forecaster, errors: Floats) -> dict[str, float]:
    """Fraction of targets within the model's intervals, by their level in percent; see `Evaluation.coverage`.

    Args:
        model: With the residuals of its folds, or without.
        errors: Truth minus forecast in standard deviations, shape (n, horizon, n_targets); NaN where unobserved.
    """
    found: dict[str, float] = {}
    for level in LEVELS if model.residuals is not None else ():
        assert model.residuals is not None
        if intervals.allows(model.residuals, level):
            found[intervals.percent(level)] = intervals.inside(*intervals.bounds(model.residuals, level), errors)
    return found


@dataclass(frozen=True)
class _Measure:
    """How far forecasts are off, and what that is measured in.

    Attributes:
        windows: Base arrays and index.
        scaling: Constants of the training rows; forecasts are in their standard deviations.
        seasonal_error: Mean absolute seasonal difference of each target before the holdout, in its own units, shape
            (n_targets,), or of each series where series have scales of their own, shape (series, 1, n_targets).
        metric: What each step of the horizon is scored by.
    """

    windows: Windows
    scaling: Scaling
    seasonal_error: Floats
    metric: Metric

    def errors(self, forecasts: Floats, chosen: Ints) -> Errors:
        """MAE and RMSE in the data's units, MASE in seasonal naive errors, and both normalised errors.

        All are means over the targets that were observed.

        Args:
            forecasts: Shape (n, horizon, n_targets).
            chosen: Positions in `windows.first`, shape (n,).
        """
        right = truth(self.windows, self.scaling, chosen)
        task = Forecast.of(self.windows)
        mae, rmse, mase = self._in_units(forecasts, right, chosen)
        return Errors(
            mae=mae,
            rmse=rmse,
            mase=mase,
            nmse=task.score_of(forecasts, right, self.scaling.error_scale("mse"), "mse"),
            nmae=task.score_of(forecasts, right, self.scaling.error_scale("mae"), "mae"),
            by_step=task.score_by_step(forecasts, right, self.scaling.error_scale(self.metric), self.metric),
        )

    def _in_units(self, forecasts: Floats, right: Floats, chosen: Ints) -> tuple[float, float, float | None]:
        """MAE, RMSE and MASE. One array is reused: of a long holdout each is as large as the windows' base arrays."""
        error = original(self.windows, self.scaling, forecasts, chosen)
        error -= original(self.windows, self.scaling, right, chosen)
        rmse = float(np.sqrt(_means(np.square(error))).mean())
        np.abs(error, out=error)
        absolute = _means(error)
        return float(absolute.mean()), rmse, self._mase(error, absolute, chosen)

    def by_series(self, forecasts: Floats, seasonal: Floats, chosen: Ints) -> tuple[SeriesErrors, ...]:
        """Errors of each series that has one of the windows, the worst score first; none if there is one series.

        Args:
            forecasts: Of the model, shape (n, horizon, n_targets).
            seasonal: Those of the seasonal naive forecast, of the same shape.
            chosen: Positions in `windows.first`, shape (n,).
        """
        if len(self.windows.names) < 2:
            return ()
        codes, of = np.unique(self.windows.series[self.windows.first[chosen]], return_inverse=True)
        right, task = truth(self.windows, self.scaling, chosen), Forecast.of(self.windows)
        in_units = (original(self.windows, self.scaling, values, chosen) for values in (forecasts, right))
        error = next(in_units) - next(in_units)
        there = np.isfinite(right)
        scale = self.scaling.error_scale(self.metric)
        windows = (
            np.where(there, np.abs(error), 0.0).mean(axis=(1, 2)) / there.mean(),
            *(task.score_by_window(values, right, scale, self.metric) for values in (forecasts, seasonal)),
        )
        # A window counts by its values: 1 where nothing is missing.
        count = np.bincount(of, weights=there.mean(axis=(1, 2)) / there.mean())
        means = [np.bincount(of, weights=of_window) / count for of_window in windows]
        errors = [
            SeriesErrors(
                series=self.windows.names[code], windows=int((of == at).sum()), mae=float(means[0][at]),
                score=float(means[1][at]), seasonal_naive=float(means[2][at]),
            )
            for at, code in enumerate(codes)
        ]  # fmt: skip
        return tuple(sorted(errors, key=lambda each: (-each.score, each.series)))

    def _mase(self, error: Floats, absolute: Floats, chosen: Ints) -> float | None:
        """The mean absolute error of each target in its seasonal errors, or each error in those of its series."""
        changing = self.seasonal_error > 0  # a target that repeats itself exactly has nothing to be compared with
        if self.seasonal_error.ndim == 1:
            return float((absolute[changing] / self.seasonal_error[changing]).mean()) if changing.any() else None
        seasonal = np.where(changing, self.seasonal_error, np.nan)
        by_target = _means(error / seasonal[self.windows.series[self.windows.first[chosen]]])
        return float(by_target.mean()) if by_target.size else None


def _means(errors: Floats) -> Floats:
    """Mean of each target over windows and steps, of those that have a value: at most (n_targets,)."""
    there = np.isfinite(errors)
    if there.all():
        means: Floats = errors.mean(axis=(0, 1))
        return means
    some = there.any(axis=(0, 1))
    return np.asarray(np.nansum(errors[..., some], axis=(0, 1)) / there[..., some].sum(axis=(0, 1)))


def _subset(measure: _Measure, forecasts: Forecasts, baseline: Baseline, holdout: Ints) -> Subset | None:
    """All models at the origins where the classical one is fitted; None without one."""
    if baseline.classical == "none":
        return None
    origins = baselines.origins(measure.windows, baseline, holdout, baseline.origins)
    position = np.searchsorted(holdout, origins)
    there = {name: values[position] for name, values in forecasts.items()}
    there[baseline.classical] = baselines.classical(measure.windows, measure.scaling, baseline, origins)
    models = {name: measure.errors(values, origins) for name, values in there.items()}
    task, right = Forecast.of(measure.windows), truth(measure.windows, measure.scaling, origins)
    scale = measure.scaling.error_scale(measure.metric)
    ours, *others = (task.score_by_window(values, right, scale, measure.metric) for values in there.values())
    errors = (
        [float((theirs - ours).std(ddof=1) / np.sqrt(len(origins))) for theirs in others] if len(origins) > 1 else []
    )
    return Subset(origins=len(origins), models=models, difference_se=dict(zip(list(there)[1:], errors, strict=False)))


def _champion(measure: _Measure, champion: tuple[str, Forecaster], holdout: Ints, forward: Forward) -> ChampionErrors:
    version, model = champion
    errors = measure.errors(_rescaled(measure.windows, model, measure.scaling, holdout, forward), holdout)
    return ChampionErrors(version=version, **errors.model_dump())


def _seasonal_error(windows: Windows, folds: Folds, season: int) -> Floats:
    """Mean absolute seasonal difference of each target before the holdout, in its own units; 0 where there is none.

    Where series have scales of their own also of each series.
    """
    last = _last_steps(windows, folds)[windows.series[season:]]
    values = targets_of_rows(windows)
    inside = (windows.step[season:] <= last) & (windows.series[season:] == windows.series[:-season])
    differences = np.abs(values[season:] - values[:-season])[inside]
    if not windows.n_own:
        count = np.isfinite(differences).sum(axis=0)
        mean: Floats = np.nansum(differences, axis=0) / np.maximum(count, 1)
        return mean
    sums, counts = np.zeros((2, len(windows.names), windows.n_targets))
    of_series = windows.series[season:][inside]
    np.add.at(sums, of_series, np.nan_to_num(differences))
    np.add.at(counts, of_series, np.isfinite(differences))
    return np.asarray(sums / np.maximum(counts, 1))[:, None]


def _last_steps(windows: Windows, folds: Folds) -> Ints:
    """The last step of each series that is before the holdout, shape (series,); -1 where none is."""
    development = windows.first[folds.development]
    ends = windows.step[development + windows.span - 1]
    if not of_each_series(windows, folds):
        return np.full(len(windows.names), ends.max())
    last = np.full(len(windows.names), -1)
    np.maximum.at(last, windows.series[development], ends)
    return last


def _rescaled(windows: Windows, model: Forecaster, scaling: Scaling, chosen: Ints, forward: Forward) -> Floats:
    """Another model's forecasts in the standard deviations of this scaling: it has its own constants."""
    mean, std = of_targets(windows, model.fitted.scaling, chosen)
    plain: Floats = model.predict(windows, chosen, forward) * std + mean
    mean, std = of_targets(windows, scaling, chosen)
    rescaled: Floats = (plain - mean) / std
    return rescaled


def _not_measured(windows: Windows, folds: Folds, champion: Forecaster, model: Forecaster) -> str | None:
    """Why the champion cannot be measured on the same windows as the model; None if it can."""
    if replace(champion.schema, gap=0) != replace(model.schema, gap=0) or champion.window != model.window:
        return "reads other columns, or has another window"  # and so other base arrays
    holdout, development = (windows.first[np.flatnonzero(part)] for part in (folds.holdout, folds.development))
    if windows.n_own:
        unknown = sorted({windows.names[code] for code in windows.series[holdout]} - set(champion.fitted.scaling.names))
        if unknown:
            return f"has no scale for series {unknown[0]!r}"
    if of_each_series(windows, folds):
        return _learned_from_a_series(windows, holdout, champion)
    # Independent sequences are not divided by time.
    by_time = windows.step[development].max() < windows.step[holdout].min()
    if by_time and windows.stamp_of(champion.learned_until) >= windows.stamp[holdout].min():
        return f"has learned from rows of this holdout (until {champion.learned_until})"
    return None


def _learned_from_a_series(windows: Windows, holdout: Ints, champion: Forecaster) -> str | None:
    """Which series the champion has learned from at the time of its holdout, of first rows (n,); None: of none."""
    for code in np.unique(windows.series[holdout]):
        learned = champion.learned_of.get(windows.names[code])
        begin = windows.stamp[holdout[windows.series[holdout] == code]].min()
        if learned is not None and windows.stamp_of(learned) >= begin:
            return f"has learned from rows of this holdout (series {windows.names[code]!r}, until {learned})"
    return None


def _with_truth(windows: Windows, scaling: Scaling, forecasts: Forecasts, holdout: Ints) -> pd.DataFrame:
    """Forecasts and truth in the data's units, at one origin a horizon."""
    start = windows.start[holdout]
    position = np.flatnonzero((start - start.min()) % windows.horizon == 0)
    at = holdout[position]
    right = original(windows, scaling, truth(windows, scaling, at), at)
    shown = {
        name: original(windows, scaling, values[position], at) for name, values in forecasts.items() if name != NAIVE
    }
    first = windows.first[holdout[position]]
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
