"""Columns that may hold the hours of a day or name series; nobody but the user knows."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellsize.errors import InputError
from cellsize.project import options
from cellsize.project.time_columns import NAMED_HOUR, are_digits_of_a_clock, is_clock

# How many parts a day may be divided into: hours, half-hours and so on, down to minutes.
OF_A_DAY = (24, 48, 96, 144, 288, 1440)


def refuse(table: pd.DataFrame, path: Path, times: "pd.Series[Any]", found: list[str]) -> None:
    """Refuses to take for series what may be the hours of a day: it would make a daily series of each hour."""
    if not pd.api.types.is_datetime64_any_dtype(times) or not (times == times.dt.normalize()).all():
        return
    for name in found:
        values = table[name]
        if not (is_clock(values) or _divides_a_day(values)):
            continue
        where = f"{path}, column {name!r}: {values.nunique()} values a day, which may be times of day or series"
        if NAMED_HOUR.fullmatch(name.strip()) or is_clock(values):
            where = f"{path}, column {name!r}: times of day, so that a date alone is not a time"
        both = f"give --time DATE {options.listed('--time', [name])}"
        is_read = pd.api.types.is_integer_dtype(values) and (values.max() <= 23 or are_digits_of_a_clock(values))
        if not is_clock(values) and not is_read:
            both = "write a time of day behind each date, such as 2026-01-31 23:00"
        raise InputError(f"{where}; {both}, or, if each has a series of its own: {options.listed('--series', [name])}")


def _divides_a_day(values: "pd.Series[Any]") -> bool:
    """Whether names are numbered through as the parts of a day are: 0 to 23, 1 to 24, s00 to s47, 0 to 2345."""
    names = pd.Series(values.unique()).astype("str")
    if len(names) not in OF_A_DAY:
        return False
    parts = names.str.extract(r"^(\D*)(\d{1,4})(\D*)$")
    if parts.isna().any().any() or parts[0].nunique() > 1 or parts[2].nunique() > 1:
        return False
    numbers = np.sort(parts[1].astype(np.int64).to_numpy())
    of_a_clock = numbers // 100 * 60 + numbers % 100
    is_a_clock = numbers[-1] > len(numbers) and (numbers % 100 < 60).all()
    return bool(
        (numbers[0] in (0, 1) and (np.diff(numbers) == 1).all())
        or (is_a_clock and (of_a_clock == np.arange(len(numbers)) * (1440 // len(numbers))).all())
    )
