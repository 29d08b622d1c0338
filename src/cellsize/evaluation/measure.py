"""How far forecasts of the holdout are off: in the data's units, in seasonal naive errors, normalised, by series."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellsize.data.batches import chunks, original, targets_of_rows, truth
from cellsize.data.folds import Folds, of_each_series
from cellsize.data.forecast import Forecast
from cellsize.data.quantiles import by_level, central
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.params import Metric
from cellsize.sizing.evaluation_records import Errors, SeriesErrors


@dataclass(frozen=True)
class Measure:
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
            forecasts: Shape (n, horizon, n_targets); of quantiles (n, horizon, n_columns), see `Forecast`.
            chosen: Positions in `windows.first`, shape (n,).
        """
        right = truth(self.windows, self.scaling, chosen)
        task = Forecast.of(self.windows)
        values = self._central(forecasts)
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
        if not self.windows.quantiles:
            return {}
        there = np.isfinite(right)
        levels = by_level(forecasts, self.windows.quantiles, self.windows.n_targets)
        below = {f"{level:g}": float((right <= of)[there].mean()) for level, of in levels.items()}
        scale = self.scaling.error_scale("quantile")
        score = Forecast.of(self.windows).score_of(forecasts, right, scale, "quantile")
        return {"npinball": score, "below": below}

    def _in_units(self, forecasts: Floats, right: Floats, chosen: Ints) -> tuple[float, float, float | None]:
        """MAE, RMSE and MASE. One array is reused: of a long holdout each is as large as the windows' base arrays."""
        error = self._off_by(forecasts, right, chosen)
        np.abs(error, out=error)
        absolute = _means(error)
        mase = self._mase(error, absolute, chosen)
        np.square(error, out=error)
        return float(absolute.mean()), float(np.sqrt(_means(error)).mean()), mase

    def _off_by(self, forecasts: Floats, right: Floats, chosen: Ints) -> Floats:
        """Errors in the data's units, float64, shape (n, horizon, n_targets); what is forecast is not held twice."""
        error = original(self.windows, self.scaling, forecasts, chosen)
        done = 0
        for piece in chunks(chosen):
            part = slice(done, done + len(piece))
            error[part] -= original(self.windows, self.scaling, right[part], piece)
            done += len(piece)
        return error

    def losses(self, forecasts: Sequence[Floats], chosen: Ints) -> Floats:
        """What each window adds to the scores of some forecasts, shape (forecasts, n); see `score_by_window`.

        Args:
            forecasts: Each of shape (n, horizon, n_targets), or (n, horizon, n_columns).
            chosen: Positions in `windows.first`, shape (n,).
        """
        right, task = truth(self.windows, self.scaling, chosen), Forecast.of(self.windows)
        scale = self.scaling.error_scale(self.metric)
        return np.stack([task.score_by_window(values, right, scale, self.metric) for values in forecasts])

    def absolute(self, forecasts: Floats, chosen: Ints) -> Floats:
        """Absolute error of each window in the data's units, shape (n,).

        Its mean is the MAE: a window counts by how many of its targets were observed.

        Args:
            forecasts: Shape (n, horizon, n_targets), or (n, horizon, n_columns).
            chosen: Positions in `windows.first`, shape (n,).
        """
        right = truth(self.windows, self.scaling, chosen)
        there = np.isfinite(right)
        error = self._off_by(self._central(forecasts), right, chosen)
        np.abs(error, out=error)
        error[~there] = 0.0
        return np.asarray(error.mean(axis=(1, 2)) / there.mean())

    def by_series(self, absolute: Floats, scores: Floats, seasonal: Floats, chosen: Ints) -> tuple[SeriesErrors, ...]:
        """Errors of each series that has one of the windows, the worst score first; none if there is one series.

        Args:
            absolute: Absolute error of each window, of twins the mean, shape (n,); see `absolute`.
            scores: Its loss, of twins the mean, shape (n,).
            seasonal: The loss of the seasonal naive forecast, shape (n,).
            chosen: Positions in `windows.first`, shape (n,).
        """
        if len(self.windows.names) < 2:
            return ()
        codes, of = np.unique(self.windows.series[self.windows.first[chosen]], return_inverse=True)
        there = np.isfinite(truth(self.windows, self.scaling, chosen))
        # A window counts by its values: 1 where nothing is missing.
        count = np.bincount(of, weights=there.mean(axis=(1, 2)) / there.mean())
        means = [np.bincount(of, weights=of_window) / count for of_window in (absolute, scores, seasonal)]
        errors = [
            SeriesErrors(
                series=self.windows.names[code], windows=int((of == at).sum()), mae=float(means[0][at]),
                score=float(means[1][at]), seasonal_naive=float(means[2][at]),
            )
            for at, code in enumerate(codes)
        ]  # fmt: skip
        return tuple(sorted(errors, key=lambda each: (-each.score, each.series)))

    def _central(self, forecasts: Floats) -> Floats:
        """The forecasts of values, of quantiles the medians, shape (n, horizon, n_targets)."""
        return central(forecasts, self.windows.quantiles, self.windows.n_targets)

    def _mase(self, error: Floats, absolute: Floats, chosen: Ints) -> float | None:
        """The mean absolute error of each target in its seasonal errors, or each error in those of its series."""
        changing = self.seasonal_error > 0  # a target that repeats itself exactly has nothing to be compared with
        if self.seasonal_error.ndim == 1:
            return float((absolute[changing] / self.seasonal_error[changing]).mean()) if changing.any() else None
        seasonal = np.where(changing, self.seasonal_error, np.nan)
        by_target = _means(error / seasonal[self.windows.series[self.windows.first[chosen]]])
        return float(by_target.mean()) if by_target.size else None


def mean_errors(errors: Sequence[Errors]) -> Errors:
    """The mean of the errors of several models; of one its own."""
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


def seasonal_error(windows: Windows, folds: Folds, season: int) -> Floats:
    """Mean absolute seasonal difference of each target before the holdout, in its own units; 0 where there is none.

    Where series have scales of their own also of each series.

    Args:
        windows: Base arrays and index.
        folds: Which windows come before the holdout.
        season: Steps in a season.

    Returns:
        Shape (n_targets,), or (series, 1, n_targets) where series have scales of their own.
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


def _means(errors: Floats) -> Floats:
    """Mean of each target over windows and steps, of those that have a value: at most (n_targets,)."""
    there = np.isfinite(errors)
    if there.all():
        means: Floats = errors.mean(axis=(0, 1))
        return means
    some = there.any(axis=(0, 1))
    return np.asarray(np.nansum(errors[..., some], axis=(0, 1)) / there[..., some].sum(axis=(0, 1)))
