"""Times whose parts stand in columns of their own."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project import time_columns, time_parts

TOY = Path("toy.csv")
JAHR = {"Jahr": [2026, 2026], "Monat": [1, 2], "y": [0.5, 0.7]}
MONTHS = ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
          "Dezember")  # fmt: skip


def years(count: int, parts: int, **columns: Any) -> pd.DataFrame:
    """So many rows a year, with columns that repeat each year."""
    number = np.arange(count * parts)
    repeated = {name: np.tile(np.asarray(values), count) for name, values in columns.items()}
    return pd.DataFrame({"Jahr": 2000 + number // parts} | repeated | {"y": number / 7})


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (JAHR, (("Jahr", "Monat"), "%Y %m")),
        ({**JAHR, "Tag": [1, 31], "Stunde": [0, 23]}, (("Jahr", "Monat", "Tag", "Stunde"), "%Y %m %d %H")),
        ({**JAHR, "Stunde": [0, 23]}, (("Jahr", "Monat"), "%Y %m")),  # hours of no day
        ({**JAHR, "Monat": [1, 13]}, None),
        ({**JAHR, "month": [1, 2]}, None),  # which of both?
        ({"yr": [2026, 2026], "month": ["January", "February"]}, (("yr", "month"), "%Y %B")),
        ({"yr": [2026, 2026], "month": ["first", "second"]}, None),
        ({"yr": [2026, 2026], "quarter": ["q1", "q2"]}, (("yr", "quarter"), "%Y q%q")),
        ({"year": [2026, 2026], "month": [1, 2]}, None),  # read without a format
        ({"year": [2026, 2026], "month": ["Jan", "Feb"]}, (("year", "month"), "%Y %b")),
        ({"Jahr": [12, 13], "Monat": [1, 2]}, None),
        ({"Jahr": [2025, 2026], "Monat": [1, 2]}, None),  # a row a year
        ({"Monat": [1, 2]}, None),
    ],
)
def test_parts_are_found_by_their_names_and_values(columns: dict[str, Any], expected: tuple[Any, str] | None) -> None:
    assert time_parts.find(pd.DataFrame(columns)) == expected


def test_two_halves_of_two_years_are_months_and_a_month_in_each_year_is_none() -> None:
    winter = pd.DataFrame({"Jahr": [2025, 2025, 2026, 2026], "Monat": [11, 12, 1, 2]})
    assert time_parts.find(winter) == (("Jahr", "Monat"), "%Y %m")
    coldest = pd.DataFrame({"Jahr": np.repeat(np.arange(2000, 2012), 2), "Werk": ["a", "b"] * 12,
                            "mon": np.arange(24) % 12 + 1})  # fmt: skip
    assert time_parts.find(coldest) is None
    panel = coldest.rename(columns={"Jahr": "year"})
    assert time_columns.find_time(panel, TOY, (), None).columns == ("year",)


def test_columns_that_are_declared_are_read_in_their_order_alone() -> None:
    table = pd.DataFrame(JAHR)
    assert time_parts.format_of(table, ("Jahr", "Monat")) == "%Y %m"
    assert time_parts.format_of(table, ("Monat", "Jahr")) is None
    assert time_columns.find_time(table, TOY, ("Jahr", "Monat"), None).local.iloc[1] == pd.Timestamp("2026-02-01")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"Woche": range(1, 53)}, "'Woche': it seems to say the week, and 'Jahr' repeats; write the first day of each"),
        ({"week_no": range(1, 53)}, "write the first day of each week into one column, such as 2026-01-05"),
        ({"Monat": MONTHS}, "'Monat': it seems to say the month, and 'Jahr' repeats; write the whole time into one"),
        ({"Quartal": ["I", "II", "III", "IV"]}, "'Quartal': it seems to say the quarter"),
        ({"doy": range(1, 366)}, "'doy': it seems to say the day of the year"),
        ({"Quartal": np.repeat([1, 2, 3, 4], 3), "Monat": MONTHS}, "'Monat': it seems to say the month"),
    ],
)
def test_years_beside_a_part_that_is_not_read_are_refused(columns: dict[str, Any], said: str) -> None:
    table = years(5, len(next(iter(columns.values()))), **columns)
    with pytest.raises(InputError, match=said):
        time_columns.find_time(table, TOY, (), None)
    assert time_columns.find_time(table, TOY, ("Jahr",), None).columns == ("Jahr",)


def test_what_follows_from_the_time_that_is_read_is_not_missed() -> None:
    days = pd.date_range("2024-01-01", periods=800)
    calendar = days.isocalendar()
    one = pd.DataFrame(
        {"Jahr": days.year, "Monat": days.month, "Tag": days.day, "KW": calendar.week.to_numpy(np.int64)}
    )
    both = pd.concat([one.assign(Filiale="a"), one.assign(Filiale="b")], ignore_index=True)
    assert time_columns.find_time(both, TOY, (), None).columns == ("Jahr", "Monat", "Tag")


def test_a_number_of_the_month_beside_its_name_is_no_series() -> None:
    number = np.arange(60)
    names = [f"{month:%b}" for month in pd.date_range("2000-01-01", periods=60, freq="MS")]
    table = pd.DataFrame({"Year": 2000 + number // 12, "Month": names, "no": number % 12 + 1, "y": number / 7})
    assert time_columns.find_time(table, TOY, (), None).columns == ("Year", "Month")


@pytest.mark.parametrize(("count", "of_years"), [(40, 3), (40, 12)])
def test_a_quarter_of_each_row_of_an_annual_panel_is_none_of_its_time(count: int, of_years: int) -> None:
    years, countries = np.meshgrid(2000 + np.arange(of_years), [f"c{number}" for number in range(count)])
    quarter = np.random.default_rng(0).integers(1, 5, years.size)
    table = pd.DataFrame({"country": countries.ravel(), "year": years.ravel(), "quarter": quarter, "y": quarter / 7})
    assert time_columns.find_time(table, TOY, (), None).columns == ("year",)


def test_fourteen_months_touch_three_years() -> None:
    months = pd.date_range("2022-12-01", periods=14, freq="MS")
    assert time_parts.find(pd.DataFrame({"Jahr": months.year, "Monat": months.month})) == (("Jahr", "Monat"), "%Y %m")


def test_years_that_do_not_repeat_are_times_whatever_is_beside_them() -> None:
    table = pd.DataFrame({"year": [2024, 2025, 2026], "week": [1, 2, 3], "y": [0.5, 0.7, 0.6]})
    assert time_columns.find_time(table, TOY, (), None).columns == ("year",)


def test_kilowatts_are_no_weeks() -> None:
    table = pd.DataFrame({"year": np.repeat(range(1990, 2020), 2), "plant": ["a", "b"] * 30, "kW": range(60)})
    assert time_columns.find_time(table, TOY, (), None).columns == ("year",)


def test_a_column_that_has_the_whole_time_comes_before_its_parts() -> None:
    moments = pd.date_range("2026-01-01", periods=48, freq="h")
    table = pd.DataFrame({"Jahr": moments.year, "Monat": moments.month, "ts": 1_767_225_600 + 3600 * np.arange(48)})
    assert time_columns.find_time(table.assign(Tag=moments.day), TOY, (), None).columns == ("ts",)
