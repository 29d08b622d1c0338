"""Features made from the time: what every step knows of itself, and what the linear part alone knows of a forecast.

The two are set apart: many calendar inputs at every step make memory cells worse, and a linear model better.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data.holidays import holidays
from cellsize.data.schema import HOLIDAY, Schema

CYCLES = {"hour": 24.0, "weekday": 7.0, "month": 12.0}
HOUR, DAY, WEEK = 3_600, 86_400, 604_800  # seconds
# Levels of the linear calendar that a cycle is divided into at most; one of finer steps is divided into hours.
MOST_LEVELS = 400
LEVELS = {"day_of_week": 7, "day_of_month": 31, "month_of_year": 12, "day_of_year": 366}
# Sines and cosines of a cycle and of its fractions: fewer columns than one for each hour of the week, for a table that
# is too short to see each hour often. A column for each day of the year would see every day once a year.
HARMONICS = {"day_of_year": 4, "harmonics_of_week": 14, "harmonics_of_day": 4}


def known_future(time: pd.Series, schema: Schema) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Calendar features of each time by name, float32 arrays of shape (rows,), on the clock of the times' own zone."""
    clock = pd.DatetimeIndex(time) if schema.calendar else pd.DatetimeIndex([])
    for name in schema.calendar:
        if name != "weekend":
            angle = 2 * np.pi * _phase(clock, name) / CYCLES[name]
            yield f"{name}_sin", np.sin(angle).astype(np.float32)
            yield f"{name}_cos", np.cos(angle).astype(np.float32)
    if "weekend" in schema.calendar:
        yield "weekend", (clock.day_of_week.to_numpy() >= 5).astype(np.float32)
    if schema.holidays is not None:
        years = range(time.dt.year.min(), time.dt.year.max() + 1)
        days = pd.DatetimeIndex(time.dt.tz_localize(None)).normalize()
        yield HOLIDAY, days.isin(list(map(pd.Timestamp, holidays(schema.holidays, years)))).astype(np.float32)


def levels(time: pd.Series, schema: Schema) -> npt.NDArray[np.int16]:
    """The level of each feature of `schema.linear_calendar` at each time, shape (rows, features), on its zone's clock.

    Levels in place of columns: an indicator for each hour of the week would be the largest array of all.
    """
    found = np.empty((len(time), len(schema.linear_calendar)), np.int16)
    if not schema.linear_calendar:  # integer steps have no hours
        return found
    seconds = schema.clock.seconds
    clock = pd.DatetimeIndex(time)  # in place of `time.dt`: each of its fields is a Series, and a request pays for it
    of_day = clock.hour.to_numpy() * HOUR + clock.minute.to_numpy() * 60 + clock.second.to_numpy()
    for column, name in enumerate(schema.linear_calendar):
        match name:
            case "hour_of_week" | "harmonics_of_week":
                level = (clock.day_of_week.to_numpy() * DAY + of_day) // _unit(WEEK, seconds)
            case "hour_of_day" | "harmonics_of_day":
                level = of_day // _unit(DAY, seconds)
            case "day_of_week":
                level = clock.day_of_week.to_numpy()
            case "day_of_year":
                level = clock.day_of_year.to_numpy() - 1
            case "day_of_month":
                level = clock.day.to_numpy() - 1
            case _:
                level = clock.month.to_numpy() - 1
        found[:, column] = level
    return found


def linear_columns(names: tuple[str, ...], seconds: float, found: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
    """The columns that the linear part reads.

    Args:
        names: Features of the linear calendar.
        seconds: Length of a step in seconds.
        found: Level of each feature, shape (n, features).

    Returns:
        Shape (n, `width`): an indicator for each level, or harmonics.
    """
    tables = [_table(name, seconds)[found[:, column]] for column, name in enumerate(names)]
    return np.concatenate(tables, axis=1) if tables else np.empty((len(found), 0), np.float32)


def width(names: tuple[str, ...], seconds: float) -> int:
    """Number of columns that `linear_columns` makes."""
    return sum(_table(name, seconds).shape[1] for name in names)


def tables(schema: Schema) -> tuple[npt.NDArray[np.float32], ...]:
    """For each feature of the linear calendar the columns of each of its levels, shape (levels, columns)."""
    return tuple(_table(name, schema.clock.seconds) for name in schema.linear_calendar)


@cache
def _table(name: str, seconds: float) -> npt.NDArray[np.float32]:
    """The columns of each level of a feature, shape (levels, columns)."""
    cycle = {"week": WEEK, "day": DAY}.get(name.rpartition("_")[2]) if name not in LEVELS else None
    levels = LEVELS[name] if cycle is None else cycle // _unit(cycle, seconds)
    if name not in HARMONICS:
        return np.eye(levels, dtype=np.float32)
    # More harmonics than half the levels say nothing new.
    angle = 2 * np.pi * np.outer(
        np.arange(levels) / (365.25 if name == "day_of_year" else levels),
        1 + np.arange(min(HARMONICS[name], max(levels // 2, 1))),
    )  # fmt: skip
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)


def _unit(cycle: int, seconds: float) -> int:
    """Seconds of a level: those of a step if they divide the cycle into few enough, else an hour."""
    return int(seconds) if seconds >= cycle / MOST_LEVELS and cycle % seconds == 0 else HOUR


def _phase(local: pd.DatetimeIndex, name: str) -> npt.NDArray[np.float64]:
    """Where each time lies in a cycle, in the units of `CYCLES`."""
    if name == "hour":
        phase = local.hour.to_numpy() + local.minute.to_numpy() / 60
    elif name == "weekday":
        phase = local.day_of_week.to_numpy()
    else:
        phase = local.month.to_numpy() + local.day.to_numpy() / 31
    return np.asarray(phase, np.float64)
