"""From a raw table to clean series: a regular clock, gaps marked, calendar features."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from cellsize.data import calendar
from cellsize.data import table as tables
from cellsize.data.schema import MISSING, SERIES, TIME, Schema
from cellsize.errors import InputError
from cellsize.params import Prepare


def texts(prepare: Prepare) -> tuple[str, ...]:
    """Columns that hold names, not numbers."""
    return (*prepare.categorical_covariates, *([prepare.series] if prepare.series else []))


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
    for key in ("targets", "past_covariates", "categorical_covariates", "known_future_covariates"):
        tables.require(table, path, getattr(prepare, key), f"prepare.{key}")
    if not re.fullmatch(r"([1-9]\d*)?(ms|s|min|h|D|W)", prepare.frequency):
        raise InputError(f"prepare.frequency: {prepare.frequency!r} is not a fixed step; use h, 15min, D")
    if prepare.timezone is not None:
        try:
            ZoneInfo(prepare.timezone)
        except (ValueError, KeyError, OSError):
            raise InputError(f"prepare.timezone: {prepare.timezone!r} is unknown; use Area/City or null") from None
    if prepare.holidays is not None:
        calendar.holidays(prepare.holidays, range(2020, 2021))
    flagged = []
    for column in (*prepare.targets, *prepare.past_covariates, *prepare.known_future_covariates):
        values = tables.numbers(table, path, column)
        if column in prepare.targets and np.nanmin(values) == np.nanmax(values):
            raise InputError(f"{path}, column {column!r}: the target never changes; remove it from prepare.targets")
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
        timezone=prepare.timezone,
        frequency=prepare.frequency,
        gap=prepare.gap,
        flagged=tuple(flagged),
        time_format=prepare.time_format,
        ambiguous=prepare.ambiguous,
        static_covariates={},
        series_levels=(),
    )
    reserved = {SERIES, TIME, *schema.calendar_columns, *(f"{name}{MISSING}" for name in flagged)}
    taken = sorted(reserved & {*prepare.targets, *prepare.past_covariates, *prepare.known_future_covariates})
    if taken:
        raise InputError(f"{path}, column {taken[0]!r}: this name is reserved for a column of ours; rename yours")
    return schema


def clean(table: pd.DataFrame, path: Path, schema: Schema) -> pd.DataFrame:
    """Puts every series on a regular clock.

    Args:
        table: Raw rows in any order.
        path: Where they come from, for messages.
        schema: Meaning of the columns.

    Returns:
        A frame sorted by series and time, one row for each step without a hole, with the columns `series`
        (categorical), `time`, `schema.past_columns` (NaN where missing) and `schema.known_future_columns`; columns
        of the table in float64, what was made of them or of the time in float32.

    Raises:
        InputError: Times repeat, do not lie on the clock, or leave a gap beyond `schema.gap`.
    """
    # No intermediate table has a name: it would stay in memory, and the copies of a long table are this stage's peak.
    regular = pd.concat(
        [_regular(rows, path, schema) for _, rows in _checked(table, path, schema).groupby(SERIES, sort=True)],
        ignore_index=True,
    )
    for column, values in calendar.known_future(regular[TIME], schema):
        regular[column] = values
    # Batches hold inputs in float32, but 1e9 ± 3 has to be centred before: `windows.base` does. Indicators are 0 or 1.
    given = {*schema.targets, *schema.past_covariates, *schema.known_future_covariates}
    made = [column for column in (*schema.past_columns, *schema.known_future_columns) if column not in given]
    downcast = regular.astype({SERIES: "category", **dict.fromkeys(made, np.float32)})
    return downcast[[SERIES, TIME, *schema.past_columns, *schema.known_future_columns]]


def _checked(table: pd.DataFrame, path: Path, schema: Schema) -> pd.DataFrame:
    """The columns that are needed, rows in the table's order: series, time, then numbers."""
    table = table.reset_index(drop=True)  # messages count rows, whatever index came along
    columns = (
        *schema.time,
        *schema.targets,
        *schema.past_covariates,
        *schema.categorical_covariates,
        *schema.known_future_covariates,
    )
    tables.require(table, path, (*columns, *([schema.series] if schema.series else [])), "prepare")
    times = tables.times(table, path, schema.time)
    names = tables.names(table, schema.series)
    missing = np.flatnonzero(table[schema.series].isna().to_numpy()) if schema.series else np.empty(0, int)
    if missing.size:
        where = tables.line(path, missing[0])
        raise InputError(f"{path}, {where}, column {schema.series!r}: no series named; fill it in")
    frame = pd.DataFrame({SERIES: names, TIME: times})
    for column in (*schema.targets, *schema.past_covariates, *schema.known_future_covariates):
        frame[column] = tables.numbers(table, path, column)
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


def _regular(rows: pd.DataFrame, path: Path, schema: Schema) -> pd.DataFrame:
    """The rows of one series, sorted, with a row of NaN for each missing step."""
    if not rows[TIME].is_monotonic_increasing:
        rows = rows.sort_values(TIME, kind="stable")
    name, times = rows[SERIES].iloc[0], rows[TIME]
    steps = (times - times.iloc[0]) / schema.step
    jumps = steps.diff().fillna(1).to_numpy()
    if not jumps.all():
        at = int(np.flatnonzero(jumps == 0)[0])
        raise InputError(
            f"{path}, {tables.line(path, int(rows.index[at]))}: {times.iloc[at]} is duplicated in series {name!r}; "
            "keep one row, or name the column that tells series apart under prepare.series"
        )
    off_clock = np.flatnonzero((steps != steps.round()).to_numpy())
    if off_clock.size:
        where = tables.line(path, int(rows.index[off_clock[0]]))
        raise InputError(
            f"{path}, {where}: {times.iloc[off_clock[0]]} is not a whole number of steps of {schema.frequency!r} after "
            f"{times.iloc[0]} (series {name!r}); fix prepare.frequency, or resample the table to one frequency"
        )
    if jumps.max() - 1 > schema.gap:
        at = int(jumps.argmax())
        raise InputError(
            f"{path}, {tables.line(path, int(rows.index[at]))}: {int(jumps[at] - 1)} steps are missing before "
            f"{times.iloc[at]} (series {name!r}), more than prepare.gap: {schema.gap}; fill the gap, raise "
            "prepare.gap, or give the parts different series names"
        )
    skips = jumps[jumps > 1]
    if skips.size > len(jumps) / 4:
        raise InputError(
            f"{path}: series {name!r} steps by {int(np.median(skips))} × {schema.frequency!r} in {skips.size} of "
            f"{len(jumps)} rows; set prepare.frequency to its real step, or resample the table to one frequency"
        )
    clock = pd.date_range(times.iloc[0], times.iloc[-1], freq=schema.step, name=TIME)
    full = rows.drop(columns=SERIES).set_index(TIME).reindex(clock).reset_index()
    for column in schema.flagged:
        full[f"{column}{MISSING}"] = full[column].isna().astype(np.float64)
    holes = [column for column in schema.known_future_covariates if full[column].isna().any()]
    if holes:
        # Beyond the last observed target lies what is to be forecast: nothing is made up there.
        observed = np.flatnonzero(full[list(schema.targets)].notna().all(axis=1).to_numpy())
        past = full.index[: observed[-1] + 1] if observed.size else full.index[:0]
        full.loc[past, holes] = full.loc[past, holes].ffill()
    full.insert(0, SERIES, name)
    return full
