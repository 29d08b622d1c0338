"""The user's raw table: read it, and refuse what would be wrong later, naming the row."""

import re
import zlib
from collections import Counter
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
from pyarrow import parquet
from pyarrow.lib import ArrowException

from cellsize.data import npz_file, text_file, ts_file
from cellsize.data.number_text import EXACT
from cellsize.errors import InputError
from cellsize.params_data import Csv

# What reading raises of bytes that were changed: libraries fail there in many ways, not all of them theirs.
DAMAGED = (
    ArrowException, OSError, EOFError, ValueError, LookupError, TypeError, NotImplementedError, RuntimeError,
    zlib.error,
)  # fmt: skip

LARGEST = 9e36  # numbers become float32, whose largest is 3e38; from here on NetCDF writes what is missing
# Nor does float32 hold a value that is so many times as large as half of the column: 1e20 is what some models write
# for a missing value. Below `HUGE` nothing is asked.
HUGE, TIMES_THE_MEDIAN = 1e15, 1e10
# Columns of Python objects that hold nothing but numbers or times, as pandas names them.
PLAIN = (
    "floating", "integer", "mixed-integer-float", "boolean", "empty", "datetime64", "datetime", "date", "time",
)  # fmt: skip


def read(path: Path, texts: tuple[str, ...], csv: Csv, times: tuple[str, ...] = ()) -> pd.DataFrame:
    """Reads a whole text or Parquet file, or one of labelled sequences as a long table.

    Args:
        path: File whose name ends in `.parquet`, in `.csv`, `.tsv` or `.txt`, also with `.gz` after it, or in `.ts` or
            `.npz`.
        texts: Columns of a text file that are read as they are written: `None`, `NA` and `007` are names there.
        csv: How a text file is written.
        times: Columns of a text file with times: zeros in front are kept.

    Returns:
        The table, with at least one row. An index of a Parquet file that has a name or holds times is a column;
        without a name it is called `index`.

    Raises:
        InputError: The file is missing, empty, of another kind, or not written as `csv` says.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; set prepare.table in params.yaml")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty; give a table with a header and rows")
    if path.suffix.lower() == ".parquet":
        table = _parquet(path)
    elif text_file.is_text(path):
        table = text_file.read(path, texts, csv, times)
    elif path.suffix.lower() == ".ts":
        table = ts_file.read(path)
    elif path.suffix.lower() == ".npz":
        table = npz_file.read(path)
    else:
        raise InputError(
            f"{path}: neither .csv nor .parquet (nor .tsv, .txt, or one of them with .gz, nor .ts or .npz of "
            "sequences); convert the table to one of them"
        )
    if table.empty:
        raise InputError(f"{path}: a header and no rows; give a table with rows")
    return table


def _parquet(path: Path) -> pd.DataFrame:
    """A Parquet file with its index as columns, if that says anything."""
    try:
        with path.open("rb") as file:
            columns = parquet.read_schema(file).names
        twice = next((column for column, count in Counter(columns).items() if count > 1), None)
        if twice is not None:
            raise InputError(f"{path}: column {twice!r} is duplicated; rename one")
        with path.open("rb") as file:  # a path such as `year=2026/a.parquet` would add a column `year`
            table = pd.read_parquet(file)
    except DAMAGED:
        raise InputError(f"{path}: not a valid Parquet file; write it again") from None
    index = table.index
    keep = [
        level
        for level in range(index.nlevels)
        if index.names[level] is not None or not pd.api.types.is_integer_dtype(index.get_level_values(level))
    ]
    for position, level in enumerate(keep):
        name = index.names[level] or ("index" if index.nlevels == 1 else f"index_{level}")
        if name not in table.columns:
            table.insert(position, name, index.get_level_values(level))
    return table.reset_index(drop=True)


def line(path: Path, position: int) -> str:
    """How a message names a row: the line of a text file, counted from 1 with the header, else the row."""
    return text_file.line(path, position) if text_file.is_text(path) else f"row {position}"


def require(table: pd.DataFrame, path: Path, columns: tuple[str, ...], key: str) -> None:
    """Raises an InputError if a column named under `key` is not in the table."""
    for column in columns:
        if column not in list(table.columns):  # `in table.columns` is true for the first level of several
            present = ", ".join(map(str, table.columns[:12]))
            if key == "prepare.time":
                clocks = [
                    str(name) for name, kind in table.dtypes.items() if pd.api.types.is_datetime64_any_dtype(kind)
                ]
                present += f"; {clocks[0]!r} holds times" if clocks else ""
            raise InputError(
                f"{path}: no column {column!r}; fix {key} in params.yaml (the table has: {present})",
                f"send it: the model reads {', '.join(dict.fromkeys(columns))}",
            )
    check_values(table, path, columns)


def check_values(table: pd.DataFrame, path: Path, columns: tuple[str, ...]) -> None:
    """Raises an InputError if a column is there twice, or holds lists, dictionaries, bytes or complex numbers."""
    for column in dict.fromkeys(columns):
        if list(table.columns).count(column) > 1:
            raise InputError(f"{path}: column {column!r} is duplicated; rename one", "send it once")
        values = table[column]
        is_complex = pd.api.types.is_complex_dtype(values)
        if not is_complex and (not pd.api.types.is_object_dtype(values) or pd.api.types.infer_dtype(values) in PLAIN):
            continue
        bad = np.flatnonzero(~values.map(_is_plain).to_numpy(bool))
        if bad.size:
            value = _repr(values.tolist()[bad[0]])
            raise InputError(
                f"{path}, {line(path, bad[0])}, column {column!r}: {value} is neither a number nor text nor a time; "
                "give one of them in each row"
            )


def _is_plain(value: object) -> bool:
    """Whether a value is one number, text or time, or missing."""
    if isinstance(value, str):  # half a character, which JSON can escape, is no text that could be written
        return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, Decimal):
        return not value.is_snan()
    return bool(pd.api.types.is_scalar(value)) and not isinstance(value, bytes | complex | pd.Interval)


def _repr(value: object) -> str:
    """A value as Python writes it, cut if it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def numbers(table: pd.DataFrame, path: Path, column: str) -> np.ndarray:
    """A column as float64, shape (rows,), NaN where missing.

    Raises:
        InputError: A value is text, infinite or beyond `LARGEST`, or every value is missing.
    """
    values = table[column]
    kind = values.dtype
    if isinstance(kind, pd.PeriodDtype) or getattr(kind, "kind", "") in "mM":
        raise InputError(
            f"{path}, column {column!r}: times, not numbers; remove it from params.yaml or convert it", "send numbers"
        )
    array = _floats(values, path, column)
    infinite = np.flatnonzero(np.isinf(array))
    if infinite.size:
        raise InputError(f"{path}, {line(path, infinite[0])}, column {column!r}: infinite; fix it or leave it empty")
    large = np.flatnonzero(np.abs(array) > LARGEST)
    if large.size:
        raise InputError(
            f"{path}, {line(path, large[0])}, column {column!r}: {array[large[0]]:g} is beyond ±{LARGEST:g}, and would "
            "become infinite in a network; fix it, leave it empty, or give the column in a larger unit",
            "leave it empty if it means that the value is missing, else fix it",
        )
    large = np.flatnonzero(np.abs(array) > HUGE)
    if large.size:
        median = float(np.nanmedian(np.abs(array)))
        large = large[np.abs(array[large]) > TIMES_THE_MEDIAN * median]
    if large.size:
        raise InputError(
            f"{path}, {line(path, large[0])}, column {column!r}: {array[large[0]]:g} beside a median of {median:g}: a "
            "network sees nothing else; leave it empty if it means that the value is missing, else fix it"
        )
    if np.isnan(array).all():
        raise InputError(
            f"{path}, column {column!r}: every value is missing; remove it from params.yaml",
            "send its values: the model was trained with them",
        )
    return array


def _floats(values: pd.Series, path: Path, column: str) -> np.ndarray:
    """A column as float64, refused where that would change a value."""
    if not pd.api.types.is_numeric_dtype(values):
        plain = text_file.plain(path, values)
        parsed = read_numbers(plain)
        bad = np.flatnonzero((parsed.isna() & values.notna()).to_numpy())
        if bad.size:
            usual = "fix it, leave it empty, or name the column under prepare.categorical_covariates"
            how = text_file.signs(path, values.dropna()) or text_file.misfit(path, values, int(bad[0]), bad.size == 1)
            remedy = f"{how}; else {usual}" if how else usual
            raise InputError(
                f"{path}, {line(path, bad[0])}, column {column!r}: {values.iloc[bad[0]]!r} is not a number; {remedy}",
                "send numbers with a decimal point, or nothing where the value is missing",
            )
        found = np.abs(parsed.to_numpy(np.float64, na_value=np.nan))
        large = np.flatnonzero((found >= EXACT) & np.isfinite(found))
        there, values = plain.astype("str"), parsed
        changed = [row for row in large if re.fullmatch(r"[+-]?\d+", there.iloc[row]) and _changes(there.iloc[row])]
    else:
        changed = []
        if pd.api.types.is_integer_dtype(values):
            there = values.fillna(0) if values.isna().any() else values
            large = np.flatnonzero(np.abs(there.to_numpy(np.float64)) >= EXACT)
            changed = [row for row in large if _changes(there.iloc[row])]
    if changed:
        raise InputError(
            f"{path}, {line(path, int(changed[0]))}, column {column!r}: {there.iloc[changed[0]]} is a whole number "
            "beyond ±2^53, and would lose digits; leave it empty if it means a missing value, else subtract a constant",
            "leave it empty if it means that the value is missing, else fix it",
        )
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def read_numbers(values: pd.Series) -> pd.Series:
    """Texts and other values as numbers, missing where they are none."""
    try:
        return pd.to_numeric(values, errors="coerce")
    except OverflowError:  # a whole number of hundreds of digits
        return pd.to_numeric(values.astype("str").where(values.notna()), errors="coerce")


def _changes(value: str | int) -> bool:
    """Whether a whole number is another one as float64."""
    return int(value) != int(float(value))


def labels(values: pd.Series) -> pd.Series:
    """A column of names as text, missing where it was.

    1, 1.0 and "1" are the same name: pandas makes floats of whole numbers as soon as one is missing.
    """
    if pd.api.types.is_float_dtype(values):
        fitting = values.where(values.abs() < 2.0**63)  # beyond, 64 bits hold none
        if (fitting.dropna() % 1 == 0).all():
            text = fitting.astype("Int64").astype("str")
            beyond = values.notna() & fitting.isna()
            text = text.where(~beyond, values.astype("str")) if beyond.any() else text
            return text.where(values.notna())
    return values.astype("str").where(values.notna())


def known(values: pd.Series, names: Collection[str]) -> pd.Series:
    """A column of names as text, by the names that are known: 7 is `007` where nothing else known has its value.

    Who sends a text file to a server has no say in what its 007 and 1.0 become on the way: 7, and 1.0 or 1.

    Args:
        values: The column.
        names: Names that are known. They stay as they are, and so does what is one of two that could be meant.
    """
    text, names = labels(values), frozenset(names)
    given = {name: _value(name) for name in text.dropna().unique()}
    strange = {name: value for name, value in given.items() if name not in names and value is not None}
    if not strange:
        return text
    here, there = Counter(given.values()), Counter(map(_value, names))
    alike = {_value(name): name for name in names}
    meant = {name: alike[value] for name, value in strange.items() if here[value] == there[value] == 1}
    return text.map(lambda name: meant.get(name, name), na_action="ignore")


def _value(name: str) -> Decimal | str | None:
    """What a name is worth as a number or a truth value, or None."""
    if re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", name):
        return Decimal(name)
    return name.lower() if name.lower() in ("true", "false") else None


def names(table: pd.DataFrame, column: str | None) -> pd.Series:
    """The name of the series of each row; without a column for it, the table is one series named `all`."""
    return labels(table[column]) if column else pd.Series("all", index=table.index)
