"""Forecasts from rows in the user's own columns and units: what a served model is asked for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import base_arrays, calendar, series, times
from cellsize.data import table as tables
from cellsize.data.batches import original
from cellsize.data.clipping import clipped_columns
from cellsize.data.quantiles import by_level, central
from cellsize.data.scaling import own_offsets, usual, with_unknown
from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.data.windows import Floats
from cellsize.errors import InputError
from cellsize.models import intervals, regular_rows
from cellsize.models.forecaster import Forecaster
from cellsize.models.regular_rows import Prepared

# Steps of each series that count at least, for the last values of covariates that come seldom.
KEPT = 4096
ROWS = Path("the rows given")


def forecast_rows(forecaster: Forecaster, rows: pd.DataFrame, levels: Sequence[float] = ()) -> pd.DataFrame:
    """Forecasts what follows the last observed target of each series.

    With `window.scale: series` a series that is new to the model is scaled by its recent rows: see
    `scaling.with_unknown`.

    What is accepted:

    - rows in any order, with any index, of any number of series; other columns are ignored;
    - numbers as numbers, as text with a decimal point, or as true and false; nothing, NaN or None where one is missing;
    - times as the model's table has them, or in ISO 8601, or as datetimes; in the table's own column, or in one that is
      called `time`, as forecasts have it, so that forecasts can be put below the rows that they were made from;
    - times of any zone if those of the table have an offset; without an offset they are refused then, and with one
      where the table has none and no zone is declared for it;
    - series that training has not seen, and levels of categorical covariates that it has not seen;
    - past covariates that were missing somewhere in training may be missing wholly; holes of any length before what
      the model looks back on.

    Args:
        forecaster: The model.
        rows: Recent history in the raw table's columns and units, any number of series, at least
            `window.steps_seen` steps each. Known-future covariates need rows for the horizon too, with the
            targets left empty.
        levels: Probabilities of the intervals that are wanted, such as 0.8 and 0.9.

    Returns:
        `window.horizon` rows for each series: its id, the time, and a column for each target. A model of quantiles has
        the median there, and columns for its levels of each target, such as `load_q10`. Then for each target and level
        that was asked for the lower and the upper end of its interval, conformal; see `intervals.columns`.

    Raises:
        InputError: A column is missing or unreadable, a time is there twice or not on the model's clock, a series is
            too short, or a level is none or higher than the model's residuals allow. `InputError.for_caller` says what
            to send.
    """
    return forecast_and_clipped(forecaster, rows, levels)[0]


def forecast_and_clipped(
    forecaster: Forecaster, rows: pd.DataFrame, levels: Sequence[float] = ()
) -> tuple[pd.DataFrame, dict[str, int]]:
    """What `forecast_rows` returns, and how many values were clipped for it; see `clipping.clipped_columns`."""
    schema, lookback = forecaster.schema, forecaster.window.steps_seen
    wanted = _ends(forecaster, levels)
    if rows.empty:
        raise InputError(f"no rows; send the last {lookback} steps or more of each series")
    rows, read = understood(forecaster, rows)
    prepared = regular_rows.one_series(forecaster, rows, read, ROWS) or _prepared(forecaster, rows, read)
    arrays, scaling, chosen = prepared.arrays, prepared.scaling, np.arange(len(prepared.arrays.first))
    if scaling is not forecaster.fitted.scaling:
        forecaster = replace(forecaster, fitted=replace(forecaster.fitted, scaling=scaling))
    predicted = forecaster.predict(arrays, chosen)
    standardised = central(predicted, forecaster.quantiles, arrays.n_targets)
    forecasts = original(arrays, scaling, standardised, chosen)
    columns: dict[str, object] = {schema.series or SERIES: prepared.names, "time": prepared.times}
    for column, target in enumerate(schema.targets):
        columns[target] = forecasts[:, :, column].reshape(-1)
    for level, values in by_level(predicted, forecaster.quantiles, arrays.n_targets).items():
        of_level = original(arrays, scaling, values, chosen)
        for column, target in enumerate(schema.targets):
            columns[f"{target}_q{intervals.percent(level)}"] = of_level[:, :, column].reshape(-1)
    for name, position, added in wanted:
        end = original(arrays, scaling, standardised + added, chosen)  # monotone: the ends stay in their order
        columns[name] = end[:, :, position].reshape(-1)
    return pd.DataFrame(columns), clipped_columns(arrays, scaling, chosen, schema.input_columns)


def understood(forecaster: Forecaster, rows: pd.DataFrame) -> tuple[pd.DataFrame, Schema]:
    """Rows with the names that the model knows, and the schema by which their times are read; see `forecast_rows`."""
    return _with_times(_by_known_names(rows.reset_index(drop=True), forecaster), forecaster.schema)


def _prepared(forecaster: Forecaster, rows: pd.DataFrame, read: Schema) -> Prepared:
    """Rows of any kind as windows: any number of series, in any order, with holes."""
    schema, scaling, window = forecaster.schema, forecaster.fitted.scaling, forecaster.window
    lookback = window.steps_seen
    recent = max(2 * lookback + window.fill + window.horizon, KEPT)
    frame = series.clean(rows, ROWS, read, recent=recent)
    # Around the mean of training no digit is lost, whatever these few rows are like.
    extended = _extended(forecaster, frame)
    offsets = scaling.mean, own_offsets(scaling, tuple(map(str, frame[SERIES].cat.categories)))
    arrays = base_arrays.base(extended, schema, forecaster.window, *offsets)
    chosen = np.arange(len(extended) // arrays.span)
    arrays = replace(arrays, first=chosen * arrays.span)
    if arrays.n_own and not set(arrays.names) <= set(scaling.names):
        # A series that is new to the model is scaled by its recent rows, all that are read.
        shown = frame[frame[list(schema.targets)].notna().all(axis=1)]
        scaling = with_unknown(base_arrays.base(shown, schema, forecaster.window, *offsets), scaling)
    future = extended[np.arange(len(extended)) % arrays.span >= arrays.lookback].reset_index(drop=True)
    return Prepared(arrays, scaling, future[SERIES].astype("str"), future[TIME])


def _ends(forecaster: Forecaster, levels: Sequence[float]) -> list[tuple[str, int, Floats]]:
    """The columns of intervals: name, position of the target, and what is added to all forecasts, (horizon, n_targets).

    Raises:
        InputError: The model has no residuals, or too few for a level.
    """
    wanted = intervals.checked_levels(levels)
    if wanted and forecaster.residuals is None:
        raise InputError(f"levels: the model has no residuals to make intervals of; send none: {intervals.AGAIN}")
    found, targets = list[tuple[str, int, Floats]](), forecaster.schema.targets
    for position, target in enumerate(targets):
        for level in wanted:
            assert forecaster.residuals is not None
            ends = intervals.bounds(forecaster.residuals, level)
            names = intervals.columns(target, level)
            found += [(name, position, added) for name, added in zip(names, ends, strict=True)]
    return found


def with_times_as_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with times in ISO 8601, with their offset if they have one: JSON has no times."""
    texts = {
        str(column): rows[column].map(lambda moment: moment.isoformat(), na_action="ignore")
        for column in rows.select_dtypes(include=["datetime", "datetimetz"])
    }
    return rows.assign(**texts)


def _with_times(rows: pd.DataFrame, schema: Schema) -> tuple[pd.DataFrame, Schema]:
    """Rows whose times the schema that is returned reads: as the table has them, or as forecasts have them, or both."""
    columns = list(rows.columns)
    if not schema.time:
        return rows, schema
    tables.check_values(rows, ROWS, tuple(column for column in (*schema.time, TIME) if column in columns))
    iso = replace(schema, time_format=None)
    if not set(schema.time) <= set(columns):
        return rows, replace(iso, time=(TIME,)) if TIME in columns else schema
    others = [column for column in schema.time if column != TIME]
    if len(schema.time) == 1 and schema.time_format is not None:
        as_forecast = times.iso_instead(rows[schema.time[0]], schema.time_format)
        column = schema.time[0]
    else:
        as_forecast, column = np.zeros(len(rows), np.bool_), TIME
    if TIME in columns and others and not as_forecast.any():
        as_forecast = (rows[others].isna().any(axis=1) & rows[TIME].notna()).to_numpy(bool)
        column = TIME
    if not as_forecast.any():
        return rows, schema
    iso = replace(iso, time=(column,))
    if as_forecast.all():
        return rows, iso
    # Two ways of writing: each is brought to instants on its own.
    parts = [
        series.line_of_instants(rows[~as_forecast], Path(f"{ROWS} with {', '.join(schema.time)!r}"), schema),
        series.line_of_instants(rows[as_forecast], Path(f"{ROWS} with {column!r} in ISO 8601"), iso),
    ]
    return rows.assign(**{TIME: pd.concat(parts).sort_index()}), replace(iso, time=(TIME,))


def _by_known_names(rows: pd.DataFrame, forecaster: Forecaster) -> pd.DataFrame:
    """Rows with series and levels as the model knows them, if they are the same numbers; see `table.known`."""
    schema = forecaster.schema
    named = {**schema.categorical_covariates, **schema.static_covariates}
    if schema.series is not None:
        named[schema.series] = tuple({*schema.series_levels, *forecaster.fitted.scaling.names})
    there = {column: names for column, names in named.items() if names and column in rows}
    tables.check_values(rows, ROWS, tuple(there))
    return rows.assign(**{column: tables.known(rows[column], names) for column, names in there.items()})


def _extended(forecaster: Forecaster, frame: pd.DataFrame) -> pd.DataFrame:
    """Each series cut to the last window that can be forecast: lookback rows seen, horizon rows to come."""
    schema, window = forecaster.schema, forecaster.window
    lookback, horizon = window.steps_seen, window.horizon
    codes, names = frame[SERIES].cat.codes.to_numpy(np.int64), frame[SERIES].cat.categories
    begin = np.flatnonzero(np.diff(codes, prepend=-1))
    end = np.append(begin[1:], len(codes)) - 1
    observed = frame[list(schema.targets)].notna().all(axis=1).to_numpy()
    origin = begin - 1
    np.maximum.at(origin, codes[observed], np.flatnonzero(observed))
    short = np.flatnonzero(origin - begin + 1 < lookback)
    if short.size:
        raise InputError(
            f"series {names[short[0]]!r}: {(origin - begin)[short[0]] + 1} rows up to the last observed target, but "
            f"the model looks back {lookback}; send more history"
        )
    seen, ahead = origin[:, None] + np.arange(1 - lookback, 1), origin[:, None] + np.arange(1, horizon + 1)
    clock = schema.clock
    following = clock.places(frame[TIME], codes)[origin][:, None] + np.arange(1, horizon + 1)
    phases = np.repeat(clock.phases(frame[TIME], codes), horizon)
    to_come = pd.Series(clock.times(following.ravel(), phases, frame[TIME]), name=TIME)
    # Rows of the frame, then those to come.
    rows = np.concatenate([seen, len(frame) + np.arange(len(to_come)).reshape(-1, horizon)], axis=1).ravel()
    time = pd.concat([frame[TIME], to_come], ignore_index=True).iloc[rows].reset_index(drop=True)
    columns: dict[str, object] = {
        SERIES: pd.Categorical.from_codes(np.repeat(np.arange(len(names)), lookback + horizon), categories=names),
        TIME: time,
    }
    made = dict(calendar.known_future(time, schema))
    for column, filled in base_arrays.fill(frame, schema, window):
        if column in made:
            columns[column] = made[column]
        elif column in schema.static_columns:
            columns[column] = np.repeat(filled[origin], lookback + horizon)
        elif column in schema.known_future_covariates:
            values = np.concatenate([filled[seen], _given(frame, filled, ahead, end, column, to_come)], axis=1)
            columns[column] = _complete(values, names, column, lookback).ravel()
        else:
            if column in schema.flagged:  # of a covariate that is never there, what is usual; its indicator says so
                means = usual(forecaster.fitted.scaling, schema.input_columns.index(column), tuple(names))
                filled = np.where(np.isnan(filled), means[codes], filled)
            values = np.concatenate([filled[seen], np.full(ahead.shape, np.nan)], axis=1)
            columns[column] = _complete(values, names, column, lookback).ravel()
    return pd.DataFrame(columns)


def _given(
    frame: pd.DataFrame, values: npt.NDArray[np.float64], ahead: npt.NDArray[np.integer],
    end: npt.NDArray[np.integer], column: str, to_come: pd.Series,
) -> npt.NDArray[np.float64]:  # fmt: skip
    """A covariate that is known in future at the steps to come, shape (series, horizon).

    Raises:
        InputError: It is not there for one of them.
    """
    given = np.where(ahead <= end[:, None], values[np.minimum(ahead, len(values) - 1)], np.nan)
    missing = np.argwhere(np.isnan(given))
    if missing.size:
        at, step = missing[0]
        name = frame[SERIES].cat.categories[at]
        raise InputError(
            f"series {name!r}, column {column!r}: not given for {to_come.iloc[at * ahead.shape[1] + step]}; it is "
            f"known in future, so send rows for the {ahead.shape[1]} steps to be predicted with the targets left empty"
        )
    return given


def _complete(values: npt.NDArray[np.float64], names: pd.Index, column: str, lookback: int) -> npt.NDArray[np.float64]:
    """The values, shape (series, lookback + horizon), of which none of what is seen may be missing."""
    missing = np.flatnonzero(np.isnan(values[:, :lookback]).any(axis=1))
    if missing.size:
        raise InputError(
            f"series {names[missing[0]]!r}, column {column!r}: values are missing among the last {lookback} steps "
            "before the forecast; fill them in"
        )
    return values
