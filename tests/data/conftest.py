"""Windows that several modules of batches are tested with."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.data import usable
from cellsize.data.scaling import Scaling, fit_scaling
from cellsize.data.schema import Schema
from cellsize.data.windows import Windows
from cellsize.params import Window

Make = Callable[..., Windows]

ROWS = 2000


@pytest.fixture(scope="session")
def eight(make_windows: Make) -> Callable[..., Windows]:
    """Eight rows, y = 0 … 7: four windows of three steps seen and two predicted."""
    return lambda **window: make_windows(range(8), **window)


@pytest.fixture(scope="session")
def with_covariates(
    make_schema: Callable[..., Schema], make_window: Callable[..., Window]
) -> Callable[..., tuple[Windows, Scaling]]:
    """A rising target, a past covariate x and a known-future k; scaling of the first half of the rows."""

    def make(x: object = 0.0, k: object = 0.0, normalise: str = "none") -> tuple[Windows, Scaling]:
        frame = pd.DataFrame(
            {
                "series": "a",
                "time": pd.date_range("2026-01-01", periods=ROWS, freq="h"),
                "y": np.arange(ROWS) / ROWS,
                "x": np.broadcast_to(np.asarray(x, float), ROWS),
                "k": np.broadcast_to(np.asarray(k, float), ROWS),
            }
        )
        schema = make_schema(past_covariates=("x",), known_future_covariates=("k",))
        arrays = usable.build(frame, schema, make_window(normalise=normalise), Path("a.csv"))
        return arrays, fit_scaling(arrays, np.arange(ROWS // 2 - arrays.span + 1))

    return make
