"""From a raw table to clean series: a regular clock, gaps marked, calendar features."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import calendar, static, times, zones
from cellsize.data import clock as clocks
from cellsize.data import table as tables
from cellsize.data.clock import Clock, Ints, microseconds
from cellsize.data.holidays import holidays
from cellsize.data.schema import MISSING, SERIES, TIME, Schema, without_target
from cellsize.errors import InputError
from cellsize.params import Prepare

MANY = 20  # rows of a series that tell a frequency


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
    regular = _regular(_checked(table, path, schema, is_sent=recent is not None), path, schema, recent)
    for column, values in calendar.known_future(regular[TIME], schema):
        regular[column] = values
    for column, constant in static.columns(regular[SERIES], static.of_series(table, path, schema), schema):
        regular[column] = constant
    # Batches hold inputs in float32, but 1e9 ± 3 has to be centred before: `windows.base` does. Indicators are 0 or 1.
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
            f"their offset, such as {written.moment.iloc[0].isoformat()}+00:00"
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
    if times.are_parts(schema.time):
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


def _regular(frame: pd.DataFrame, path: Path, schema: Schema, recent: int | None) -> pd.DataFrame:
    """The rows sorted by series and time, with a row of NaN for each missing step; all series at once."""
    codes, names = pd.factorize(frame[SERIES], sort=True)
    stamps = frame[TIME]
    order = np.lexsort((_order(stamps), codes))
    if not (order == np.arange(len(order))).all():
        codes, stamps = codes[order], stamps.iloc[order]
    clock, phases = schema.clock, schema.clock.phases(stamps, codes)  # of all rows, those too that are old
    places = _places(stamps, codes, names, order, path, schema)
    if recent is None:
        _refuse_holes(places, stamps, codes, names, order, path, schema)
    else:
        kept = _recent(places, codes, frame[list(schema.targets)].notna().all(axis=1).to_numpy()[order], recent)
        order, codes, stamps, places = order[kept], codes[kept], stamps[kept], places[kept]
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    last = np.append(begins[1:], len(codes)) - 1
    lengths = places[last] - places[begins] + 1
    offsets = np.cumsum(lengths) - lengths
    rows = offsets[codes] + places - places[begins][codes]
    code = np.repeat(np.arange(len(names)), lengths)
    every = np.arange(lengths.sum()) - offsets[code] + places[begins][code]
    full: dict[str, object] = {
        SERIES: pd.Categorical.from_codes(code, categories=pd.Index(names)),
        TIME: clock.times(every, phases[code], stamps),
    }
    for column in frame.columns.drop([SERIES, TIME]):
        values = np.full(len(code), np.nan)
        values[rows] = frame[column].to_numpy()[order]
        full[column] = values
    for column in schema.flagged:
        full[f"{column}{MISSING}"] = np.isnan(full[column]).astype(np.float64)  # type: ignore[call-overload]
    regular = pd.DataFrame(full, copy=False)
    holes = [column for column in schema.known_future_covariates if regular[column].isna().any()]
    if holes:
        # Beyond the last observed target lies what is to be forecast: nothing is made up there.
        observed = regular[list(schema.targets)].notna().all(axis=1).to_numpy()
        until = np.full(len(names), -1)
        np.maximum.at(until, code[observed], np.flatnonzero(observed))
        past = np.arange(len(code)) <= until[code]
        regular.loc[past, holes] = regular.groupby(SERIES, observed=True)[holes].ffill()[past]
    return regular


def _order(stamps: pd.Series | pd.Index) -> Ints:
    """Numbers in the order of the times, shape (n,)."""
    return np.asarray(stamps) if pd.api.types.is_integer_dtype(stamps.dtype) else microseconds(stamps)


def _places(
    stamps: pd.Series, codes: Ints, names: pd.Index, order: Ints, path: Path, schema: Schema
) -> Ints:  # fmt: skip
    """The step of each row, shape (n,), checked: on the clock, each once, without a gap that is too long.

    Args:
        stamps: Times, sorted by series and time.
        codes: The series of each, as a position in `names`.
        names: Names of the series.
        order: The row of the table that each comes from.
        path: Where they come from, for messages.
        schema: The clock, and the longest gap.
    """
    clock = schema.clock

    def where(position: int) -> str:
        return f"{path}, {tables.line(path, int(order[position]))}"

    def name(position: int) -> str:
        return repr(str(names[codes[position]]))

    inside = np.diff(codes, prepend=-1) == 0
    same = np.flatnonzero(inside & (np.diff(_order(stamps), prepend=0) == 0))
    if same.size:
        at = int(same[0])
        raise InputError(
            f"{where(at)}: {stamps.iloc[at]} is duplicated in series {name(at)}; {_once(stamps, same, schema)}",
            "keep one row",
        )
    misplaced = clock.misplaced(stamps)
    if misplaced is not None:
        at, why = misplaced
        raise InputError(
            f"{where(at)}: {stamps.iloc[at]} {why} (series {name(at)}), as {schema.frequency!r} wants; fix "
            "prepare.frequency, or the row",
            "send rows on the clock of the model",
        )
    places = clock.places(stamps, codes)
    off = np.flatnonzero(
        _order(pd.Series(clock.times(places, clock.phases(stamps, codes)[codes], stamps))) != _order(stamps)
    )
    if off.size:
        at = int(off[0])
        first = stamps.iloc[int(np.flatnonzero(codes == codes[at])[0])]
        raise InputError(
            f"{where(at)}: {stamps.iloc[at]} is not a whole number of steps of {schema.frequency!r} after "
            f"{first} (series {name(at)}); fix prepare.frequency, or resample the table to one frequency",
            "send rows on the clock of the model",
        )
    return places


def _refuse_holes(
    places: Ints, stamps: pd.Series, codes: Ints, names: pd.Index, order: Ints, path: Path, schema: Schema
) -> None:
    """Refuses a gap that is too long, and a frequency that most rows do not have; arguments as for `_places`."""
    jumps = np.where(np.diff(codes, prepend=-1) == 0, np.diff(places, prepend=0), 1)
    rows, skips = np.bincount(codes), np.bincount(codes[jumps > 1], minlength=len(names))
    # A short series may have a hole; a frequency is wrong where many rows say so, and another step is as usual as it:
    # where half of the days are missing at random, a day is still the most usual step.
    inside = np.diff(codes, prepend=-1) == 0
    found = pd.DataFrame({"code": codes[inside], "jump": jumps[inside]}).value_counts().reset_index()
    other = np.zeros(len(names), np.int64)
    np.maximum.at(other, found["code"][found["jump"] > 1], found["count"][found["jump"] > 1])
    wrong = other >= np.bincount(codes[inside & (jumps == 1)], minlength=len(names))
    again = inside & (jumps > 1) & (np.diff(jumps, prepend=0) == 0)  # hourly rows, then rows every two hours
    wrong |= np.bincount(codes[again], minlength=len(names)) > skips / 2
    uneven = np.flatnonzero((skips > rows / 4) & wrong & ((rows >= MANY) | (skips.sum() > rows.sum() / 4)))
    at = int(jumps.argmax())
    if not uneven.size and jumps[at] - 1 <= schema.gap:
        return
    fitting = clocks.fitting(stamps, codes)
    remedy = "set prepare.frequency to its real step, or resample the table to one frequency"
    if fitting is not None and fitting != schema.frequency:
        remedy = f"set prepare.frequency: {fitting}, which most rows follow"
    if uneven.size:
        code = int(uneven[0])
        usual = int(np.median(jumps[(codes == code) & (jumps > 1)]))
        raise InputError(
            f"{path}: series {str(names[code])!r} steps by {usual} × {schema.frequency!r} in {skips[code]} of "
            f"{rows[code]} rows; {remedy}"
        )
    raise InputError(
        f"{path}, {tables.line(path, int(order[at]))}: {int(jumps[at] - 1)} steps are missing before {stamps.iloc[at]} "
        f"(series {str(names[codes[at]])!r}), more than prepare.gap: {schema.gap}; fill the gap, raise prepare.gap, or "
        "give the parts different series names"
    )


def _recent(places: Ints, codes: Ints, observed: npt.NDArray[np.bool_], recent: int) -> npt.NDArray[np.bool_]:
    """Mask of the rows around the last observed target of each series, or around its last row if it has none."""
    last = np.full(codes[-1] + 1, np.iinfo(np.int64).min)
    np.maximum.at(last, codes[observed], places[observed])
    newest = np.full(codes[-1] + 1, np.iinfo(np.int64).min)
    np.maximum.at(newest, codes, places)
    last = np.where(last == np.iinfo(np.int64).min, newest, last)
    return np.asarray((places > last[codes] - recent) & (places <= last[codes] + recent))


def _once(stamps: pd.Series, same: Ints, schema: Schema) -> str:
    """What to do where a time is there twice."""
    if schema.clock.unit == "fixed" and schema.is_naive and schema.ambiguous != "infer":
        twice = pd.DatetimeIndex(stamps.iloc[same])
        # Everywhere clocks are set back in the night to a Sunday, or before it.
        if ((twice.day_of_week >= 5) & (twice.hour <= 3)).all():
            timezone = f"prepare.timezone: {schema.timezone or 'Area/City'}"
            return (
                "if clocks were set back then (daylight saving ends), declare the clock and that both hours are there: "
                f"{timezone} and prepare.ambiguous: infer; else keep one row, or name the column that tells series "
                "apart under prepare.series"
            )
    return "keep one row, or name the column that tells series apart under prepare.series"
