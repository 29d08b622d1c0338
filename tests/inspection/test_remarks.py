"""Remarks on the data: what gives a target away, and what a target is like."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cellsize.data.folds import row_mask
from cellsize.inspection.remarks import Rows, collect, few_values, given_away
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
    assert found.first_left_out[0].reason == "too short (4 rows, 8 needed)"
    arrays = odd.windows()
    held = row_mask(arrays, np.flatnonzero(odd.folds.holdout))
    other = replace(odd, frame=frame.assign(y=frame["y"].where(~held, 0.0), copy=frame["copy"].where(~held, 9.0)))
    assert collect(other.material(), odd.folds) == found
