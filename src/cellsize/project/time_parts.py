"""Times whose parts stand in columns of their own, called otherwise than `prepare.time` calls them, or as texts."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellsize.data import times
from cellsize.errors import InputError
from cellsize.project import names_of_series, options
from cellsize.project.hours_of_day import are_digits_of_a_clock

# What columns are called that hold a part of a time.
NAMES = {
    "year": ("year", "yr", "yyyy", "jahr", "année", "annee", "año", "ano", "anio", "anno", "jaar", "rok"),
    "quarter": ("quarter", "qtr", "quartal", "trimestre", "kwartaal"),
    "month": (
        "month",
        "mon",
        "mnth",
        "monat",
        "mois",
        "mes",
        "mês",
        "mese",
        "maand",
        "month_name",
        "monthname",
        "monatsname",
    ),
    "day": ("day", "tag", "jour", "día", "giorno", "dag"),
    "hour": ("hour", "hr", "stunde", "heure", "hora", "ora", "uur"),
    "minute": ("minute", "minuto", "minuut"),
}
WEEK = (
    "week", "isoweek", "iso_week", "week_no", "weekno", "week_number", "weeknum", "wk", "wk_no", "kw", "woche",
    "kalenderwoche", "kalender_woche", "epiweek", "semaine", "semana", "settimana",
)  # fmt: skip
DAY_OF_YEAR = ("doy", "dayofyear", "day_of_year", "yday", "jday", "julian_day")
CLOCK = ("hhmm", "time")  # times of day without a colon
PARTS = {name for names in (*NAMES.values(), WEEK, DAY_OF_YEAR) for name in names}
# What numbers may be, and how they are read.
NUMBERS = {
    "year": (1000, 9999, "%Y"), "quarter": (1, 4, "%q"), "month": (1, 12, "%m"), "day": (1, 31, "%d"),
    "hour": (0, 23, "%H"), "minute": (0, 59, "%M"),
}  # fmt: skip
NEXT = ("day", "hour", "minute")  # behind a year and its month, as far as they are there
MOST = {"quarter": 4, "month": 12, "day": 366, "week": 53, "day of the year": 366}  # of a year
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
    if found is None:
        return None
    year, second, *more = found[0]
    # Days of a single month may be all that there are.
    divider = more[0] if more and table[second].nunique() == 1 else second
    if not _divides(table, year, divider):
        return None
    is_sure = _is_dense(table, year, divider) and not table.duplicated(list(found[0])).any()
    return found if is_sure or not _series_by_year(table, year, found[0][1:]) else None


def format_of(table: pd.DataFrame, columns: tuple[str, ...]) -> str | None:
    """The format of columns that hold these parts, as they are declared; None for others."""
    found = _named(table[list(columns)])
    return found[1] if found is not None and found[0] == columns else None


def refuse_unread(table: pd.DataFrame, path: Path, columns: tuple[str, ...] | None = None) -> None:
    """Refuses years that repeat beside a column that seems to divide them and is not read.

    Args:
        table: Raw rows.
        path: Where they come from, for messages.
        columns: What is read as the time, a year first; None: nothing is.

    Raises:
        InputError: There is such a column.
    """
    if columns is None:
        year = _part(table, "year")
        if year is None:
            return
        columns = (year[0],)
    if not table[list(columns)].duplicated().any():
        return
    every = [
        name
        for name in map(str, table.columns)
        if name.strip().lower() in PARTS and name not in columns and not pd.api.types.is_object_dtype(table[name])
    ]
    has_series = len(columns) == 1 and _series_by_year(table, columns[0], tuple(every))
    here = len(table[list(columns)].drop_duplicates())
    named = NAMES | {"week": WEEK, "day of the year": DAY_OF_YEAR}
    for part, names in ((part, named[part]) for part in MOST):
        for name in every:
            is_one = name.strip().lower() in names and table[name].nunique() <= MOST[part]
            if not is_one or not _divides(table, columns[0], name):
                continue
            is_sure = _is_dense(table, columns[0], name) and not table.duplicated([columns[0], name]).any()
            if has_series and not is_sure:  # a row a year says in which month something was
                continue
            if len(table[[*columns, name]].drop_duplicates()) == here:  # it follows from what is read
                continue
            alone = f", or --time {columns[0]} if each has a row a year" if len(columns) == 1 else ""
            raise InputError(
                f"{path}, column {name!r}: it seems to say the {part}, and {columns[0]!r} repeats; "
                f"{_remedy(table, part, columns[0], name)}{alone}"
            )


def _remedy(table: pd.DataFrame, part: str, year: str, name: str) -> str:
    """What to do about a part that is not read."""
    found = _named(table)
    if found is None and times.are_parts((year, name)) and _read(table[name], part) == NUMBERS[part][2]:
        found = (year, name), ""
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
            found = _part(table, name) or (_clock(table) if name == "hour" else None)
            if found is None:
                break
            parts.append(found)
            if found[1] == "%H%M":
                break
    elif (quarter := _part(table, "quarter")) is not None:
        parts.append(quarter)
    columns, form = tuple(column for column, _ in parts), " ".join(form for _, form in parts)
    are_numbers = all(pd.api.types.is_integer_dtype(table[column]) for column in columns)
    if len(parts) < 2 or (times.are_parts(columns) and are_numbers):
        return None
    return columns, form


def _divides(table: pd.DataFrame, year: str, name: str) -> bool:
    """Whether years repeat, and another column tells their rows apart, or most have most of its values."""
    if not table[year].duplicated().any() or table[name].nunique() < 2:
        return False
    return not table.duplicated([year, name]).any() or _is_dense(table, year, name)


def _is_dense(table: pd.DataFrame, year: str, name: str) -> bool:
    """Whether most years have most of the values of another column."""
    pairs = len(table[[year, name]].drop_duplicates())
    return pairs >= DENSE * table[year].nunique() * table[name].nunique()


def _series_by_year(table: pd.DataFrame, year: str, parts: tuple[str, ...]) -> bool:
    """Whether a column names series which have a row a year each: most of them in most years.

    Args:
        table: Raw rows.
        year: The column of years.
        parts: Columns that may divide these; what is another name of one, or its number, is no series.
    """
    for name, levels in names_of_series.candidates(table, year):
        if name in parts or name.strip().lower() in PARTS or len(table) < levels * table[year].nunique() / 2:
            continue
        if all(len(table[[part, name]].drop_duplicates()) > levels for part in parts):
            return True
    return False


def _clock(table: pd.DataFrame) -> tuple[str, str] | None:
    """A column of times of day without a colon."""
    for name in map(str, table.columns):
        values = table[name]
        if name.strip().lower() in CLOCK and _whole(values, 0, 2359) and are_digits_of_a_clock(values):
            return name, "%H%M"
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
