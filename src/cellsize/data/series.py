"""From a raw table to clean series: a regular clock, gaps marked, calendar features."""

from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data import calendar, static, times, zones
from cellsize.data import table as tables
from cellsize.data.clock import Clock
from cellsize.data.holidays import holidays
from cellsize.data.regular import regular_rows
from cellsize.data.schema import MISSING, SERIES, TIME, Schema, without_target
from cellsize.errors import InputError
from cellsize.params_data import Prepare


def texts(prepare: Prepare) -> tuple[str, ...]:
    """Columns that are read as they are written: names, and static covariates, of which `static` tells names apart."""
    named = [prepare.series] if prepare.series else []
    return (*prepare.categorical_covariates, *prepare.static_covariates, *named)


def describe(table: pd.DataFrame, path: Path, prepare: Prepare) -> Schema:
    """The schema that `prepare` declares, checked against the table and completed from it.

    Args:
        table: Raw rows.
        path: Where they come from, for messages.
        prepare: Roles of the columns, and the clock.

    Returns:
        The schema, with the levels of each categorical covariate and the covariates that have missing values.

    Raises:
        InputError: A column is missing, is of the wrong kind, or is constant.
    """
    time = (prepare.time,) if isinstance(prepare.time, str) else prepare.time or ()
    tables.require(table, path, time, "prepare.time")
    if prepare.series is not None:
        tables.require(table, path, (prepare.series,), "prepare.series")
    for key in (
        "targets", "past_covariates", "categorical_covariates", "known_future_covariates", "static_covariates",
    ):  # fmt: skip
        tables.require(table, path, getattr(prepare, key), f"prepare.{key}")
    clock = Clock.of(prepare.frequency)
    if prepare.holidays is not None:
        holidays(prepare.holidays, range(2020, 2021))
    timezone, others, is_naive = _zone(table, path, time, clock, prepare)
    flagged = []
    for column in (*prepare.targets, *prepare.past_covariates, *prepare.known_future_covariates):
        values = tables.numbers(table, path, column)
        if column in prepare.targets and np.nanmin(values) == np.nanmax(values):
            remedy = without_target(prepare.targets, column)
            raise InputError(f"{path}, column {column!r}: the target never changes; {remedy}")
        missing = np.flatnonzero(np.isnan(values))
        if missing.size and column in prepare.past_covariates:
            flagged.append(column)
    categorical = {
        name: tuple(sorted(tables.labels(table[name]).dropna().unique())) for name in prepare.categorical_covariates
    }
    for name, levels in categorical.items():
        if not 2 <= len(levels) <= 50:
            raise InputError(
                f"{path}, column {name!r}: {len(levels)} levels; a categorical covariate has 2 to 50, else remove it"
            )
    schema = Schema(
        time=time,
        series=prepare.series,
        targets=prepare.targets,
        past_covariates=prepare.past_covariates,
        categorical_covariates=categorical,
        known_future_covariates=prepare.known_future_covariates,
        calendar=prepare.calendar,
        linear_calendar=prepare.linear_calendar,
        holidays=prepare.holidays,
        timezone=timezone,
        other_zones=others,
        is_naive=is_naive,
        frequency=prepare.frequency,
        gap=prepare.gap,
        flagged=tuple(flagged),
        time_format=prepare.time_format,
        ambiguous=prepare.ambiguous,
        static_covariates=static.levels(table, path, prepare),
        series_levels=static.series_levels(table, path, prepare),
    )
    reserved = {SERIES, TIME, *schema.calendar_columns, *(f"{name}{MISSING}" for name in flagged)}
    given = {*prepare.targets, *prepare.past_covariates, *prepare.known_future_covariates, *prepare.static_covariates}
    taken = sorted(reserved & given)
    if taken:
        raise InputError(f"{path}, column {taken[0]!r}: this name is reserved for a column of ours; rename yours")
    return schema


def _zone(
    table: pd.DataFrame, path: Path, columns: tuple[str, ...], clock: Clock, prepare: Prepare
) -> tuple[str | None, int, bool]:
    """The zone of a table's times, how many others fit as well, and whether they have no offset; see `Schema`."""
    if clock.unit == "integer":
        asked = {
            "prepare.calendar": prepare.calendar, "prepare.linear_calendar": prepare.linear_calendar,
            "prepare.holidays": prepare.holidays, "prepare.timezone": prepare.timezone,
        }  # fmt: skip
        for key, value in asked.items():
            if value:
                nothing = "[]" if isinstance(value, tuple) else "null"
                raise InputError(
                    f"{key}: steps of prepare.frequency: {clock.frequency} have no time; set {key}: {nothing}"
                )
        return None, 0, True
    if not columns:
        raise InputError(f"prepare.time: null, but prepare.frequency is {clock.frequency}; name the time, or set step")
    written = times.read(table, path, columns, prepare.time_format)
    return *zones.zone_of(written, prepare.timezone, path, ", ".join(columns)), written.offset is None


def clean(table: pd.DataFrame, path: Path, schema: Schema, recent: int | None = None) -> pd.DataFrame:
    """Puts every series on a regular clock.

    Args:
        table: Raw rows in any order.
        path: Where they come from, for messages.
        schema: Meaning of the columns.
        recent: Steps of each series up to its last observed target that count, with those after it: of what a served
            model is sent, old rows may have holes of any length. None: all rows.

    Returns:
        A frame sorted by series and time, one row for each step without a hole, with the columns `series`
        (categorical), `time` (of the zone `schema.timezone`, without a zone, or a whole number),
        `schema.past_columns` (NaN where missing) and `schema.known_future_columns`; columns of the table in float64,
        what was made of them or of the time in float32.

    Raises:
        InputError: Times repeat, do not lie on the clock, or leave a gap beyond `schema.gap`.
    """
    # No intermediate table has a name: it would stay in memory, and the copies of a long table are this stage's peak.
    regular = regular_rows(_checked(table, path, schema, is_sent=recent is not None), path, schema, recent)
    for column, values in calendar.known_future(regular[TIME], schema):
        regular[column] = values
    for column, constant in static.columns(regular[SERIES], static.of_series(table, path, schema), schema):
        regular[column] = constant
    # Batches hold inputs in float32, but 1e9 ± 3 has to be centred before: `base_arrays.base` does. Indicators are 0
    # or 1.
    given = {*schema.targets, *schema.past_covariates, *schema.known_future_covariates, *schema.static_covariates}
    made = [column for column in (*schema.past_columns, *schema.known_future_columns) if column not in given]
    downcast = regular.astype(dict.fromkeys(made, np.float32))
    return downcast[[SERIES, TIME, *schema.past_columns, *schema.known_future_columns]]


def line_of_instants(table: pd.DataFrame, path: Path, schema: Schema) -> pd.Series:
    """The time of each row of a raw table, as `clean` writes it.

    Raises:
        InputError: A time cannot be read, or cannot be brought to the zone of the schema.
    """
    if schema.clock.unit == "integer":
        return _integers(table, path, schema)
    column = ", ".join(schema.time)
    try:
        written = times.read(table, path, schema.time, schema.time_format)
    except InputError as error:
        raise InputError(str(error), _times_to_send(schema)) from None
    if written.offset is None and schema.timezone is not None and not schema.is_naive:
        raise InputError(
            f"{path}, column {column!r}: times without an offset, but those of the model's table have one; give them "
            f"their offset, such as {written.local.iloc[0].isoformat()}+00:00"
        )
    return zones.instants(
        written,
        schema.timezone,
        schema.ambiguous,
        path,
        column,
        schema.clock.is_local,
        tables.names(table, schema.series),
    )


def _times_to_send(schema: Schema) -> str:
    """How a caller of a served model writes times."""
    if not schema.is_naive:
        iso = "in ISO 8601 with their offset, such as 2026-01-31T23:00+00:00"
    else:
        iso = "in ISO 8601, such as 2026-01-31T23:00"
    if times.are_parts(schema.time) and schema.time_format is None:
        return f"send {', '.join(schema.time)} as whole numbers, or a column {TIME!r} with times {iso}"
    return f"send times {iso}" + ("" if schema.time_format is None else f", or as {schema.time_format}")


def _integers(table: pd.DataFrame, path: Path, schema: Schema) -> pd.Series:
    """The step of each row, as a whole number: that of the column, or the number of the row in its series."""
    if not schema.time:
        return tables.names(table, schema.series).groupby(tables.names(table, schema.series)).cumcount()
    if len(schema.time) > 1:
        raise InputError(
            f"prepare.time: steps of prepare.frequency: {schema.frequency} have one column; name one, or null"
        )
    values = tables.numbers(table, path, schema.time[0])
    bad = np.flatnonzero(~np.isfinite(values) | (values != np.round(values)) | (np.abs(values) > 2**53))
    if bad.size:
        raise InputError(
            f"{path}, {tables.line(path, int(bad[0]))}, column {schema.time[0]!r}: {values[bad[0]]} is not a whole "
            "number; fix it, or set prepare.time: null to count the rows",
            "send whole numbers",
        )
    return pd.Series(values.astype(np.int64), index=table.index)


def _checked(table: pd.DataFrame, path: Path, schema: Schema, *, is_sent: bool) -> pd.DataFrame:
    """The columns that are needed, rows in the table's order: series, time, then numbers.

    In rows that are sent to a served model a covariate that was flagged in training may be missing wholly.
    """
    table = table.reset_index(drop=True)  # messages count rows, whatever index came along
    columns = (
        *schema.time,
        *schema.targets,
        *schema.past_covariates,
        *schema.categorical_covariates,
        *schema.known_future_covariates,
        *schema.static_covariates,
    )
    tables.require(table, path, (*columns, *([schema.series] if schema.series else [])), "prepare")
    names = tables.names(table, schema.series)
    missing = np.flatnonzero(table[schema.series].isna().to_numpy()) if schema.series else np.empty(0, int)
    if missing.size:
        where = tables.line(path, missing[0])
        raise InputError(f"{path}, {where}, column {schema.series!r}: no series named; fill it in")
    frame = pd.DataFrame({SERIES: names, TIME: line_of_instants(table, path, schema)})
    for column in (*schema.targets, *schema.past_covariates, *schema.known_future_covariates):
        is_there = not (is_sent and column in schema.flagged and table[column].isna().all())
        frame[column] = tables.numbers(table, path, column) if is_there else np.nan
    for column in schema.known_future_covariates:
        missing = np.flatnonzero(frame[column].isna().to_numpy())
        if missing.size:
            where = tables.line(path, missing[0])
            raise InputError(
                f"{path}, {where}, column {column!r}: missing, but declared as known in future; fill it in"
            )
    for name, levels in schema.categorical_covariates.items():
        text = tables.labels(table[name])
        for level in levels:
            frame[f"{name}={level}"] = (text == level).astype(np.float64).where(text.notna())
    for column in schema.flagged:
        frame[f"{column}{MISSING}"] = frame[column].isna().astype(np.float64)
    return frame
