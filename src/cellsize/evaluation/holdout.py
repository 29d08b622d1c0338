"""The one look at the holdout: the model's twins compared with the baselines and the current champion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cellsize.data.batches import original, targets_of_rows, truth
from cellsize.data.clipping import clipped_columns
from cellsize.data.folds import Folds, of_each_series
from cellsize.data.forecast import NAIVE, Forecast, score_name, seasonal_naive
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.evaluation.comparison import Fair, compare, fair
from cellsize.evaluation.losses import losses as losses_of
from cellsize.evaluation.losses import rescaled
from cellsize.evaluation.rivals import Rivals
from cellsize.models import baselines, boosted_trees, intervals
from cellsize.models.forecaster import Forecaster
from cellsize.models.prediction import Forward, plain_forward
from cellsize.models.regressor import Regressor
from cellsize.models.ridge_linear import fit
from cellsize.params import Baseline, Metric
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.evaluation_records import ChampionErrors, Errors, Evaluation, SeriesErrors, Subset

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
    measure = _Measure(windows, scaling, _seasonal_error(windows, folds, season), metric)
    simple = baselines.simple(windows, scaling, linear, trees, baseline.seasons, holdout, development)
    ours = [twin.predict(windows, holdout, forward) for twin in twins]
    errors, task = tuple(measure.errors(forecasts, holdout) for forecasts in ours), Forecast.of(windows)
    rows = windows.first[holdout]
    evaluation = Evaluation(
        metric=metric,
        windows=len(holdout),
        rows_from=windows.said((rows + windows.lookback)[np.argmin(windows.stamp[rows + windows.lookback])]),
        rows_until=windows.said((rows + windows.span - 1)[np.argmax(windows.stamp[rows + windows.span - 1])]),
        series=len(np.unique(windows.series[rows])),
        model=_mean(errors),
        twins=errors,
        baselines={name: measure.errors(simple[name], holdout) for name in simple},
        by_series=measure.by_series(ours, simple[seasonal_naive(season)], holdout),
        subset=_subset(measure, ours, simple, baseline, holdout),
        **_with_champion(measure, folds, rivals, season, holdout, forward),
        champion_version=None if rivals is None else rivals.champion.version,
        clipped=clipped_columns(windows, scaling, holdout, twins[0].schema.input_columns),
        coverage=coverage(twins[0], truth(windows, scaling, holdout) - np.stack([task.central(of) for of in ours])),
    )
    return evaluation, _with_truth(windows, scaling, {"model": ours[0], **simple}, holdout)


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
        values = task.central(forecasts)
        mae, rmse, mase = self._in_units(values, right, chosen)
        return Errors(
            mae=mae,
            rmse=rmse,
            mase=mase,
            nmse=task.score_of(values, right, self.scaling.error_scale("mse"), "mse"),
            nmae=task.score_of(values, right, self.scaling.error_scale("mae"), "mae"),
            by_step=task.score_by_step(forecasts, right, self.scaling.error_scale(self.metric), self.metric),
            **self._of_quantiles(forecasts, right),
        )

    def _of_quantiles(self, forecasts: Floats, right: Floats) -> dict[str, Any]:
        """The normalised pinball loss, and the fraction of targets at or below each level's forecast."""
        task = Forecast.of(self.windows)
        if not task.quantiles:
            return {}
        there = np.isfinite(right)
        below = {f"{level:g}": float((right <= of)[there].mean()) for level, of in task.by_level(forecasts).items()}
        score = task.score_of(forecasts, right, self.scaling.error_scale("quantile"), "quantile")
        return {"npinball": score, "below": below}

    def _in_units(self, forecasts: Floats, right: Floats, chosen: Ints) -> tuple[float, float, float | None]:
        """MAE, RMSE and MASE. One array is reused: of a long holdout each is as large as the windows' base arrays."""
        error = original(self.windows, self.scaling, forecasts, chosen)
        error -= original(self.windows, self.scaling, right, chosen)
        rmse = float(np.sqrt(_means(np.square(error))).mean())
        np.abs(error, out=error)
        absolute = _means(error)
        return float(absolute.mean()), rmse, self._mase(error, absolute, chosen)

    def losses(self, forecasts: Sequence[Floats], chosen: Ints) -> Floats:
        """What each window adds to the scores of some forecasts, shape (forecasts, n); see `score_by_window`.

        Args:
            forecasts: Each of shape (n, horizon, n_targets).
            chosen: Positions in `windows.first`, shape (n,).
        """
        right, task = truth(self.windows, self.scaling, chosen), Forecast.of(self.windows)
        scale = self.scaling.error_scale(self.metric)
        return np.stack([task.score_by_window(values, right, scale, self.metric) for values in forecasts])

    def by_series(self, forecasts: Sequence[Floats], seasonal: Floats, chosen: Ints) -> tuple[SeriesErrors, ...]:
        """Errors of each series that has one of the windows, the worst score first; none if there is one series.

        Args:
            forecasts: Of each twin, shape (n, horizon, n_targets).
            seasonal: Those of the seasonal naive forecast, of the same shape.
            chosen: Positions in `windows.first`, shape (n,).
        """
        if len(self.windows.names) < 2:
            return ()
        codes, of = np.unique(self.windows.series[self.windows.first[chosen]], return_inverse=True)
        right = truth(self.windows, self.scaling, chosen)
        there = np.isfinite(right)
        task = Forecast.of(self.windows)
        plain = [*(task.central(values) for values in forecasts), right]
        in_units = [original(self.windows, self.scaling, values, chosen) for values in plain]
        absolute = [
            np.where(there, np.abs(values - in_units[-1]), 0.0).mean(axis=(1, 2)) / there.mean()
            for values in in_units[:-1]
        ]
        scores = (self.losses(values, chosen).mean(axis=0) for values in (forecasts, [seasonal]))
        windows = (np.mean(absolute, axis=0), *scores)
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


def _mean(errors: Sequence[Errors]) -> Errors:
    """The mean errors of the twins; of one its own."""
    plain: dict[str, Any] = {
        name: None
        if errors[0].mase is None and name == "mase"
        else float(np.mean([getattr(of, name) for of in errors]))
        for name in ("mae", "rmse", "mase", "nmse", "nmae")
    }
    steps = zip(*(of.by_step for of in errors), strict=True)
    if errors[0].below is not None:
        plain["npinball"] = float(np.mean([of.npinball for of in errors]))
        plain["below"] = {
            level: float(np.mean([of.below[level] for of in errors if of.below])) for level in errors[0].below
        }
    return Errors(**plain, by_step=tuple(None if None in step else float(np.mean(step)) for step in steps))


def _subset(
    measure: _Measure, ours: Sequence[Floats], simple: Forecasts, baseline: Baseline, holdout: Ints
) -> Subset | None:
    """All models at the origins where the classical one is fitted; None without one."""
    if baseline.classical == "none":
        return None
    origins = baselines.origins(measure.windows, baseline, holdout, baseline.origins)
    position = np.searchsorted(holdout, origins)
    there = {name: values[position] for name, values in simple.items()}
    there[baseline.classical] = baselines.classical(measure.windows, measure.scaling, baseline, origins)
    twins = [values[position] for values in ours]
    models = {name: measure.errors(values, origins) for name, values in there.items()}
    differences = measure.losses(list(there.values()), origins) - measure.losses(twins, origins).mean(axis=0)
    errors = differences.std(axis=1, ddof=1) / np.sqrt(len(origins)) if len(origins) > 1 else []
    return Subset(
        origins=len(origins),
        models={"model": _mean([measure.errors(values, origins) for values in twins]), **models},
        difference_se={name: float(error) for name, error in zip(there, errors, strict=False)},
    )


def _with_champion(
    measure: _Measure, folds: Folds, rivals: Rivals[Forecaster] | None, season: int, holdout: Ints, forward: Forward
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
        mean = _mean(
            [
                measure.errors(rescaled(windows, model, measure.scaling, holdout, forward), holdout)
                for model in chosen.models
            ]
        )
        errors = ChampionErrors(version=rivals.champion.version, **mean.model_dump())
    return {"champion": errors, "comparison": comparison, "champion_not_measured": None}


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


def _with_truth(windows: Windows, scaling: Scaling, forecasts: Forecasts, holdout: Ints) -> pd.DataFrame:
    """Forecasts and truth in the data's units, at one origin a horizon."""
    start = windows.start[holdout]
    position = np.flatnonzero((start - start.min()) % windows.horizon == 0)
    at = holdout[position]
    right = original(windows, scaling, truth(windows, scaling, at), at)
    task = Forecast.of(windows)
    shown = {
        name: original(windows, scaling, task.central(values[position]), at)
        for name, values in forecasts.items()
        if name != NAIVE
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
