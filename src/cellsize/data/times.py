"""Times as they are written: ISO 8601, or what `prepare.time_format` declares. Nothing is guessed.

pandas reads more than that: `Jan-10` and `00:00` become days of the year 1 or of today, `now` is a time even where a
format is given, and 01/03/2021 is read by the month. So what is read is decided here, and pandas only reads it.
"""

import datetime
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data.table import labels, line, read_numbers
from cellsize.data.text_file import misfit
from cellsize.data.time_formats import DATE, OFFSET, UNITS, check_format, parse, plain_value, split_offsets, text_of
from cellsize.data.time_proposals import plausible, refusal, remedy_for_numbers, usual_years
from cellsize.errors import InputError
from cellsize.params_data import Prepare

PARTS = ("year", "month", "day", "hour", "minute", "second")
LOWEST = {"year": 1, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}
HIGHEST = {"year": 9999, "month": 12, "day": 31, "hour": 23, "minute": 59, "second": 59}


@dataclass(frozen=True, eq=False)
class Written:
    """The time of each row as it is written, with the index of the table.

    Attributes:
        local: Date and time of day as written, datetime64[us] without a zone.
        offset: Seconds east of UTC of each row, int64; None: no time has an offset.
        zone: Name of the zone that a Parquet column carries, or None.
    """

    local: "pd.Series[pd.Timestamp]"
    offset: "pd.Series[Any] | None"
    zone: str | None = None


def columns_of(prepare: Prepare) -> tuple[str, ...]:
    """The columns that hold the time, or a part of it each."""
    return (prepare.time,) if isinstance(prepare.time, str) else prepare.time or ()


def read(table: pd.DataFrame, path: Path, columns: tuple[str, ...], time_format: str | None) -> Written:
    """The time of each row.

    Args:
        table: Raw rows.
        path: Where they come from, for messages.
        columns: The column with the time; or those with year, month, day, hour, minute, second, as far as they are
            there, as numbers; or, by a format, a year with its quarter or the name of a month; or those with a date
            and a time of day, which are read as one text with a blank between: a date and the hours 0 to 23 as
            `%Y-%m-%d %H`, a date and the numbers 0 to 2359 as `%Y-%m-%d %H%M`.
        time_format: None: ISO 8601 of any length. Else as in `strptime`, with `%q` for the quarter of a year, or
            `epoch s`, `epoch ms`, `epoch us`, `epoch ns`, `YYYYMMDD`.

    Returns:
        The times as they are written, none of them missing.

    Raises:
        InputError: A time is missing or is not written so, some times have an offset and others have none, a year is
            not among 1 to 9999, or a fraction of a microsecond would be lost.
    """
    check_format(time_format)
    name = f"column {', '.join(columns)!r}"
    missing = np.flatnonzero(table[list(columns)].isna().any(axis=1).to_numpy())
    if missing.size:
        how = misfit(path, table[columns[0]], int(missing[0]), missing.size == 1)
        remedy = "fill it in, or remove the row" + (f"; or {how}" if how else "")
        raise InputError(f"{path}, {line(path, missing[0])}, {name}: the time is missing; {remedy}")
    are_numbers = all(pd.api.types.is_numeric_dtype(table[column]) for column in columns)
    if are_parts(columns) and (time_format is None or are_numbers):
        if time_format is not None:
            raise InputError(f"prepare.time_format: {time_format!r}, but {name} needs none; set it to null")
        return Written(_assembled(table, path, columns), None)
    if (
        time_format is None
        and len(columns) > 1
        and all(pd.api.types.is_integer_dtype(table[column]) for column in columns)
        and not (len(columns) == 2 and usual_years(parse(text_of(table[columns[0]], "%Y%m%d"), "%Y%m%d")))
    ):
        raise InputError(f"{path}, {name}: numbers, not times; name them year, month, day, hour")
    source = _column(table[columns[0]]) if len(columns) == 1 else _joined(table, columns, time_format)
    if isinstance(source.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_any_dtype(source):
        return _typed(source, path, name)
    if pd.api.types.is_bool_dtype(source) or pd.api.types.is_timedelta64_dtype(source):
        raise InputError(
            f"{path}, {name}: {plain_value(source.iloc[0])!r} is not a time; write times as 2026-01-31 23:00"
        )
    if time_format is None and pd.api.types.is_numeric_dtype(source):
        raise InputError(f"{path}, {name}: numbers, not times; {remedy_for_numbers(source)}")
    if time_format in UNITS:
        return _epochs(source, path, name, time_format)
    text, offsets = split_offsets(text_of(source, time_format), time_format)
    local = parse(text, time_format)
    bad = local.isna().to_numpy()
    if bad.any():
        raise InputError(refusal(source, path, name, time_format, bad))
    return Written(_in_microseconds(local, path, name), _on_one_clock(offsets, source, path, name))


def are_parts(columns: tuple[str, ...]) -> bool:
    """Whether columns hold the year, the month and so on, as whole numbers; a `day` and its `hour` alone do not."""
    names = {column.lower() for column in columns}
    return len(columns) > 1 and names <= set(PARTS) and names != {"day", "hour"}


def iso_instead(column: pd.Series, time_format: str | None) -> npt.NDArray[np.bool_]:
    """Which rows of a column are ISO 8601 and not written as the format declares, shape (rows,)."""
    is_text = pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column)
    if time_format is None or not is_text or isinstance(column.dtype, pd.CategoricalDtype):
        return np.zeros(len(column), np.bool_)
    text = _column(column).astype("str").str.strip()
    iso: npt.NDArray[np.bool_] = text.str.fullmatch(f"{DATE}{OFFSET}?").to_numpy(bool)
    iso = iso & column.notna().to_numpy(bool)
    if time_format in UNITS or not iso.any():
        return iso
    bare, offsets = split_offsets(text, time_format)
    as_declared = parse(bare, time_format).notna().to_numpy()
    if "%z" in time_format and offsets is not None:
        as_declared = as_declared & (offsets != "").to_numpy()
    return iso & ~as_declared


def _column(values: pd.Series) -> pd.Series:
    """A column as text, numbers or datetimes, whatever Parquet made of it: days, periods, categories."""
    if isinstance(values.dtype, pd.PeriodDtype):
        return pd.Series(values.dt.to_timestamp())
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if pd.api.types.is_object_dtype(values):
        return values.map(_as_text).astype("str")
    return values


def _as_text(value: object) -> str:
    """One value of a column of Python objects: dates and times in ISO 8601."""
    if isinstance(value, datetime.date | datetime.time):  # a datetime is a date too
        return value.isoformat()
    return str(value)


def _joined(table: pd.DataFrame, columns: tuple[str, ...], time_format: str | None) -> pd.Series:
    """Date and time of day as one text; midnights of a column of datetimes are days, and 730 is half past seven."""
    parts = []
    for column in columns:
        values = _column(table[column])
        if pd.api.types.is_datetime64_dtype(values):
            days = (values == values.dt.normalize()).all()
            values = values.dt.strftime("%Y-%m-%d" if days else "%Y-%m-%dT%H:%M:%S.%f")
        parts.append(labels(values).astype("str").str.strip())
    digits = re.search(r" (%H%M(?:%S)?)$", time_format or "")
    if digits is not None and pd.api.types.is_numeric_dtype(table[columns[-1]]):
        parts[-1] = parts[-1].str.zfill(len(digits[1]))  # two for each directive, as it has itself
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + " " + part
    return joined


def _assembled(table: pd.DataFrame, path: Path, columns: tuple[str, ...]) -> "pd.Series[pd.Timestamp]":
    """The times of year, month, day, hour, minute, second in columns of their own."""
    name = f"column {', '.join(columns)!r}"
    parts = dict(zip([column.lower() for column in columns], columns, strict=True))
    needed = PARTS[: 1 + max(PARTS.index(part) for part in parts)]
    absent = [part for part in needed if part not in parts]
    if absent or len(parts) < len(columns):
        raise InputError(f"{path}, {name}: {', '.join(absent) or 'a part twice'} is missing; name it in prepare.time")
    whole = {}
    bad = np.zeros(len(table), np.bool_)
    for part, column in parts.items():
        number = read_numbers(table[column]).to_numpy(np.float64, na_value=np.nan)
        number = np.where(np.isfinite(number), number, np.nan)
        wrong = ~((number >= LOWEST[part]) & (number <= HIGHEST[part]) & (number % 1 == 0))
        bad |= wrong
        whole[part] = np.where(wrong, LOWEST[part], number).astype(np.int64)
    zero, one = np.zeros(len(table), np.int64), np.ones(len(table), np.int64)
    months = ((whole["year"] - 1970) * 12 + whole.get("month", one) - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (whole.get("day", one) - 1)
    bad |= days.astype("datetime64[M]") != months
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        value = {column: plain_value(table[column].iloc[row]) for column in columns}
        raise InputError(
            f"{path}, {line(path, row)}, {name}: {value!r:.200} is not a time; fix it: a day has the hours 0 to 23"
        )
    seconds = (whole.get("hour", zero) * 60 + whole.get("minute", zero)) * 60 + whole.get("second", zero)
    return pd.Series(days.astype("datetime64[us]") + seconds * np.timedelta64(1, "s"), index=table.index)


def _typed(values: pd.Series, path: Path, name: str) -> Written:
    """A column of datetimes: what the clock of its zone shows."""
    if not isinstance(values.dtype, pd.DatetimeTZDtype):
        return Written(_in_microseconds(values, path, name), None)
    wall = _in_microseconds(values.dt.tz_localize(None), path, name)
    instant = _in_microseconds(values.dt.tz_convert("UTC").dt.tz_localize(None), path, name)
    offset = pd.Series((wall - instant).dt.total_seconds().to_numpy(np.int64), index=values.index)
    zone = values.dtype.tz
    named = "UTC" if zone is datetime.UTC else getattr(zone, "key", getattr(zone, "zone", None))
    return Written(wall, offset, named)


def _epochs(source: pd.Series, path: Path, name: str, time_format: str) -> Written:
    """Counts of seconds, or of parts of a second, since the beginning of 1970 in UTC."""
    numbers = source
    if not pd.api.types.is_numeric_dtype(source):
        text = source.str.strip()
        fits = text.str.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?([eE]\+?[0-9]+)?")
        numbers = pd.to_numeric(text.where(fits), errors="coerce")
        bad = numbers.isna().to_numpy()
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            remedy = "fix it, or set prepare.time_format to how the times are written"
            raise InputError(f"{path}, {line(path, row)}, {name}: {source.iloc[row]!r} is no {time_format!r}; {remedy}")
    lowest, highest = -62_135_596_800 * 1e6 / UNITS[time_format], 253_402_300_800 * 1e6 / UNITS[time_format]
    values = numbers.to_numpy()
    beyond = np.flatnonzero(~((values >= lowest) & (values < highest)))
    if beyond.size:
        better = [unit for unit in UNITS if unit != time_format and plausible(values, unit)]
        remedy = f'set prepare.time_format: "{better[0]}"' if better else "fix prepare.time_format"
        raise InputError(
            f"{path}, {line(path, beyond[0])}, {name}: {plain_value(values[beyond[0]])!r} as {time_format!r} is not "
            f"within the years 1 to 9999; {remedy}"
        )
    whole = pd.api.types.is_integer_dtype(numbers)
    rough = np.flatnonzero(np.abs(values) > 2.0**53) if not whole else np.empty(0, int)
    if time_format == "epoch ns":
        lost = np.flatnonzero(values % 1000 != 0)
        micro = values.astype(np.int64) // 1000
    else:
        factor = int(UNITS[time_format])
        lost = np.empty(0, int)
        micro = values.astype(np.int64) * factor if whole else np.round(values * factor).astype(np.int64)
    for rows, why in ((rough, "has lost digits as a float"), (lost, "has parts of a microsecond")):
        if rows.size:
            raise InputError(
                f"{path}, {line(path, rows[0])}, {name}: {plain_value(values[rows[0]])!r} {why}; "
                "write whole numbers, in microseconds at the finest"
            )
    local = pd.Series(micro.astype("datetime64[us]"), index=source.index)
    return Written(local, pd.Series(np.zeros(len(micro), np.int64), index=source.index))


def _in_microseconds(local: "pd.Series[pd.Timestamp]", path: Path, name: str) -> "pd.Series[pd.Timestamp]":
    """Datetimes of any unit in microseconds, which hold the years 1 to 9999."""
    values = local.to_numpy()
    year = values.astype("datetime64[Y]").astype(np.int64) + 1970
    beyond = np.flatnonzero((year < 1) | (year > 9999))
    if beyond.size:
        raise InputError(
            f"{path}, {line(path, beyond[0])}, {name}: the year {year[beyond[0]]} is not among 1 to 9999; fix it"
        )
    micro = values.astype("datetime64[us]")
    lost = np.flatnonzero(micro.astype(values.dtype) != values)
    if lost.size:
        raise InputError(
            f"{path}, {line(path, lost[0])}, {name}: {values[lost[0]]} has parts of a microsecond; "
            "write times in microseconds at the finest"
        )
    return pd.Series(micro, index=local.index)


def _on_one_clock(
    offsets: "pd.Series[str] | None", source: pd.Series, path: Path, name: str
) -> "pd.Series[Any] | None":
    """Offsets in seconds; refused if some times have one and others have none."""
    if offsets is None:
        return None
    without = np.flatnonzero((offsets == "").to_numpy())
    if without.size:
        having = np.flatnonzero((offsets != "").to_numpy())
        few, many = sorted([without, having], key=len)
        row, other = int(few[0]), int(many[0])
        has, has_not = ("no offset", "one") if few is without else ("an offset", "none")
        raise InputError(
            f"{path}, {line(path, row)}, {name}: {source.iloc[row]!r} has {has} from UTC, but {source.iloc[other]!r} "
            f"has {has_not} ({line(path, other)}); write all times with an offset, or all without"
        )
    seconds = {}
    for text in offsets.unique():
        digits = text.replace(":", "")[1:].ljust(6, "0")
        hours, minutes, rest = int(digits[:2] or 0), int(digits[2:4] or 0), int(digits[4:] or 0)
        value = (hours * 60 + minutes) * 60 + rest
        if minutes > 59 or rest > 59 or value > 18 * 3600:
            row = int(np.flatnonzero((offsets == text).to_numpy())[0])
            raise InputError(f"{path}, {line(path, row)}, {name}: {source.iloc[row]!r} has the offset {text}; fix it")
        seconds[text] = -value if text[0] == "-" else value
    return offsets.map(seconds).astype(np.int64)
