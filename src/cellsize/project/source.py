"""How a table is written: separator, decimal sign, encoding; and how `data` reads it."""

import codecs
import csv
import io
import itertools
import re
from functools import cache
from pathlib import Path

import pandas as pd

from cellsize.data import series, text_file, times
from cellsize.data import table as tables
from cellsize.data.encoding import opened_binary, utf16
from cellsize.errors import InputError
from cellsize.params_data import Csv, Prepare

SEPARATORS = (",", ";", "\t", "|")
COMMENTS = "#%!"
TYPED = (".parquet", ".ts", ".npz")  # files that say themselves how they are written
LINES = 400  # of a text file that are looked at
PLAIN = Csv(
    separator=",", decimal=".", thousands=None, comment=None, encoding="utf-8", units_row=False, total_row=False
)
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
TOTAL = re.compile(r"(grand )?total|sum|summe|gesamt|insgesamt|totaal|totale?|suma|somme", re.IGNORECASE)


# How Excel is told the separator.
SEP_LINE = re.compile(r"sep=.", re.IGNORECASE)
MISSING = {"", "-", "--", "?", "na", "n/a", "nan", "null", "none", "#n/a"}
FULL_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(\D|$)")


def refuse_no_header(table: pd.DataFrame, path: Path) -> None:
    """Refuses a text file without a header: its first row would be the names of the columns.

    A year may be the name of a column, and so may a number beside other names.

    Raises:
        InputError: A name reads as a time, as the values below do, or all names read as numbers or times.
    """
    if path.suffix.lower() in TYPED:
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
    if path.suffix.lower() in TYPED:
        return PLAIN
    try:
        encoding = _encoding(path)
        lines, last = _lines(path, encoding)
    except text_file.UNREADABLE:
        raise text_file.unreadable(path) from None
    if lines and SEP_LINE.fullmatch(lines[0].strip()):
        raise InputError(
            f"{path}, line 1: {lines[0].strip()!r} is a note for a spreadsheet program in place of the names of the "
            "columns; remove this line"
        )
    comment = lines[0][0] if lines and lines[0] and lines[0][0] in COMMENTS else None
    lines = [line for line in lines if not (comment and line.startswith(comment))]
    if not lines:
        return PLAIN
    separator = _separator(lines)
    rows = list(csv.reader(lines, delimiter=separator))
    by_column = itertools.zip_longest(*rows[1:], fillvalue="")
    columns = [[value.strip() for value in column if value.strip()] for column in by_column]
    decimal, thousands = _numbers(columns, separator)
    kinds = [[_is_number(value, decimal, thousands) for value in row] for row in rows]
    return Csv(
        separator=separator,
        decimal=decimal,
        thousands=thousands,
        comment=comment,
        encoding=encoding,
        units_row=_has_units(rows, kinds),
        total_row=len(rows) > 2 and _is_total(next(csv.reader([last], delimiter=separator), [""])),
    )


def load(path: Path, written: Csv) -> pd.DataFrame:
    """Reads a table of whose columns nothing is known yet."""
    return tables.read(path, (), written)


def load_as_declared(path: Path, prepare: Prepare) -> pd.DataFrame:
    """Reads a table as the stage `prepare` will: names and times as they are written."""
    return tables.read(path, series.texts(prepare), prepare.csv, times.columns_of(prepare))


def _encoding(path: Path) -> str:
    """UTF-8 where the whole file is, UTF-16 where it begins so, else that of Windows in Western Europe."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with opened_binary(path) as file:
            begin = file.read(4096)
            if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            if unmarked := utf16(begin):
                return unmarked
            decoder.decode(begin)
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _lines(path: Path, encoding: str) -> tuple[list[str], str]:
    """The first lines that are not blank, and the last one."""
    with opened_binary(path) as raw, io.TextIOWrapper(raw, encoding, errors="replace", newline=None) as file:
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


def _numbers(columns: list[list[str]], separator: str) -> tuple[str, str | None]:
    """The decimal sign, and the sign between thousands, as far as some number leaves no doubt.

    1.234 is a number with three decimals: only 1.234,5 and 1.234.567 say that the point stands between thousands, or
    whole numbers of at most three digits in its column, where every number with a point has three digits behind it.
    """
    cells = [cell for column in columns for cell in column]
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
    if decimal == "." and separator != "," and not here[best] and _point_groups(columns):
        return ",", "."
    return decimal, best if here[best] else None


def _point_groups(columns: list[list[str]]) -> bool:
    """Whether every point in a number stands between thousands: 993 and 1.246, and never 0.246 or 1.5 or 1246.

    Of one column: a count beside a column of decimals says nothing of these. Every column with points has to say so.
    """
    found = False
    for column in columns:
        numbers = [cell for cell in column if NUMBER.fullmatch(cell)]
        with_point = [cell for cell in numbers if "." in cell]
        whole = [cell for cell in numbers if "." not in cell]
        if not with_point:
            continue
        grouped = all(re.fullmatch(r"[-+]?[1-9]\d{0,2}\.\d{3}", cell) for cell in with_point)
        if not grouped or len(with_point) < 2 or len(whole) < 2 or any(len(cell.lstrip("+-")) > 3 for cell in whole):
            return False
        found = True
    return found


@cache
def _pattern(decimal: str, thousands: str | None = None) -> re.Pattern[str]:
    """Numbers with a decimal sign; with thousands those that have two such signs, or one and decimals."""
    sign = re.escape(decimal)
    if thousands is None:
        return re.compile(rf"[-+]?\d*{sign}\d+([eE][-+]?\d+)?")
    group = rf"{re.escape(thousands)}\d{{3}}"
    if thousands in " '":  # nothing else stands between two digits so
        return re.compile(rf"[-+]?\d{{1,3}}({group})+({sign}\d*)?")
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
    units = [rows[1][column].strip() for column in numeric if column < len(rows[1])]
    # A row of data may lack its numbers. It has a date then, or nothing is there in place of units.
    if all(unit.lower() in MISSING for unit in units) or any(FULL_DATE.match(cell.strip()) for cell in rows[1]):
        return False
    return bool(numeric) and not any(column < len(kinds[1]) and kinds[1][column] for column in numeric)


def _is_total(row: list[str]) -> bool:
    """Whether the last row is one of totals: it is called so, and has no date of its own."""
    return bool(TOTAL.fullmatch(row[0].strip())) and not any(FULL_DATE.match(cell.strip()) for cell in row)
