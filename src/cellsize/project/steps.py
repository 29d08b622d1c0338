"""The step of a table's times: a fixed length, a month, a business day."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.project.time_columns import Time

Ints = npt.NDArray[np.integer]

DAY = 86_400_000_000  # microseconds
UNITS = {"h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
FEW = 3  # rows that say nothing of months or business days
WORDS = {
    "h": "hours", "min": "minutes", "s": "seconds", "D": "days", "W": "weeks", "MS": "months by their first day",
    "ME": "months by their last day", "QS": "quarters by their first day", "QE": "quarters by their last day",
    "YS": "years by their first day", "YE": "years by their last day", "B": "business days",
    "C": "business days less holidays", "step": "rows in order",
}  # fmt: skip


def find(time: Time, codes: Ints) -> str:
    """The step between two rows, as `prepare.frequency` names it; the usual one, where rows are missing.

    Args:
        time: Of each row.
        codes: The series of each row, shape (rows,).
    """
    if not time.columns:
        return "step"
    local, instant = _microseconds(time.local), _microseconds(time.instant)
    order = np.lexsort((instant, codes))
    inside = np.diff(codes[order]) == 0
    if not inside.any():
        return "h"
    of_day = local % DAY
    if all(np.ptp(of_day[codes == code]) == 0 for code in np.unique(codes)):
        return _of_days(local[order] // DAY, inside)
    return _fixed(_usual(np.diff(instant[order])[inside]))


def words(frequency: str) -> str:
    """A step for a reader: `h` is hours, `15min` is 15 minutes."""
    count = frequency[: len(frequency) - len(frequency.lstrip("0123456789"))]
    name = frequency[len(count) :]
    found = WORDS.get(name) or WORDS.get(name.partition("-")[0], name)
    kind, _, named = name.partition("-")
    anchor = f" ({named if kind == 'C' else named.capitalize()})" if named else ""
    return f"{count} {found}{anchor}".strip() if count else f"{found}{anchor}"


def _of_days(days: Ints, inside: npt.NDArray[np.bool_]) -> str:
    """The step of times that are days: each has the same time of day, on the clock of the place."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    distinct = np.unique(days)
    if len(distinct) >= FEW:
        first, last = dates == months, dates == (months + 1).astype("datetime64[D]") - 1
        for edge, there in (("S", first), ("E", last)):
            if there.all():
                return _of_months(_usual(np.diff(months.astype(np.int64)).astype(np.int64)[inside]), edge)
    weekday = (days + 3) % 7  # 1970 began with a Thursday
    usual = _usual(np.diff(days)[inside])
    if usual == 7:
        return f"W-{WEEKDAYS[int(weekday[0])]}" if np.ptp(weekday) == 0 else "W"
    if usual == 1 and (weekday < 5).all() and len(distinct) >= 10:
        return "B"
    return "D" if usual == 1 else f"{usual // 7}W" if usual % 7 == 0 else f"{usual}D"


def _of_months(usual: int, edge: str) -> str:
    """Months by their first day (S) or their last one (E): of a year, a quarter, or so many."""
    for length, name in ((12, "Y"), (3, "Q"), (1, "M")):
        if usual % length == 0:
            count = usual // length
            return f"{count if count > 1 else ''}{name}{edge}"
    raise AssertionError(usual)


def _fixed(usual: int) -> str:
    """A fixed length of time, in its largest unit."""
    if usual % DAY == 0:
        return "D" if usual == DAY else f"{usual // DAY}D"
    for name, length in UNITS.items():
        if usual % length == 0:
            return name if usual == length else f"{usual // length}{name}"
    raise AssertionError(usual)


def _usual(differences: Ints) -> int:
    """The difference that occurs most, of several the smallest; 1 if there is none above 0."""
    values, counts = np.unique(differences[differences > 0], return_counts=True)
    return int(values[counts.argmax()]) if values.size else 1


def _microseconds(times: "pd.Series[Any]") -> Ints:
    return times.to_numpy("datetime64[us]").astype(np.int64)


def seconds(frequency: str) -> float:
    """Length of a step in seconds, on average; 0 for rows in order."""
    count = frequency[: len(frequency) - len(frequency.lstrip("0123456789"))]
    name = frequency[len(count) :].partition("-")[0]
    year = 365.2425 * 86_400
    lengths = {
        **{unit: length / 1e6 for unit, length in UNITS.items()},
        "D": 86_400.0, "W": 604_800.0, "MS": year / 12, "ME": year / 12, "QS": year / 4, "QE": year / 4, "YS": year,
        "YE": year, "B": year / 261, "C": year / 261, "step": 0.0,
    }  # fmt: skip
    return int(count or 1) * lengths.get(name, 0.0)


def cycles(frequency: str) -> tuple[int, ...]:
    """Steps in a day, a week and a year, as far as these are whole numbers of steps, ascending."""
    name = frequency.partition("-")[0]
    by_name = {"B": (5,), "C": (5,), "W": (52,), "MS": (12,), "ME": (12,), "QS": (4,), "QE": (4,)}
    if name in by_name:
        return by_name[name]
    length = seconds(frequency)
    if not length or length > 86_400:
        return ()
    return tuple(
        int(cycle / length) for cycle in (86_400, 604_800) if math.isclose(cycle % length, 0) and cycle > length
    )
