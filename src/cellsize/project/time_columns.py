"""Which columns of a table are its time, and how they are written."""

import datetime
import itertools
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import moments, times, zones
from cellsize.data import table as tables
from cellsize.data.clock import zone
from cellsize.data.time_formats import COMPACT
from cellsize.data.time_proposals import SPREADSHEET
from cellsize.errors import InputError
from cellsize.params_data import Ambiguous
from cellsize.project import hours_of_day, time_parts

NAMED_TIME = re.compile(
    r"(.*[ _-])?(date.?time|time.?stamp|date|time|ds|dt|ts?|when|day|week|month|quarter|year"
    r"|zeit|zeitstempel|datum|fecha|hora|heure|data)([ _-].*)?",
    re.IGNORECASE,
)
NAMED_EPOCH = re.compile(r"date.?time|time.?stamp|time|ts|utc|epoch|unix([ _-]?time)?", re.IGNORECASE)
NAMED_DATE = re.compile(r"date.?time|time.?stamp|date|datum|fecha", re.IGNORECASE)
NAMED_YEAR = re.compile(r"jahr|ann[ée]e|a[ñn]o|anno|jaar", re.IGNORECASE)
LATELY, YEARS_TO_COME = 6e8, 5  # seconds since 1970, at least, and until when
IN_ORDER = 0.9  # of the rows of a column that counts time, as several series below each other do
# Words that stand in times; a text of these, digits and signs alone is one, whether or not it is understood.
WORD_OF_TIMES = re.compile(
    r"utc|gmt|z|t|cet|cest|est|edt|cst|cdt|mst|mdt|pst|pdt|bst|ist|jst|am|pm|a|p|m|q|h|kw|w|cw|wk|fy|st|nd|rd|th|uhr|"
    r"mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|mrz|mai|okt|"
    r"dez|january|february|march|april|june|july|august|september|october|november|december|januar|februar|märz|juni|"
    r"juli|oktober|dezember|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|enero|"
    r"febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
)
DIFFERENT = 0.5  # of the values of a column of times, at least; a category repeats more often


@dataclass(frozen=True)
class Time:
    """The time of a table.

    Attributes:
        columns: Where it stands, as `prepare.time` names them; none: rows are in order, and have no time.
        time_format: As `prepare.time_format` has it.
        local: Date and time of day of each row as written, without its offset, shape (rows,); in a table
            without times the position of the row.
        offset: Seconds east of UTC of each row, or None.
        ambiguous: As `prepare.ambiguous` has it: refuse, or infer where a clock set back shows times twice.
    """

    columns: tuple[str, ...]
    time_format: str | None
    local: "pd.Series[Any]"
    offset: "pd.Series[Any] | None" = None
    ambiguous: Ambiguous = "refuse"

    @property
    def instant(self) -> "pd.Series[Any]":
        """The time of each row on one line, shape (rows,): without the offsets where there are some."""
        if self.offset is None:
            return self.local
        return self.local - pd.to_timedelta(self.offset, unit="s")

    def shown(self, row: int) -> str:
        """The time of a row as a message shows it: with its offset, if it has one."""
        shown = self.local.iloc[row]
        if self.offset is not None:
            shown = shown.tz_localize(datetime.timezone(datetime.timedelta(seconds=int(self.offset.iloc[row]))))
        return moments.said(shown, self.local)


def find_time(table: pd.DataFrame, path: Path, declared: tuple[str, ...], time_format: str | None) -> Time:
    """Finds the time of a table: the columns, and how they are written.

    Args:
        table: Raw rows.
        path: Where they come from, for messages.
        declared: The columns that hold it; none: they are looked for.
        time_format: How they are written, or None to find out.

    Raises:
        InputError: A column that is declared, bears a telling name or looks like a time cannot be read, two formats
            read it, or its years of two digits lie in the future.
    """
    if declared:
        tables.require(table, path, declared, "--time")
        known = time_format or time_parts.format_of(table, declared)
        return _in_the_past(_read(table, path, declared, known), table, path, known)
    refused: InputError | None = None
    for columns, known in _candidates(table):
        try:
            found = _read(table, path, columns, time_format or known)
        except InputError as error:
            if refused is None:
                refused = _why_it_matters(error, table, columns)
            continue
        if known is not None or found.time_format == "%Y":
            time_parts.refuse_unread(table, path, columns)
        return _in_the_past(found, table, path, time_format)
    if refused is not None:
        raise refused
    time_parts.refuse_unread(table, path)
    return in_order(table)


def in_order(table: pd.DataFrame) -> Time:
    """The time of a table whose rows are in order, and have none."""
    return Time((), None, pd.Series(np.arange(len(table)), index=table.index))


def _why_it_matters(error: InputError, table: pd.DataFrame, columns: tuple[str, ...]) -> InputError | None:
    """Why columns that cannot be read keep a table from being read; None if they are most probably no time."""
    is_number = all(pd.api.types.is_numeric_dtype(table[name]) for name in columns)
    is_called_so = any(NAMED_TIME.fullmatch(name.strip()) for name in columns)
    if (is_called_so and not is_number) or "ambiguous" in str(error):
        return error
    if is_called_so or (len(columns) == 1 and looks_like_times(table[columns[0]])):
        return InputError(f"{error}; if it is not a time, and the rows are in order: --frequency step")
    return None


def _in_the_past(time: Time, table: pd.DataFrame, path: Path, declared: str | None) -> Time:
    """The same time, unless a year of two digits that nobody has declared is one to come: 49 is 2049 then, or 1949."""
    if declared is not None or time.time_format is None or "%y" not in time.time_format:
        return time
    latest = int(np.argmax(time.local))
    if time.local.iloc[latest] > pd.Timestamp.now():
        written = table[time.columns[0]].iloc[latest]
        raise InputError(
            f"{path}, {tables.line(path, latest)}, column {time.columns[0]!r}: {written!r} has a year of two digits "
            f"and would be {time.local.iloc[latest].year}, which is to come; write years with four digits, or give "
            f'--time-format "{time.time_format}" if that is meant'
        )
    return time


def looks_like_times(values: "pd.Series[Any]") -> bool:
    """Whether texts are most probably times, understood or not: digits, signs and words of times, and few are equal."""
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return False
    texts = values.dropna().astype("str")
    if len(texts) < 3 or texts.nunique() < DIFFERENT * len(texts) or len(texts) < DIFFERENT * len(values):
        return False
    some = texts.head(50)
    words = some.str.lower().str.findall(r"[^\W\d_]+")
    # A number beside a sign is none: 1,5 or 3 % or -4. Nor is a name beside a single letter: T-001.
    letter = words.map(lambda found: any(len(word) == 1 for word in found)).any()
    has_parts = some.str.contains(r"\d\D+\d" if letter else r"\d\D+\d|[^\W\d_]\s*\d").all()
    is_number = some.str.fullmatch(r"[-+−(]?\d[\d.,' \u2019]*[)%]?").all()
    return bool(has_parts and not is_number and words.map(lambda found: all(map(WORD_OF_TIMES.fullmatch, found))).all())


def counted(table: pd.DataFrame, path: Path, declared: tuple[str, ...]) -> Time:
    """A column of whole numbers that counts the steps: the time of a table without a clock.

    Raises:
        InputError: The column is missing, or is not a column of numbers.
    """
    tables.require(table, path, declared, "--time")
    return Time(declared, None, pd.Series(tables.numbers(table, path, declared[0]), index=table.index))


def shown_twice(time: Time, path: Path, timezone: str | None) -> npt.NDArray[np.bool_]:
    """Rows whose time the clock of a place shows twice, since it was set back then, shape (rows,).

    Raises:
        InputError: The zone is unknown, or a time does not exist on its clock.
    """
    if timezone is None or not time.columns or time.offset is not None:
        return np.zeros(len(time.local), np.bool_)
    zones.instants(times.Written(time.local, None), timezone, "first", path, ", ".join(time.columns))
    index = pd.DatetimeIndex(time.local).tz_localize(zone(timezone), ambiguous="NaT", nonexistent="shift_forward")
    return np.asarray(index.isna())


def on_clock(time: Time, path: Path, timezone: str | None, series: "pd.Series[Any] | None" = None) -> Time:
    """The same times with the offsets that the clock of a place gives them, where they are written without.

    Args:
        time: As written.
        path: Where they come from, for messages.
        timezone: Name of the place's zone, or None.
        series: The series of each row, whose order tells apart what a clock shows twice; None: all rows are of one.

    Raises:
        InputError: The zone is unknown, or a time does not exist on its clock.
    """
    if timezone is None or not time.columns:
        return time
    zone(timezone)
    if time.offset is not None:
        return time
    written, column = times.Written(time.local, None), ", ".join(time.columns)
    ambiguous: Ambiguous = "refuse"
    try:
        local = zones.instants(written, timezone, ambiguous, path, column)
    except InputError:
        ambiguous = "infer"
        local = zones.instants(written, timezone, ambiguous, path, column, series=series)
    utc = local.dt.tz_convert("UTC").dt.tz_localize(None)
    offset = (time.local - utc).dt.total_seconds().astype(np.int64)
    return replace(time, offset=offset, ambiguous=ambiguous)


def _candidates(table: pd.DataFrame) -> list[tuple[tuple[str, ...], str | None]]:
    """What may be the time: most likely first, and what bears such a name before what does not; and a known format."""
    lower = {str(name).strip().lower(): str(name) for name in table.columns}
    single = [str(name) for name in table.columns if _may_be_time(table[name])]
    single.sort(key=lambda name: NAMED_TIME.fullmatch(name) is None)
    names = [str(name) for name in table.columns]
    clocks = [name for name in names if hours_of_day.is_clock(table[name])]
    numbers = [name for name in single if pd.api.types.is_numeric_dtype(table[name])]
    years = [name for name in numbers if table[name].max() <= times.HIGHEST["year"]]
    dates = [name for name in single if name not in (*clocks, *years) and not _holds_lists(table[name])]
    found: list[tuple[str, ...]] = [
        *((date, clock) for date in dates for clock in clocks if hours_of_day.is_of(table, date, clock)),
        *((date, name) for date in dates for name in names if hours_of_day.are_hours_of(table, date, name)),
    ]
    found += [(name,) for name in single if name not in numbers]
    found += [(name,) for name in numbers if name not in years]
    parts = tuple(itertools.takewhile(lambda name: name in lower, times.PARTS))
    of_parts: list[tuple[tuple[str, ...], str | None]] = [(tuple(lower[name] for name in parts), None)]
    of_parts = of_parts * (len(parts) > 1) + [each for each in [time_parts.find(table)] if each is not None]
    of_parts.sort(key=lambda each: -len(each[0]))  # the finest first: year, month, day and hr before year, month, day
    return [*((columns, None) for columns in found), *of_parts, *(((name,), None) for name in years)]


def _may_be_time(values: "pd.Series[Any]") -> bool:
    """Whether a column is looked at: datetimes, texts with digits, or whole numbers that a name calls times."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return True
    if pd.api.types.is_bool_dtype(values):
        return False
    if pd.api.types.is_numeric_dtype(values):
        return _may_count_time(values)
    some = values.dropna().astype("str").head(50)
    return len(some) > 0 and bool(some.str.contains(r"\d").all())


def _may_count_time(values: "pd.Series[Any]") -> bool:
    """Whether numbers may be years, dates without signs, seconds since 1970, or the days of a spreadsheet."""
    # Years rise; a column `day` or `month` with the numbers 1 to 31 is a part of a time, and no time.
    if values.isna().any() or values.min() < 1000:
        return False
    name, whole = str(values.name).strip(), bool((values % 1 == 0).all())
    if NAMED_EPOCH.fullmatch(name) and values.min() >= LATELY and _is_in_order(values):
        to_come = pd.Timestamp.now().timestamp() + YEARS_TO_COME * 366 * 86_400
        return whole or bool(values.max() < to_come)
    if not whole:
        are_days = bool(values.between(*SPREADSHEET).all())
        return are_days and NAMED_DATE.fullmatch(name) is not None and _is_in_order(values)
    if NAMED_YEAR.fullmatch(name):  # a row a year; else it may be the year of anything
        return bool(values.is_monotonic_increasing and values.is_unique and values.max() <= times.HIGHEST["year"])
    # Milliseconds since 1970 look like nothing else.
    is_called_so = NAMED_TIME.fullmatch(name) is not None
    return is_called_so or bool(values.is_monotonic_increasing and 4e11 < values.min() < 4e12)


def _holds_lists(values: "pd.Series[Any]") -> bool:
    """Whether values are lists or dictionaries, which are no dates."""
    try:
        values.nunique()
    except TypeError:
        return True
    return False


def _is_in_order(values: "pd.Series[Any]") -> bool:
    """Whether numbers rise or fall but for the ends of blocks: those of several series, one below the other."""
    steps = np.diff(values.to_numpy(np.float64))
    return bool(max((steps >= 0).sum(), (steps <= 0).sum()) >= IN_ORDER * len(steps))


def _read(table: pd.DataFrame, path: Path, columns: tuple[str, ...], time_format: str | None) -> Time:
    """The time in some columns: in the format that is given, in ISO 8601, or in the only format that reads every row.

    Raises:
        InputError: It cannot be read.
    """
    a_date_and_hours = len(columns) == 2 and pd.api.types.is_integer_dtype(table[columns[1]])
    if time_format is None and a_date_and_hours and not times.are_parts(columns):
        date = _read(table, path, columns[:1], None).time_format or "%Y-%m-%d"
        of_day = "%H%M" if table[columns[1]].max() >= 100 else "%H"  # 10 is no ten past midnight
        time_format = f"{COMPACT.get(date, date)} {of_day}"
    try:
        written = times.read(table, path, columns, time_format)
    except InputError as error:
        proposed = re.search(r'set prepare\.time_format: "([^"]+)", which reads every row', str(error))
        if time_format is not None or proposed is None:
            raise InputError(re.sub(r"set prepare\.time_format( to)?", "give --time-format", str(error))) from None
        time_format = proposed[1]
        written = times.read(table, path, columns, time_format)
    return Time(columns, time_format, written.local, written.offset)
