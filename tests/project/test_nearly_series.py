"""Columns that tell series apart although no time repeats, or all but a few rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project import nearly_series
from cellsize.project.columns import find_series

TOY = Path("toy.csv")
HOURS = pd.date_range("2026-01-01", periods=20, freq="h")


def of_phases() -> pd.DataFrame:
    """Two sensors, one below the other, one at ten past and one at twenty to."""
    times = [HOURS + pd.Timedelta(minutes=10), HOURS + pd.Timedelta(minutes=40)]
    return pd.DataFrame({"sensor": np.repeat(["a", "b"], 20), "when": np.concatenate(times), "load": 1.5})


def test_series_of_other_phases_one_below_the_other_are_told_apart() -> None:
    table = of_phases()
    assert nearly_series.in_blocks(table, table["when"], {"when"}) == "sensor"
    assert find_series(table, TOY, table["when"], {"when"}, None) == "sensor"
    newest_first = table.iloc[::-1].reset_index(drop=True)
    assert nearly_series.in_blocks(newest_first, newest_first["when"], {"when"}) == "sensor"


def test_rows_in_order_of_time_are_one_series_whatever_a_text_says() -> None:
    table = of_phases().sort_values("when", ignore_index=True)
    assert nearly_series.in_blocks(table, table["when"], {"when"}) is None


def test_two_columns_that_divide_the_rows_into_blocks_leave_it_open() -> None:
    table = of_phases().assign(other=lambda rows: rows["sensor"])
    assert nearly_series.in_blocks(table, table["when"], {"when"}) is None


def shops() -> pd.DataFrame:
    return pd.DataFrame({"shop": np.repeat(["north", "south"], 20), "day": [*HOURS, *HOURS], "sold": 1.5})


def test_a_row_that_is_there_twice_is_named_and_not_all_of_a_series() -> None:
    table = pd.concat([shops(), shops().iloc[[3]]], ignore_index=True)
    with pytest.raises(InputError) as refused:
        find_series(table, TOY, table["day"], {"day"}, None)
    assert str(refused.value) == (
        "toy.csv, line 42: 2026-01-01 03:00:00 is there twice in 'north' of 'shop', which else tells series apart; "
        "keep one of both rows"
    )


def test_a_row_without_the_name_of_its_series_is_named() -> None:
    table = shops()
    table.loc[30, "shop"] = None
    with pytest.raises(InputError, match=r"line 32, column 'shop': empty, where all others tell series apart"):
        find_series(table, TOY, table["day"], {"day"}, None)


def test_where_many_rows_repeat_nobody_is_blamed() -> None:
    table = pd.concat([shops(), shops()], ignore_index=True)
    with pytest.raises(InputError, match="no column tells series apart"):
        find_series(table, TOY, table["day"], {"day"}, None)


def test_lists_name_no_series() -> None:
    table = of_phases().drop(columns="sensor").assign(tags=pd.Series([["a"]] * 40))
    assert nearly_series.in_blocks(table, table["when"], {"when"}) is None
