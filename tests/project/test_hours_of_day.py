"""Columns that may hold the hours of a day or name series."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project import columns
from cellsize.project.time_columns import find_time

TOY = Path("toy.csv")


@pytest.mark.parametrize(
    ("values", "remedy"),
    [
        ([f"s{hour:02d}" for hour in range(24)], "write a time of day behind each date"),
        (list(range(24)), "give --time DATE --time slot"),
        (list(range(1, 25)), "write a time of day behind each date"),
        ([f"{hour}:30" for hour in range(24)], "give --time DATE --time slot"),
        ([f"{slot}" for slot in range(48)], "write a time of day behind each date"),
    ],
)
def test_what_may_be_the_hours_of_a_day_is_never_taken_for_series(values: list[object], remedy: str) -> None:
    parts = len(values)
    table = pd.DataFrame({"day": np.repeat(pd.date_range("2026-01-01", periods=3), parts), "slot": values * 3})
    with pytest.raises(InputError, match=remedy) as refused:
        columns.find_series(table, TOY, table["day"], {"day"}, None)
    assert "--series slot" in str(refused.value)
    assert columns.find_series(table, TOY, table["day"], {"day"}, "slot") == "slot"
    table["slot"] = [f"shop {value}x" if value != values[0] else "x" for value in table["slot"]]
    assert columns.find_series(table, TOY, table["day"], {"day"}, None) == "slot"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("open_time", [900, 1000, 1100]),
        ("lead time", [15, 30, 100]),
        ("open_hour", [8, 9, 10]),
        ("time", [0, 720, 840]),
    ],
)
def test_what_is_the_same_in_all_rows_of_a_shop_is_no_time_of_day(name: str, values: list[int]) -> None:
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range("2026-01-01", periods=30)]
    table = pd.DataFrame(
        {"date": np.repeat(days, 3), "store": ["a", "b", "c"] * 30, name: values * 30, "y": np.arange(90) / 7}
    )
    assert find_time(table, TOY, (), None).columns == ("date",)


@pytest.mark.parametrize(
    ("name", "values"),
    [("exposure_time", [100, 200, 300]), ("wait_time", [0, 30, 100]), ("h", [10, 50, 100]), ("std", [100, 200, 400])],
)
def test_numbers_of_another_meaning_are_no_times_of_day(name: str, values: list[int]) -> None:
    days = np.repeat([f"{day:%Y-%m-%d}" for day in pd.date_range("2026-01-01", periods=30)], len(values))
    table = pd.DataFrame({"date": days, name: values * 30, "y": np.arange(len(days)) / 7})
    assert find_time(table, TOY, (), None).columns == ("date",)


@pytest.mark.parametrize("other", [["early", "late", "night"], ["8-14", "14-20", "20-2"], [6, 12, 18]])
def test_hours_that_have_another_name_too_are_times_of_day(other: list[object]) -> None:
    days = np.repeat([f"{day:%Y-%m-%d}" for day in pd.date_range("2026-01-01", periods=30)], 3)
    table = pd.DataFrame({"date": days, "hour": [8, 14, 20] * 30, "shift": other * 30, "y": np.arange(90) / 7})
    assert find_time(table, TOY, (), None).columns == ("date", "hour")


def test_two_soundings_a_day_are_never_two_series() -> None:
    table = pd.DataFrame({"day": np.repeat(pd.date_range("2026-01-01", periods=9), 2), "time": [0, 1200] * 9})
    with pytest.raises(InputError, match="give --time DATE --time time"):
        columns.find_series(table, TOY, table["day"], {"day"}, None)
    written = table.assign(day=table["day"].dt.strftime("%Y-%m-%d"))
    assert find_time(written, TOY, ("day", "time"), None).local.iloc[1] == pd.Timestamp("2026-01-01 12:00")


def test_minutes_beside_hours_are_never_series() -> None:
    hours = np.repeat(pd.date_range("2026-01-01", periods=24, freq="h"), 4)
    table = pd.DataFrame({"hour": hours, "minute": [0, 15, 30, 45] * 24})
    with pytest.raises(InputError, match="'minute': the minutes of each hour; write a whole time into one column"):
        columns.find_series(table, TOY, table["hour"], {"hour"}, None)


def test_hours_of_several_stores_are_never_written_into_their_names() -> None:
    days = np.repeat(pd.date_range("2026-01-01", periods=3), 48)
    table = pd.DataFrame({"day": days, "store": (["a"] * 24 + ["b"] * 24) * 3, "hour": [*range(1, 25)] * 6})
    with pytest.raises(InputError, match=r"'hour': times of day, .* write a time of day behind each date"):
        columns.find_series(table, TOY, table["day"], {"day"}, None)


def test_shops_may_be_numbered_by_hundreds() -> None:
    days = np.repeat(pd.date_range("2026-01-01", periods=3), 24)
    table = pd.DataFrame({"day": days, "shop": [*range(0, 2400, 100)] * 3})
    assert columns.find_series(table, TOY, table["day"], {"day"}, None) == "shop"


def test_hours_of_several_shops_are_times_of_day() -> None:
    table = pd.DataFrame(
        {"date": ["2026-01-01"] * 16, "store": ["a", "b"] * 8, "time": np.repeat(range(900, 1700, 100), 2)}
    )
    assert find_time(table, TOY, (), None).columns == ("date", "time")


def test_times_of_day_without_a_colon_are_read_where_their_column_is_named() -> None:
    table = pd.DataFrame({"day": ["2026-01-01"] * 24, "slot": [hour * 100 for hour in range(24)], "y": range(24)})
    found = find_time(table, TOY, ("day", "slot"), None)
    assert found.local.iloc[13] == pd.Timestamp("2026-01-01 13:00")
