"""Which columns are the time."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project import time_columns


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({name: list(values) for name, values in columns.items()})


TOY = Path("toy.csv")


@pytest.mark.parametrize(
    ("columns", "expected", "time_format", "second"),
    [
        ({"y": [1.0, 2, 3], "when": ["2026-01-01", "2026-01-02", "2026-01-03"]}, ("when",), None, "2026-01-02"),
        ({"note": ["a1", "b2", "c3"], "x": ["31.01.2026 10:00", "31.01.2026 11:00", "31.01.2026 12:00"]}, ("x",),
         "%d.%m.%Y %H:%M", "2026-01-31 11:00"),
        ({"day": [20260101, 20260102, 20260103], "y": [1, 2, 3]}, ("day",), "YYYYMMDD", "2026-01-02"),
        ({"t": [1609459200000, 1609462800000, 1609466400000], "y": [1, 2, 3]}, ("t",), "epoch ms", "2021-01-01 01:00"),
        ({"Date": ["2026-01-01"] * 3, "Time": ["10:00", "11:00", "12:00"], "y": [1, 2, 3]}, ("Date", "Time"), None,
         "2026-01-01 11:00"),
        ({"year": [2026] * 3, "month": [1] * 3, "day": [1] * 3, "hour": [0, 1, 2], "y": [5, 6, 7]},
         ("year", "month", "day", "hour"), None, "2026-01-01 01:00"),
        ({"year": [1700, 1701, 1702], "spots": [5.0, 11.0, 16.0]}, ("year",), "%Y", "1701-01-01"),
        ({"date": ["2026-01-01"] * 3, "hr": [0, 1, 2], "y": [1, 2, 3]}, ("date", "hr"), "%Y-%m-%d %H",
         "2026-01-01 01:00"),
        ({"Datum": ["31.01.2026"] * 3, "Uhrzeit": ["10:00", "11:00", "12:00"], "y": [1, 2, 3]}, ("Datum", "Uhrzeit"),
         "%d.%m.%Y %H:%M", "2026-01-31 11:00"),
        ({"Datum": ["31.01.2026"] * 3, "Stunde": [10, 11, 12], "y": [1, 2, 3]}, ("Datum", "Stunde"), "%d.%m.%Y %H",
         "2026-01-31 11:00"),
        ({"Date": ["31/01/2026"] * 3, "Time": ["10.00.00", "11.00.00", "12.00.00"], "y": [1, 2, 3]}, ("Date", "Time"),
         "%d/%m/%Y %H.%M.%S", "2026-01-31 11:00"),
        ({"day": [20260131] * 3, "hour": [7, 8, 9], "y": [1, 2, 3]}, ("day", "hour"), "%Y%m%d %H", "2026-01-31 08:00"),
        ({"date": ["2026-01-01"] * 3, "slot": ["10:00", "10:15", "10:30"], "y": [1, 2, 3]}, ("date", "slot"), None,
         "2026-01-01 10:15"),
        ({"Jahr": [2026] * 3, "Monat": [1] * 3, "Tag": [1, 2, 3], "y": [5, 6, 7]}, ("Jahr", "Monat", "Tag"), "%Y %m %d",
         "2026-01-02"),
        ({"año": [2026] * 3, "mes": [9, 10, 11], "y": [5, 6, 7]}, ("año", "mes"), "%Y %m", "2026-10-01"),
        ({"year": [2026] * 3, "quarter": [1, 2, 3], "y": [5, 6, 7]}, ("year", "quarter"), "%Y %q", "2026-04-01"),
        ({"Year": [2026] * 3, "Quarter": ["Q1", "Q2", "Q3"], "y": [5, 6, 7]}, ("Year", "Quarter"), "%Y Q%q",
         "2026-04-01"),
        ({"year": [2026] * 3, "month": ["Jan", "Feb", "Mar"], "y": [5, 6, 7]}, ("year", "month"), "%Y %b",
         "2026-02-01"),
        ({"ts": [1609459200.5, 1609462800.5, 1609466400.5], "y": [1, 2, 3]}, ("ts",), "epoch s",
         "2021-01-01 01:00:00.5"),
        ({"date": ["2026-01-01"] * 3, "time": [0, 30, 100], "y": [1, 2, 3]}, ("date", "time"), "%Y-%m-%d %H%M",
         "2026-01-01 00:30"),
        ({"day": [20260101] * 3, "hhmm": [2230, 2300, 2330], "y": [1, 2, 3]}, ("day", "hhmm"), "%Y%m%d %H%M",
         "2026-01-01 23:00"),
        ({"yr": [2026] * 3, "mon": ["Jan", "Feb", "Mar"], "y": [5, 6, 7]}, ("yr", "mon"), "%Y %b", "2026-02-01"),
        ({"Jahr": [1700, 1701, 1702], "spots": [5.0, 11.0, 16.0]}, ("Jahr",), "%Y", "1701-01-01"),
        ({"utc": [1609459200, 1609462800, 1609466400], "y": [1, 2, 3]}, ("utc",), "epoch s", "2021-01-01 01:00"),
        ({"created": ["2025-01-01"] * 3, "time": ["2026-01-01", "2026-01-02", "2026-01-03"]}, ("time",), None,
         "2026-01-02"),
    ],
)  # fmt: skip
def test_the_time_is_found(
    columns: dict[str, Any], expected: tuple[str, ...], time_format: str | None, second: str
) -> None:
    found = time_columns.find_time(table(**columns), TOY, (), None)
    assert (found.columns, found.time_format) == (expected, time_format)
    assert found.local.iloc[1] == pd.Timestamp(second)


def test_offsets_are_taken_off_for_the_line_of_instants() -> None:
    found = time_columns.find_time(
        table(t=["2026-01-01T02:00+02:00", "2026-01-01T02:00+01:00"], y=[1, 2]), TOY, (), None
    )
    assert list(found.instant) == [pd.Timestamp("2026-01-01 00:00"), pd.Timestamp("2026-01-01 01:00")]


def test_a_table_without_time_has_rows_in_order() -> None:
    found = time_columns.find_time(table(y=[3.5, 4.5], kind=["a", "b"]), TOY, (), None)
    assert found.columns == ()
    np.testing.assert_array_equal(found.local, [0, 1])


def test_days_and_months_that_may_be_swapped_are_refused_with_both_formats() -> None:
    with pytest.raises(InputError, match="ambiguous") as refused:
        time_columns.find_time(table(when=["01/02/2026", "02/02/2026", "03/02/2026"], y=[1, 2, 3]), TOY, (), None)
    assert "give --time-format" in str(refused.value)
    given = time_columns.find_time(table(when=["01/02/2026", "02/02/2026"], y=[1, 2]), TOY, (), "%d/%m/%Y")
    assert given.local.iloc[1] == pd.Timestamp("2026-02-02")


def test_a_declared_column_that_is_no_time_is_refused() -> None:
    with pytest.raises(InputError, match="'kind'"):
        time_columns.find_time(table(kind=["a", "b"], y=[1, 2]), TOY, ("kind",), None)
    with pytest.raises(InputError, match="no column 'x'; fix --time"):
        time_columns.find_time(table(y=[1, 2]), TOY, ("x",), None)


def test_a_year_of_two_digits_that_is_to_come_is_refused_unless_it_is_declared() -> None:
    months = [f"{name}-{year}" for year in range(49, 52) for name in ("Jan", "Feb", "Mar")]
    with pytest.raises(InputError) as refused:
        time_columns.find_time(table(Month=months, y=range(9)), TOY, (), None)
    assert str(refused.value) == (
        "toy.csv, line 10, column 'Month': 'Mar-51' has a year of two digits and would be 2051, which is to come; "
        'write years with four digits, or give --time-format "%b-%y" if that is meant'
    )
    meant = time_columns.find_time(table(Month=months, y=range(9)), TOY, (), "%b-%y")
    assert str(meant.local.iloc[-1].date()) == "2051-03-01"
    past = [month.replace("-49", "-09").replace("-50", "-10").replace("-51", "-11") for month in months]
    assert time_columns.find_time(table(Month=past, y=range(9)), TOY, (), None).local.iloc[0].year == 2009


NOT_UNDERSTOOD = [
    "2026-01-{day:02d} 23:00:00 UTC", "{day:02d}/01/2026 11:00 p.m.", "KW{day}/2017", "{day}Q70", "FY17{day:02d}",
    "Thu, {day:02d} Jan 2026 00:00:00 GMT", "{day:02d}.01.2026 00:00 - {day:02d}.01.2026 01:00",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_UNDERSTOOD)
def test_what_looks_like_times_and_is_not_understood_is_refused_unless_rows_are_said_to_be_in_order(text: str) -> None:
    days = table(created_at=[text.format(day=day) for day in range(28, 0, -1)], y=range(28))
    with pytest.raises(InputError, match=r"line 2, column 'created_at': .*; if it is not a time, .*: --frequency step"):
        time_columns.find_time(days, TOY, (), None)


@pytest.mark.parametrize("text", ["T-{day:03d}", "item {day}", "{day},5", "-{day}", "{day} %", "north"])
def test_names_and_numbers_do_not_look_like_times(text: str) -> None:
    values = pd.Series([text.format(day=day) for day in range(28)])
    assert not time_columns.looks_like_times(values)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("time", 5123.25 + np.arange(48) / 10),
        ("decimal_year", 1958.2 + np.arange(48) / 12),
        ("time_total", 4e7 + np.arange(48) * 1000.5),
        ("Jahr gebaut", [1950, 1960, 1950] * 16),
        ("epoch", 1950 + np.arange(48) // 4),
    ],
)
def test_other_numbers_are_no_times(name: str, values: Any) -> None:
    assert time_columns.find_time(table(**{name: values, "y": range(48)}), TOY, (), None).columns == ()


def test_the_days_of_a_spreadsheet_are_refused_with_what_to_do_and_with_what_says_that_they_are_none() -> None:
    days = table(date=43831 + np.arange(48) / 24, y=range(48))
    with pytest.raises(InputError, match=r"days of a spreadsheet, save them there as dates.*--frequency step"):
        time_columns.find_time(days, TOY, (), None)


@pytest.mark.parametrize("falls", [False, True])
def test_seconds_of_several_series_one_below_the_other_are_times(falls: bool) -> None:
    seconds = 1_700_000_000 + 3600 * np.arange(40)
    seconds = seconds[::-1] if falls else seconds
    found = time_columns.find_time(table(sensor=np.repeat(["a", "b"], 40), unix=[*seconds, *seconds]), TOY, (), None)
    assert (found.columns, found.time_format) == (("unix",), "epoch s")


def test_the_year_of_anything_is_no_time_unless_a_row_is_a_year() -> None:
    years = np.random.default_rng(0).permutation(np.arange(1950, 2020))
    assert time_columns.find_time(table(Jahr=years, y=range(70)), TOY, (), None).columns == ()
    assert time_columns.find_time(table(Jahr=np.sort(years), y=range(70)), TOY, (), None).columns == ("Jahr",)


def test_the_finest_parts_of_a_time_come_first() -> None:
    moments = pd.date_range("2026-01-01", periods=72, freq="h")
    parts = table(year=moments.year, month=moments.month, day=moments.day, hr=moments.hour, y=range(72))
    assert time_columns.find_time(parts, TOY, (), None).columns == ("year", "month", "day", "hr")
    clock = parts.assign(hr=moments.hour * 100).rename(columns={"hr": "hhmm"})
    found = time_columns.find_time(clock, TOY, (), None)
    assert (found.columns, found.local.iloc[25]) == (("year", "month", "day", "hhmm"), pd.Timestamp("2026-01-02 01:00"))


def test_lists_beside_times_of_day_are_no_dates() -> None:
    days = np.repeat(pd.date_range("2026-01-01", periods=2), 24)
    found = table(date=days, time=np.tile(np.arange(24) * 100, 2), x=[[row % 6] for row in range(48)])
    assert time_columns.find_time(found, TOY, (), None).columns == ("date", "time")
