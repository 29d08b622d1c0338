"""The raw rows of a table: their time, series and step, and how they are read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data.clock import Clock
from cellsize.params_data import Csv
from cellsize.project import columns, local_days, source, steps, template, time_columns
from cellsize.project.asked import Asked

DAY = 86_400


@dataclass(frozen=True)
class Rows:
    """The raw rows, and what is read of all of them."""

    table: pd.DataFrame
    path: Path
    written: Csv
    time: time_columns.Time
    series: str | None
    codes: npt.NDArray[np.integer]
    frequency: str
    declared_zone: str | None

    @property
    def taken(self) -> set[str]:
        """Columns of the time and of the series."""
        return {*self.time.columns, *([self.series] if self.series else [])}


def read_rows(asked: Asked) -> Rows:
    """Reads the table, and finds its time, what tells series apart, and the step."""
    written = source.settings(asked.table)
    table = source.load(asked.table, written)
    source.refuse_no_header(table, asked.table)
    if asked.frequency is not None and Clock.of(asked.frequency).unit == "integer":
        time = (
            time_columns.counted(table, asked.table, asked.time) if asked.time else time_columns.in_order(table)
        )  # fmt: skip
    else:
        others = table if asked.time or asked.series is None else table.drop(columns=asked.series, errors="ignore")
        time = time_columns.find_time(others, asked.table, asked.time, asked.time_format)
    twice = time_columns.shown_twice(time, asked.table, asked.timezone)
    named = columns.find_series(table, asked.table, time.instant, set(time.columns), asked.series, twice) if (
        time.columns or asked.series) else None  # fmt: skip
    time = time_columns.on_clock(time, asked.table, asked.timezone, table[named] if named else None)
    codes = pd.factorize(table[named])[0] if named else np.zeros(len(table), np.int64)
    if asked.timezone is None:
        local_days.refuse(time, asked.table)
    frequency = asked.frequency or steps.find(local_days.of_place(time, asked.timezone), codes)
    return Rows(table, asked.table, written, time, named, codes, frequency, asked.timezone)


def reading(rows: Rows, timezone: str | None) -> dict[str, template.Value]:
    """How the table is read, and what of the calendar a step is short enough for."""
    time = rows.time
    declared: dict[str, template.Value] = {f"prepare.csv.{key}": value for key, value in rows.written}
    declared |= {
        "prepare.time": time.columns[0] if len(time.columns) == 1 else time.columns or None,
        "prepare.time_format": time.time_format,
        "prepare.series": rows.series,
        "prepare.frequency": rows.frequency,
        "prepare.timezone": timezone,
        "prepare.ambiguous": time.ambiguous,
        "prepare.holidays": None,
        "prepare.calendar": _calendar(rows),
        "prepare.linear_calendar": (),
        # Longer than any: how long the longest is will be seen. Not without end: a wrong year is no gap.
        "prepare.gap": max(24, len(rows.table)),
        "window.lookback": 1,
        "window.linear_lookback": None,
        "window.horizon": 1,
        "window.transform": "none",
        "window.normalise": "none",
    }
    return declared


def _calendar(rows: Rows) -> tuple[str, ...]:
    """Calendar features of every step that the table has seen come again."""
    seconds = steps.seconds(rows.frequency)
    if not seconds:
        return ()
    span = (rows.time.instant.max() - rows.time.instant.min()).total_seconds()
    names = list[str]()
    if seconds < DAY and span >= 2 * DAY:
        names.append("hour")
    if seconds < 7 * DAY and span >= 14 * DAY:
        names += ["weekday"] if rows.frequency.partition("-")[0] in ("B", "C") else ["weekday", "weekend"]
    if DAY <= seconds < 360 * DAY and span >= 730 * DAY:
        names.append("month")
    return tuple(names)
