"""How wrong forecasts are, block of time by block of time, and how often their intervals hold the truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellsize.data.batches import truth
from cellsize.data.forecast import Forecast
from cellsize.data.quantiles import central
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.evaluation.holdout import LEVELS
from cellsize.evaluation.losses import in_scaling
from cellsize.models import baselines, intervals
from cellsize.models.forecaster import Forecaster
from cellsize.models.intervals import OrderStatistics
from cellsize.models.prediction import Forward, plain_forward
from cellsize.params import Metric


@dataclass(frozen=True)
class BlockLosses:
    """Sums over the windows of each block of time, the oldest first; each block has a window.

    Attributes:
        windows: Number of windows, shape (blocks,).
        losses: Losses of each model, as they add to its normalised error, shape (models, blocks).
        naive: Those of the seasonal naive forecast, shape (blocks,).
        observed: Number of targets that were observed, shape (blocks,).
        inside: How many of them lie within the intervals of each of `LEVELS`, shape (levels, blocks); NaN for levels
            that the models' residuals do not allow.
    """

    windows: Ints
    losses: Floats
    naive: Floats
    observed: Ints
    inside: Floats

    @property
    def samples(self) -> Ints:
        """The same as `windows`."""
        return self.windows

    @property
    def error(self) -> float:
        """Normalised error, the mean of the models."""
        return float(self.losses.sum(axis=1).mean() / self.windows.sum())

    @property
    def naive_error(self) -> float:
        """Normalised error of the seasonal naive forecast."""
        return float(self.naive.sum() / self.windows.sum())

    def coverage(self, level: int) -> float:
        """Fraction of the observed targets within the intervals of the n-th level; NaN if there are none."""
        return float(self.inside[level].sum() / self.observed.sum())


def measure(
    windows: Windows,
    chosen: Ints,
    blocks: Ints,
    models: Sequence[Forecaster],
    scaling: Scaling,
    season: int,
    metric: Metric,
    forward: Forward = plain_forward,
) -> BlockLosses:
    """Measures models on windows.

    Args:
        windows: Base arrays and index.
        chosen: Positions in `windows.first`, shape (n,).
        blocks: Block of time of each, shape (n,).
        models: One, or twins.
        scaling: In whose standard deviations all losses are measured: that of the model that is served.
        season: Steps in a season, for the seasonal naive forecast.
        metric: Whether errors are squared or absolute.
        forward: Runs the networks; see `prediction.forecast`.
    """
    codes = np.unique(blocks, return_inverse=True)[1]
    count, task = int(codes.max()) + 1, Forecast.of(windows)
    right, scale = truth(windows, scaling, chosen), scaling.error_scale(metric)
    there = np.isfinite(right)

    def sums(values: Floats) -> Floats:
        return np.asarray(np.bincount(codes, weights=values, minlength=count), np.float64)

    losses, held = [], np.zeros((len(LEVELS), count))
    for model in models:
        forecasts, own = model.predict(windows, chosen, forward), model.fitted.scaling
        shared = forecasts if own is scaling else in_scaling(windows, forecasts, own, scaling, chosen)
        losses.append(sums(task.score_by_window(shared, right, scale, metric)))
        # A model's residuals, and so its bounds, are in its own standard deviations.
        values = central(forecasts, windows.quantiles, windows.n_targets)
        held += [
            sums(count_of_level) for count_of_level in inside(model.residuals, truth(windows, own, chosen) - values)
        ]
    naive = task.score_by_window(baselines.naive(windows, scaling, chosen, season), right, scale, metric)
    return BlockLosses(
        windows=np.bincount(codes, minlength=count),
        losses=np.stack(losses),
        naive=sums(naive),
        observed=sums(there.sum(axis=(1, 2)).astype(np.float64)).astype(np.int64),
        inside=held / len(models),
    )


def inside(residuals: OrderStatistics | None, errors: Floats) -> list[Floats]:
    """How many targets of each sample lie within a model's intervals, shape (n,), for each of `LEVELS`.

    Args:
        residuals: The model's, which say how wide they are.
        errors: Truth less forecast in the model's own standard deviations, shape (n, horizon, n_targets).
    """
    held = []
    for level in LEVELS:
        if residuals is None or not intervals.allows(residuals, level):
            held.append(np.full(len(errors), np.nan))
            continue
        lower, upper = intervals.bounds(residuals, level)
        held.append(((errors >= lower) & (errors <= upper)).sum(axis=(1, 2)).astype(np.float64))
    return held
