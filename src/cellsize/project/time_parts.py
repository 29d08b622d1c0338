"""Times whose parts stand in columns of their own, called otherwise than `prepare.time` calls them, or as texts."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellsize.data import times
from cellsize.errors import InputError
from cellsize.project import options

# What columns are called that hold a part of a time.
NAMES = {
    "year": ("year", "yr", "yyyy", "jahr", "année", "annee", "año", "ano", "anio", "anno", "jaar", "rok"),
    "quarter": ("quarter", "qtr", "quartal", "trimestre", "kwartaal"),
    "month": ("month", "mon", "mnth", "monat", "mois", "mes", "mês", "mese", "maand"),
    "day": ("day", "tag", "jour", "día", "giorno", "dag"),
    "hour": ("hour", "hr", "stunde", "heure", "hora", "ora", "uur"),
    "minute": ("minute", "minuto", "minuut"),
}
WEEK = (
    "week", "isoweek", "iso_week", "week_no", "week_number", "weeknum", "wk", "kw", "woche", "kalenderwoche", "semaine",
    "semana", "settimana",
)  # fmt: skip
DAY_OF_YEAR = ("doy", "dayofyear", "day_of_year", "yday")
# What numbers may be, and how they are read.
NUMBERS = {
    "year": (1000, 9999, "%Y"), "quarter": (1, 4, "%q"), "month": (1, 12, "%m"), "day": (1, 31, "%d"),
    "hour": (0, 23, "%H"), "minute": (0, 59, "%M"),
}  # fmt: skip
NEXT = ("day", "hour", "minute")  # behind a year and its month, as far as they are there
# Of all pairs of a year and what divides it, at least: two years of which each has one half are half of the pairs.
DENSE = 0.45


def find(table: pd.DataFrame) -> tuple[tuple[str, ...], str] | None:
    """The columns that hold a year and its quarter, or its month, day, hour and minute, and the format of all.

    A year alone is none of these: it may be a count of something. Of several columns that may be the same part, none
    is. Years repeat, and each has most of the months that others have. Where another column names series with a row a
    year it may be these that are meant. Numbers that are called year, month, day and so on are read without a format;
    see `times.are_parts`.
    """
    found = _named(table)
    if found is None or _series_by_year(table, found[0]) is not None:
        return None
    year, second, *more = found[0]
    # Days of a single month may be all that there are.
    is_divided = _divide(table, year, second) or (bool(more) and _divide(table, year, more[0]))
    return found if is_divided else None


def format_of(table: pd.DataFrame, columns: tuple[str, ...]) -> str | None:
    """The format of columns that hold these parts, as they are declared; None for others."""
    found = _named(table[list(columns)])
    return found[1] if found is not None and found[0] == columns else None


def refuse_unread(table: pd.DataFrame, path: Path, columns: tuple[str, ...]) -> None:
    """Refuses years that repeat beside a column that seems to divide them and is not read.

    Args:
        table: Raw rows.
        path: Where they come from, for messages.
        columns: What is read as the time, a year among it.

    Raises:
        InputError: There is such a column.
    """
    if not table[list(columns)].duplicated().any():
        return
    named = {part: NAMES[part] for part in ("quarter", "month", "day")}
    named |= {"week": WEEK, "day of the year": DAY_OF_YEAR}
    for part, names in named.items():
        for name in map(str, table.columns):
            if name.strip().lower() not in names or name in columns or not _divide(table, columns[0], name):
                continue
            alone = f", or --time {columns[0]} if each has a row a year" if len(columns) == 1 else ""
            raise InputError(
                f"{path}, column {name!r}: it seems to say the {part}, and {columns[0]!r} repeats; "
                f"{_remedy(table, part)}{alone}"
            )


def _remedy(table: pd.DataFrame, part: str) -> str:
    """What to do about a part that is not read."""
    found = _named(table)
    if found is not None and part in ("quarter", "month"):
        return f"give {' '.join(options.listed('--time', [name]) for name in found[0])}"
    if part == "week":
        return "write the first day of each week into one column, such as 2026-01-05 for the second week of 2026"
    return "write the whole time into one column, such as 2026-01-31"


def _named(table: pd.DataFrame) -> tuple[tuple[str, ...], str] | None:
    """The same as `find` by names and values of the columns alone."""
    year = _part(table, "year")
    if year is None:
        return None
    parts = [year]
    if (month := _part(table, "month")) is not None:
        parts.append(month)
        for name in NEXT:
            found = _part(table, name)
            if found is None:
                break
            parts.append(found)
    elif (quarter := _part(table, "quarter")) is not None:
        parts.append(quarter)
    columns, form = tuple(column for column, _ in parts), " ".join(form for _, form in parts)
    are_numbers = all(pd.api.types.is_integer_dtype(table[column]) for column in columns)
    if len(parts) < 2 or (times.are_parts(columns) and are_numbers):
        return None
    return columns, form


def _divide(table: pd.DataFrame, year: str, name: str) -> bool:
    """Whether years repeat, and most of them have most of the values of another column."""
    if not table[year].duplicated().any() or table[name].nunique() < 2:
        return False
    pairs = len(table[[year, name]].drop_duplicates())
    return pairs >= DENSE * table[year].nunique() * table[name].nunique()


def _series_by_year(table: pd.DataFrame, columns: tuple[str, ...]) -> str | None:
    """A column that names series which have a row a year each; None without one."""
    parts = {name for names in (*NAMES.values(), WEEK, DAY_OF_YEAR) for name in names}
    for name in map(str, table.columns):
        values = table[name]
        if name in columns or name.strip().lower() in parts or pd.api.types.is_float_dtype(values):
            continue
        try:
            levels = values.nunique()
        except TypeError:  # lists and dictionaries name nothing
            continue
        if 2 <= levels <= len(table) / 4 and not table.duplicated([columns[0], name]).any():
            return name
    return None


def _part(table: pd.DataFrame, part: str) -> tuple[str, str] | None:
    """The only column that is called so and holds such values, and how it is read."""
    found = list[tuple[str, str]]()
    for name in map(str, table.columns):
        if name.strip().lower() in NAMES[part]:
            form = _read(table[name], part)
            if form is not None:
                found.append((name, form))
    return found[0] if len(found) == 1 else None


def _read(values: "pd.Series[Any]", part: str) -> str | None:
    """How the values of a part are read; None if they are not such."""
    lowest, highest, form = NUMBERS[part]
    if _whole(values, lowest, highest):
        return form
    if not pd.api.types.is_string_dtype(values) or values.isna().any() or not len(values):
        return None
    texts = values.str.strip()
    for written in ("Q%q", "q%q") if part == "quarter" else ():
        if texts.str.fullmatch(written.replace("%q", "[1-4]")).all():
            return written
    for written in ("%b", "%B") if part == "month" else ():
        if pd.to_datetime(texts.drop_duplicates(), format=written, errors="coerce").notna().all():
            return written
    return None


def _whole(values: "pd.Series[Any]", lowest: int, highest: int) -> bool:
    """Whether a column holds whole numbers between two, none missing."""
    if not pd.api.types.is_integer_dtype(values) or values.isna().any() or not len(values):
        return False
    numbers = values.to_numpy(np.int64)
    return bool(numbers.min() >= lowest and numbers.max() <= highest)
