"""A ridge-linear model of a noisy wave, what is kept with it, and new rows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import folds, series, usable
from cellsize.data.folds import Folds
from cellsize.data.windows import Windows
from cellsize.lifecycle import reference
from cellsize.lifecycle.new_rows import PLAIN
from cellsize.lifecycle.reference import Reference
from cellsize.models.forecaster import Forecaster
from cellsize.params_data import Split

LEARNED = 600  # hours that the model's table has


@dataclass(frozen=True)
class Known:
    """A model with the windows that it comes from."""

    model: Forecaster
    windows: Windows
    folds: Folds
    reference: Reference


@pytest.fixture(scope="session")
def wave() -> Callable[..., pd.DataFrame]:
    """A table of hours: `when`, `y` and `x`, and `place` if places are named; `level` and `noise` of new rows."""

    def make(
        begin: int, end: int, places: tuple[str, ...] = (), level: float = 0.0, noise: float = 0.3
    ) -> pd.DataFrame:
        hours = np.arange(begin, end)
        parts = []
        for number, place in enumerate(places or ("",)):
            draws = np.random.default_rng([number, 7]).standard_normal((2, 2000))[:, begin:end]
            spread = np.where(hours < LEARNED, 0.3, noise)
            y = 10 + 3 * np.sin(2 * np.pi * hours / 6) + level * (hours >= LEARNED) + spread * draws[0]
            when = pd.Timestamp("2026-01-01") + pd.to_timedelta(hours, unit="h")
            part = pd.DataFrame({"when": when.strftime("%Y-%m-%d %H:%M"), "y": y, "x": draws[1]})
            parts.append(part.assign(place=place) if places else part)
        return pd.concat(parts, ignore_index=True)

    return make


@pytest.fixture(scope="session")
def make_known(
    wave: Callable[..., pd.DataFrame], make_model: Callable[..., Forecaster], make_split: Callable[..., Split]
) -> Callable[..., Known]:
    """The model of a wave, and what is kept with it; see `make_model`."""

    def make(places: tuple[str, ...] = (), scale: str = "global", **prepare: Any) -> Known:
        raw, path = wave(0, LEARNED, places), Path("table.csv")
        if places:
            prepare["series"] = "place"
        model = make_model(raw, scale=scale, **prepare)
        windows = usable.build(series.clean(raw, path, model.schema), model.schema, model.window, path)
        divided = folds.split(windows, make_split())
        kept = reference.make(windows, divided, [model, model], model, 6, "mse", PLAIN)
        return Known(model, windows, divided, kept)

    return make


@pytest.fixture(scope="session")
def known(make_known: Callable[..., Known]) -> Known:
    """The plain one."""
    return make_known()
