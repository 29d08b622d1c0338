"""The task `forecast`: its target, which targets count, loss, score and simple baselines, in one object.

What measures a forecast anywhere else calls this, so that another task has one door to come in by. It works on NumPy
arrays and on torch tensors alike, and imports neither torch nor any other module that computes.
"""

from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from cellsize.data.names import NAIVE, seasonal_naive
from cellsize.data.quantiles import columns_of_levels, mean_pinball
from cellsize.params import Metric

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]


class Dimensions(Protocol):
    """What says how large a forecast is: `Windows` and `Shape` do."""

    @property
    def lookback(self) -> int:
        """Steps that a window sees."""

    @property
    def horizon(self) -> int:
        """Steps to predict."""

    @property
    def n_targets(self) -> int:
        """Columns to predict."""


class Values(Protocol):
    """What an array of NumPy and a tensor of torch have in common."""

    def __sub__(self, other: Any, /) -> Any: ...
    def __truediv__(self, other: Any, /) -> Any: ...
    def __mul__(self, other: Any, /) -> Any: ...
    def __pow__(self, other: Any, /) -> Any: ...
    def __abs__(self) -> Any: ...
    def mean(self, *args: Any, **options: Any) -> Any: ...  # noqa: D102


V = TypeVar("V", bound=Values)


@dataclass(frozen=True)
class Forecast:
    """Values of some targets at each step of a horizon.

    Forecasts and targets have the shape (…, windows, horizon, n_targets). They are in standard deviations of the
    training rows, so that a mean squared error is the normalised MSE: the MSE divided by the variance of the training
    targets. The normalised MAE is the MAE divided by the mean absolute deviation of the training targets from their
    median. The best constant forecast has 1 in both: of squared errors it is the mean, of absolute ones the median.

    Errors are multiplied by a `scale` before they are squared or made absolute: `Scaling.error_scale` of the metric,
    and the window's own scale where its instance normalisation has changed the values.

    A target that was not observed is NaN. It counts in no sum, and its place in no mean: a score is the mean over all
    values that were observed, whichever windows they lie in. Where every target was observed, each number is the plain
    mean to the last digit. Only the targets say what is left out: a forecast that is NaN makes its score NaN.

    With quantiles there is a column of forecasts for each target and level: those of the first target, then those of
    the next. Their error is the mean pinball loss over the levels (Koenker and Bassett 1978), a score that of the
    forecasts divided by that of the same quantiles of the training targets. A forecast with one column a target is that
    of every level.

    Attributes:
        lookback: Steps that a window sees.
        horizon: Steps to predict.
        n_targets: Columns to predict.
        quantiles: Levels that are forecast of each, rising; none: a value alone.
    """

    lookback: int
    horizon: int
    n_targets: int
    quantiles: tuple[float, ...] = ()

    @classmethod
    def of(cls, dimensions: Dimensions) -> Self:
        """The forecast of some windows, or of a network of some shape."""
        quantiles: tuple[float, ...] = getattr(dimensions, "quantiles", ())
        return cls(dimensions.lookback, dimensions.horizon, dimensions.n_targets, quantiles)

    @property
    def n_outputs(self) -> int:
        """Numbers to predict for each window, N_o."""
        return self.horizon * self.n_targets

    @property
    def n_columns(self) -> int:
        """Columns of forecasts: one for each target, or for each level of each target."""
        return self.n_targets * max(1, len(self.quantiles))

    # --- the target ---------------------------------------------------------------------------------------------------

    def target_rows(self, first: Ints) -> Ints:
        """Rows that windows must predict, shape (n, horizon), from their first rows, shape (n,)."""
        return np.asarray(first)[:, None] + self.lookback + np.arange(self.horizon)

    def target(self, values: Floats, first: Ints) -> Floats:
        """Copies what windows must predict out of the target columns.

        Args:
            values: Target columns, shape (rows, n_targets).
            first: First row of each window, shape (n,).

        Returns:
            Shape (n, horizon, n_targets).
        """
        return values[self.target_rows(first)]

    def observed(self, values: Floats) -> Ints:
        """How many targets of each row were observed, shape (rows,).

        Args:
            values: Target columns, NaN where unobserved, shape (rows, n_targets).
        """
        counts: Ints = np.isfinite(values).sum(axis=1, dtype=np.int64)
        return counts

    def fewest(self, fraction: float) -> int:
        """Targets of its horizon that a window must have to be used, at least 1, from a fraction of all of them."""
        return max(1, int(np.ceil(round(fraction * self.n_outputs, 9))))  # 0.7 · 10 is a little more than 7

    # --- how wrong a forecast is --------------------------------------------------------------------------------------

    def loss(self, forecasts: V, target: V, scale: V, metric: Metric, there: V | None = None) -> V:
        """The training loss of each network: its score on its own batch, as far as targets were observed.

        The sum over a batch is divided by the number of values that a batch has on average, not by its own: else a
        value would weigh more in a batch with few others, and more still if each window had a mean of its own. So the
        gradient is, on average over batches, that of the mean over all observed values of the training set, which is
        what a score is.

        Args:
            forecasts: Normalised values, shape (networks, n, horizon, n_targets).
            target: Of the same shape; NaN where unobserved.
            scale: What errors are multiplied by, shape (networks, n, 1, n_targets).
            metric: Whether errors are squared or absolute.
            there: Fraction of the targets of each network's training set that was observed, shape (networks,). None:
                nothing is missing.

        Returns:
            Shape (networks,).
        """
        if metric == "quantile":
            errors = self._pinball(forecasts, target) * scale
        else:
            errors = self._differences(forecasts, target) * scale
            errors = errors**2 if metric == "mse" else abs(errors)
        loss: V = errors.mean(axis=(1, 2, 3))
        return loss if there is None else loss / there

    def error_sum(self, forecasts: V, target: V, scale: V, metric: Metric) -> V:
        """Errors summed over windows, horizon and targets in float64: one value, of the arrays' kind.

        Args:
            forecasts: Shape (n, horizon, n_targets).
            target: Of the same shape; NaN where unobserved.
            scale: What errors are multiplied by, shape (n, 1, n_targets) or (n_targets,).
            metric: Whether errors are squared or absolute.
        """
        total: V = self._errors(forecasts, target, scale, metric).sum()
        return total

    def score(self, error_sum: float, values: int) -> float:
        """The score over windows, horizon and targets, from the sum over all windows and the number of values in it."""
        return error_sum / values

    def score_of(self, forecasts: Floats, target: Floats, scale: Floats, metric: Metric) -> float:
        """The score of forecasts of shape (n, horizon, n_targets); see `error_sum`."""
        values = int(np.isfinite(target).sum())
        return self.score(float(self.error_sum(forecasts, target, scale, metric)), values)

    def score_by_step(
        self, forecasts: Floats, target: Floats, scale: Floats, metric: Metric
    ) -> tuple[float | None, ...]:
        """The score of each step of the horizon, None where no target of it was observed; see `error_sum`."""
        by_step: Floats = self._errors(forecasts, target, scale, metric).mean(axis=(0, 2))
        there = np.isfinite(target).mean(axis=(0, 2))
        return tuple(float(value / part) if part else None for value, part in zip(by_step, there, strict=True))

    def score_by_target(self, forecasts: Floats, target: Floats) -> Floats:
        """The mean pinball loss of each target, not normalised, shape (n_targets,).

        Args:
            forecasts: Shape (n, horizon, n_columns).
            target: Shape (n, horizon, n_targets); NaN where unobserved.
        """
        losses: Floats = self._errors(forecasts, target, np.ones(self.n_targets), "quantile").mean(axis=(0, 1))
        return np.asarray(losses / np.maximum(np.isfinite(target).mean(axis=(0, 1)), 1 / target.size))

    def score_by_window(self, forecasts: Floats, target: Floats, scale: Floats, metric: Metric) -> Floats:
        """What each window adds to the score, times the number of windows, shape (n,); see `error_sum`.

        Its mean is the score: a window counts by how many of its targets were observed.
        """
        by_window: Floats = self._errors(forecasts, target, scale, metric).mean(axis=(1, 2))
        by_window /= np.isfinite(target).mean()
        return by_window

    def least_squares_weight(self, scale: Floats) -> Floats:
        """What a fit to normalised values weighs each window's error with, so that it fits the error that is scored.

        With one target it is the window's scale. Several targets have several scales, and no weight.

        Args:
            scale: Shape (n, 1, n_targets).

        Returns:
            Shape (n, 1, 1).
        """
        return scale if self.n_targets == 1 else np.ones((len(scale), 1, 1), scale.dtype)

    @staticmethod
    def _differences(forecasts: Any, target: Any) -> Any:
        """Forecasts minus targets, 0 where a target was not observed."""
        differences = forecasts - target
        missing = target != target  # of arrays and tensors alike; neither is imported here for both
        if not missing.any():
            return differences
        if hasattr(differences, "masked_fill"):
            return differences.masked_fill(missing, 0.0)
        return np.where(missing, differences.dtype.type(0), differences)

    def _errors(self, forecasts: Any, target: Any, scale: Any, metric: Metric) -> Any:
        """In float64: the sum of many small errors in float32 would lose its last digits."""
        found = self._pinball(forecasts, target) if metric == "quantile" else self._differences(forecasts, target)
        errors = found * scale
        errors = errors.double() if hasattr(errors, "double") else errors.astype(np.float64)
        return errors**2 if metric == "mse" else abs(errors)

    def _pinball(self, forecasts: Any, target: Any) -> Any:
        """Mean pinball loss over the levels, of the shape of the target; 0 where that was not observed."""
        columns = columns_of_levels(forecasts, self.quantiles, self.n_targets)
        return mean_pinball((self._differences(column, target) for column in columns), self.quantiles)

    # --- baselines ----------------------------------------------------------------------------------------------------

    def baseline_rows(
        self, first: Ints, seasons: tuple[int, ...], begin: Ints, there: npt.NDArray[np.bool_]
    ) -> dict[str, Ints]:
        """The baselines that need no fitting: for each its name, and the rows that hold its forecasts.

        A season may be longer than what a window sees: the seasonal naive forecast then reads earlier rows of its
        series. It is the value of one season before, or of as few seasons more as it takes to find one: rows may be
        missing, and a forecast of more than one season ahead has its last one in the future. Where there is none at
        all, it is the naive forecast.

        Args:
            first: First row of each window, shape (n,).
            seasons: For each seasonal naive forecast, steps in its season.
            begin: First row of the series of each window, shape (n,).
            there: Mask of the rows that have a value, shape (rows,). The last row that a window sees has one.

        Returns:
            Rows of shape (n, horizon), none after the last row that a window sees.
        """
        last_seen = np.repeat((np.asarray(first) + self.lookback - 1)[:, None], self.horizon, axis=1)
        return {
            NAIVE: last_seen,
            **{seasonal_naive(season): self._seasonal_rows(last_seen, season, begin, there) for season in seasons},
        }

    def _seasonal_rows(self, last_seen: Ints, season: int, begin: Ints, there: npt.NDArray[np.bool_]) -> Ints:
        ahead = np.arange(1, self.horizon + 1)
        rows = (last_seen + ahead - season * -(-ahead // season)).ravel()
        begin_of_each, naive = np.repeat(begin, self.horizon), last_seen.ravel()
        searched = np.arange(rows.size)
        while searched.size:
            outside = rows[searched] < begin_of_each[searched]
            rows[searched[outside]] = naive[searched[outside]]
            searched = searched[~outside]
            searched = searched[~there[rows[searched]]]
            rows[searched] -= season
        return rows.reshape(last_seen.shape)
