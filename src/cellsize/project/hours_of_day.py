"""Columns that hold the hours of a day beside a date, or name series; where both may be meant, only the user knows."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.errors import InputError
from cellsize.project import names_of_series, options

# A column that holds the hours of a day, or times of day.
NAMED_HOUR = re.compile(
    r"(.*[ _-])?(hr|hrs|h|hours?|hh|hhmm|time|clock|stunden?|std|uhrzeit|uhr|zeit|hora|heure|ora|uur)([ _-].*)?",
    re.IGNORECASE,
)
# One that is a time of day and nothing else: not that of a peak or of a shop, not a duration.
NAMED_CLOCK = re.compile(
    r"((obs|observation|measurement)[ _-]?)?(time|clock|hhmm|hours?|stunde|uhrzeit|uhr|zeit|hora|heure|ora|uur)"
    r"([ _-]?(utc|local|of[ _-]day|begin|start|end))?",
    re.IGNORECASE,
)
NAMED_MINUTE = re.compile(r"min(ute)?s?|minuten?", re.IGNORECASE)
TIME_OF_DAY = r"([01]?\d|2[0-3])[:.h][0-5]\d([:.][0-5]\d(\.\d{3,})?)?( ?[AaPp][Mm])?"
FULL = 0.9  # of the hours of all days, where a column holds the hours of a day
FEW = 3  # different times of day, at least
# How many parts a day may be divided into: hours, half-hours and so on, down to minutes.
OF_A_DAY = (24, 48, 96, 144, 288, 1440)


def is_clock(values: "pd.Series[Any]") -> bool:
    """Whether a column holds times of day and no date: 7:30, 07.30.00, 7h30."""
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return False
    some = values.dropna().astype("str").head(50).str.strip()
    return len(some) > 0 and bool(some.str.fullmatch(TIME_OF_DAY).all())


def is_of(table: pd.DataFrame, date: str, clock: str) -> bool:
    """Whether a column of times of day belongs to that of a date: by its name, or since no time is there twice."""
    if not table[date].duplicated().any():
        return clock.strip().lower() == "time"
    return NAMED_HOUR.fullmatch(clock.strip()) is not None or not table.duplicated([date, clock]).any()


def are_hours_of(table: pd.DataFrame, date: str, name: str) -> bool:
    """Whether a column of whole numbers holds the hours of each day, 0 to 23 or 0 to 2359, and is called so.

    A date that repeats may be that of several series: the hour of a peak is not a time, and few days have all hours
    then. The hour that a shop opens is none either: it is the same in all rows of the shop.
    """
    hours = table[name]
    if not pd.api.types.is_integer_dtype(hours) or not NAMED_HOUR.fullmatch(name.strip()) or name == date:
        return False
    if hours.isna().any() or not table[date].duplicated().any():
        return False
    may_be_digits = NAMED_CLOCK.fullmatch(name.strip()) is not None or hours.nunique() in OF_A_DAY
    if not (hours.between(0, 23).all() or (may_be_digits and are_digits_of_a_clock(hours))):
        return False
    there = len(table[[date, name]].drop_duplicates())
    is_full = there >= FULL * table[date].nunique() * hours.nunique() and hours.nunique() > 1
    return is_full and (hours.nunique() in OF_A_DAY or not _is_of_series(table, date, name))


def are_digits_of_a_clock(values: "pd.Series[Any]") -> bool:
    """Whether whole numbers are times of day without the colon, in steps of the shortest: 730 is half past seven."""
    if not (values.between(0, 2359).all() and (values % 100 < 60).all() and values.max() >= 100):
        return False
    steps = np.diff(_minutes(values.unique()))
    return len(steps) >= FEW - 1 and bool((steps % steps.min() == 0).all())


def refuse(table: pd.DataFrame, path: Path, times: "pd.Series[Any]", found: list[str]) -> None:
    """Refuses to take for series what may be the hours of a day, or the minutes of an hour: each would be a series."""
    if not pd.api.types.is_datetime64_any_dtype(times) or not (times == times.dt.floor("h")).all():
        return
    are_days = bool((times == times.dt.normalize()).all())
    for name in found:
        values = table[name]
        if NAMED_MINUTE.fullmatch(name.strip()) and not are_days:
            raise InputError(
                f"{path}, column {name!r}: the minutes of each hour; write a whole time into one column, such as "
                f"2026-01-31 23:15, or, if each has a series of its own: {options.listed('--series', [name])}"
            )
        if not are_days or not (is_clock(values) or _divides_a_day(values) or _are_called_times(values)):
            continue
        where = f"{path}, column {name!r}: {values.nunique()} values a day, which may be times of day or series"
        if NAMED_HOUR.fullmatch(name.strip()) or is_clock(values):
            where = f"{path}, column {name!r}: times of day, so that a date alone is not a time"
        both = f"give --time DATE {options.listed('--time', [name])}"
        is_read = pd.api.types.is_integer_dtype(values) and (values.max() <= 23 or _are_called_times(values))
        if not is_clock(values) and not is_read:
            both = "write a time of day behind each date, such as 2026-01-31 23:00"
        raise InputError(f"{where}; {both}, or, if each has a series of its own: {options.listed('--series', [name])}")


def _is_of_series(table: pd.DataFrame, date: str, name: str) -> bool:
    """Whether a column is the same in all rows of each series that another column names."""
    for other, levels in names_of_series.candidates(table, date):
        if other == name or table[other].isna().any():
            continue
        # The hour may have another name: a shift, its end.
        is_its_name = levels == table[name].nunique() and NAMED_CLOCK.fullmatch(name.strip()) is not None
        if len(table[[other, name]].drop_duplicates()) == levels and not is_its_name:
            return True
    return False


def _are_called_times(values: "pd.Series[Any]") -> bool:
    """Whether whole numbers may be times of day without the colon, and their column is called so."""
    is_called_so = NAMED_CLOCK.fullmatch(str(values.name).strip()) is not None
    if not is_called_so or not pd.api.types.is_integer_dtype(values):
        return False
    return bool(values.between(0, 2359).all() and (values % 100 < 60).all() and values.max() >= 100)


def _minutes(numbers: Any) -> npt.NDArray[np.int64]:
    """Minutes after midnight of times of day without a colon, ascending."""
    ordered = np.sort(np.asarray(numbers, np.int64))
    return ordered // 100 * 60 + ordered % 100


def _divides_a_day(values: "pd.Series[Any]") -> bool:
    """Whether names are numbered through as the parts of a day are: 0 to 23, 1 to 24, s00 to s47, 0 to 2345."""
    names = pd.Series(values.unique()).astype("str")
    if len(names) not in OF_A_DAY:
        return False
    parts = names.str.extract(r"^(\D*)(\d{1,4})(\D*)$")
    if parts.isna().any().any() or parts[0].nunique() > 1 or parts[2].nunique() > 1:
        return False
    numbers = np.sort(parts[1].astype(np.int64).to_numpy())
    if numbers[0] in (0, 1) and (np.diff(numbers) == 1).all():
        return True
    if NAMED_HOUR.fullmatch(str(values.name).strip()) is None:  # shops may be numbered by hundreds
        return False
    step = 1440 // len(numbers)
    from_midnight = _minutes(numbers) - np.arange(len(numbers)) * step
    return bool((numbers % 100 < 60).all() and np.ptp(from_midnight) == 0 and from_midnight[0] in (0, step))
