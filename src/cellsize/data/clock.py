"""The clock of a table: what a step is, on which step a time lies, and the time of a step.

A step is a fixed length of time (`h`, `15min`), a day or a week on the clock of a place (`D`, `W-MON`), a month, a
quarter or a year (`MS` begins it, `ME` ends it), a business day (`B`, and `C-DE` less the holidays of Germany), or one
more (`step`).
"""

import re
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data.holidays import FIRST_YEAR, LAST_YEAR, holidays
from cellsize.errors import InputError

Ints = npt.NDArray[np.integer]
Times = pd.Series | pd.Index

DAY = 86_400_000_000  # microseconds
FIXED = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000}
MONTHS = {"M": 1, "Q": 3, "Y": 12}
NAMES_OF_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
NAMES_OF_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
# Here times end: in a zone pandas reads no clock after 9999, and none before the year 1.
BEFORE, BEYOND = -62_135_596_800_000_000 + DAY, 253_370_764_800_000_000
YEAR = 365.2425 * 86_400  # seconds
BUSINESS_DAY = YEAR / 261
FIRST_DAY = np.datetime64("0001-01-01")  # a Monday before every time, from which business days are counted
PATTERN = re.compile(
    r"(?P<count>[1-9]\d{0,5})?(?:(?P<fixed>us|ms|s|min|h)|(?P<days>D|W)(?:-(?P<day>[A-Z]{3}))?"
    r"|(?P<months>[MQY])(?P<edge>[SE])(?:-(?P<month>[A-Z]{3}))?|(?P<business>B|C-(?P<country>[A-Z]{2}(?:-\w+)?))|(?P<integer>step))"
)
EXAMPLES = (
    "h, 15min, D, W-MON, MS (months by their first day), "
    "ME (by their last), QS, YE, B (business days), C-DE (less holidays), step"
)

Unit = Literal["fixed", "days", "months", "business", "integer"]


@dataclass(frozen=True)
class Clock:
    """What a step is.

    Attributes:
        frequency: As `prepare.frequency` declares it.
        unit: What is counted. Fixed lengths of time are counted on the line of instants, so that an hour is an hour
            when clocks change; all others on the clock of the place: a day there has 23 to 25 hours.
        count: How many make a step: microseconds, months, business days, or whole numbers.
        at_end: Whether a month is named by its last day.
        anchor: Weekday (0: Monday) of a week, or month (0: January) that a quarter or year begins or ends with; None:
            that of the first row.
        holidays: Country whose holidays are no business days, or None.
    """

    frequency: str
    unit: Unit
    count: int
    at_end: bool = False
    anchor: int | None = None
    holidays: str | None = None

    @classmethod
    def of(cls, frequency: str) -> "Clock":
        """Reads a frequency: an alias of pandas, such as `h`, `15min`, `MS`, `W-MON`, `B`; or `C-DE`, or `step`.

        Raises:
            InputError: It is none, or the country is unknown.
        """
        found = PATTERN.fullmatch(frequency)
        if found is None:
            raise InputError(f"prepare.frequency: {frequency!r} is not a step; use {EXAMPLES}")
        count = int(found["count"] or 1)
        if found["fixed"]:
            return cls(frequency, "fixed", count * FIXED[found["fixed"]])
        if found["days"]:
            anchor = _anchor(frequency, found["day"], NAMES_OF_DAYS, has_one=found["days"] == "W")
            return cls(frequency, "days", count * DAY * (7 if found["days"] == "W" else 1), anchor=anchor)
        if found["months"]:
            anchor = _anchor(frequency, found["month"], NAMES_OF_MONTHS, has_one=found["months"] != "M")
            return cls(frequency, "months", count * MONTHS[found["months"]], found["edge"] == "E", anchor)
        if found["business"]:
            if found["country"]:
                holidays(found["country"], range(2020, 2021), "prepare.frequency")
            return cls(frequency, "business", count, holidays=found["country"])
        return cls(frequency, "integer", count)

    @property
    def seconds(self) -> float:
        """Length of a step in seconds; on average, where steps differ; of whole numbers 1."""
        unit = {"fixed": 1e-6, "days": 1e-6, "months": YEAR / 12, "business": BUSINESS_DAY, "integer": 1.0}
        return self.count * unit[self.unit]

    @property
    def is_local(self) -> bool:
        """Whether steps are counted on the clock of a place."""
        return self.unit in ("days", "months", "business")

    def places(self, times: Times, codes: Ints) -> Ints:
        """The step of each time, shape (n,): two times of one series are as many steps apart as their numbers say.

        Whether the times lie on the clock is another question: `times` gives them back if they do.

        Args:
            times: As `zones.instants` returns them, or whole numbers.
            codes: The series of each time, 0, 1, …, shape (n,). Each series has its own phase: that of its first row.
        """
        counted = self._counted(times)
        phase = self.phases(times, codes)[codes]
        if self.unit == "business":  # days are counted, and what is left is a time of day
            days = (counted - phase % DAY) // DAY
            count = _business_days(days, self.holidays)
            return np.asarray((count - phase // DAY) // self.count, np.int64)
        if self.unit == "months":
            return np.asarray((_months(counted) - phase // DAY) // self.count, np.int64)
        return np.asarray((counted - phase) // self.count, np.int64)

    def phases(self, times: Times, codes: Ints) -> Ints:
        """What the rows of each series are after the start of a step, shape (series,); see `places` and `times`.

        The first row of a series tells, but for the time of day on the clock of a place, which is the earliest of all
        its rows: a day that clocks begin at one o'clock would have all others late by an hour.

        Args:
            times: Those of all series.
            codes: The series of each time, shape (n,); every one of 0, 1, … up to the largest is there.
        """
        first = np.unique(codes, return_index=True)[1]
        counted = self._counted(times)
        began = counted[first]
        if not self.is_local:
            return np.asarray(began % self.count)
        of_day = np.full(len(first), DAY)
        np.minimum.at(of_day, codes, counted % DAY)
        if self.unit == "business":
            return np.asarray(_business_days(began // DAY, self.holidays) % self.count * DAY + of_day)
        if self.unit == "months":
            return np.asarray(_months(began) % self.count * DAY + of_day)
        return np.asarray(began // DAY * DAY % self.count + of_day)

    def times(self, places: Ints, phase: Ints | int, like: Times) -> pd.Index:
        """The time of each step, shape (n,): the other way round of `places`.

        Args:
            places: Steps.
            phase: Of the series of each step, shape (n,), or of all.
            like: Times of the same kind: without a zone, of a zone, or whole numbers.
        """
        phase = np.asarray(phase, np.int64)
        if self.unit == "integer":
            return pd.Index(np.asarray(places * self.count + phase, np.int64))
        if self.unit == "business":
            days = _business_day(places * self.count + phase // DAY, self.holidays)
            counted = days * DAY + phase % DAY
        elif self.unit == "months":
            counted = _day_of_month(places * self.count + phase // DAY, self.at_end) * DAY + phase % DAY
        else:
            counted = places * self.count + phase
        if counted.size and counted.max() >= BEYOND:
            raise InputError("a step lies beyond the year 9998, where times end", "send times before it")
        index = pd.DatetimeIndex(np.asarray(counted).astype("datetime64[us]"))
        zone = getattr(like.dtype, "tz", None)
        if zone is None:
            return index
        if not self.is_local:
            return index.tz_localize("UTC").tz_convert(zone)
        # Where clocks are set forward at midnight, the day begins at one; where they are set back, with the first one.
        first = np.ones(len(index), np.bool_)
        local: pd.DatetimeIndex = index.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
        return local

    def misplaced(self, times: Times) -> tuple[int, str] | None:
        """The first time that cannot be one of this clock, whatever the others are, and why; None if all can be."""
        if not self.is_local:
            return None
        counted = self._counted(times)
        days, why = counted // DAY, ""
        wrong = np.zeros(len(counted), np.bool_)
        if self.unit == "months":
            month = _months(counted)
            wrong = days != _day_of_month(month, self.at_end)
            why = f"is not the {'last' if self.at_end else 'first'} day of a month"
            if self.anchor is not None and not wrong.any():
                # A quarter or year ends with the month of its anchor, or begins with it.
                wrong = (month - self.anchor) % self.count != 0
                why = f"is in a month on which no step of {self.frequency} {'ends' if self.at_end else 'begins'}"
        elif self.unit == "business":
            wrong = ~np.is_busday(days.astype("datetime64[D]"), holidays=_holidays(self.holidays))
            why = "is not a business day" + f" in {self.holidays}" * (self.holidays is not None)
        elif self.anchor is not None:
            wrong = (days + 3) % 7 != self.anchor  # 1970 began with a Thursday
            why = f"is not a {pd.Timestamp(2024, 1, 1 + self.anchor).day_name()}"
        return (int(np.flatnonzero(wrong)[0]), why) if wrong.any() else None

    def _counted(self, times: Times) -> Ints:
        """Microseconds since 1970, of instants or on the clock of the place; or the whole numbers."""
        if self.unit == "integer":
            return np.asarray(times.to_numpy(), np.int64)
        return microseconds(times, self.is_local)


def fitting(times: pd.Series, codes: Ints) -> str | None:
    """The frequency that most rows follow the row before by exactly one step of; None if there is none.

    Args:
        times: Of each series in order, series after series, no time twice in one.
        codes: The series of each time, shape (n,), ascending.
    """
    inside = np.diff(codes, prepend=-1)[1:] == 0
    if not inside.any():
        return None
    if pd.api.types.is_integer_dtype(times.dtype):
        usual = int(np.median(np.diff(times.to_numpy())[inside]))
        return "step" if usual == 1 else f"{usual}step"
    usual = int(np.median(np.diff(microseconds(times))[inside]))
    unit = next((name for name, size in reversed(FIXED.items()) if usual % size == 0 and usual >= size), "us")
    size = usual // FIXED[unit]
    fixed = unit if size == 1 else f"{size}{unit}"
    shares = {}
    for frequency in ("YS", "YE", "QS", "QE", "MS", "ME", "W", "B", "D", fixed):
        clock = Clock.of(frequency)
        if clock.misplaced(times) is None:
            places = clock.places(times, codes)
            on_clock = clock.times(places, clock.phases(times, codes)[codes], times)
            if np.array_equal(microseconds(on_clock), microseconds(times)):
                shares[frequency] = float(np.mean(np.diff(places)[inside] == 1))
    best = max(shares, key=lambda frequency: shares[frequency], default=None)
    return best if best is not None and shares[best] >= 0.5 else None


def zone(name: str) -> tzinfo:
    """A zone by its name: `Europe/Berlin`, `UTC`, or an offset such as `+05:30`.

    Raises:
        InputError: There is none of that name.
    """
    offset = re.fullmatch(r"([+-])(\d\d):(\d\d)", name)
    if offset:
        seconds = int(offset[2]) * 3600 + int(offset[3]) * 60
        return timezone(timedelta(seconds=-seconds if offset[1] == "-" else seconds))
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        raise InputError(
            f"prepare.timezone: {name!r} is unknown; use Area/City, such as Europe/Berlin, an offset such as +01:00, "
            "or null"
        ) from None


def microseconds(times: Times, local: bool = False) -> Ints:
    """Microseconds since 1970-01-01, shape (n,).

    Args:
        times: Of a zone or without one.
        local: Whether those of a zone count on its clock, and not on that of UTC.
    """
    index = pd.DatetimeIndex(times)
    if index.tz is not None:
        index = index.tz_localize(None) if local else index.tz_convert("UTC").tz_localize(None)
    return index.to_numpy("datetime64[us]").astype(np.int64)


def _anchor(frequency: str, name: str | None, names: tuple[str, ...], *, has_one: bool) -> int | None:
    if name is None:
        return None
    if not has_one or name not in names:
        raise InputError(f"prepare.frequency: {frequency!r} is not a step; use {EXAMPLES}")
    return names.index(name)


def _months(counted: Ints) -> Ints:
    """Months since January 1970, from microseconds."""
    return (counted // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _day_of_month(months: Ints, at_end: bool) -> Ints:
    """The first day of each month, or its last one, in days since 1970-01-01."""
    first = (months + at_end).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.asarray(first - at_end, np.int64)


@cache
def _holidays(country: str | None) -> npt.NDArray[np.datetime64]:
    """The holidays of a country from `FIRST_YEAR` to `LAST_YEAR`, of which years outside have none."""
    days = [] if country is None else sorted(holidays(country, range(FIRST_YEAR, LAST_YEAR + 1)))
    return np.array(days, "datetime64[D]")


def _business_days(days: Ints, country: str | None) -> Ints:
    """Business days from `FIRST_DAY` to each day, which is given in days since 1970-01-01."""
    return np.asarray(np.busday_count(FIRST_DAY, days.astype("datetime64[D]"), holidays=_holidays(country)), np.int64)


def _business_day(counts: Ints, country: str | None) -> Ints:
    """The business day after so many, in days since 1970-01-01: the other way round of `_business_days`."""
    days = np.busday_offset(FIRST_DAY, counts, roll="forward", holidays=_holidays(country))
    return np.asarray(days.astype(np.int64))
