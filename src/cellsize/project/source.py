"""How a table is written: separator, decimal sign, encoding, and which columns are its time.

The only module here that knows how `data` reads tables and times.
"""

import codecs
import csv
import datetime
import gzip
import io
import itertools
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from cellsize.data import moments, series, times, zones
from cellsize.data import table as tables
from cellsize.data.clock import zone
from cellsize.errors import InputError
from cellsize.params import Ambiguous, Csv, Prepare

SEPARATORS = (",", ";", "\t", "|")
LINES = 400  # of a text file that are looked at
PLAIN = Csv(
    separator=",", decimal=".", thousands=None, comment=None, encoding="utf-8", units_row=False, total_row=False
)
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
TOTAL = re.compile(r"(grand )?total|sum|summe|gesamt|insgesamt|totaal|totale?|suma|somme", re.IGNORECASE)

NAMED_TIME = re.compile(
    r"(.*[ _-])?(date.?time|time.?stamp|date|time|ds|dt|ts?|when|day|week|month|quarter|year"
    r"|zeit|zeitstempel|datum|fecha|hora|heure|data)([ _-].*)?",
    re.IGNORECASE,
)

# A column that holds the hours of a day, or times of day.
NAMED_HOUR = re.compile(
    r"(.*[ _-])?(hr|hrs|h|hours?|hh|time|clock|stunden?|std|uhrzeit|uhr|zeit|hora|heure|ora|uur)([ _-].*)?",
    re.IGNORECASE,
)
FULL_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(\D|$)")
TIME_OF_DAY = r"([01]?\d|2[0-3])[:.h][0-5]\d([:.][0-5]\d(\.\d{3,})?)?( ?[AaPp][Mm])?"
FULL = 0.9  # of the hours of all days, where a column holds the hours of a day


@dataclass(frozen=True)
class Time:
    """The time of a table.

    Attributes:
        columns: Where it stands, as `prepare.time` names them; none: rows are in order, and have no time.
        time_format: As `prepare.time_format` has it.
        moment: Wall time of each row as it is written, shape (rows,); the number of the row where there is no time.
        offset: Seconds east of UTC of each row, or None.
        ambiguous: As `prepare.ambiguous` has it: refuse, or infer where a clock set back shows times twice.
    """

    columns: tuple[str, ...]
    time_format: str | None
    moment: "pd.Series[Any]"
    offset: "pd.Series[Any] | None" = None
    ambiguous: Ambiguous = "refuse"

    @property
    def instant(self) -> "pd.Series[Any]":
        """The time of each row on one line, shape (rows,): without the offsets where there are some."""
        if self.offset is None:
            return self.moment
        return self.moment - pd.to_timedelta(self.offset, unit="s")

    def shown(self, row: int) -> str:
        """The time of a row as a message shows it: with its offset, if it has one."""
        moment = self.moment.iloc[row]
        if self.offset is not None:
            moment = moment.tz_localize(datetime.timezone(datetime.timedelta(seconds=int(self.offset.iloc[row]))))
        return moments.said(moment, self.moment)


def refuse_no_header(table: pd.DataFrame, path: Path) -> None:
    """Refuses a text file without a header: its first row would be the names of the columns.

    A year may be the name of a column, and so may a number beside other names.

    Raises:
        InputError: A name reads as a time, as the values below do, or all names read as numbers or times.
    """
    if path.suffix == ".parquet":
        return
    names = [str(name).strip() for name in table.columns]
    plain = [bool(NUMBER.fullmatch(name) or FULL_DATE.match(name)) for name in names]
    for position, name in enumerate(names):
        below = table.iloc[:LINES, position].dropna().astype("str").str.strip()
        is_a_time = FULL_DATE.match(name) and len(below) and below.str.match(FULL_DATE.pattern).all()
        if is_a_time or all(plain):
            raise InputError(
                f"{path}, line 1, column {name!r}: a {'time' if FULL_DATE.match(name) else 'number'} in place of a "
                "name; write the names of the columns into the first line, such as date,value"
            )


def settings(path: Path) -> Csv:
    """How a text file is written, as `prepare.csv` declares it; that of a Parquet file is the shipped one.

    Raises:
        InputError: The file is missing, or holds no text.
    """
    if path.is_dir():
        raise InputError(f"{path}: a folder; name a table in CSV or Parquet")
    if not path.is_file():
        raise InputError(f"{path}: no such file; name a table in CSV or Parquet")
    if path.suffix == ".parquet":
        return PLAIN
    encoding = _encoding(path)
    lines, last = _lines(path, encoding)
    comment = "#" if lines and lines[0].startswith("#") else None
    lines = [line for line in lines if not (comment and line.startswith(comment))]
    if not lines:
        return PLAIN
    separator = _separator(lines)
    rows = list(csv.reader(lines, delimiter=separator))
    cells = [value.strip() for row in rows[1:] for value in row if value.strip()]
    decimal, thousands = _numbers(cells, separator)
    kinds = [[_is_number(value, decimal, thousands) for value in row] for row in rows]
    return Csv(
        separator=separator,
        decimal=decimal,
        thousands=thousands,
        comment=comment,
        encoding=encoding,
        units_row=_has_units(rows, kinds),
        total_row=len(rows) > 2
        and bool(TOTAL.fullmatch(next(csv.reader([last], delimiter=separator), [""])[0].strip())),
    )


def load(path: Path, written: Csv) -> pd.DataFrame:
    """Reads a table of whose columns nothing is known yet."""
    return tables.read(path, (), written)


def load_as_declared(path: Path, prepare: Prepare) -> pd.DataFrame:
    """Reads a table as the stage `prepare` will: names and times as they are written."""
    return tables.read(path, series.texts(prepare), prepare.csv, times.columns_of(prepare))


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _encoding(path: Path) -> str:
    """UTF-8 where the whole file is, UTF-16 where it begins so, else that of Windows in Western Europe."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with _open(path) as file:
            begin = file.read(4)
            if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            decoder.decode(begin)
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({error}); write it again") from None
    return "utf-8"


def _lines(path: Path, encoding: str) -> tuple[list[str], str]:
    """The first lines that are not blank, and the last one."""
    with _open(path) as raw, io.TextIOWrapper(raw, encoding, errors="replace", newline=None) as file:
        filled = (line.lstrip("\ufeff").rstrip("\r\n") for line in file if line.strip())
        first = list(itertools.islice(filled, LINES))
        last = first[-1] if first else ""
        for last in filled:  # noqa: B007 (the last one is wanted)
            pass
    return first, last


def _separator(lines: list[str]) -> str:
    """The sign that divides every line into as many values as the header has, most of them."""

    def columns(sign: str) -> tuple[float, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=sign)]
        same = sum(count == counts[0] for count in counts) / len(counts)
        return (same if counts[0] > 1 else 0.0, counts[0])

    found = {sign: columns(sign) for sign in SEPARATORS}
    best = max(SEPARATORS, key=lambda sign: (found[sign][0] > 0.9, found[sign]))
    # A list of decimal commas in one column is not a table of two.
    return best if found[best][0] > 0 else ","


def _numbers(cells: list[str], separator: str) -> tuple[str, str | None]:
    """The decimal sign, and the sign between thousands, as far as some number leaves no doubt.

    1.234 is a number with three decimals: only 1.234,5 and 1.234.567 say that the point stands between thousands.
    """
    counts = {decimal: sum(bool(_pattern(decimal).fullmatch(cell)) for cell in cells) for decimal in ".,"}
    grouped = {
        (decimal, thousands): sum(bool(_pattern(decimal, thousands).fullmatch(cell)) for cell in cells)
        for decimal, others in ((".", ", '"), (",", ". '"))
        for thousands in others
    }
    total = {decimal: counts[decimal] + sum(grouped[key] for key in grouped if key[0] == decimal) for decimal in ".,"}
    # With decimal commas a file has another separator, as a rule; else each number would be quoted.
    decimal = "," if total[","] > total["."] and separator != "," else "."
    here = {other: count for (sign, other), count in grouped.items() if sign == decimal and other != separator}
    best = max(here, key=lambda sign: here[sign])
    return decimal, best if here[best] else None


@cache
def _pattern(decimal: str, thousands: str | None = None) -> re.Pattern[str]:
    """Numbers with a decimal sign; with thousands those that have two such signs, or one and decimals."""
    sign = re.escape(decimal)
    if thousands is None:
        return re.compile(rf"[-+]?\d*{sign}\d+([eE][-+]?\d+)?")
    group = rf"{re.escape(thousands)}\d{{3}}"
    return re.compile(rf"[-+]?\d{{1,3}}(({group}){{2,}}({sign}\d*)?|{group}{sign}\d*)")


def _is_number(value: str, decimal: str, thousands: str | None) -> bool:
    plain = value.strip()
    if thousands:
        plain = plain.replace(thousands, "")
    return bool(NUMBER.fullmatch(plain.replace(decimal, ".")))


def _has_units(rows: list[list[str]], kinds: list[list[bool]]) -> bool:
    """Whether the row below the header is one of units: no number in it, where every row below has one."""
    if len(rows) < 5:
        return False
    width = len(rows[0])
    numeric = [
        column
        for column in range(width)
        if sum(column < len(kind) and kind[column] for kind in kinds[2:]) > 0.8 * len(kinds[2:])
    ]
    return bool(numeric) and not any(column < len(kinds[1]) and kinds[1][column] for column in numeric)


# --- time -----------------------------------------------------------------------------------------------------------


def find_time(table: pd.DataFrame, path: Path, declared: tuple[str, ...], time_format: str | None) -> Time:
    """Finds the time of a table: the columns, and how they are written.

    Args:
        table: Raw rows.
        path: Where they come from, for messages.
        declared: The columns that hold it; none: they are looked for.
        time_format: How they are written, or None to find out.

    Raises:
        InputError: A column that is declared or bears a telling name cannot be read, or two formats read it.
    """
    if declared:
        tables.require(table, path, declared, "--time")
        return _read(table, path, declared, time_format)
    refused: InputError | None = None
    for columns in _candidates(table):
        try:
            return _read(table, path, columns, time_format)
        except InputError as error:
            telling = any(NAMED_TIME.fullmatch(name.strip()) for name in columns)
            refused = refused or (error if telling or "ambiguous" in str(error) else None)
    if refused is not None:
        raise refused
    return Time((), None, pd.Series(np.arange(len(table)), index=table.index))


def counted(table: pd.DataFrame, path: Path, declared: tuple[str, ...]) -> Time:
    """A column of whole numbers that counts the steps: the time of a table without a clock.

    Raises:
        InputError: The column is missing, or is not a column of numbers.
    """
    tables.require(table, path, declared, "--time")
    return Time(declared, None, pd.Series(tables.numbers(table, path, declared[0]), index=table.index))


def on_clock(time: Time, path: Path, timezone: str | None) -> Time:
    """The same times with the offsets that the clock of a place gives them, where they are written without.

    Raises:
        InputError: The zone is unknown, or a time does not exist on its clock.
    """
    if timezone is None or not time.columns:
        return time
    zone(timezone)
    if time.offset is not None:
        return time
    written, column = times.Written(time.moment, None), ", ".join(time.columns)
    ambiguous: Ambiguous = "refuse"
    try:
        local = zones.instants(written, timezone, ambiguous, path, column)
    except InputError:
        ambiguous = "infer"
        local = zones.instants(written, timezone, ambiguous, path, column)
    utc = local.dt.tz_convert("UTC").dt.tz_localize(None)
    offset = (time.moment - utc).dt.total_seconds().astype(np.int64)
    return replace(time, offset=offset, ambiguous=ambiguous)


def _candidates(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """What may be the time: most likely first, and what bears such a name before what does not."""
    lower = {str(name).strip().lower(): str(name) for name in table.columns}
    single = [str(name) for name in table.columns if _may_be_time(table[name])]
    single.sort(key=lambda name: NAMED_TIME.fullmatch(name) is None)
    clocks = [str(name) for name in table.columns if is_clock(table[name])]
    dates = [name for name in single if name not in clocks]
    found: list[tuple[str, ...]] = [(date, clock) for date in dates for clock in clocks if _is_of(table, date, clock)]
    found += [(date, str(name)) for date in dates for name in table.columns if _are_hours_of(table, date, str(name))]
    texts = [name for name in single if not pd.api.types.is_numeric_dtype(table[name])]
    parts = tuple(itertools.takewhile(lambda name: name in lower, times.PARTS))
    found += [(name,) for name in texts]
    found += [tuple(lower[name] for name in parts)] * (len(parts) > 1)
    found += [(name,) for name in single if name not in texts]
    return found


def _is_of(table: pd.DataFrame, date: str, clock: str) -> bool:
    """Whether a column of times of day belongs to that of a date: by its name, or since no time is there twice."""
    if not table[date].duplicated().any():
        return clock.strip().lower() == "time"
    return NAMED_HOUR.fullmatch(clock.strip()) is not None or not table.duplicated([date, clock]).any()


def _are_hours_of(table: pd.DataFrame, date: str, name: str) -> bool:
    """Whether a column of whole numbers holds the hours of each day, 0 to 23, and is called so.

    A date that repeats may be that of several series: the hour of a peak is not a time. Then few days have all hours.
    """
    hours = table[name]
    if not pd.api.types.is_integer_dtype(hours) or not NAMED_HOUR.fullmatch(name.strip()) or name == date:
        return False
    if hours.isna().any() or hours.min() < 0 or hours.max() > 23 or not table[date].duplicated().any():
        return False
    there = len(table[[date, name]].drop_duplicates())
    return there >= FULL * table[date].nunique() * hours.nunique() and hours.nunique() > 1


def _may_be_time(values: "pd.Series[Any]") -> bool:
    """Whether a column is looked at: datetimes, texts with digits, or whole numbers that a name calls times."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return True
    if pd.api.types.is_bool_dtype(values):
        return False
    if pd.api.types.is_numeric_dtype(values):
        whole = not values.isna().any() and bool((values % 1 == 0).all())
        name = str(values.name).strip()
        # Years rise; a column `day` or `month` with the numbers 1 to 31 is a part of a time, and no time.
        if not whole or values.min() < 1000:
            return False
        # Milliseconds since 1970 look like nothing else.
        return bool(NAMED_TIME.fullmatch(name)) or bool(values.is_monotonic_increasing and 4e11 < values.min() < 4e12)
    some = values.dropna().astype("str").head(50)
    return len(some) > 0 and bool(some.str.contains(r"\d").all())


def is_clock(values: "pd.Series[Any]") -> bool:
    """Whether a column holds times of day and no date: 7:30, 07.30.00, 7h30."""
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return False
    some = values.dropna().astype("str").head(50).str.strip()
    return len(some) > 0 and bool(some.str.fullmatch(TIME_OF_DAY).all())


def _read(table: pd.DataFrame, path: Path, columns: tuple[str, ...], time_format: str | None) -> Time:
    """The time in some columns: in the format that is given, in ISO 8601, or in the only format that reads every row.

    Raises:
        InputError: It cannot be read.
    """
    a_date_and_hours = len(columns) == 2 and pd.api.types.is_integer_dtype(table[columns[1]])
    if time_format is None and a_date_and_hours and not times.are_parts(columns):
        date = _read(table, path, columns[:1], None).time_format or "%Y-%m-%d"
        time_format = f"{times.COMPACT.get(date, date)} %H"  # 10 is no ten past midnight
    try:
        written = times.read(table, path, columns, time_format)
    except InputError as error:
        proposed = re.search(r'set prepare\.time_format: "([^"]+)", which reads every row', str(error))
        if time_format is not None or proposed is None:
            raise InputError(re.sub(r"set prepare\.time_format( to)?", "give --time-format", str(error))) from None
        time_format = proposed[1]
        written = times.read(table, path, columns, time_format)
    return Time(columns, time_format, written.moment, written.offset)
