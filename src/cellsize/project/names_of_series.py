"""Columns that may name the series of a raw table, before anybody knows what its columns are."""

from collections.abc import Iterator

import pandas as pd


def candidates(table: pd.DataFrame, moment: str) -> Iterator[tuple[str, int]]:
    """Columns of few values, each of which has at most one row at each moment.

    Args:
        table: Raw rows.
        moment: The column that says when: a date, a year.

    Yields:
        The name of a column, and how many series it would name.
    """
    for name in map(str, table.columns):
        values = table[name]
        if name == moment or pd.api.types.is_float_dtype(values):
            continue
        try:
            levels = values.nunique()
        except TypeError:  # lists and dictionaries name nothing
            continue
        if 2 <= levels <= len(table) / 2 and not table.duplicated([moment, name]).any():
            yield name, levels
