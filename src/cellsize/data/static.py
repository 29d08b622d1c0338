"""Columns that are constant in each series: static covariates, and the series itself.

They are known in future: what reads a forecast's steps (the head, plain or mixed, the linear part, trees) reads them
too, once for a window. Memory cells do not see them: with twelve indicators at every step an LSTM of eight cells had a
fifth more error than without any (docs/decisions.md).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import table as tables
from cellsize.data import text_file
from cellsize.errors import InputError
from cellsize.params_data import Prepare

MOST_LEVELS = 50  # as many as a categorical covariate has at most
NO_VALUE = ("", "NA", "N/A", "NaN", "nan", "null", "None")  # in a column of numbers that was read as text


class Constants(Protocol):
    """What is asked of a schema: of series, or of labelled sequences."""

    @property
    def series(self) -> str | None:
        """Raw column that names the series."""

    @property
    def static_covariates(self) -> dict[str, tuple[str, ...]]:
        """Column → its levels, or no level if it is a number."""

    @property
    def series_levels(self) -> tuple[str, ...]:
        """Names of the series with an indicator column each."""


def levels(table: pd.DataFrame, path: Path, prepare: Prepare) -> dict[str, tuple[str, ...]]:
    """Static covariate → its levels; none if it is a number.

    Args:
        table: Raw rows.
        path: Where they come from, for messages.
        prepare: Roles of the columns.

    Raises:
        InputError: A column changes within a series, has no value in one, is the same in all, or has too many levels.
    """
    found = {}
    for column in prepare.static_covariates:
        is_number = _is_number(table[column], path)
        values = _constant(table, path, column, prepare.series, is_number)
        distinct = values.dropna().unique()
        if len(distinct) < 2:
            raise InputError(
                f"{path}, column {column!r}: the same in all series, so that it tells none apart; remove it from "
                "prepare.static_covariates"
            )
        if not is_number and len(distinct) > MOST_LEVELS:
            raise InputError(
                f"{path}, column {column!r}: {len(distinct)} levels; a static covariate has at most {MOST_LEVELS}; "
                "join rare ones, or remove it from prepare.static_covariates"
            )
        found[column] = () if is_number else tuple(sorted(map(str, distinct)))
    return found


def series_levels(table: pd.DataFrame, path: Path, prepare: Prepare) -> tuple[str, ...]:
    """Names of the series that get an indicator each; none unless `prepare.series_as_input`.

    Raises:
        InputError: There is one series, or there are too many.
    """
    if not prepare.series_as_input:
        return ()
    names = tuple(sorted(tables.names(table, prepare.series).dropna().unique()))
    if len(names) < 2:
        raise InputError(
            f"{path}: one series, so that it is no input; set prepare.series_as_input: false, or name the column that "
            "tells series apart under prepare.series"
        )
    if len(names) > MOST_LEVELS:
        raise InputError(
            f"{path}, column {prepare.series!r}: {len(names)} series, and prepare.series_as_input takes at most "
            f"{MOST_LEVELS}, an indicator each; set prepare.series_as_input: false, and say what tells them apart "
            "under prepare.static_covariates"
        )
    return names


def of_series(table: pd.DataFrame, path: Path, schema: Constants) -> dict[str, pd.Series]:
    """Each static covariate's value of each series, indexed by the name of the series: numbers in float64, or texts.

    A row may leave it empty where another row of the series has it.

    Args:
        table: Raw rows.
        path: Where they come from, for messages.
        schema: Meaning of the columns.

    Raises:
        InputError: A column changes within a series, or a series has no value.
    """
    return {
        column: _constant(table, path, column, schema.series, is_number=not of_column)
        for column, of_column in schema.static_covariates.items()
    }


def columns(
    names: pd.Series, values: dict[str, pd.Series], schema: Constants
) -> Iterator[tuple[str, npt.NDArray[np.floating]]]:
    """`Schema.static_columns` by name, each of shape (rows,).

    A level or a series that training has not seen has 0 in all indicators, like a level of a categorical covariate.

    Args:
        names: Name of the series of each row.
        values: What `of_series` returns.
        schema: Meaning of the columns.
    """
    codes, unique = pd.factorize(np.asarray(names, object))
    for column, of_column in schema.static_covariates.items():
        of_each = values[column].reindex(unique)
        if not of_column:
            yield column, of_each.to_numpy(np.float64)[codes]
        for level in of_column:
            yield f"{column}={level}", np.asarray(of_each == level, np.float32)[codes]
    for name in schema.series_levels:
        yield f"{schema.series}={name}", np.asarray(unique == name, np.float32)[codes]


def _is_number(values: pd.Series, path: Path) -> bool:
    """Whether every value is a number; a column of a text file is there as it is written, such as 52,5."""
    if pd.api.types.is_numeric_dtype(values):
        return True
    given = values[values.notna() & ~values.isin(NO_VALUE)]
    return len(given) > 0 and bool(pd.to_numeric(text_file.plain(path, given), errors="coerce").notna().all())


def _constant(table: pd.DataFrame, path: Path, column: str, series: str | None, is_number: bool) -> pd.Series:
    """The value of each series, indexed by its name; checked as `of_series` says."""
    table = table.reset_index(drop=True)  # messages count rows, whatever index came along
    if is_number:
        blank = table[[column]]
        if getattr(table[column].dtype, "kind", "O") in "OU":
            blank = blank.mask(blank.isin(NO_VALUE))
        values = pd.Series(tables.numbers(blank, path, column), table.index)
    else:
        values = tables.labels(table[column])
    names = tables.names(table, series)
    of_each: pd.Series = values.groupby(names).first()
    changed = np.flatnonzero((values.notna() & names.notna() & (values != names.map(of_each))).to_numpy())
    if changed.size:
        name = names.iloc[changed[0]]
        now, before = (f"{value:g}" if is_number else repr(value) for value in (values.iloc[changed[0]], of_each[name]))
        raise InputError(
            f"{path}, {tables.line(path, int(changed[0]))}, column {column!r}: {now}, but {before} before "
            f"in series {name!r}; a static covariate never changes in a series: fix it, or name it "
            f"under {'prepare.past_covariates' if is_number else 'prepare.categorical_covariates'}",
            "send one value for each series",
        )
    empty = of_each.index[of_each.isna()]
    if len(empty):
        row = int(np.flatnonzero((names == empty[0]).to_numpy())[0])
        raise InputError(
            f"{path}, {tables.line(path, row)}, column {column!r}: no value in series {empty[0]!r}; fill it in"
        )
    return of_each
