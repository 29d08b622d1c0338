"""Gaps: settings that give windows where none is usable."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import base_arrays, usable
from cellsize.data.gaps import settings_for_gaps
from cellsize.data.schema import Schema
from cellsize.errors import InputError
from cellsize.params_data import Window

NAN = float("nan")

MakeSchema = Callable[..., Schema]

MakeWindow = Callable[..., Window]


def daily(values: Any, **columns: Any) -> pd.DataFrame:
    """A clean daily series from Monday, the first of January 2018."""
    times = pd.date_range("2018-01-01", periods=len(values), freq="D")
    return pd.DataFrame({"series": "all", "time": times, "y": np.asarray(values, float), **columns})


def closed(*weekdays: int, rows: int = 120) -> pd.DataFrame:
    """A series that has no value on some days of the week, 0 for Mondays."""
    values = np.arange(float(rows))
    values[np.isin(np.arange(rows) % 7, weekdays)] = NAN
    return daily(values)


def scattered() -> pd.DataFrame:
    values = np.random.default_rng(0).standard_normal(200)
    values[np.random.default_rng(1).random(200) < 0.3] = NAN
    return daily(values)


@pytest.mark.parametrize(
    ("frame", "horizon", "settings"),
    [
        (closed(5, 6), 10, "window.fill: 2 and window.observed: 0.6"),  # business days: 6, 7 or 8 of 10 days
        (closed(6), 7, "window.fill: 1 and window.observed: 0.85"),  # a shop closed on Sundays: 6 of 7
        (closed(*range(1, 7)), 14, "window.fill: 6 and window.observed: 0.14"),  # a value a week
        (scattered(), 10, "window.fill: "),
    ],
)
@pytest.mark.parametrize("fill", [0, 1])
def test_where_no_window_is_usable_settings_are_found_that_give_some(
    make_schema: MakeSchema, make_window: MakeWindow, frame: pd.DataFrame, horizon: int, settings: str, fill: int
) -> None:
    schema, declared = make_schema(frequency="D"), make_window(lookback=14, horizon=horizon, fill=fill)
    with pytest.raises(InputError, match=f"no window of {14 + horizon} steps has every value it needs"):
        usable.build(frame, schema, declared, Path("a.csv"))
    found = settings_for_gaps(base_arrays.base(frame, schema, declared), frame, schema, declared)
    assert found is not None
    if fill < 1 or "fill: 1" not in settings:
        assert settings in f"window.fill: {found.fill} and window.observed: {found.observed:g}"
    changed = make_window(lookback=14, horizon=horizon, fill=found.fill, observed=found.observed)
    arrays = usable.build(frame, schema, changed, Path("a.csv"))
    count = found.windows
    assert 0.85 * count < len(arrays.first) <= count
