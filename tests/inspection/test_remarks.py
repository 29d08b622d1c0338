"""Remarks on the data: what gives a target away, and what a target is like."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cellsize.data.folds import row_mask
from cellsize.inspection.remarks import Rows, collect, few_values, given_away, never_there
from cellsize.sizing.inspection_records import NeverThere
from tests.inspection.conftest import Given

NAN = float("nan")
ROWS = np.arange(1000)
FOLDS = [Rows(ROWS[300:], ROWS[:100]), Rows(ROWS[:600], ROWS[700:800])]
TARGET = np.sin(ROWS / 5) + np.random.default_rng(0).standard_normal(1000)
NOISE = np.random.default_rng(1).standard_normal(1000)


def columns(*values: np.ndarray) -> np.ndarray:
    return np.stack(values, axis=1)


def test_a_copy_in_another_unit_gives_the_target_away() -> None:
    found = given_away(TARGET, columns(NOISE, 32 + 1.8 * TARGET), FOLDS)
    assert found is not None
    assert found[0] == (1,)
    assert found[1] == pytest.approx(1)


def test_a_rising_function_of_the_target_gives_it_away() -> None:
    found = given_away(TARGET, columns(np.exp(TARGET / 3)), FOLDS)
    assert found is not None
    assert found[0] == (0,)


def test_columns_that_add_up_to_the_target_give_it_away_together() -> None:
    found = given_away(TARGET, columns(NOISE, TARGET - NOISE), FOLDS)
    assert found is not None
    assert found[0] == (0, 1)
    assert found[1] == pytest.approx(1)


def test_a_trend_that_explains_the_level_alone_gives_nothing_away() -> None:
    assert given_away(ROWS + 5 * NOISE, columns(ROWS.astype(float)), FOLDS) is None


@pytest.mark.parametrize("noise", [0.5, 1.0])
def test_a_good_covariate_gives_nothing_away(noise: float) -> None:
    assert given_away(TARGET, columns(TARGET + noise * NOISE), FOLDS) is None


def test_it_has_to_be_so_in_every_fold() -> None:
    other = np.where(ROWS < 100, NOISE, TARGET)
    assert given_away(TARGET, columns(other), FOLDS) is None
    assert given_away(TARGET, columns(other), FOLDS[1:2]) is not None


def test_no_row_outside_the_folds_is_read() -> None:
    poisoned = np.where((ROWS >= 100) & (ROWS < 300), 1e9, TARGET)
    assert given_away(poisoned, columns(TARGET), [FOLDS[0]]) == given_away(TARGET, columns(TARGET), [FOLDS[0]])


def test_missing_values_and_too_few_rows_are_no_evidence() -> None:
    assert given_away(np.where(ROWS % 7 == 0, NAN, TARGET), columns(TARGET), FOLDS) is not None
    assert given_away(np.full(1000, NAN), columns(TARGET), FOLDS) is None
    assert given_away(TARGET, columns(TARGET), [Rows(ROWS[:3], ROWS[5:7])]) is None
    assert given_away(TARGET, np.empty((1000, 0)), FOLDS) is None


@pytest.mark.parametrize(
    ("target", "values", "zeros"),
    [
        ([0.0, 1.0, 2.0, NAN] * 20, (0.0, 1.0, 2.0), 1 / 3),
        (list(range(100)), (), 0.01),
        ([0.0, 1.0, 2.0], (), 1 / 3),  # three rows have few values anyway
        ([0.0] * 60 + list(range(1, 41)), (), 0.6),
        ([NAN], (), 0.0),
    ],
)
def test_a_grid_of_few_values_is_seen_where_each_comes_ten_times(
    target: list[float], values: tuple[float, ...], zeros: float
) -> None:
    found, fraction = few_values(np.array(target, float))
    assert found == values
    assert fraction == pytest.approx(zeros)


def test_what_is_collected_depends_on_no_row_of_the_holdout(given: Callable[..., Given]) -> None:
    plain = given(TARGET, np.arange(6.0)[:4])
    frame = plain.frame.assign(copy=2 * plain.frame["y"])
    odd = replace(plain, frame=frame, schema=replace(plain.schema, known_future_covariates=("copy",)))
    found = collect(odd.material(), odd.folds)
    assert [told.covariates for told in found.given_away] == [("copy",)]
    assert (found.series, found.left_out) == (2, 1)
    assert found.series_left_out[0].reason == "too short (4 rows, 8 needed)"
    arrays = odd.windows()
    held = row_mask(arrays, np.flatnonzero(odd.folds.holdout))
    other = replace(odd, frame=frame.assign(y=frame["y"].where(~held, 0.0), copy=frame["copy"].where(~held, 9.0)))
    assert collect(other.material(), odd.folds) == found


LATE = NeverThere(covariate="x", known_future=False, steps=6)


def lacking(given: Callable[..., Given], *missing: tuple[int, ...], **changes: Any) -> tuple[NeverThere, ...]:
    """What is found where `x` is missing in some of the 100 rows of each series, counted from the end."""
    plain = given(*(TARGET[:100] + number for number in range(len(missing))), **changes)
    x = np.ones((len(missing), 100))
    for row, places in zip(x, missing, strict=True):
        row[[-place for place in places]] = NAN
    schema = replace(plain.schema, past_covariates=("x",), flagged=("x",))
    return never_there(replace(plain.material(), frame=plain.frame.assign(x=x.ravel()), schema=schema))


def test_a_covariate_that_is_missing_in_all_that_a_window_at_the_end_sees_is_never_there(
    given: Callable[..., Given],
) -> None:
    six, five = tuple(range(1, 7)), tuple(range(1, 6))
    assert lacking(given, six, six) == (LATE,)
    assert lacking(given, tuple(range(1, 30)), six) == (LATE,)
    assert lacking(given, six, five) == ()  # of one series some of it would be there
    assert lacking(given, tuple(range(2, 8)), six) == ()
    assert lacking(given, (10, 11, 12, 13, 14, 15, 16), six) == ()  # an old hole
    assert lacking(given, six, six, linear_lookback=8) == ()  # the linear part sees two steps more
    eight = tuple(range(1, 9))
    longer = LATE.model_copy(update={"steps": 8})
    assert lacking(given, eight, eight, linear_lookback=8) == (longer,)


def test_a_series_without_a_window_has_no_say_in_what_is_never_there(given: Callable[..., Given]) -> None:
    plain = given(TARGET[:100], np.arange(4.0))
    x = np.ones(104)
    x[94:100] = NAN
    schema = replace(plain.schema, past_covariates=("x",), flagged=("x",))
    material = replace(plain.material(), frame=plain.frame.assign(x=x), schema=schema)
    assert never_there(material) == (LATE,)


def test_a_forecast_begins_after_the_last_target_and_not_at_the_last_row(given: Callable[..., Given]) -> None:
    plain = given(TARGET[:100])
    schema = replace(plain.schema, past_covariates=("x",), flagged=("x",))
    y = plain.frame["y"].where(ROWS[:100] < 98)  # rows of the future, as a table with known covariates has them
    for missing, expected in ((slice(92, 98), (LATE,)), (slice(94, 100), ())):
        x = np.ones(100)
        x[missing] = NAN
        frame = plain.frame.assign(x=x, y=y)
        assert never_there(replace(plain.material(), frame=frame, schema=schema)) == expected


def test_levels_that_are_missing_and_steps_to_come_that_are_not_given_are_never_there(
    given: Callable[..., Given],
) -> None:
    plain = given(TARGET[:100])
    schema = replace(plain.schema, categorical_covariates={"wind": ("N", "S")}, known_future_covariates=("plan",))
    wind, plan = np.where(ROWS[:100] < 92, 1.0, NAN), np.where(ROWS[:100] == 98, NAN, 1.0)
    y = plain.frame["y"].where(ROWS[:100] < 98)
    frame = plain.frame.assign(plan=plan, y=y)
    frame[["wind=N", "wind=S"]] = np.stack([wind, wind], axis=1)
    found = never_there(replace(plain.material(), frame=frame, schema=schema))
    assert found == (
        NeverThere(covariate="wind", known_future=False, steps=6),
        NeverThere(covariate="plan", known_future=True, steps=2),
    )
    given_ahead = frame.assign(plan=1.0)
    found = never_there(replace(plain.material(), frame=given_ahead, schema=schema))
    assert [each.covariate for each in found] == ["wind"]
    until_now = frame.assign(
        y=plain.frame["y"]
    )  # a table that ends with its targets says nothing of what will be known
    assert never_there(replace(plain.material(), frame=until_now, schema=schema)) == found


def test_every_series_that_is_left_out_is_listed_and_so_is_every_one_that_a_fold_does_not_score(
    given: Callable[..., Given],
) -> None:
    # inspection.json had twenty, and the page three.
    plain = given(TARGET[:200], *(np.arange(4.0) + number for number in range(25)))
    found = collect(plain.material(), plain.folds)
    assert (found.series, found.left_out, len(found.series_left_out)) == (26, 25, 25)
    assert [each.series for each in found.series_left_out] == list("bcdefghijklmnopqrstuvwxyz")
    assert found.unscored == {}
    early = given(TARGET, TARGET[:60] + 3, scale="series", split={"folds": 4})
    assert collect(early.material(), early.folds).unscored == {"b": (1,)}  # all of it is in the first fold's block


@pytest.mark.parametrize(("missing", "told"), [(0.6, True), (0.4, False)])
def test_a_target_of_which_most_is_missing_before_the_holdout_is_named(
    given: Callable[..., Given], missing: float, told: bool
) -> None:
    plain = given(np.where(10 * missing > ROWS % 10, NAN, TARGET), observed=0.1, fill=6)
    found = collect(plain.material(), plain.folds).mostly_missing
    assert found == ({"y": pytest.approx(missing, abs=0.05)} if told else {})
