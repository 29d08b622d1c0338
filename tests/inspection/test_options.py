"""What is tried in place of what is declared."""

from collections.abc import Callable

import pytest

from cellsize.data.schema import Schema
from cellsize.inspection import options
from cellsize.inspection.options import Key, Option
from cellsize.params_data import Window

MakeSchema = Callable[..., Schema]
MakeWindow = Callable[..., Window]
PLAIN = Option(lookback=3, calendar=(), holidays=None, normalise="none", transform="none")


def tried(schema: Schema, window: Window, days: float = 10, lowest: float = 0) -> dict[Key, list[str]]:
    found = options.alternatives(schema, window, options.lookbacks(window, ()), days, lowest)
    return {key: [option.value(key, window.lookback) for option in given] for key, given in found.items()}


def test_everything_but_what_is_declared_is_tried(make_schema: MakeSchema, make_window: MakeWindow) -> None:
    assert tried(make_schema(), make_window()) == {
        "window.linear_lookback": ["6", "12"],
        "prepare.linear_calendar": [
            "[harmonics_of_day]",
            "[hour_of_day]",
            "[harmonics_of_week]",
            "[hour_of_day, day_of_week]",
            "[hour_of_week]",
        ],
        "prepare.holidays": [],
        "window.normalise": ["last", "standard"],
        "window.transform": ["log1p", "sqrt"],
    }
    schema = make_schema(linear_calendar=("hour_of_week",), holidays="DE")
    other = tried(schema, make_window(linear_lookback=6, normalise="last", transform="sqrt"))
    assert other["window.linear_lookback"] == ["null", "12", "24"]
    assert other["prepare.linear_calendar"] == [
        "[]", "[harmonics_of_day]", "[hour_of_day]", "[harmonics_of_week]", "[hour_of_day, day_of_week]",
    ]  # fmt: skip
    assert other["prepare.holidays"] == ["null"]
    assert other["window.normalise"] == ["none", "standard"]
    assert other["window.transform"] == ["none", "log1p"]


def test_a_season_is_a_lookback_to_try_if_the_cells_do_not_see_it(make_window: MakeWindow) -> None:
    assert options.lookbacks(make_window(), (2, 5)) == [5, 6, 12]
    assert options.lookbacks(make_window(linear_lookback=10), (2, 3, 5)) == [3, 5, 20, 40]


def test_a_negative_target_is_not_transformed(make_schema: MakeSchema, make_window: MakeWindow) -> None:
    assert tried(make_schema(), make_window(), lowest=-0.1)["window.transform"] == []


def test_the_holidays_of_a_country_are_tried_unless_they_are_declared(
    make_schema: MakeSchema, make_window: MakeWindow
) -> None:
    for declared, values in ((None, ["US"]), ("US", ["null"])):
        schema, window = make_schema(holidays=declared), make_window()
        found = options.alternatives(schema, window, [], 10, 0, country="US")["prepare.holidays"]
        assert [option.value("prepare.holidays", 3) for option in found] == values


def test_the_year_is_tried_once_it_was_seen(make_schema: MakeSchema, make_window: MakeWindow) -> None:
    seen, not_seen = (tried(make_schema(), make_window(), days=days)["prepare.linear_calendar"] for days in (367, 365))
    assert "[hour_of_week, day_of_year]" in seen
    assert not any("year" in names for names in not_seen)


@pytest.mark.parametrize(
    ("frequency", "names"), [("D", ["[day_of_week]"]), ("W", []), ("6h", ["[hour_of_day]", "[harmonics_of_day]",
     "[hour_of_day, day_of_week]", "[hour_of_week]", "[harmonics_of_week]"])],
)  # fmt: skip
def test_a_step_has_the_calendar_of_longer_cycles(
    make_schema: MakeSchema, make_window: MakeWindow, frequency: str, names: list[str]
) -> None:
    assert tried(make_schema(frequency=frequency), make_window())["prepare.linear_calendar"] == names


def test_one_thing_is_adopted_and_the_rest_stays() -> None:
    other = Option(lookback=9, calendar=("hour_of_week",), holidays="DE", normalise="last", transform="sqrt")
    assert PLAIN.adopt("window.linear_lookback", other) == Option(9, (), None, "none", "none")
    assert PLAIN.adopt("prepare.linear_calendar", other) == Option(3, ("hour_of_week",), None, "none", "none")
    assert PLAIN.adopt("prepare.holidays", other) == Option(3, (), "DE", "none", "none")
    assert PLAIN.adopt("window.normalise", other) == Option(3, (), None, "last", "none")
    assert PLAIN.adopt("window.transform", other) == Option(3, (), None, "none", "sqrt")
