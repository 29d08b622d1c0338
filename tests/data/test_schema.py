"""What the columns mean, and the clock: the order of columns, the step, and the file."""

from collections.abc import Callable
from pathlib import Path

from cellsize.data.schema import Schema, without_target

MakeSchema = Callable[..., Schema]


def test_past_columns_are_targets_covariates_levels_then_flags(make_schema: MakeSchema) -> None:
    schema = make_schema(
        targets=("y", "z"),
        past_covariates=("x",),
        categorical_covariates={"wind": ("N", "S"), "sky": ("clear",)},
        flagged=("x",),
    )
    assert schema.past_columns == ("y", "z", "x", "wind=N", "wind=S", "sky=clear", "x_missing")


def test_known_future_columns_are_covariates_then_the_calendar(make_schema: MakeSchema) -> None:
    schema = make_schema(known_future_covariates=("planned",), calendar=("weekend", "hour", "month"))
    assert schema.known_future_columns == ("planned", "hour_sin", "hour_cos", "month_sin", "month_cos", "weekend")
    assert schema.calendar_columns == schema.known_future_columns[1:]


def test_a_schema_without_covariates_has_its_targets_alone(make_schema: MakeSchema) -> None:
    assert make_schema().past_columns == ("y",)
    assert make_schema().known_future_columns == ()


def test_a_schema_is_read_as_it_was_written(tmp_path: Path, make_schema: MakeSchema) -> None:
    schema = make_schema(
        time=("year", "month"),
        series="place",
        past_covariates=("x",),
        categorical_covariates={"wind": ("N", "Süd")},
        known_future_covariates=("planned",),
        calendar=("hour", "weekend"),
        linear_calendar=("hour_of_week",),
        holidays="US-CA",
        timezone="Europe/Berlin",
        flagged=("x",),
    )
    schema.save(tmp_path / "schema.json")
    assert Schema.load(tmp_path / "schema.json") == schema


def test_the_only_target_is_replaced_and_one_of_several_removed() -> None:
    # `prepare.targets: []` is refused.
    assert without_target(("y",), "y") == "name another column under prepare.targets in place of 'y'"
    assert without_target(("y", "z"), "y") == "remove it from prepare.targets"
