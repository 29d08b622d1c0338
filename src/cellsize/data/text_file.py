"""Text files with a table: read as `prepare.csv` declares, and if that does not fit, which key would."""

import csv as csv_module
import io
import itertools
import re
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data import comments
from cellsize.data.encoding import check_encoding, codec_of, opened_binary
from cellsize.data.number_text import as_numbers, as_python_writes, is_rough, number_pattern
from cellsize.errors import InputError
from cellsize.params_data import Csv

SUFFIXES = (".csv", ".tsv", ".txt")
# What pandas takes for a missing value; in columns of names only nothing at all is missing.
MISSING = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
SEPARATORS = (";", "\t", "|", ",", " ")
COMMENTS = ("#", "%", "!", ";")
UNREADABLE = (OSError, EOFError, zlib.error)  # a file that is gone, cut off, or damaged
LOOKED_AT = 50  # lines that show how a file is written

# pandas reads longer texts than Python's csv reader by itself; a quote that is not closed makes one of a whole file.
csv_module.field_size_limit(2**31 - 1)

# How each file was read. A message counts lines, comments and units included, long after the file was read.
_read_as: dict[Path, Csv] = {}


def unreadable(path: Path) -> InputError:
    """What is said of a file whose bytes cannot be had: one of `UNREADABLE` was raised."""
    kind = "gzip" if path.suffix.lower() == ".gz" else "CSV"
    return InputError(f"{path}: not a valid {kind} file, or it cannot be opened; write it again")


def is_text(path: Path) -> bool:
    """Whether the file's name says that it is text: `.csv`, `.tsv`, `.txt`, or one of them with `.gz`."""
    return path.name.lower().removesuffix(".gz").endswith(SUFFIXES)


def read(path: Path, texts: tuple[str, ...], csv: Csv, times: tuple[str, ...] = ()) -> pd.DataFrame:
    """Reads a text file whose first line names the columns. Blanks around names and values do not count.

    Args:
        path: The file.
        texts: Columns that are read as they are written: `None`, `NA` and `007` are names there.
        csv: How the file is written.
        times: Columns that keep zeros in front, such as 010121; whole numbers without are numbers.

    Returns:
        The rows. A column of whole numbers that float64 cannot hold is left as text.

    Raises:
        InputError: The file is not written as `csv` says; the message names the key that would fit.
    """
    _check(csv)
    _read_as[path] = csv
    try:
        check_encoding(path, csv)
        names = _names(path, csv)
        table = _rows(path, csv, names, {*texts, *times})
        rough = [name for name in names if name not in {*texts, *times} and is_rough(table[name])]
        if rough:
            text = _rows(path, csv, names, set(rough))[rough]
            table[rough] = text.where(~text.isin(MISSING))  # a number is missing, whatever says so
    except UNREADABLE:
        raise unreadable(path) from None
    for name in times:
        if name in table and table[name].str.fullmatch(r"-?(?:0|[1-9]\d{0,17}|[1-8]\d{18})").all():
            table[name] = table[name].astype(np.int64)
    return table


def line(path: Path, position: int) -> str:
    """How a message names a row: `line 7`, counted from 1 with everything that is in the file.

    Args:
        path: The file.
        position: Row of the table, counted from 0.
    """
    csv = _read_as.get(path)
    if csv is not None and path.is_file():
        with _opened(path, csv) as file:
            found = next(itertools.islice(_records(file, csv), position + 1 + csv.units_row, None), None)
        if found is not None:
            return f"line {found[0]}"
    return f"line {position + 2 + (csv is not None and csv.units_row)}"


def plain(path: Path, values: pd.Series) -> pd.Series:
    """A column of texts as Python writes numbers, missing where a text is not a number in the file's way of writing.

    Args:
        path: The file; of another kind, or not read: the texts are returned as they are.
        values: The column.
    """
    csv = _read_as.get(path)
    return values if csv is None or not is_text(path) else as_python_writes(values.astype("str").str.strip(), csv)


def misfit(path: Path, values: "pd.Series[str]", row: int, lone: bool) -> str | None:
    """Which key of `prepare.csv` would make a column readable, if it is one of them.

    Args:
        path: The file.
        values: The column as it was read.
        row: A row that cannot be read.
        lone: No other row of the column fails.

    Returns:
        What to set, or None.
    """
    if not is_text(path):
        return None
    csv = _read_as.get(path)
    text = str(values.iloc[row]).strip()
    if csv is None or csv.comment is None:
        sign = next((sign for sign in COMMENTS if text.startswith(sign)), None)
        if sign is not None:
            return f'set prepare.csv.comment: "{sign}", if such lines are comments'
    if lone and row == 0 and not (csv is not None and csv.units_row):
        return "set prepare.csv.units_row: true, if this line holds units"
    if lone and row == len(values) - 1 and not (csv is not None and csv.total_row):
        return "set prepare.csv.total_row: true, if this line holds totals"
    return None


def signs(path: Path, values: "pd.Series[str]") -> str | None:
    """What to set if a column holds numbers with another decimal sign, or with signs between thousands.

    Args:
        path: The file.
        values: The column as it was read, without missing values.
    """
    csv = _read_as.get(path)
    if not is_text(path) or csv is None:
        return None
    text = values.astype("str").str.strip().str.replace("\u00a0", " ").str.replace("\u202f", " ")
    fits = []
    for decimal, thousands in [(".", None), (",", None), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'")]:
        if thousands is not None and not text.str.contains(thousands, regex=False).any():
            continue
        if (decimal, thousands) != (csv.decimal, csv.thousands) and text.str.fullmatch(
            number_pattern(decimal, thousands)
        ).all():
            fits.append((decimal, thousands))
    if not fits:
        return None
    return "set " + ", or ".join(
        " and ".join(
            f"prepare.csv.{key}: {'null' if value is None else _quoted(value)}"
            for key, value, now in (("decimal", decimal, csv.decimal), ("thousands", thousands, csv.thousands))
            if value != now
        )
        for decimal, thousands in fits
    )


def _check(csv: Csv) -> None:
    """Refuses signs that cannot mean what they shall."""
    for key in ("separator", "decimal", "thousands", "comment"):
        sign = getattr(csv, key)
        if sign is not None and (sign in '"\r\n\0' or (sign.isalnum() and sign.isascii())):
            raise InputError(f"prepare.csv.{key}: {sign!r} cannot be told from the data; use another sign")
    for key in ("decimal", "thousands"):
        if getattr(csv, key) in ("+", "-"):
            raise InputError(f"prepare.csv.{key}: {getattr(csv, key)!r} is a sign of numbers; use another one")
    try:
        "a".encode(csv.encoding)
    except (LookupError, UnicodeError, ValueError):
        raise InputError(
            f"prepare.csv.encoding: {csv.encoding!r} is unknown; use utf-8, utf-16, cp1252 or latin-1"
        ) from None


def _opened(path: Path, csv: Csv) -> io.TextIOBase:
    """The file's text without lines of comment, each of them replaced by an empty line."""
    text = io.TextIOWrapper(opened_binary(path), encoding=codec_of(csv), errors="replace", newline="")
    if csv.comment is None:
        return text
    with text:
        return io.StringIO("".join(comments.left_out(text, csv.comment, csv.separator)), newline="")


def _records(file: io.TextIOBase, csv: Csv) -> Iterator[tuple[int, list[str]]]:
    """Each line with values and its number; a quoted value may hold line breaks."""
    rows = csv_module.reader(file, delimiter=csv.separator, skipinitialspace=True)
    begin = 1
    for row in rows:
        if any(value.strip() for value in row[:1]) or len(row) > 1:
            yield begin, row
        begin = rows.line_num + 1


def _names(path: Path, csv: Csv) -> list[str]:
    """The names of the columns, each once."""
    with _opened(path, csv) as file:
        rows = _records(file, csv)
        number, header = next(rows, (0, []))
        is_all = next(rows, None) is None
    if not header:
        raise InputError(f"{path}: No columns: there is no header; give a table with a header and rows")
    if is_all and _is_unclosed(path, csv):  # it would be a header without rows
        raise InputError(_open_quote(path, number))
    names = [name.strip().lstrip("\ufeff") or f"Unnamed: {index}" for index, name in enumerate(header)]
    if len(names) == 1:
        cause = _cause(path, csv)
        if cause is not None:
            raise InputError(f"{path}, line {number}: {cause}")
    duplicated = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if duplicated is not None:
        raise InputError(f"{path}, line {number}: column {duplicated!r} is duplicated; rename one")
    return names


def _rows(path: Path, csv: Csv, names: list[str], as_written: set[str]) -> pd.DataFrame:
    """All rows; columns that are as written, and numbers where a column holds nothing else."""
    # pandas reads no signs between thousands, and refuses a decimal sign that is the separator too.
    as_texts = csv.thousands is not None or csv.decimal == csv.separator
    kinds = {name: "str" for name in names if name in as_written or as_texts}
    missing = {name: [""] if name in as_written else list(MISSING) for name in names}
    try:
        with _opened(path, csv) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # of numbers and texts in one column: see below
            rows = _records(file, csv)
            for _ in range(1 + csv.units_row):
                next(rows, None)
            table = pd.read_csv(
                file, sep=csv.separator, decimal="." if as_texts else csv.decimal, header=None, names=names,
                dtype=kinds, keep_default_na=False, na_values=missing, skipinitialspace=True,
            )  # fmt: skip
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=names)
    except (pd.errors.ParserError, ValueError):
        raise InputError(_broken(path, csv, len(names))) from None
    if not isinstance(table.index, pd.RangeIndex):
        raise InputError(_broken(path, csv, len(names)))
    if csv.separator == " ":
        _refuse_gaps(path, csv, len(names))
    if csv.total_row:
        table = table.iloc[:-1]
    for name in names:
        if not pd.api.types.is_numeric_dtype(table[name]):
            text = table[name].astype("str").str.strip()
            text = text.where(~text.isin(missing[name]))
            table[name] = text if name in as_written else as_numbers(text, csv)
    return table


def _refuse_gaps(path: Path, csv: Csv, n_columns: int) -> None:
    """Refuses a row with too few values between blanks: several blanks are one separator, so nothing is no value."""
    with _opened(path, csv) as file:
        for begin, row in _records(file, csv):
            if len(row) < n_columns:
                raise InputError(
                    f"{path}, line {begin}: {len(row)} values, but the header has {n_columns} columns; where blanks "
                    "separate columns, write NA for a missing number, or use another separator"
                )


def _broken(path: Path, csv: Csv, n_columns: int) -> str:
    """Why the lines do not make a table."""
    cause = _cause(path, csv)
    if cause is not None:
        return f"{path}: {cause}"
    number = 0
    try:
        with _opened(path, csv) as file:
            rows = csv_module.reader(file, delimiter=csv.separator, skipinitialspace=True, strict=True)
            begin = 1
            for row in rows:
                number = begin
                if len(row) > n_columns:
                    return (
                        f"{path}, line {begin}: {len(row)} values, but the header has {n_columns} columns; fix that "
                        "line, or the header"
                    )
                begin = rows.line_num + 1
    except csv_module.Error:
        return _open_quote(path, number + 1)
    return f"{path}: not the lines of a table; fix the file, or prepare.csv"


def _is_unclosed(path: Path, csv: Csv) -> bool:
    """Whether a quote is not closed in a file that is one row."""
    with _opened(path, csv) as file:
        try:
            list(csv_module.reader(file, delimiter=csv.separator, skipinitialspace=True, strict=True))
        except csv_module.Error:
            return True
    return False


def _open_quote(path: Path, number: int) -> str:
    return f'{path}: a quote (") in the row of line {number} or after it is not closed; fix that line'


def _cause(path: Path, csv: Csv) -> str | None:
    """Which key of `prepare.csv` would make a table of the lines, or None."""
    with _opened(path, csv) as file:
        lines = [line for line in itertools.islice(file, LOOKED_AT) if line.strip()]
    if csv.comment is None:
        for sign in COMMENTS:
            rest = [line for line in lines if not line.lstrip().startswith(sign)]
            if lines[0].lstrip().startswith(sign) and rest:
                other = _separator(rest, csv)
                also = "" if other is None else f" and prepare.csv.separator: {_quoted(other)}"
                return f'lines begin with {sign!r}; set prepare.csv.comment: "{sign}"{also}, if they are comments'
    separator = _separator(lines, csv)
    if separator is None:
        return None
    decimal = ""
    if csv.decimal == "." and separator != ",":
        fields = [value for line in lines[1 + csv.units_row :] for value in line.strip().split(separator)]
        commas = [value for value in fields if re.fullmatch(r"\s*[+-]?\d+,\d+\s*", value)]
        if commas and not any(re.fullmatch(r"\s*[+-]?\d+\.\d+\s*", value) for value in fields):
            decimal = ', and prepare.csv.decimal: ","'
    have = "the header has one column and" if csv.separator not in lines[0] else "the lines have"
    return f"{have} {separator!r} in it: set prepare.csv.separator: {_quoted(separator)}{decimal}"


def _separator(lines: list[str], csv: Csv) -> str | None:
    """Another separator that divides all lines into equally many values."""
    for separator in SEPARATORS:
        if separator != csv.separator and separator in lines[0]:
            counts = {len(row) for row in csv_module.reader(lines, delimiter=separator, skipinitialspace=True)}
            if len(counts) == 1 or (separator in ";\t|" and csv.separator not in lines[0]):
                return separator
    return None


def _quoted(sign: str) -> str:
    """A sign as params.yaml has it."""
    return {"\t": '"\\t"'}.get(sign, f'"{sign}"')
