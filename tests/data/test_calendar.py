"""Calendar features: of every step, and of a forecast for the linear part alone."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cellsize.data import calendar
from cellsize.data.schema import Schema

MakeSchema = Callable[..., Schema]


def times(*moments: str) -> pd.Series:
    return pd.Series(pd.to_datetime(list(moments)))


# --- known in future ------------------------------------------------------------------------------------------------


def test_calendar_columns_are_those_that_the_schema_promises(make_schema: MakeSchema) -> None:
    schema = make_schema(calendar=("month", "weekend", "hour", "weekday"))
    columns = dict(calendar.known_future(pd.Series(pd.date_range("2026-01-01", periods=30, freq="h")), schema))
    assert tuple(columns) == schema.calendar_columns
    for values in columns.values():
        assert values.dtype == np.float32
        assert abs(values).max() <= 1


def test_six_in_the_morning_is_a_quarter_of_the_cycle(make_schema: MakeSchema) -> None:
    columns = dict(calendar.known_future(times("2026-01-01 06:00"), make_schema(calendar=("hour",))))
    assert columns["hour_sin"] == pytest.approx([1])
    assert columns["hour_cos"] == pytest.approx([0], abs=1e-12)


def test_calendar_features_follow_the_clock_of_the_times_zone(make_schema: MakeSchema) -> None:
    # 2026-01-02 23:30 UTC is Saturday in Berlin, 2026-07-03 22:30 UTC too.
    moments = times("2026-01-02 22:30", "2026-01-02 23:30", "2026-07-03 21:30", "2026-07-03 22:30")
    schema = make_schema(calendar=("weekend",))
    in_berlin = moments.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    assert dict(calendar.known_future(in_berlin, schema))["weekend"].tolist() == [0, 1, 0, 1]
    assert dict(calendar.known_future(moments, schema))["weekend"].tolist() == [0, 0, 0, 0]


def test_holidays_are_days_on_the_clock_of_the_times_zone(make_schema: MakeSchema) -> None:
    # 25 December begins in Berlin an hour before it does on the clock of UTC; 2027 is in no row but the last.
    moments = times("2026-12-24 22:30", "2026-12-24 23:30", "2026-12-26 22:30", "2026-12-26 23:30", "2027-01-01 12:00")
    in_berlin = moments.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    columns = dict(calendar.known_future(in_berlin, make_schema(holidays="DE")))
    assert list(columns) == ["holiday"] == list(make_schema(holidays="DE").known_future_columns)
    assert columns["holiday"].tolist() == [0, 1, 1, 0, 1]


def test_a_part_of_a_country_has_holidays_of_its_own(make_schema: MakeSchema) -> None:
    day = times("2026-03-31 12:00")  # Cesar Chavez Day
    assert dict(calendar.known_future(day, make_schema(holidays="US-CA")))["holiday"].tolist() == [1]
    assert dict(calendar.known_future(day, make_schema(holidays="US")))["holiday"].tolist() == [0]


# --- the linear calendar --------------------------------------------------------------------------------------------


def levels(moments: pd.Series, make_schema: MakeSchema, *names: str, **schema: object) -> list[list[int]]:
    found: list[list[int]] = calendar.levels(moments, make_schema(linear_calendar=names, **schema)).tolist()
    return found


def test_a_level_for_each_hour_day_and_month(make_schema: MakeSchema) -> None:
    names = ("hour_of_week", "hour_of_day", "day_of_week", "day_of_year", "day_of_month", "month_of_year")
    # A Monday, and the last Sunday hour of a leap year.
    found = levels(times("2024-01-01 00:00", "2024-12-29 23:59"), make_schema, *names)
    assert found == [[0, 0, 0, 0, 0, 0], [167, 23, 6, 363, 28, 11]]


def test_levels_follow_the_clock_of_the_times_zone(make_schema: MakeSchema) -> None:
    # An hour before and an hour after the clocks change in Berlin.
    moments = times("2026-03-29 00:00", "2026-03-29 01:00").dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    assert levels(moments, make_schema, "hour_of_day") == [[1], [3]]


@pytest.mark.parametrize(
    ("frequency", "week", "day"),
    [("h", 168, 24), ("30min", 336, 48), ("15min", 168, 96), ("min", 168, 24), ("6h", 28, 4), ("5h", 168, 24),
     ("D", 7, 1), ("W", 1, 24), ("ms", 168, 24)],
)  # fmt: skip
def test_a_cycle_has_a_level_for_each_step_unless_these_are_too_many(
    make_schema: MakeSchema, frequency: str, week: int, day: int
) -> None:
    seconds = make_schema(frequency=frequency).clock.seconds
    assert calendar.width(("hour_of_week",), seconds) == week
    assert calendar.width(("hour_of_day",), seconds) == day
    moments = pd.Series(pd.date_range("2024-12-30", periods=1000, freq="7h13min"))
    names = ("hour_of_week", "hour_of_day", "day_of_year", "day_of_month")
    found = calendar.levels(moments, make_schema(frequency=frequency, linear_calendar=names))
    assert calendar.linear_columns(names, seconds, found).shape == (1000, week + day + 8 + 31)


def test_a_level_is_an_indicator_and_the_year_is_four_harmonics() -> None:
    found = np.array([[2, 0], [6, 183]], np.int16)
    columns = calendar.linear_columns(("day_of_week", "day_of_year"), 86400.0, found)
    assert columns[:, :7].tolist() == [[0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1]]
    assert columns[0, 7:].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert columns[1, 11] == pytest.approx(np.cos(2 * np.pi * 183 / 365.25))
    assert columns[1, 7 + 3] == pytest.approx(np.sin(4 * 2 * np.pi * 183 / 365.25))


def test_without_features_there_are_no_columns() -> None:
    assert calendar.linear_columns((), 3600.0, np.empty((5, 0), np.int16)).shape == (5, 0)
    assert calendar.width((), 3600.0) == 0


@pytest.mark.parametrize(("name", "cycle", "columns"), [("harmonics_of_week", 168, 28), ("harmonics_of_day", 24, 8)])
def test_harmonics_of_a_cycle_come_back_after_it(name: str, cycle: int, columns: int) -> None:
    found = calendar.linear_columns((name,), 3600.0, np.arange(cycle)[:, None])
    assert found.shape == (cycle, columns)
    steps = 2 * np.pi * np.arange(cycle) / cycle
    assert found[:, 0] == pytest.approx(np.sin(steps), abs=1e-6)
    assert found[:, columns // 2 + 1] == pytest.approx(np.cos(2 * steps), abs=1e-6)
    # No column says what others say.
    assert np.linalg.matrix_rank(found) == columns


def test_no_more_harmonics_than_the_steps_of_a_cycle_can_tell_apart() -> None:
    assert calendar.width(("harmonics_of_day",), 6 * 3600.0) == 4
    assert calendar.width(("harmonics_of_day",), 86400.0) == 2
