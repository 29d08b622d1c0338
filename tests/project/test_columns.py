"""What the columns of a table may be."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project import columns

TOY = Path("toy.csv")


def test_columns_are_sorted_by_their_kind_and_what_is_left_out_has_a_reason() -> None:
    rows = np.arange(60)
    table = pd.DataFrame(
        {
            "time": rows, "y": rows * 1.5, "flag": rows % 2 == 0, "wind": np.where(rows % 3, "N", "S"),
            "remark": [f"no {row}" for row in rows], "one": "same", "empty": np.nan,
            "typed": [*map(str, rows[:-1]), "n/a?"],
        }
    )  # fmt: skip
    found = columns.kinds(table, {"time"}, np.ones(60, np.bool_))
    assert found.numeric == ("y", "flag")
    assert found.texts == ("wind",)
    assert set(found.left_out) == {"remark", "one", "empty", "typed"}
    assert found.left_out["typed"] == "numbers, but for such as 'n/a?'"


def test_series_are_looked_for_only_where_times_repeat() -> None:
    table = pd.DataFrame({"t": [1, 2, 3, 4], "place": ["a", "a", "b", "b"]})
    assert columns.find_series(table, TOY, table["t"], {"t"}, None) is None
    table["t"] = [1, 2, 1, 2]
    assert columns.find_series(table, TOY, table["t"], {"t"}, None) == "place"


def test_an_id_and_a_name_are_one_series_and_a_text_comes_before_a_number() -> None:
    table = pd.DataFrame({"t": [1, 2, 1, 2], "id": [7, 7, 9, 9], "name": ["a", "a", "b", "b"], "y": [1.5, 2, 3, 4]})
    assert columns.find_series(table, TOY, table["t"], {"t"}, None) == "id"
    table["other"] = ["x", "y", "y", "x"]
    with pytest.raises(InputError, match="--series id, --series other"):
        columns.find_series(table.drop(columns="name").assign(id=["7", "7", "9", "9"]), TOY, table["t"], {"t"}, None)


def test_times_that_repeat_and_nothing_that_tells_them_apart_are_refused() -> None:
    table = pd.DataFrame({"t": [1, 1, 2, 2], "y": [1.5, 2.5, 3.5, 4.5]})
    with pytest.raises(InputError, match=r"line 3: 1 is duplicated.*--series"):
        columns.find_series(table, TOY, table["t"], {"t"}, None)
    with pytest.raises(InputError, match="no column 'shop'; fix --series"):
        columns.find_series(table, TOY, table["t"], {"t"}, "shop")


def set_back(place: str, begin: str, **columns: Any) -> pd.DataFrame:
    """Three days of hours around the one that a clock shows twice, for each row of other columns."""
    hours = pd.date_range(begin, periods=72, freq="h", tz=place).tz_localize(None)
    return pd.DataFrame(columns).merge(pd.DataFrame({"t": hours}), how="cross").assign(y=lambda it: it.index / 2)


@pytest.mark.parametrize(
    ("place", "begin"),
    [("Europe/Berlin", "2025-10-25"), ("Africa/Cairo", "2025-10-29"), ("America/Sao_Paulo", "2018-02-17")],
)
@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"y": [0.5]}, ""),
        ({"shop": ["a", "b", "c"]}, " for the same 'shop'"),
        ({"id": [7, 8]}, " for the same 'id'"),
        ({"town": ["x", "x", "y", "y"], "shop": ["a", "b", "a", "b"]}, " for the same 'town' and 'shop'"),
    ],
)
def test_hours_that_a_clock_shows_twice_ask_for_the_clock_in_one_series_and_in_several(
    place: str, begin: str, names: dict[str, list[Any]], said: str
) -> None:
    # Of several series it was said that no column tells them apart, since each repeats the hour.
    table = set_back(place, begin, **names)
    for rows in (table, table.sort_values("t", kind="stable").reset_index(drop=True)):
        with pytest.raises(
            InputError, match=f" is there twice{said}, as where a clock is set back.* --timezone {place}$"
        ):
            columns.find_series(rows, TOY, rows["t"], {"t"}, None)


def test_days_that_are_there_twice_are_no_hours_of_a_clock() -> None:
    days = pd.date_range("2025-10-20", periods=30)
    table = pd.DataFrame({"t": [*days, days[6]], "y": np.arange(31) / 2})  # a Sunday: of a day, not of an hour
    with pytest.raises(InputError, match="2025-10-26 00:00:00 is duplicated, and no column tells series apart"):
        columns.find_series(table, TOY, table["t"], {"t"}, None)


def test_the_line_that_is_named_counts_the_hours_that_are_left_out() -> None:
    table = pd.DataFrame({"t": [1, 2, 3, 3], "y": [1.5, 2.5, 3.5, 4.5]})
    doubtful = np.array([True, False, False, False])
    with pytest.raises(InputError, match="line 5: 3 is duplicated"):
        columns.find_series(table, TOY, table["t"], {"t"}, None, doubtful)
    assert columns.find_series(table, TOY, table["t"], {"t"}, None, table["t"].to_numpy() == 3) is None


def test_the_message_lists_what_may_be_the_target() -> None:
    assert str(columns.which_target(("a", "b c"), TOY, {})) == (
        'toy.csv: 2 columns hold numbers; name the one to forecast: --target a, --target "b c"'
    )
    assert "separator" in str(columns.which_target((), TOY, {}))
    why = {"y": "numbers, but for such as '-'"}
    assert "(y: numbers, but for such as '-'); write numbers alone" in str(columns.which_target((), TOY, why))


def test_static_columns_are_constant_in_each_series_and_differ_between_them() -> None:
    table = pd.DataFrame({"s": ["a", "a", "b", "b"], "size": [1, 1, 2, 2], "same": [3] * 4, "y": [1, 2, 3, 4]})
    assert columns.static(table, ("size", "same", "y"), "s") == ("size",)
    assert columns.static(table, ("size",), None) == ()


def test_columns_that_repeat_the_time_or_count_the_rows_are_known() -> None:
    moment = pd.Series(pd.date_range("2026-01-01", periods=50, freq="h"))
    assert columns.is_part_of_time(moment.dt.hour, moment)
    assert columns.is_part_of_time(moment.dt.day_of_week + 1, moment)
    assert not columns.is_part_of_time(pd.Series(np.arange(50) % 7), moment)
    assert columns.is_counter(pd.Series(np.arange(5, 20)), np.zeros(15, int))
    assert not columns.is_counter(pd.Series([1, 2, 4, 5]), np.zeros(4, int))
    assert columns.is_counter(pd.Series([1, 2, 3, 1, 2, 3]), np.repeat([0, 1], 3))


@pytest.mark.parametrize("texts", [("993", "1,246", "1,264"), ("51,54", "1,5", "2,7"), ("1 246", "12 460", "7")])
def test_numbers_with_a_sign_between_their_digits_are_left_out_with_the_cause(texts: tuple[str, ...]) -> None:
    table = pd.DataFrame({"sold": list(texts) * 20})
    reason = columns.kinds(table, set(), np.ones(60, np.bool_)).left_out["sold"]
    assert reason.startswith("numbers with a sign between their digits, such as '")
    assert "," in reason[-8:] or " " in reason[-8:]
