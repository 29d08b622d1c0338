"""Intervals from out-of-fold residuals."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellsize.errors import InputError
from cellsize.models import intervals
from cellsize.models.forecaster import Forecaster
from cellsize.models.intervals import OrderStatistics
from cellsize.models.row_forecasts import forecast_rows


def kept_of(values: object) -> OrderStatistics:
    kept = intervals.order_statistics(np.asarray(values, np.float64).reshape(-1, 1, 1))
    assert kept is not None
    return kept


def ends(kept: OrderStatistics, level: float) -> tuple[float, float]:
    lower, upper = intervals.bounds(kept, level)
    return float(lower[0, 0]), float(upper[0, 0])


def test_an_interval_lies_between_two_order_statistics() -> None:
    # Of 19 residuals 1, 2, …, 19: (19 + 1) · 0.05 = 1, (19 + 1) · 0.1 = 2.
    kept = kept_of(np.random.default_rng(0).permutation(np.arange(1, 20)))
    assert ends(kept, 0.9) == (1, 19)
    assert ends(kept, 0.8) == (2, 18)
    assert ends(kept, 0.85) == (1, 19)  # between two ranks: the outer one
    assert ends(kept, 0.001) == (9, 11)


def test_residuals_are_signed() -> None:
    # A model that forecasts too little has an interval that lies above its forecast.
    assert ends(kept_of(np.arange(100) + 50.0), 0.9)[0] > 0


def test_too_few_residuals_are_said_and_never_infinite() -> None:
    with pytest.raises(InputError, match=r"an interval of 90 % needs 19 residuals of each step, and the model has 18; "
                       r"ask for at most 0\.894"):  # fmt: skip
        intervals.bounds(kept_of(np.arange(18)), 0.9)
    assert intervals.allows(kept_of(np.arange(19)), 0.9)
    assert not intervals.allows(kept_of(np.arange(18)), 0.9)
    with pytest.raises(InputError, match="the model has 1; a model that is trained and registered again"):
        intervals.bounds(kept_of([1.0]), 0.1)


@given(st.integers(2, 3000))
def test_the_level_that_is_named_can_be_asked_for(count: int) -> None:
    level = intervals.highest(count)
    if level > 0:
        assert np.isfinite(ends(kept_of(np.arange(count)), level)).all()
    assert not intervals.allows(kept_of(np.arange(count)), min(level + 0.0011, 0.99999))


@pytest.mark.parametrize("level", [0.0, 1.0, 90.0, -0.1, float("nan"), float("inf")])
def test_a_level_is_a_probability(level: float) -> None:
    with pytest.raises(InputError, match=r"is not between 0 and 1; ask for 0\.9"):
        intervals.checked_levels([0.8, level])


def test_levels_are_given_once_in_their_order() -> None:
    assert intervals.checked_levels([0.9, 0.8, 0.9]) == (0.9, 0.8)
    assert intervals.columns("load", 0.9) == ("load_lower_90", "load_upper_90")
    assert intervals.columns("load", 0.975) == ("load_lower_97.5", "load_upper_97.5")
    assert intervals.columns("load", 0.55)[0] == "load_lower_55"


@given(st.integers(1, 20_000), st.floats(0.01, 0.999))
def test_of_many_residuals_the_interval_is_as_wide_or_hardly_wider(count: int, level: float) -> None:
    kept = kept_of(np.arange(1, count + 1))
    assert len(kept.values) <= 700
    assert int(kept.counts[0, 0]) == count
    low = int(np.floor(round((count + 1) * (1 - level) / 2, 9)))
    if low >= 1:
        lower, upper = ends(kept, level)
        assert 0 <= low - lower <= count / intervals.BETWEEN
        assert 0 <= upper - (count + 1 - low) <= count / intervals.BETWEEN
    else:
        assert not intervals.allows(kept, level)


def test_each_step_and_target_has_its_own_and_missing_ones_do_not_count() -> None:
    residuals = np.stack([np.arange(40.0), 100 + np.arange(40.0)], axis=1)[:, :, None]
    residuals[20:, 1] = np.nan
    kept = intervals.order_statistics(residuals)
    assert kept is not None
    assert kept.counts.tolist() == [[40], [20]]
    lower, upper = intervals.bounds(kept, 0.9)
    assert lower.ravel().tolist() == [1, 100]
    assert upper.ravel().tolist() == [38, 119]
    residuals[:, 1] = np.nan
    assert intervals.order_statistics(residuals) is None
    assert intervals.order_statistics(residuals[:0]) is None


@pytest.mark.parametrize("noise", ["normal", "skewed", "wide"])
def test_on_exchangeable_series_intervals_of_90_percent_hold_88_to_92(noise: str) -> None:
    draw = np.random.default_rng(3)
    shapes: dict[str, Callable[[tuple[int, ...]], npt.NDArray[np.float64]]] = {
        "normal": lambda size: draw.normal(size=size),
        "skewed": lambda size: draw.gamma(0.7, size=size),
        "wide": lambda size: draw.standard_t(2, size=size),
    }
    held = []
    for _ in range(200):  # each its own model, with its own few hundred residuals and its own future
        residuals, future = shapes[noise]((400, 3, 2)), shapes[noise]((400, 3, 2))
        kept = intervals.order_statistics(residuals)
        assert kept is not None
        held.append(intervals.held(*intervals.bounds(kept, 0.9), future) / future.size)
    assert 0.88 < np.mean(held) < 0.92


def test_the_residuals_are_those_of_the_kind_that_counts(tmp_path: Path) -> None:
    residuals = np.arange(80.0).reshape(-1, 1, 1)
    skips = np.arange(80) >= 40
    arrays = {"1x4": residuals, "1x4.windows": np.arange(80), "1x4.skips": skips}
    np.savez(tmp_path / "residuals.npz", allow_pickle=False, **arrays)
    for has_skip, lowest in ((False, 0.0), (True, 40.0)):
        kept = intervals.of_recipe(tmp_path / "residuals.npz", "1x4", has_skip)
        assert kept is not None
        assert kept.values.ravel().tolist() == [lowest + number for number in range(40)]


# --- in the columns of a forecast -------------------------------------------------------------------------------------

MakeModel = Callable[..., Forecaster]
Table = Callable[..., pd.DataFrame]


@pytest.fixture
def model(make_model: MakeModel, make_table: Table) -> Forecaster:
    return with_residuals(make_model(make_table()))


def with_residuals(model: Forecaster, count: int = 200) -> Forecaster:
    draw = np.random.default_rng(0)
    shape = (count, model.window.horizon, len(model.schema.targets))
    return replace(model, residuals=intervals.order_statistics(draw.normal(0, 0.2, shape)))


def test_intervals_are_columns_behind_the_forecasts(model: Forecaster, make_table: Table, tmp_path: Path) -> None:
    rows = make_table().tail(6)
    plain, made = forecast_rows(model, rows), forecast_rows(model, rows, [0.9, 0.5])
    assert list(made.columns) == [
        "series", "time", "y", "y_lower_90", "y_upper_90", "y_lower_50", "y_upper_50",
    ]  # fmt: skip
    pd.testing.assert_frame_equal(made[["series", "time", "y"]], plain)
    assert (made["y_lower_90"] < made["y_lower_50"]).all()
    assert (made["y_lower_50"] < made["y"]).all()
    assert (made["y"] < made["y_upper_50"]).all()
    assert (made["y_upper_50"] < made["y_upper_90"]).all()
    # In units of the table: standard deviations of the target's times its own.
    assert model.residuals is not None
    added = intervals.bounds(model.residuals, 0.9)[0][:, 0] * model.fitted.scaling.std[0]
    np.testing.assert_allclose(made["y_lower_90"] - made["y"], added, rtol=1e-5)
    model.save(tmp_path)
    pd.testing.assert_frame_equal(forecast_rows(Forecaster.load(tmp_path), rows, [0.9, 0.5]), made)


@pytest.mark.parametrize("transform", ["log1p", "sqrt"])
def test_an_interval_of_a_transformed_target_is_transformed_back(
    model: Forecaster, make_table: Table, transform: str
) -> None:
    # Steps of the model's own scale are steps of the transformed one: nothing below 0 comes back.
    wide = replace(
        model,
        window=model.window.model_copy(update={"transform": transform}),
        residuals=intervals.order_statistics(np.linspace(-30, 3, 200)[:, None, None] * np.ones((1, 2, 1))),
    )
    made = forecast_rows(wide, make_table().tail(6), [0.9])
    assert (made["y_lower_90"] == 0).all()
    assert (made["y_upper_90"] > made["y"]).all()


def test_a_model_without_residuals_says_so(make_model: MakeModel, make_table: Table) -> None:
    with pytest.raises(InputError, match="the model has no residuals to make intervals of; send none"):
        forecast_rows(make_model(make_table()), make_table().tail(6), [0.9])
