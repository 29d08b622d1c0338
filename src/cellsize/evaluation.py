"""The one look at the holdout: the model beside the baselines and the current champion."""

from typing import Any

import numpy as np
import pandas as pd

from cellsize import baselines
from cellsize.batches import Scaling, original, truth
from cellsize.folds import Folds
from cellsize.forecaster import Forecaster
from cellsize.linear import fit
from cellsize.params import Baseline
from cellsize.windows import Floats, Ints, Windows


def evaluate(
    windows: Windows,
    folds: Folds,
    model: Forecaster,
    champion: tuple[str, Forecaster] | None,
    baseline: Baseline,
    penalty: float,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Scores the model, the baselines and the champion on the same holdout windows.

    Args:
        windows: Base arrays and index.
        folds: Which windows are the holdout, and which come before it; baselines are fitted on these.
        model: The refitted choice.
        champion: Version and model of the current champion, if there is one; it is left out if it reads other columns.
        baseline: Season, and the classical model with its number of origins.
        penalty: Ridge penalty of the ridge-linear baseline.

    Returns:
        The content of `evaluation.json`, and forecasts beside the truth, one origin a horizon.
    """
    holdout, development = np.flatnonzero(folds.holdout), np.flatnonzero(folds.development)
    scaling = model.part.scaling
    linear = fit(windows, scaling, development, (penalty,))[0]
    errors = _Errors(windows, scaling, _seasonal_error(windows, development, baseline.season))
    simple = baselines.simple(windows, scaling, linear, baseline.season, holdout)
    made = {"model": model.predict(windows, holdout), **simple}
    result: dict[str, Any] = {
        "windows": len(holdout),
        "model": errors.of(made["model"], holdout),
        "baselines": {name: errors.of(simple[name], holdout) for name in simple},
        "subset": None,
        "champion": None,
        "reigning": None if champion is None else champion[0],
    }
    if baseline.classical != "none":
        few = baselines.origins(holdout, baseline.origins)
        position = np.searchsorted(holdout, few)
        forecasts = {name: values[position] for name, values in made.items()}
        forecasts[baseline.classical] = baselines.classical(windows, scaling, baseline, few)
        models = {name: errors.of(values, few) for name, values in forecasts.items()}
        result["subset"] = {"origins": len(few), "models": models}
    if champion is not None and comparable(champion[1], model):
        version, reigning = champion
        result["champion"] = {"version": version, **errors.of(_rescaled(windows, reigning, scaling, holdout), holdout)}
    return result, _beside_truth(windows, scaling, made, holdout)


class _Errors:
    """Measures of error, with what they are measured in."""

    def __init__(self, windows: Windows, scaling: Scaling, seasonal_error: Floats) -> None:
        self.windows, self.scaling, self.seasonal_error = windows, scaling, seasonal_error

    def of(self, made: Floats, chosen: Ints) -> dict[str, Any]:
        """MAE and RMSE in the data's units, MASE in seasonal naive errors, MSE in training variances."""
        right = truth(self.windows, self.scaling, chosen)
        squared = np.square(made - right, dtype=np.float64)
        error = original(self.windows, self.scaling, made) - original(self.windows, self.scaling, right)
        absolute = np.abs(error).mean(axis=(0, 1))
        return {
            "mae": float(absolute.mean()),
            "rmse": float(np.sqrt(np.square(error).mean(axis=(0, 1))).mean()),
            "mase": float((absolute / self.seasonal_error).mean()),
            "mse_scaled": float(squared.mean()),
            "by_step": [float(value) for value in squared.mean(axis=(0, 2))],
        }


def _seasonal_error(windows: Windows, development: Ints, season: int) -> Floats:
    """Mean absolute seasonal difference of each target before the holdout, in its own units."""
    last = int(windows.step[windows.first[development] + windows.span - 1].max())
    unit = Scaling(np.zeros(windows.n_inputs, np.float32), np.ones(windows.n_inputs, np.float32))
    values = original(windows, unit, windows.target)
    inside = (windows.step[season:] <= last) & (windows.series[season:] == windows.series[:-season])
    differences = np.abs(values[season:] - values[:-season])[inside]
    mean: Floats = np.nanmean(differences, axis=0)
    return np.maximum(mean, np.finfo(np.float64).tiny)


def _rescaled(windows: Windows, model: Forecaster, scaling: Scaling, chosen: Ints) -> Floats:
    """Another model's forecasts in these deviations: it has its own constants."""
    targets, theirs = windows.n_targets, model.part.scaling
    plain = model.predict(windows, chosen) * theirs.deviation[:targets] + theirs.mean[:targets]
    return (plain - scaling.mean[:targets]) / scaling.deviation[:targets]


def comparable(champion: Forecaster, model: Forecaster) -> bool:
    """Whether both read the same base arrays: columns, scales and window agree."""
    return champion.schema == model.schema and champion.window == model.window


def _beside_truth(windows: Windows, scaling: Scaling, made: dict[str, Floats], holdout: Ints) -> pd.DataFrame:
    start = windows.start[holdout]
    few = np.flatnonzero((start - start.min()) % windows.horizon == 0)
    right = original(windows, scaling, truth(windows, scaling, holdout[few]))
    values = {name: original(windows, scaling, forecasts[few]) for name, forecasts in made.items() if name != "naive"}
    origin = windows.moment(windows.step[windows.first[holdout[few]] + windows.lookback - 1])
    parts = [
        pd.DataFrame(
            {
                "series": np.array(windows.names)[windows.series[windows.first[holdout[few]]]],
                "target": target,
                "origin": origin,
                "time": windows.moment(windows.step[windows.first[holdout[few]] + windows.lookback + ahead]),
                "step": ahead + 1,
                "truth": right[:, ahead, column],
                **{name: forecasts[:, ahead, column] for name, forecasts in values.items()},
            }
        )
        for column, target in enumerate(windows.targets)
        for ahead in range(windows.horizon)
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values(["series", "target", "origin", "step"], ignore_index=True)
