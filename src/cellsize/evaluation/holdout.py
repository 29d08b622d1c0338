"""The one look at the holdout: the model beside the baselines and the current champion."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cellsize.data.batches import Scaling, original, truth
from cellsize.data.folds import Folds
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.models import baselines
from cellsize.models.forecaster import Forecaster
from cellsize.models.ridge_linear import fit
from cellsize.params import Baseline


def evaluate(
    windows: Windows,
    folds: Folds,
    model: Forecaster,
    champion: tuple[str, Forecaster] | None,
    baseline: Baseline,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Scores the model, the baselines and the champion on the same holdout windows.

    Args:
        windows: Base arrays and index.
        folds: Which windows are the holdout, and which come before it; baselines are fitted on these.
        model: The refitted choice.
        champion: Version and model of the current champion, if there is one; `unmeasured` says why it is left out if
            it cannot be measured on the same windows, or has learned from them.
        baseline: Season, ridge penalties, and the classical model with its number of origins.

    Returns:
        The content of `evaluation.json`, and forecasts beside the truth, one origin a horizon.
    """
    holdout, development = np.flatnonzero(folds.holdout), np.flatnonzero(folds.development)
    scaling = model.part.scaling
    # Not the choice's own penalty: a network without the linear map has none.
    penalty = baselines.ridge_penalty(windows, folds, baseline.penalties)
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
        "unmeasured": None if champion is None else _unmeasured(windows, folds, champion[1], model),
        "reigning": None if champion is None else champion[0],
    }
    if baseline.classical != "none":
        few = baselines.origins(windows, baseline, holdout, baseline.origins)
        position = np.searchsorted(holdout, few)
        forecasts = {name: values[position] for name, values in made.items()}
        forecasts[baseline.classical] = baselines.classical(windows, scaling, baseline, few)
        models = {name: errors.of(values, few) for name, values in forecasts.items()}
        result["subset"] = {"origins": len(few), "models": models}
    if champion is not None and result["unmeasured"] is None:
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
        changing = self.seasonal_error > 0  # a target that repeats itself exactly has nothing to be compared with
        return {
            "mae": float(absolute.mean()),
            "rmse": float(np.sqrt(np.square(error).mean(axis=(0, 1))).mean()),
            "mase": float((absolute[changing] / self.seasonal_error[changing]).mean()) if changing.any() else None,
            "nmse": float(squared.mean()),
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
    return mean


def _rescaled(windows: Windows, model: Forecaster, scaling: Scaling, chosen: Ints) -> Floats:
    """Another model's forecasts in these deviations: it has its own constants."""
    targets, theirs = windows.n_targets, model.part.scaling
    plain = model.predict(windows, chosen) * theirs.std[:targets] + theirs.mean[:targets]
    return (plain - scaling.mean[:targets]) / scaling.std[:targets]


def _unmeasured(windows: Windows, folds: Folds, champion: Forecaster, model: Forecaster) -> str | None:
    """Why the champion cannot be measured beside the model; None if it can."""
    if replace(champion.schema, gap=0) != replace(model.schema, gap=0) or champion.window != model.window:
        return "reads other columns, or has another window"  # and so other base arrays
    holdout, development = (
        windows.step[windows.first[np.flatnonzero(part)]] for part in (folds.holdout, folds.development)
    )
    by_time = development.max() < holdout.min()  # independent sequences are not divided by time
    if by_time and pd.Timestamp(champion.learned_until) >= windows.moment(holdout.min(keepdims=True))[0]:
        return f"has learned from rows of this holdout (until {champion.learned_until})"
    return None


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
