"""Clean series of one target, divided into folds, as `inspect` is given them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import folds, usable, windows
from cellsize.data.folds import Folds
from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.inspection import advice
from cellsize.inspection.measurement import Material, material
from cellsize.params import Metric
from cellsize.params_data import Split, Window
from cellsize.sizing.inspection_records import Inspection


@dataclass(frozen=True)
class Given:
    """What `inspect` reads."""

    frame: pd.DataFrame
    schema: Schema
    window: Window
    folds: Folds

    def inspect(self, metric: Metric = "mse") -> Inspection:
        return advice.inspect(self.frame, self.schema, self.window, self.folds, (), metric)

    def material(self, metric: Metric = "mse") -> Material:
        return material(self.frame, self.schema, self.window, self.folds, metric)

    def windows(self) -> windows.Windows:
        return usable.build(self.frame, self.schema, self.window, Path("clean.parquet"))


@pytest.fixture
def given(
    make_schema: Callable[..., Schema], make_window: Callable[..., Window], make_split: Callable[..., Split]
) -> Callable[..., Given]:
    """Hourly values from a Thursday on, or several series of them; `split` and `schema` as dictionaries."""

    def make(
        *values: np.ndarray, split: dict[str, Any] | None = None, schema: dict[str, Any] | None = None, **window: Any
    ) -> Given:
        parts = [
            pd.DataFrame(
                {SERIES: name, TIME: pd.date_range("2026-01-01", periods=len(each), freq="h"), "y": np.asarray(each)}
            )
            for name, each in zip(ascii_lowercase, values, strict=False)
        ]
        frame = pd.concat(parts, ignore_index=True)
        meaning = make_schema(**(schema or {}))
        shown = make_window(**{"lookback": 6, **window})
        arrays = usable.build(frame, meaning, shown, Path("clean.parquet"))
        return Given(frame, meaning, shown, folds.split(arrays, make_split(**(split or {}))))

    return make
