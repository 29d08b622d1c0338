"""The usual request made into a window without pandas' machinery: one series, every step there, nothing missing.

A request costs what its rows cost to prepare: 16 ms as a table that may hold anything, 0.3 ms of it the network
(docs/consumers.md). Whatever is not usual is left to `row_forecasts`, which prepares all kinds of rows and says what is
wrong with them. Times and numbers are read by the same functions, so that both refuse them in the same words.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data import calendar, series
from cellsize.data import table as tables
from cellsize.data.clock import microseconds, zone
from cellsize.data.scaling import Scaling, own_offsets
from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.data.windows import FORWARD, Floats, Ints, Windows
from cellsize.models.forecaster import Forecaster

# Years that every zone has clocks for.
PLAIN_TIME, MOMENT = r"(?:1[5-9]|2\d)\d\d-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?", "datetime64[us]"


@dataclass(frozen=True)
class Prepared:
    """Rows as windows.

    Attributes:
        arrays: Base arrays with one window for each series.
        scaling: The model's, with constants of series that are new to it.
        names: Series of each row to be forecast, shape (n · horizon,).
        times: Their times, of the same shape.
    """

    arrays: Windows
    scaling: Scaling
    names: "pd.Series[str]"
    times: pd.Series


def one_series(forecaster: Forecaster, rows: pd.DataFrame, schema: Schema, source: Path) -> Prepared | None:
    """Prepares the rows of one series that lie on the clock one after another; None: they are not so.

    Args:
        forecaster: The model.
        rows: Raw rows, with series and levels as the model knows them.
        schema: The model's, with the columns that hold the time in these rows.
        source: Where they come from, for messages.

    Raises:
        InputError: A time or a number is unreadable.
    """
    clock, window = schema.clock, forecaster.window
    if clock.unit != "fixed" or schema.static_columns or not rows.columns.is_unique:
        return None
    values_of = (*schema.targets, *schema.past_covariates, *schema.known_future_covariates)
    if not {*schema.time, *values_of, *schema.categorical_covariates} <= {*rows.columns}:
        return None
    name = "all" if schema.series is None else _only(rows, schema.series)
    if name is None or own_offsets(forecaster.fitted.scaling, (name,)) is not None:
        return None
    stamps = _iso(rows, schema)
    stamps = series.line_of_instants(rows, source, schema) if stamps is None else stamps
    counted = microseconds(stamps)
    if (np.diff(counted) != clock.count).any():
        return None
    if any(rows[column].isna().all() for column in schema.flagged):
        return None
    named = () if schema.series is None else (schema.series,)
    tables.check_values(rows, source, (*named, *values_of, *schema.categorical_covariates))
    given = {column: tables.numbers(rows, source, column) for column in values_of}
    observed = np.flatnonzero(np.isfinite([given[target] for target in schema.targets]).all(axis=0))
    lookback, horizon = window.steps_seen, window.horizon
    if not observed.size or observed[-1] + 1 < lookback:
        return None
    begin, origin = int(observed[-1]) + 1 - lookback, int(observed[-1]) + 1
    phase = counted[0] % clock.count
    places = counted[begin] // clock.count + np.arange(lookback + horizon)
    time = pd.Series(clock.times(places, phase, stamps), name=TIME)
    columns = _columns(rows, given, time, schema, slice(begin, origin), horizon)
    if columns is None or (window.transform != "none" and (columns[:lookback, : len(schema.targets)] < 0).any()):
        return None
    arrays = _base(forecaster, columns, time, counted[begin] + clock.count * np.arange(lookback + horizon), name)
    to_come = time.iloc[lookback:].reset_index(drop=True)
    return Prepared(arrays, forecaster.fitted.scaling, pd.Series([name] * horizon, name=SERIES, dtype="str"), to_come)


def _iso(rows: pd.DataFrame, schema: Schema) -> pd.Series | None:
    """Times that are all written in one way that NumPy reads, as JSON has them; None: they are not.

    Text is half of what a request's preparation costs otherwise.
    """
    if len(schema.time) != 1 or schema.time_format is not None or (schema.timezone is not None and schema.is_naive):
        return None
    texts = rows[schema.time[0]].tolist()
    if {*map(type, texts)} != {str}:
        return None
    ending = "" if schema.timezone is None else r"(?:Z|\+00:00)"
    if re.fullmatch(rf"(?:{PLAIN_TIME}{ending}\n)+", "\n".join([*texts, ""])) is None:
        return None
    try:
        index = pd.DatetimeIndex(np.array([text[:19].removesuffix("Z").partition("+")[0] for text in texts], MOMENT))
    except ValueError:  # the thirtieth of February
        return None
    if schema.timezone is not None:
        index = index.tz_localize("UTC").tz_convert(zone(schema.timezone))
    return pd.Series(index)


def _only(rows: pd.DataFrame, column: str) -> str | None:
    """The series that all rows are of; None if they are of several, or of none."""
    if column not in rows:
        return None
    values = rows[column]
    first = values.iloc[0]
    return first if isinstance(first, str) and bool((values == first).all()) else None


def _columns(
    rows: pd.DataFrame, given: dict[str, Floats], time: pd.Series, schema: Schema, seen: slice, horizon: int
) -> Floats | None:
    """The columns of `Windows.inputs`, untransformed, float64, NaN where only the past is known; None: one is missing.

    Args:
        rows: Raw rows.
        given: Columns of numbers.
        time: Of the rows seen, and of those to come.
        schema: Meaning of the columns.
        seen: Rows that the window sees.
        horizon: Rows to come.
    """
    lookback = seen.stop - seen.start
    columns = np.full((lookback + horizon, len(schema.input_columns)), np.nan)
    made = dict(calendar.known_future(time, schema))
    position = 0
    for column in (*schema.targets, *schema.past_covariates):
        columns[:lookback, position] = given[column][seen]
        position += 1
    for column, levels in schema.categorical_covariates.items():
        text = tables.labels(rows[column].iloc[seen])
        for level in levels:
            columns[:lookback, position] = (text == level).to_numpy(np.float64)
            position += 1
        if text.isna().any():
            return None
    columns[:lookback, position : position + len(schema.flagged)] = 0.0  # what is flagged is there, or below is None
    position += len(schema.flagged)
    if np.isnan(columns[:lookback, :position]).any():
        return None
    for column in schema.known_future_columns:
        if column in made:
            columns[:, position] = made[column]
        else:
            values = given[column]
            if np.isnan(values).any() or len(values) < seen.stop + horizon:
                return None
            columns[:, position] = values[seen.start : seen.stop + horizon]
        position += 1
    return columns


def _base(forecaster: Forecaster, columns: Floats, time: pd.Series, stamps: Ints, name: str) -> Windows:
    """What `base_arrays.base` makes of these columns, with a window at their begin."""
    schema, window, offset = forecaster.schema, forecaster.window, forecaster.fitted.scaling.mean
    targets = slice(len(schema.targets))
    columns[:, targets] = FORWARD[window.transform](columns[:, targets])
    inputs = (columns - offset).astype(np.float32)
    return Windows(
        inputs=inputs,
        n_known_future=len(schema.known_future_columns),
        n_own=len(schema.targets) + len(schema.past_covariates) if window.scale == "series" else 0,
        target=inputs[:, targets].copy(),
        offset=offset,
        step=np.arange(len(columns)),
        stamp=stamps,
        series=np.zeros(len(columns), np.int64),
        first=np.zeros(1, np.int64),
        names=(name,),
        targets=schema.targets,
        zone=schema.timezone or "",
        seconds=schema.clock.seconds,
        lookback=window.steps_seen,
        cell_lookback=window.lookback,
        horizon=window.horizon,
        transform=window.transform,
        normalise=window.normalise,
        origin=calendar.levels(time, schema),
        linear_calendar=schema.linear_calendar,
    )
