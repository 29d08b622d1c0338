"""Times whose parts stand in columns of their own, called otherwise than `prepare.time` calls them, or as texts."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellsize.data import times
from cellsize.errors import InputError

# What columns are called that hold a part of a time.
NAMES = {
    "year": ("year", "yr", "yyyy", "jahr", "année", "annee", "año", "ano", "anio", "anno", "jaar", "rok"),
    "quarter": ("quarter", "qtr", "quartal", "trimestre", "kwartaal"),
    "month": ("month", "mon", "mnth", "mm", "monat", "mois", "mes", "mês", "mese", "maand"),
    "day": ("day", "dd", "tag", "jour", "día", "dia", "giorno", "dag"),
    "hour": ("hour", "hr", "hh", "stunde", "heure", "hora", "ora", "uur"),
    "minute": ("minute", "minuto", "minuut"),
}
WEEK = ("week", "isoweek", "iso_week", "wk", "kw", "woche", "kalenderwoche", "semaine", "semana", "settimana")
# What numbers may be, and how they are read.
NUMBERS = {
    "year": (1000, 9999, "%Y"), "quarter": (1, 4, "%q"), "month": (1, 12, "%m"), "day": (1, 31, "%d"),
    "hour": (0, 23, "%H"), "minute": (0, 59, "%M"),
}  # fmt: skip
NEXT = ("day", "hour", "minute")  # behind a year and its month, as far as they are there


def find(table: pd.DataFrame) -> tuple[tuple[str, ...], str] | None:
    """The columns that hold a year and its quarter, or its month, day, hour and minute, and the format of all.

    A year alone is none of these: it may be a count of something. Of several columns that may be the same part, none
    is. Numbers that are called year, month, day and so on are read without a format; see `times.are_parts`.
    """
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


def format_of(table: pd.DataFrame, columns: tuple[str, ...]) -> str | None:
    """The format of columns that hold these parts; None for others."""
    found = find(table[list(columns)])
    return found[1] if found is not None and found[0] == columns else None


def refuse_weeks(table: pd.DataFrame, path: Path, year: str) -> None:
    """Refuses years that repeat beside the numbers of weeks, which say no day together.

    Raises:
        InputError: It is so.
    """
    if not table[year].duplicated().any():
        return
    for name in map(str, table.columns):
        if name.strip().lower() in WEEK and _whole(table[name], 1, 53):
            raise InputError(
                f"{path}: {year!r} and {name!r} name a week and no day; write the first day of each week into one "
                "column, such as 2026-01-05 for the second week of 2026"
            )


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
    if part == "quarter" and texts.str.fullmatch("[Qq][1-4]").all():
        return "Q%q" if texts.str.startswith("Q").all() else None
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
