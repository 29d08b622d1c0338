"""What a step is: which step a time lies on, and the time of a step."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellsize.data.clock import Clock
from cellsize.errors import InputError

ONE = np.zeros(1, np.int64)


def places(frequency: str, *moments: str, zone: str | None = None) -> list[int]:
    """Steps of some times, counted from the first one."""
    times = pd.Series(pd.DatetimeIndex(list(moments)))
    if zone is not None:
        times = times.dt.tz_localize(zone)
    found = Clock.of(frequency).places(times, np.zeros(len(times), np.int64))
    return (found - found[0]).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("frequency", "moments", "steps"),
    [
        ("h", ("2026-01-01 00:30", "2026-01-01 01:30", "2026-01-02 00:30"), [0, 1, 24]),
        ("15min", ("1969-12-31 23:45", "1970-01-01 00:00"), [0, 1]),
        ("D", ("1600-02-28", "1600-02-29", "1600-03-01"), [0, 1, 2]),
        ("2W-MON", ("2026-01-05", "2026-01-19"), [0, 1]),
        ("MS", ("2000-01-01", "2000-02-01", "2001-01-01"), [0, 1, 12]),
        ("ME", ("2000-01-31", "2000-02-29", "2000-12-31"), [0, 1, 11]),
        ("QS", ("2010-02-01", "2010-05-01"), [0, 1]),
        ("QE-DEC", ("2010-03-31", "2010-06-30", "2011-03-31"), [0, 1, 4]),
        ("YS", ("1700-01-01", "1701-01-01", "2008-01-01"), [0, 1, 308]),
        ("YE-JUN", ("1999-06-30", "2000-06-30"), [0, 1]),
        ("B", ("2026-01-02", "2026-01-05", "2026-01-09", "2026-01-12"), [0, 1, 5, 6]),
        ("C-DE", ("2026-04-02", "2026-04-07"), [0, 1]),  # Good Friday and Easter Monday lie between
        ("2B", ("2026-01-01", "2026-01-05"), [0, 1]),
    ],
)
def test_steps_are_counted_on_the_clock_of_the_frequency(
    frequency: str, moments: tuple[str, ...], steps: list[int]
) -> None:
    assert places(frequency, *moments) == steps


def test_an_hour_is_an_hour_when_clocks_change_and_a_day_a_day() -> None:
    # In Berlin 29 March 2026 has 23 hours.
    assert places("h", "2026-03-29 01:00", "2026-03-29 03:00", zone="Europe/Berlin") == [0, 1]
    assert places("D", "2026-03-29", "2026-03-30", "2026-10-26", zone="Europe/Berlin") == [0, 1, 211]


@pytest.mark.parametrize(
    "frequency", ["h", "45min", "ms", "D", "3D", "W", "MS", "ME", "QS", "2QE", "YS", "YE", "B", "C-US"]
)
@given(
    steps=st.lists(st.integers(-200, 900), min_size=1, max_size=5), begin=st.dates(date(1960, 1, 1), date(2060, 1, 1))
)
def test_the_time_of_a_step_lies_on_that_step(frequency: str, steps: list[int], begin: date) -> None:
    clock = Clock.of(frequency)
    like = pd.DatetimeIndex([begin]).as_unit("us")
    zero = clock.places(like, ONE)[0]
    times = clock.times(zero + np.array(steps), 0, like)
    assert clock.misplaced(times) is None
    codes = np.zeros(len(steps), np.int64)
    assert (clock.places(times, codes) - clock.places(times, codes)[0] == np.array(steps) - steps[0]).all()
    phase = clock.phases(times, codes)[0]
    assert (clock.times(clock.places(times, codes), phase, times) == times).all()


def test_each_series_has_a_phase_of_its_own() -> None:
    clock, times = (
        Clock.of("h"),
        pd.Series(pd.DatetimeIndex(["2026-01-01 00:00", "2026-01-01 00:30", "2026-01-01 01:30"])),
    )
    codes = np.array([0, 1, 1])
    found = clock.places(times, codes)
    assert (found - found[0]).tolist() == [0, 0, 1]
    assert (clock.times(found, clock.phases(times, codes)[codes], times) == pd.Index(times)).all()


def test_whole_numbers_are_steps() -> None:
    clock, numbers = Clock.of("10step"), pd.Series([5, 15, 45])
    found = clock.places(numbers, np.zeros(3, np.int64))
    assert found.tolist() == [0, 1, 4]
    assert clock.times(found + 1, clock.phases(numbers, np.zeros(3, np.int64))[0], numbers).tolist() == [15, 25, 55]


@pytest.mark.parametrize(
    ("frequency", "wrong", "why"),
    [
        ("MS", "2026-01-15", "is not the first day of a month"),
        ("ME", "2026-01-30", "is not the last day of a month"),
        ("QS-JAN", "2026-02-01", "is in a month on which no step of QS-JAN begins"),
        ("YE-DEC", "2026-06-30", "is in a month on which no step of YE-DEC ends"),
        ("B", "2026-01-03", "is not a business day"),
        ("C-US", "2026-12-25", "is not a business day in US"),
        ("W-MON", "2026-01-06", "is not a Monday"),
    ],
)
def test_a_time_that_no_step_can_have_is_found(frequency: str, wrong: str, why: str) -> None:
    assert Clock.of(frequency).misplaced(pd.DatetimeIndex([wrong])) == (0, why)


def test_a_midnight_that_clocks_leave_out_is_one_o_clock() -> None:
    # Clocks in Santiago are set forward at midnight.
    clock, like = Clock.of("D"), pd.Series(pd.DatetimeIndex(["2022-09-10"]).tz_localize("America/Santiago"))
    times = clock.times(clock.places(like, ONE) + np.arange(3), 0, like)
    assert [str(time) for time in times] == [
        "2022-09-10 00:00:00-04:00", "2022-09-11 01:00:00-03:00", "2022-09-12 00:00:00-03:00",
    ]  # fmt: skip
    assert np.diff(clock.places(times, np.zeros(3, np.int64))).tolist() == [1, 1]


@pytest.mark.parametrize("frequency", ["M", "hourly", "", "0h", "-1h", "D-MON", "MS-JAN", "W-XXX", "C", "1.5h", "h "])
def test_what_is_no_step_is_refused_with_examples(frequency: str) -> None:
    with pytest.raises(InputError, match=r"is not a step; use h, 15min, D, W-MON, MS"):
        Clock.of(frequency)


def test_business_days_of_an_unknown_country_are_refused() -> None:
    with pytest.raises(InputError, match=r"prepare.frequency: 'C-XX' is unknown"):
        Clock.of("C-XX")


@pytest.mark.parametrize(
    ("frequency", "seconds"), [("h", 3600), ("15min", 900), ("D", 86400), ("W", 604800), ("YS", 31556952)]
)
def test_a_step_is_so_long_on_average(frequency: str, seconds: float) -> None:
    assert Clock.of(frequency).seconds == pytest.approx(seconds)


@pytest.mark.parametrize("frequency", ["h", "D", "MS", "YE", "B"])
def test_a_step_beyond_the_end_of_time_is_refused(frequency: str) -> None:
    clock, codes = Clock.of(frequency), np.zeros(1, np.int64)
    last_one = {"h": "9998-12-31T23:00", "MS": "9998-12-01"}.get(frequency, "9998-12-31")
    last = pd.Series(pd.DatetimeIndex(np.array([last_one], "datetime64[us]")))
    place, phase = clock.places(last, codes), clock.phases(last, codes)
    assert clock.times(place, phase, last)[0] == last[0]
    with pytest.raises(InputError, match="a step lies beyond the year 9998"):
        clock.times(place + 1, phase, last)
