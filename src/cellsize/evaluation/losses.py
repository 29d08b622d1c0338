"""Losses of several models on the same windows, in the same scale."""

from collections.abc import Sequence

import numpy as np

from cellsize.data.batches import of_targets, truth
from cellsize.data.forecast import Forecast
from cellsize.data.quantiles import for_columns
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.models.forecaster import Forecaster
from cellsize.models.prediction import Forward, plain_forward
from cellsize.params import Metric


def losses(
    windows: Windows,
    scaling: Scaling,
    metric: Metric,
    models: Sequence[Forecaster],
    chosen: Ints,
    forward: Forward = plain_forward,
) -> Floats:
    """What each window adds to the scores of some models, shape (models, n); see `Forecast.score_by_window`.

    Args:
        windows: Base arrays and index.
        scaling: In whose standard deviations all are measured; each model has its own.
        metric: Which error.
        models: The models.
        chosen: Positions in `windows.first`, shape (n,).
        forward: Runs the networks; see `prediction.forecast`.
    """
    right, task, scale = truth(windows, scaling, chosen), Forecast.of(windows), scaling.error_scale(metric)
    return np.stack(
        [
            task.score_by_window(rescaled(windows, model, scaling, chosen, forward), right, scale, metric)
            for model in models
        ]
    )


def rescaled(windows: Windows, model: Forecaster, scaling: Scaling, chosen: Ints, forward: Forward) -> Floats:
    """A model's forecasts in the standard deviations of another scaling than its own, (n, horizon, n_targets)."""
    return in_scaling(windows, model.predict(windows, chosen, forward), model.fitted.scaling, scaling, chosen)


def in_scaling(windows: Windows, forecasts: Floats, own: Scaling, scaling: Scaling, chosen: Ints) -> Floats:
    """Forecasts in the standard deviations of another scaling than their own, shape (n, horizon, n_targets)."""
    columns = forecasts.shape[-1]
    mean, std = (for_columns(values, columns) for values in of_targets(windows, own, chosen))
    # In place, since a whole holdout's are large; in float32 a level of 1e9 would leave no digits.
    there: Floats = (forecasts * std).astype(np.float64)
    there += mean
    mean, std = (for_columns(values, columns) for values in of_targets(windows, scaling, chosen))
    there -= mean
    there /= std
    return there
