"""Times as they are written: ISO 8601, or what `prepare.time_format` declares. Nothing is guessed.

pandas reads more than that: `Jan-10` and `00:00` become days of the year 1 or of today, `now` is a time even where a
format is given, and 01/03/2021 is read by the month. So what is read is decided here, and pandas only reads it.
"""

import datetime
import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data.table import labels, line
from cellsize.data.text_file import misfit
from cellsize.errors import InputError
from cellsize.params import Prepare

UNITS = {"epoch s": 1_000_000, "epoch ms": 1_000, "epoch us": 1, "epoch ns": 0.001}  # microseconds in one
COMPACT = {"YYYYMMDD": "%Y%m%d"}
PARTS = ("year", "month", "day", "hour", "minute", "second")
LOWEST = {"year": 1, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}
HIGHEST = {"year": 9999, "month": 12, "day": 31, "hour": 23, "minute": 59, "second": 59}

# A year alone is not a time: it may be a count of something. Beyond microseconds only zeros are read.
DATE = r"[0-9]{4}-\d{2}(?:-\d{2}(?:[T ]\d{2}(?::\d{2}(?::\d{2}(?:\.\d{1,6}0*)?)?)?)?)?"
OFFSET = r"(?:Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)"
LONGEST_OFFSET = len("+01:00:00")
NO_DATE = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?")

# What `proposals` tries: days, months and quarters as people write them, each with the times of day.
DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%y",
    "%m/%d/%y", "%y/%m/%d", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%d %m %Y", "%Y %m %d", "%d %b %Y",
    "%d-%b-%Y", "%d-%b-%y", "%d %b %y", "%d. %b %Y", "%d %B %Y", "%d. %B %Y", "%d-%B-%Y", "%b %d, %Y", "%B %d, %Y",
    "%b %d %Y", "%B %d %Y", "%Y-%b-%d", "%a, %d %b %Y", "%a %d %b %Y", "%Y%m%d", "%d%b%Y", "%Y-%j",
)  # fmt: skip
HOURS = (
    "", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M", "T%H:%M:%S", "T%H:%M:%S.%f", ", %H:%M", ", %H:%M:%S",
    " %I:%M %p", " %I:%M:%S %p", ", %I:%M %p", ", %I:%M:%S %p", " %I:%M%p", " %H", " %H.%M", " %H.%M.%S", " %Hh",
    " %H%M", " %H%M%S", "T%H%M", "T%H%M%S",
)  # fmt: skip
LONGER = (
    "%b-%y", "%b %y", "%b-%Y", "%b %Y", "%B %Y", "%B-%Y", "%B %y", "%Y-%b", "%Y %b", "%Y %B", "%y-%b", "%m/%Y",
    "%m-%Y", "%m.%Y", "%Y/%m", "%Y-%m", "%Y.%m", "%Y%m", "%YM%m", "%Y-M%m", "%m/%y", "%y/%m", "%Y", "%q-%Y", "%q/%Y",
    "%Y-%q", "%Y/%q", "%YQ%q", "%Y-Q%q", "%Y Q%q", "%Y/Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y", "%Y-%q", "%G-W%V-%u",
    "%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%d%m%Y", "%m%d%Y", "%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S",
)  # fmt: skip
# Digits of a directive, where no sign separates it from the next one: 112021 may be 1.1.2021 or 11.2.021.
WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "y": 2, "j": 3, "I": 2}
SAMPLE = 200  # rows that most formats already fail on
# What each directive can look like: a thousand formats are told apart by it without reading any time.
SHAPES = {
    "Y": r"\d{4}", "G": r"\d{4}", "y": r"\d\d", "m": r"\d\d?", "d": r"\d\d?", "H": r"\d\d?", "I": r"\d\d?",
    "M": r"\d\d?", "S": r"\d\d?", "f": r"\d{1,9}", "j": r"\d{1,3}", "V": r"\d\d?", "u": r"\d", "q": "[1-4]",
    "b": r"[^\W\d]+", "B": r"[^\W\d]+", "a": r"[^\W\d]+", "A": r"[^\W\d]+", "p": "[AaPp][Mm]", "z": OFFSET,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Written:
    """The time of each row as it is written, with the index of the table.

    Attributes:
        moment: What a clock on the wall shows, datetime64[us] without a zone.
        offset: Seconds east of UTC of each row, int64; None: no time has an offset.
        zone: Name of the zone that a Parquet column carries, or None.
    """

    moment: "pd.Series[pd.Timestamp]"
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
            there; or those with a date and a time of day, which are read as one text with a blank between: a date
            and the hours 0 to 23 as `%Y-%m-%d %H`.
        time_format: None: ISO 8601 of any length. Else as in `strptime`, with `%q` for the quarter of a year, or
            `epoch s`, `epoch ms`, `epoch us`, `epoch ns`, `YYYYMMDD`.

    Returns:
        The times as they are written, none of them missing.

    Raises:
        InputError: A time is missing or is not written so, some times have an offset and others have none, a year is
            not among 1 to 9999, or a fraction of a microsecond would be lost.
    """
    _check(time_format)
    name = f"column {', '.join(columns)!r}"
    missing = np.flatnonzero(table[list(columns)].isna().any(axis=1).to_numpy())
    if missing.size:
        how = misfit(path, table[columns[0]], int(missing[0]), missing.size == 1)
        remedy = "fill it in, or remove the row" + (f"; or {how}" if how else "")
        raise InputError(f"{path}, {line(path, missing[0])}, {name}: the time is missing; {remedy}")
    if are_parts(columns):
        if time_format is not None:
            raise InputError(f"prepare.time_format: {time_format!r}, but {name} needs none; set it to null")
        return Written(_assembled(table, path, columns), None)
    if (
        time_format is None
        and len(columns) > 1
        and all(pd.api.types.is_integer_dtype(table[column]) for column in columns)
        and not (len(columns) == 2 and _usual_years(_parsed(_text(table[columns[0]], "%Y%m%d"), "%Y%m%d")))
    ):
        raise InputError(f"{path}, {name}: numbers, not times; name them year, month, day, hour")
    source = _column(table[columns[0]]) if len(columns) == 1 else _joined(table, columns)
    if isinstance(source.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_any_dtype(source):
        return _typed(source, path, name)
    if pd.api.types.is_bool_dtype(source) or pd.api.types.is_timedelta64_dtype(source):
        raise InputError(f"{path}, {name}: {_plain(source.iloc[0])!r} is not a time; write times as 2026-01-31 23:00")
    if time_format is None and pd.api.types.is_numeric_dtype(source):
        raise InputError(f"{path}, {name}: numbers, not times; {_remedy_for_numbers(source)}")
    if time_format in UNITS:
        return _epochs(source, path, name, time_format)
    text, offsets = _split(_text(source, time_format), time_format)
    moment = _parsed(text, time_format)
    bad = moment.isna().to_numpy()
    if bad.any():
        raise InputError(_refusal(source, path, name, time_format, bad))
    return Written(_in_microseconds(moment, path, name), _on_one_clock(offsets, source, path, name))


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
    bare, offsets = _split(text, time_format)
    as_declared = _parsed(bare, time_format).notna().to_numpy()
    if "%z" in time_format and offsets is not None:
        as_declared = as_declared & (offsets != "").to_numpy()
    return iso & ~as_declared


def _check(time_format: str | None) -> None:
    """Refuses a format that leaves the year open, or that would be read by a language or a zone of this machine."""
    if time_format is None or time_format in UNITS or time_format in COMPACT:
        return
    remedy = 'use such as "%d.%m.%Y %H:%M", epoch s, epoch ms, epoch us, epoch ns, YYYYMMDD, or null'
    directives = re.findall("%(.?)", time_format.replace("%%", ""))
    unknown = [letter for letter in directives if letter not in set("YymdHIMSfpbBaAjzGVuq")]
    if unknown:
        raise InputError(f"prepare.time_format: {time_format!r} has %{unknown[0]}, which is not read; {remedy}")
    if not {"Y", "y", "G"} & set(directives):
        raise InputError(f"prepare.time_format: {time_format!r} names no year; {remedy}")
    if "z" in directives and not time_format.endswith("%z"):
        raise InputError(f"prepare.time_format: {time_format!r} has %z before its end, which is not read; {remedy}")
    if len(set(directives)) < len(directives):
        raise InputError(f"prepare.time_format: {time_format!r} names a part of the time twice; {remedy}")
    if "q" in directives and not set(directives) <= {"q", "Y", "y"}:
        raise InputError(f"prepare.time_format: {time_format!r} has more than a year beside %q; {remedy}")
    try:
        pd.to_datetime(pd.Series(["0"]), format=time_format.replace("%q", "%m"), errors="coerce", utc=True)
    except ValueError as error:
        raise InputError(f"prepare.time_format: {time_format!r}: {error}; {remedy}") from None


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


def _joined(table: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """Date and time of day as one text; midnights of a column of datetimes are days."""
    parts = []
    for column in columns:
        values = _column(table[column])
        if pd.api.types.is_datetime64_dtype(values):
            days = (values == values.dt.normalize()).all()
            values = values.dt.strftime("%Y-%m-%d" if days else "%Y-%m-%dT%H:%M:%S.%f")
        parts.append(labels(values).astype("str").str.strip())
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + " " + part
    return joined


def _text(source: pd.Series, time_format: str | None) -> pd.Series:
    """Numbers and texts as texts; a zero that a number has lost at the front is put back where a format needs it."""
    text = labels(source).astype("str").str.strip() if pd.api.types.is_numeric_dtype(source) else source.str.strip()
    width = _width(COMPACT.get(str(time_format), str(time_format)))
    if width and pd.api.types.is_numeric_dtype(source):
        text = text.str.zfill(width)
    return text


def _width(time_format: str) -> int:
    """Digits of a format without a sign between its parts, 0 for other formats."""
    directives = re.findall("%(.)", time_format)
    if len(directives) * 2 != len(time_format) or not set(directives) <= set(WIDTHS):
        return 0
    return sum(WIDTHS[letter] for letter in directives)


def _split(text: pd.Series, time_format: str | None) -> tuple[pd.Series, "pd.Series[str] | None"]:
    """Texts without the offset at their end, and the offsets, empty where there is none; None: no row has one."""
    if time_format is not None and "%z" not in time_format:
        return text, None
    # Few different ends: a pattern for each row would take most of the time of reading.
    codes, ends = pd.factorize(text.str.slice(-LONGEST_OFFSET))
    matches = [re.search(f"{OFFSET}$", end) for end in ends]
    found = np.array([match[0] if match else "" for match in matches], object)[codes]
    length = np.array([len(match[0]) if match else 0 for match in matches])[codes]
    if time_format is None:  # the day of a date is no offset
        is_day = text.str.len().to_numpy(np.int64) - length < len("2026-01-31 23")
        found[is_day], length[is_day] = "", 0
    if not length.any():
        return text, None
    bare = text
    for some in np.unique(length[length > 0]):
        bare = bare.where(length != some, text.str.slice(0, -int(some)).str.rstrip())
    return bare, pd.Series(found, index=text.index, dtype="str")


def _parsed(text: pd.Series, time_format: str | None) -> "pd.Series[pd.Timestamp]":
    """Texts without offsets as datetimes, NaT where they are not written in the format."""
    if time_format is None:
        fits, pandas_format = text.str.fullmatch(DATE), "ISO8601"
        # More than six digits would make nanoseconds of all rows, which end in the year 2262.
        text = text.str.replace(r"(\.\d{6})0+$", r"\1", regex=True)
    elif "%q" in time_format:
        return _quarters(text, time_format)
    else:
        pandas_format = COMPACT.get(time_format, time_format)
        pandas_format = re.sub(r"\s*%z$", "", pandas_format)
        width = _width(pandas_format)
        # Without a digit pandas reads `now` and `today`, whatever the format.
        fits = text.str.fullmatch(rf"\d{{{width}}}" if width else r".*\d.*")
    return pd.to_datetime(text.where(fits.astype(bool)), format=pandas_format, errors="coerce")


def _quarters(text: pd.Series, time_format: str) -> "pd.Series[pd.Timestamp]":
    """The first day of the quarters that are written so."""
    pattern = re.escape(time_format)
    for directive, group in {"%q": r"(?P<q>[1-4])", "%Y": r"(?P<year>\d{4})", "%y": r"(?P<year>\d{2})"}.items():
        pattern = pattern.replace(re.escape(directive), group)
    found = text.str.extract(f"^{pattern}$")
    month = (found["q"].astype("float64") * 3 - 2).astype("Int64").astype("str").str.zfill(2)
    written = found["year"] + "-" + month
    return pd.to_datetime(written, format="%Y-%m" if "%Y" in time_format else "%y-%m", errors="coerce")


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
        number = pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64, na_value=np.nan)
        wrong = ~((number >= LOWEST[part]) & (number <= HIGHEST[part]) & (number % 1 == 0))
        bad |= wrong
        whole[part] = np.where(wrong, LOWEST[part], number).astype(np.int64)
    zero, one = np.zeros(len(table), np.int64), np.ones(len(table), np.int64)
    months = ((whole["year"] - 1970) * 12 + whole.get("month", one) - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (whole.get("day", one) - 1)
    bad |= days.astype("datetime64[M]") != months
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        value = {column: _plain(table[column].iloc[row]) for column in columns}
        raise InputError(
            f"{path}, {line(path, row)}, {name}: {value!r} is not a time; fix it: a day has the hours 0 to 23"
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
        numbers = pd.to_numeric(text.where(text.str.fullmatch(r"[+-]?\d+(\.\d*)?([eE]\+?\d+)?")), errors="coerce")
        bad = numbers.isna().to_numpy()
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            remedy = "fix it, or set prepare.time_format to how the times are written"
            raise InputError(f"{path}, {line(path, row)}, {name}: {source.iloc[row]!r} is no {time_format!r}; {remedy}")
    lowest, highest = -62_135_596_800 * 1e6 / UNITS[time_format], 253_402_300_800 * 1e6 / UNITS[time_format]
    values = numbers.to_numpy()
    beyond = np.flatnonzero(~((values >= lowest) & (values < highest)))
    if beyond.size:
        better = [unit for unit in UNITS if unit != time_format and _plausible(values, unit)]
        remedy = f'set prepare.time_format: "{better[0]}"' if better else "fix prepare.time_format"
        raise InputError(
            f"{path}, {line(path, beyond[0])}, {name}: {_plain(values[beyond[0]])!r} as {time_format!r} is not within "
            f"the years 1 to 9999; {remedy}"
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
                f"{path}, {line(path, rows[0])}, {name}: {_plain(values[rows[0]])!r} {why}; "
                "write whole numbers, in microseconds at the finest"
            )
    moment = pd.Series(micro.astype("datetime64[us]"), index=source.index)
    return Written(moment, pd.Series(np.zeros(len(micro), np.int64), index=source.index))


def _plausible(values: npt.NDArray[np.generic], unit: str) -> bool:
    """Whether all numbers lie within the years 1971 to 2100 in a unit of an epoch: units do not overlap there."""
    seconds = values.astype(np.float64) * (UNITS[unit] / 1e6)
    return bool(((seconds >= 31_536_000) & (seconds < 4_133_980_800)).all())


def _remedy_for_numbers(source: pd.Series) -> str:
    """Which format reads a column of numbers."""
    values = source.to_numpy(np.float64, na_value=np.nan)
    fits = [unit for unit in UNITS if _plausible(values, unit)]
    whole = bool((values % 1 == 0).all())
    if whole and (np.abs(values) < 1e15).all():
        compact = [name for name, form in COMPACT.items() if _usual_years(_parsed(_text(source, name), form))]
        fits += compact or [form for form in ("%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m", "%Y")
                            if _usual_years(_parsed(_text(source, form), form))]  # fmt: skip
    if len(fits) == 1:
        return f'set prepare.time_format: "{fits[0]}", which reads every row'
    if fits:
        several = " and ".join(f'"{each}"' for each in fits)
        return f"{several} read every row; set prepare.time_format to the one that is meant"
    return 'set prepare.time_format, such as "epoch s", or give ISO 8601 times'


def _usual_years(moment: "pd.Series[pd.Timestamp]") -> bool:
    """Whether all times were read, and lie within the years 1500 to 2200."""
    return bool((moment.notna() & moment.dt.year.between(1500, 2200)).all())


def _in_microseconds(moment: "pd.Series[pd.Timestamp]", path: Path, name: str) -> "pd.Series[pd.Timestamp]":
    """Datetimes of any unit in microseconds, which hold the years 1 to 9999."""
    values = moment.to_numpy()
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
    return pd.Series(micro, index=moment.index)


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


def _refusal(source: pd.Series, path: Path, name: str, time_format: str | None, bad: npt.NDArray[np.bool_]) -> str:
    """Why times are not read: the format that would read all rows, or the first row that none reads."""
    row = int(np.flatnonzero(bad)[0])
    text = _text(source, None)
    value = f"{path}, {line(path, row)}, {name}: {_plain(source.iloc[row])!r}"
    written = "ISO 8601" if time_format is None else f"written as {time_format!r}"
    looks_like_a_date = re.match(r"\d+[-/.]\d", text.iloc[row])
    how = None if looks_like_a_date or len(bad) == 1 else misfit(path, text, row, int(bad.sum()) == 1)
    if how is not None:
        usual = "write times as 2026-01-31 23:00" if time_format is None else "fix it, or prepare.time_format"
        return f"{value} is not a time; {how}; else {usual}"
    if time_format is not None and _is_iso(text):
        return f"{value} is not {written}; set prepare.time_format: null, since all times are ISO 8601"
    fits = proposals(text)
    if text.str.fullmatch(r"[+-]?\d+(\.\d*)?").all():
        fits += [unit for unit in UNITS if _plausible(pd.to_numeric(text).to_numpy(np.float64), unit)]
    if len(fits) == 1:
        return f'{value} is not {written}; set prepare.time_format: "{fits[0]}", which reads every row'
    if fits:
        several = " and ".join(f'"{each}"' for each in fits)
        return f"{value} is ambiguous: {several} read every row; set prepare.time_format to the one that is meant"
    if not bad.all() and (time_format is not None or bad.mean() < 0.5):
        form = "write times as 2026-01-31 23:00" if time_format is None else "fix it, or prepare.time_format"
        return f"{value} is not a time; {form}"
    # No format reads every row: the one that reads most names the row that it does not read.
    most, unread = _best(text)
    if most is not None:
        row = int(np.flatnonzero(unread)[0])
        value = f"{path}, {line(path, row)}, {name}: {_plain(source.iloc[row])!r}"
        return f'{value} is not a time; fix it, and set prepare.time_format: "{most}", which reads the other rows'
    if NO_DATE.fullmatch(text.iloc[row]):
        return f"{value} is a time of day alone; name the column of the date too, as in prepare.time: [date, time]"
    return f"{value} is not a time; write times as 2026-01-31 23:00"


def formats() -> Iterator[str]:
    """The usual formats, those of `proposals`."""
    yield from LONGER
    for day, hour in itertools.product(DAYS, HOURS):
        yield day + hour
        if "%H" in hour:
            yield f"{day}{hour}%z"
            yield f"{day}{hour} %z"


def _is_iso(text: pd.Series) -> bool:
    """Whether all rows are ISO 8601, all with an offset or all without."""
    bare, offsets = _split(text, None)
    return bool(_parsed(bare, None).notna().all() and (offsets is None or (offsets != "").all()))


@functools.cache
def _shapes() -> dict[str, re.Pattern[str]]:
    """A pattern of each usual format, which more texts match than the format reads."""
    return {
        form: re.compile(re.sub("%(.)", lambda found: SHAPES[found[1]], form.replace(".", r"\.").replace(" ", r"\s+")))
        for form in formats()
    }


def _possible(text: pd.Series) -> list[str]:
    """The usual formats that may read the text of more than half of the first rows."""
    first = text.iloc[:SAMPLE].tolist()
    tried = first[:: max(1, len(first) // 9)]
    return [form for form, shape in _shapes().items() if sum(map(bool, map(shape.fullmatch, tried))) * 2 > len(tried)]


def proposals(text: pd.Series) -> list[str]:
    """The usual formats that read every row, of those that read the same only the first one.

    Args:
        text: Times as they are written, none missing.
    """
    fits: list[tuple[str, npt.NDArray[np.datetime64]]] = []
    sample = text.iloc[:SAMPLE]
    for form in _possible(text):
        if _reads(sample, form).all() and _reads(text, form).all():
            moment = _parsed(_split(text, form)[0], form).to_numpy("datetime64[us]")
            if not any(np.array_equal(moment, other) for _, other in fits):
                fits.append((form, moment))
    names = {form: name for name, form in COMPACT.items()}
    return [names.get(form, form) for form, _ in fits]


def _reads(text: pd.Series, form: str) -> npt.NDArray[np.bool_]:
    """Which rows a format reads, shape (rows,)."""
    bare, offsets = _split(text, form)
    read_rows = _parsed(bare, form).notna().to_numpy()
    if "%z" in form:
        blank = text.str.contains(rf"\s{OFFSET}$", regex=True).to_numpy(bool)
        there = (offsets != "").to_numpy() if offsets is not None else np.zeros(len(text), np.bool_)
        read_rows = read_rows & there & (blank == (" %z" in form))
    result: npt.NDArray[np.bool_] = read_rows
    return result


def _best(text: pd.Series) -> tuple[str | None, npt.NDArray[np.bool_]]:
    """The usual format that reads most rows if it reads more than half, and the rows that it does not read."""
    best: tuple[str | None, npt.NDArray[np.bool_]] = None, np.ones(len(text), np.bool_)
    sample = text.iloc[:SAMPLE]
    for form in _possible(text):
        if _reads(sample, form).mean() > 0.5:
            unread = ~_reads(text, form)
            if unread.mean() < min(0.5, best[1].mean()):
                best = form, unread
    return best


def _plain(value: object) -> object:
    """A NumPy number as Python writes it."""
    return value.item() if isinstance(value, np.generic) else value
