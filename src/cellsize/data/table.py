"""The user's raw table: read it, and refuse what would be wrong later, naming the row."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
from pyarrow.lib import ArrowInvalid

from cellsize.errors import InputError

LARGEST = 1e37  # numbers become float32, whose largest is 3e38; the difference of two of them has to fit too


def read(path: Path, texts: tuple[str, ...] = ()) -> pd.DataFrame:
    """Reads a whole CSV or Parquet file.

    Args:
        path: File whose name ends in `.csv`, `.csv.gz` or `.parquet`.
        texts: Columns of a CSV file that are read as they are written: `None`, `NA` and `007` are names there.

    Returns:
        The table unchanged, with at least one row.

    Raises:
        InputError: The file is missing, empty, of another kind, or not in UTF-8.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; set prepare.table in params.yaml")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty; give a table with a header and rows")
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        elif path.suffix == ".csv" or path.name.endswith(".csv.gz"):
            _refuse_duplicated(path)
            table = pd.read_csv(path)
            if not isinstance(table.index, pd.RangeIndex):
                raise InputError(f"{path}, {line(path, 0)}: more values than the header has columns; fix the header")
            if texts:
                as_written = pd.read_csv(
                    path, usecols=lambda column: column in texts, dtype="str", keep_default_na=False, na_values=[""]
                )
                table[as_written.columns] = as_written
        else:
            raise InputError(f"{path}: neither .csv nor .parquet; convert the table to one of them")
    except UnicodeDecodeError:
        raise InputError(f"{path}{_undecodable(path)}: not UTF-8; save the file as UTF-8") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path}: {error}; fix that line") from None
    except (ArrowInvalid, OSError, EOFError) as error:
        kind = "Parquet" if path.suffix == ".parquet" else "CSV"
        raise InputError(f"{path}: not a valid {kind} file ({error}); write it again") from None
    if table.empty:
        raise InputError(f"{path}: a header and no rows; give a table with rows")
    return table


def _refuse_duplicated(path: Path) -> None:
    """Refuses a header that names a column twice: pandas would quietly rename the second."""
    header = pd.read_csv(path, header=None, nrows=1, dtype="str").iloc[0].dropna()
    duplicated = header[header.duplicated()]
    if not duplicated.empty:
        raise InputError(f"{path}, line 1: column {duplicated.iloc[0]!r} is duplicated; rename one")


def _undecodable(path: Path) -> str:
    """The line of the first byte that is not UTF-8, for a message."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for line_number, text in enumerate(file, start=1):
            try:
                text.decode("utf-8")
            except UnicodeDecodeError:
                return f", line {line_number}"
    return ""


def line(path: Path, position: int) -> str:
    """How a message names a row: the line of a text file, counted from 1 with the header, else the row."""
    if path.suffix == ".csv" and path.is_file():
        with path.open(encoding="utf-8", errors="replace") as file:
            filled = [line_number for line_number, text in enumerate(file, start=1) if text.strip()]
        if position + 1 < len(filled):  # blank lines are no rows
            return f"line {filled[position + 1]}"
    return f"line {position + 2}" if path.suffix in (".csv", ".gz") else f"row {position}"


def require(table: pd.DataFrame, path: Path, columns: tuple[str, ...], key: str) -> None:
    """Raises an InputError if a column named under `key` is not in the table."""
    for column in columns:
        if column not in table.columns:
            present = ", ".join(map(str, table.columns[:12]))
            raise InputError(f"{path}: no column {column!r}; fix {key} in params.yaml (the table has: {present})")


def numbers(table: pd.DataFrame, path: Path, column: str) -> np.ndarray:
    """A column as float64, shape (rows,), NaN where missing.

    Raises:
        InputError: A value is text, infinite or beyond `LARGEST`, or every value is missing.
    """
    values = table[column]
    if pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
        raise InputError(f"{path}, column {column!r}: times, not numbers; remove it from params.yaml or convert it")
    if not pd.api.types.is_numeric_dtype(values):
        parsed = pd.to_numeric(values, errors="coerce")
        bad = np.flatnonzero((parsed.isna() & values.notna()).to_numpy())
        if bad.size:
            raise InputError(
                f"{path}, {line(path, bad[0])}, column {column!r}: {values.iloc[bad[0]]!r} is not a number; "
                "fix it, leave it empty, or name the column under prepare.categorical_covariates"
            )
        values = parsed
    array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.flatnonzero(np.isinf(array))
    if infinite.size:
        raise InputError(f"{path}, {line(path, infinite[0])}, column {column!r}: infinite; fix it or leave it empty")
    large = np.flatnonzero(np.abs(array) > LARGEST)
    if large.size:
        raise InputError(
            f"{path}, {line(path, large[0])}, column {column!r}: {array[large[0]]:g} is beyond ±{LARGEST:g}, and would "
            "become infinite in a network; fix it, leave it empty, or give the column in a larger unit"
        )
    if np.isnan(array).all():
        raise InputError(f"{path}, column {column!r}: every value is missing; remove it from params.yaml")
    return array


def labels(values: pd.Series) -> pd.Series:
    """A column of names as text, missing where it was.

    1, 1.0 and "1" are the same name: pandas makes floats of whole numbers as soon as one is missing.
    """
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    return values.astype("str").where(values.notna())


def names(table: pd.DataFrame, column: str | None) -> pd.Series:
    """The name of the series of each row; without a column for it, the table is one series named `all`."""
    return labels(table[column]) if column else pd.Series("all", index=table.index)


def times(table: pd.DataFrame, path: Path, columns: tuple[str, ...]) -> pd.Series:
    """The time of each row, from one column or from several (year, month, day, hour, …).

    Raises:
        InputError: A time is missing or cannot be read.
    """
    source = table[columns[0]] if len(columns) == 1 else table[list(columns)]
    if len(columns) == 1 and pd.api.types.is_numeric_dtype(source):
        raise InputError(f"{path}, column {columns[0]!r}: numbers, not times; give ISO 8601 times or several columns")
    try:
        parsed = pd.to_datetime(source, errors="coerce")
    except ValueError as error:
        remedy = "write all times on one clock" if len(columns) == 1 else "name them year, month, day, hour"
        raise InputError(f"{path}, column {', '.join(columns)!r}: {error}; {remedy}") from None
    bad = np.flatnonzero(parsed.isna().to_numpy())
    if bad.size:
        value = source.iloc[bad[0]] if len(columns) == 1 else dict(source.iloc[bad[0]])
        raise InputError(
            f"{path}, {line(path, bad[0])}, column {', '.join(columns)!r}: {value!r} is not a time; "
            "write times as 2026-01-31 23:00"
        )
    return parsed
