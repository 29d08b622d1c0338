"""Models of every kind with weights drawn at random, which nobody has trained."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from cellsize.data import folds
from cellsize.data.folds import Fold
from cellsize.data.scaling import fit_scaling
from cellsize.data.schema import Schema
from cellsize.data.windows import Windows
from cellsize.models import ridge_linear
from cellsize.models.forecaster import Forecaster
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold
from cellsize.params import Head, Network, Skip
from cellsize.params_data import Split, Window
from cellsize.sizing.sizes import ZERO, Architecture, Size, shape

NOTHING = np.empty(0, np.int64)


@pytest.fixture
def draw_model(
    make_windows: Callable[..., Windows], make_schema: Callable[..., Schema], make_window: Callable[..., Window],
    make_network: Callable[..., Network], make_split: Callable[..., Split],
) -> Callable[..., tuple[Forecaster, Windows]]:  # fmt: skip
    """A model with weights drawn at random, and windows for it."""

    def made(
        size: Size, skip: Skip = "none", head: Head = "plain", second: bool = False, shift: float = 0.0,
        linear_calendar: tuple[str, ...] = (), window: dict[str, Any] | None = None, series: int = 1,
        quantiles: tuple[float, ...] = (), **network: Any,
    ) -> tuple[Forecaster, Windows]:  # fmt: skip
        draw, hours = np.random.default_rng(0), np.arange(90)
        values = [
            shift + (1 + number) * (3 + np.sin(hours / 3) + 0.3 * draw.standard_normal(90)) for number in range(series)
        ]
        plain = {"lookback": 5, "horizon": 3} | (window or {})
        arrays = make_windows(*values, second=second, linear_calendar=linear_calendar, **plain)
        arrays = replace(arrays, quantiles=quantiles)
        development = np.flatnonzero(folds.split(arrays, make_split()).development)
        schema = make_schema(
            targets=("y", "z") if second else ("y",), past_covariates=("x",), known_future_covariates=("k",),
            linear_calendar=linear_calendar,
        )  # fmt: skip
        scaling = fit_scaling(arrays, development)
        linear = ridge_linear.fit(arrays, scaling, development, (1.0,))[0]
        fitted = FittedFold(Fold(development, NOTHING, NOTHING), scaling, linear, 0.0, 0.0)
        kind, net = make_network(**network), None
        if size != ZERO:
            torch.manual_seed(0)
            net = Net(size, kind, shape(arrays), Architecture(skip, head)).eval()
            for weights in net.parameters():  # those that begin at 0 too
                torch.nn.init.uniform_(weights, -0.6, 0.6)
        model = Forecaster(size, schema, make_window(**plain), kind, fitted, net, "2026-01-01", {}, quantiles=quantiles)
        return model, arrays

    return made
