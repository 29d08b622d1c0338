"""Times whose parts stand in columns of their own."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project import time_columns, time_parts

TOY = Path("toy.csv")
JAHR = {"Jahr": [2026, 2026], "Monat": [1, 2], "y": [0.5, 0.7]}


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
        ({"year": [2026, 2026], "month": [1, 2]}, None),  # read without a format
        ({"year": [2026, 2026], "month": ["Jan", "Feb"]}, (("year", "month"), "%Y %b")),
        ({"Jahr": [12, 13], "Monat": [1, 2]}, None),
        ({"Monat": [1, 2]}, None),
    ],
)
def test_parts_are_found_by_their_names_and_values(columns: dict[str, Any], expected: tuple[Any, str] | None) -> None:
    assert time_parts.find(pd.DataFrame(columns)) == expected


def test_columns_that_are_declared_are_read_in_their_order_alone() -> None:
    table = pd.DataFrame(JAHR)
    assert time_parts.format_of(table, ("Jahr", "Monat")) == "%Y %m"
    assert time_parts.format_of(table, ("Monat", "Jahr")) is None
    assert time_columns.find_time(table, TOY, ("Jahr", "Monat"), None).local.iloc[1] == pd.Timestamp("2026-02-01")


def test_a_year_and_the_number_of_a_week_are_refused_with_what_to_write() -> None:
    table = pd.DataFrame({"year": [2026, 2026, 2026], "week": [1, 2, 3], "y": [0.5, 0.7, 0.6]})
    with pytest.raises(InputError, match="'year' and 'week' name a week and no day; write the first day"):
        time_columns.find_time(table, TOY, (), None)


def test_years_that_do_not_repeat_are_times_whatever_is_beside_them() -> None:
    table = pd.DataFrame({"year": [2024, 2025, 2026], "week": [1, 2, 3], "y": [0.5, 0.7, 0.6]})
    assert time_columns.find_time(table, TOY, (), None).columns == ("year",)
