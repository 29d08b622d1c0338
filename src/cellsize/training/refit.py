"""The chosen size, trained on everything but the holdout, as a model that forecasts."""

from typing import Any

import numpy as np

from cellsize.data.schema import Schema
from cellsize.models.forecaster import Forecaster
from cellsize.params import Window
from cellsize.sizing.sizes import Size
from cellsize.training.records import Setting, Work
from cellsize.training.train import refit


def refit_choice(work: Work, recipe: dict[str, Any], schema: Schema, window: Window) -> Forecaster:
    """Trains what `recipe.json` names.

    Args:
        work: Data and how to train.
        recipe: Size, setting, ridge penalty and number of epochs.
        schema: Meaning of the raw columns, for forecasts from raw rows.
        window: Lookback, horizon and scales.
    """
    size = Size(recipe["layers"], recipe["units"])
    setting = Setting(recipe["learning_rate"], recipe["dropout"], recipe["weight_decay"])
    part, net = refit(work, size, setting, recipe["penalty"], recipe["epochs"])
    windows, development = work.windows, np.flatnonzero(work.folds.development)
    last = windows.step[windows.first[development] + windows.span - 1].max(keepdims=True)
    learned_until = windows.moment(last)[0].isoformat()
    return Forecaster(size, schema, window, work.network, part, net, learned_until)
