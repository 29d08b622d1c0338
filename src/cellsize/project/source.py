"""How a table is written: separator, decimal sign, encoding, and which columns are its time.

The only module here that knows how `data` reads tables and times.
"""

import codecs
import csv
import gzip
import itertools
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from cellsize.data import table as tables
from cellsize.errors import InputError
from cellsize.params import Csv

SEPARATORS = (",", ";", "\t", "|")
LINES = 400  # of a text file that are looked at
PLAIN = Csv(
    separator=",", decimal=".", thousands=None, comment=None, encoding="utf-8", units_row=False, total_row=False
)
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?")
GROUPS_OF = {sign: re.compile(rf"[-+]?\d{{1,3}}({re.escape(sign)}\d{{3}})+") for sign in (",", ".", " ", "'")}
TOTAL = re.compile(r"(grand )?total|sum|summe|gesamt|insgesamt|totaal|totale?|suma|somme", re.IGNORECASE)

# Formats that are tried where a time is not in ISO 8601.
FORMATS = tuple(
    f"{day}{clock}"
    for day in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d %b %Y", "%d-%b-%Y",
                "%b %d, %Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y")
    for clock in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
) + ("%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d %H:%M", "%Y%m%dT%H%M%S", "%b-%Y", "%b %Y", "%m/%Y", "%Y/%m")  # fmt: skip
ISO = re.compile(r"\d{4}-\d{2}(-\d{2}([T ]\d{2}(:?\d{2}(:?\d{2}([.,]\d+)?)?)?\s*(Z|[-+]\d{2}:?(\d{2})?)?)?)?")
NAMED_TIME = re.compile(r"(date.?time|time.?stamp|timestamp|datetime|date|time|ds|when|day|month|year)", re.IGNORECASE)
PARTS = ("year", "month", "day", "hour", "minute", "second")


@dataclass(frozen=True)
class Times:
    """The time of a table.

    Attributes:
        columns: Where it stands, as `prepare.time` names them; none: the rows are in order, without a time.
        time_format: As `prepare.time_format` has it.
        values: Wall time of each row as it is written, shape (rows,); the row's number where there is no time.
        zoned: Whether the times carry an offset.
    """

    columns: tuple[str, ...]
    time_format: str | None
    values: "pd.Series[Any]"
    zoned: bool


def settings(path: Path) -> Csv:
    """How a text file is written, as `prepare.csv` declares it; that of a Parquet file is the shipped one.

    Raises:
        InputError: The file is missing, or holds no text.
    """
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
        total_row=len(rows) > 2 and bool(TOTAL.fullmatch(next(csv.reader([last], delimiter=separator), [""])[0].strip())),
    )


def load(path: Path, written: Csv, texts: tuple[str, ...] = ()) -> pd.DataFrame:
    """Reads a table as the stage `prepare` will; see `data.table.read`."""
    return tables.read(path, texts)


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
    with _open(path) as raw, codecs.getreader(encoding)(raw, errors="replace") as file:
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
    # A list of decimal commas in one column is no table of two.
    return best if found[best][0] > 0 else ","


def _numbers(cells: list[str], separator: str) -> tuple[str, str | None]:
    """The decimal sign, and the sign between thousands."""
    commas = sum(bool(DECIMAL_COMMA.fullmatch(cell)) for cell in cells)
    points = sum(bool(re.fullmatch(r"[-+]?\d*\.\d+([eE][-+]?\d+)?", cell)) for cell in cells)
    grouped = {sign: [cell for cell in cells if pattern.match(cell)] for sign, pattern in GROUPS_OF.items()}

    def clear(sign: str, other: str) -> bool:
        """Whether a sign stands between thousands beyond doubt: twice in a number, or before a decimal sign."""
        return any(cell.count(sign) > 1 or other in cell for cell in grouped[sign])

    # 1,234 alone says nothing: of a column it is a decimal comma if other values have other lengths behind it.
    if separator != "," and commas > points and not clear(",", "."):
        decimal = ","
        thousands = next((sign for sign in (".", " ", "'") if clear(sign, ",")), None)
    else:
        decimal = "."
        thousands = next((sign for sign in (",", " ", "'") if clear(sign, ".")), None)
        if thousands is None and separator != "," and grouped[","] and not points:
            thousands = None  # said nowhere: the column stays text, and the message of `prepare` asks
    return decimal, thousands if thousands != separator else None


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


def times(
    table: pd.DataFrame, path: Path, declared: tuple[str, ...] | None, time_format: str | None
) -> Times:
    """Finds the time of a table.

    Args:
        table: Raw rows.
        path: Where they come from, for messages.
        declared: The columns that hold it, or None to look for them.
        time_format: How they are written, or None to find out.

    Raises:
        InputError: A declared column cannot be read, or more than one format reads every row.
    """
    if declared:
        tables.require(table, path, declared, "--time")
        return _read(table, path, declared, time_format)
    candidates = list[Times]()
    doubts = list[InputError]()
    for columns in _candidates(table):
        try:
            candidates.append(_read(table, path, columns, time_format))
        except InputError as error:
            if "several formats" in str(error):
                doubts.append(error)
    if not candidates and doubts:
        raise doubts[0]
    if not candidates:
        return Times((), None, pd.Series(np.arange(len(table)), index=table.index), zoned=False)
    # A name that says so comes first, then the order of the table.
    return min(candidates, key=lambda found: _rank(found.columns))


def _rank(columns: tuple[str, ...]) -> int:
    return 0 if any(NAMED_TIME.search(name) for name in columns) else 1


def _candidates(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """What may be the time, most likely first."""
    lower = {str(name).strip().lower(): str(name) for name in table.columns}
    found = list[tuple[str, ...]]()
    parts = tuple(itertools.takewhile(lambda name: name in lower, PARTS))
    single = [str(name) for name in table.columns if _may_be_time(table[name])]
    if "date" in lower and "time" in lower and _is_clock(table[lower["time"]]):
        found.append((lower["date"], lower["time"]))
    found += [(name,) for name in single]
    if len(parts) >= 3 or (len(parts) == 2 and not single):
        found.append(tuple(lower[name] for name in parts))
    if not found and "year" in lower:
        found.append((lower["year"],))
    return found


def _may_be_time(values: "pd.Series[Any]") -> bool:
    """Whether a column is looked at: times, texts with digits, or whole numbers that look like dates."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return True
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_float_dtype(values):
        return False
    if pd.api.types.is_integer_dtype(values):
        return _number_format(values) is not None
    some = values.dropna().astype("str").head(50)
    return len(some) > 0 and bool(some.str.contains(r"\d").all())


def _is_clock(values: "pd.Series[Any]") -> bool:
    some = values.dropna().astype("str").head(50)
    return len(some) > 0 and bool(some.str.fullmatch(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?").all())


def _number_format(values: "pd.Series[Any]") -> str | None:
    """The format of times written as whole numbers, as far as their size leaves no doubt."""
    if values.isna().any():
        return None
    low, high = int(values.min()), int(values.max())
    if 18000101 <= low and high <= 21991231:
        return "YYYYMMDD"
    if 4e8 <= low and high <= 4.2e9 and NAMED_TIME.search(str(values.name)):
        return "epoch s"
    if 4e11 <= low and high <= 4.2e12 and NAMED_TIME.search(str(values.name)):
        return "epoch ms"
    return None


def _read(table: pd.DataFrame, path: Path, columns: tuple[str, ...], time_format: str | None) -> Times:
    """The time in some columns.

    Raises:
        InputError: It cannot be read.
    """
    if len(columns) > 1:
        values = tables.times(table, path, columns)
        return Times(columns, time_format, values, zoned=False)
    column = table[columns[0]]
    if pd.api.types.is_datetime64_any_dtype(column):
        zoned = getattr(column.dtype, "tz", None) is not None
        return Times(columns, time_format, column.dt.tz_localize(None) if zoned else column, zoned)
    if pd.api.types.is_integer_dtype(column):
        time_format = time_format or _number_format(column) or ("%Y" if column.between(1000, 2999).all() else None)
    text = column.astype("str")
    if time_format is None:
        missing = column.isna()
        if not missing.any() and text.str.strip().str.fullmatch(ISO.pattern).all():
            parsed = pd.to_datetime(text.str.strip(), format="ISO8601", utc=True, errors="coerce")
            zoned = bool(text.str.contains(r"(?:Z|[-+]\d{2}:?\d{2})\s*$", regex=True).iloc[0]) and ":" in text.iloc[0]
            if parsed.notna().all():
                return Times(columns, None, _wall(text, parsed, zoned), zoned)
        time_format = _format_of(text, path, columns[0])
    parsed = _parse(text, time_format)
    bad = np.flatnonzero(parsed.isna().to_numpy())
    if bad.size:
        raise InputError(
            f"{path}, {tables.line(path, int(bad[0]))}, column {columns[0]!r}: {column.iloc[bad[0]]!r} is not a time "
            f"of the format {time_format!r}; give --time-format"
        )
    return Times(columns, time_format, parsed, zoned=False)


def _wall(text: "pd.Series[Any]", instants: "pd.Series[Any]", zoned: bool) -> "pd.Series[Any]":
    """Times as they are written: the offset is cut off, not applied."""
    if not zoned:
        return instants.dt.tz_localize(None)
    bare = text.str.strip().str.replace(r"\s*(Z|[-+]\d{2}:?(\d{2})?)$", "", regex=True)
    return pd.to_datetime(bare, format="ISO8601")


def _parse(text: "pd.Series[Any]", time_format: str) -> "pd.Series[Any]":
    """Times of a format, NaT where one is not of it."""
    match time_format:
        case "epoch s" | "epoch ms":
            unit = time_format.removeprefix("epoch ")
            return pd.to_datetime(pd.to_numeric(text, errors="coerce"), unit=unit, errors="coerce")  # type: ignore[call-overload, no-any-return]
        case "YYYYMMDD":
            return pd.to_datetime(text, format="%Y%m%d", errors="coerce")
        case _:
            return pd.to_datetime(text, format=time_format, errors="coerce")


def _format_of(text: "pd.Series[Any]", path: Path, column: str) -> str:
    """The only format that reads every row; several that read it alike count as one.

    Raises:
        InputError: None does, or several do and give other times.
    """
    some = text.head(200)
    found = [form for form in FORMATS if _parse(some, form).notna().all() and _parse(text, form).notna().all()]
    different = list[str]()
    for form in found:
        if not any(_parse(text, form).equals(_parse(text, other)) for other in different):
            different.append(form)
    if len(different) > 1:
        raise InputError(
            f"{path}, column {column!r}: {text.iloc[0]!r} can be read in several formats; give one of them: "
            + ", ".join(f'--time-format "{form}"' for form in different)
        )
    if not different:
        raise InputError(f"{path}, column {column!r}: {text.iloc[0]!r} is no time in ISO 8601; give --time-format")
    return different[0]


def by_series(values: "pd.Series[Any]", names: "pd.Series[Any] | None") -> list["pd.Series[Any]"]:
    """The sorted times of each series."""
    if names is None:
        return [values.sort_values()]
    return [part.sort_values() for _, part in values.groupby(names, sort=True)]


def most_common(values: list[Any]) -> Any:
    """The value that occurs most."""
    return Counter(values).most_common(1)[0][0]


Ask = Callable[[list[str]], tuple[str, ...]]
