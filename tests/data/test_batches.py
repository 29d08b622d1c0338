"""Gathering windows: scaled by training rows alone, normalised, and the way back."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cellsize.data import batches, clipping, windows
from cellsize.data.forecast import Forecast
from cellsize.data.scaling import Scaling, fit_scaling
from cellsize.data.windows import Windows

Make = Callable[..., Windows]


def test_a_batch_worked_out_by_hand(eight: Callable[..., Windows]) -> None:
    arrays = eight(normalise="none")
    scaling = Scaling(np.array([1, 0, 0], np.float32), np.array([2, 1, 10], np.float32), np.ones(1, np.float32))
    batch = batches.gather(arrays, scaling, np.array([3, 0]))
    assert batch.steps[:, :, 0].tolist() == [[1.0, 1.5, 2.0], [-0.5, 0.0, 0.5]]
    assert batch.target[:, :, 0].tolist() == [[2.5, 3.0], [1.0, 1.5]]
    assert batch.steps[:, :, 1].tolist() == arrays.inputs[[[3, 4, 5], [0, 1, 2]], 1].tolist()
    assert batch.known_future[:, :, 0] == pytest.approx(arrays.inputs[[[6, 7], [3, 4]], 2] / 10)
    assert (batch.location == 0).all()
    assert (batch.scale == 1).all()


def test_the_last_value_seen_becomes_zero(eight: Callable[..., Windows]) -> None:
    arrays = eight(normalise="last")
    scaling = Scaling(np.zeros(3, np.float32), np.ones(3, np.float32), np.ones(1, np.float32))
    batch = batches.gather(arrays, scaling, np.array([0, 3]))
    assert batch.steps[:, :, 0].tolist() == [[-2, -1, 0], [-2, -1, 0]]
    assert batch.target[:, :, 0].tolist() == [[1, 2], [1, 2]]
    assert batch.location[:, 0, 0].tolist() == [2, 5]
    # Only targets are normalised: the value of x or k means something by itself.
    assert batch.steps[:, :, 1].tolist() == arrays.inputs[[[0, 1, 2], [3, 4, 5]], 1].tolist()


def test_mean_and_standard_deviation_of_the_window_become_zero_and_one(eight: Callable[..., Windows]) -> None:
    scaling = Scaling(np.zeros(3, np.float32), np.ones(3, np.float32), np.ones(1, np.float32))
    batch = batches.gather(eight(normalise="standard"), scaling, np.array([0, 3]))
    scale = np.sqrt(2 / 3) + 1e-3
    assert batch.steps[:, :, 0] == pytest.approx(np.array([[-1, 0, 1], [-1, 0, 1]]) / scale, rel=1e-5)
    assert batch.target[:, :, 0] == pytest.approx(np.array([[2, 3], [2, 3]]) / scale, rel=1e-5)


@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
def test_what_is_added_to_a_whole_column_changes_nothing(make_windows: Make, normalise: str) -> None:
    # 1e9 ± 3 in float32 is a handful of steps of 64: it once scored 0.0000.
    values = np.round(3 * np.sin(np.arange(60)), 3)
    both = [make_windows(values + added, normalise=normalise) for added in (0, 1e9)]
    scalings = [fit_scaling(arrays, np.arange(40)) for arrays in both]
    assert scalings[1].mean[0] - scalings[0].mean[0] == pytest.approx(1e9, abs=1e-6)
    plain, other = (
        batches.gather(arrays, scaling, np.arange(50)) for arrays, scaling in zip(both, scalings, strict=True)
    )
    np.testing.assert_allclose(other.steps, plain.steps, atol=1e-5)
    np.testing.assert_allclose(other.target, plain.target, atol=1e-5)
    back = batches.original(both[1], scalings[1], batches.scaled(other, other.target))
    rows = both[1].first[:50, None] + 3 + np.arange(2)
    np.testing.assert_allclose(back[:, :, 0], values[rows] + 1e9, rtol=0, atol=2e-6)


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_gathering_leaves_the_base_arrays_as_they_are(eight: Callable[..., Windows]) -> None:
    arrays = eight(normalise="standard")
    inputs, target = arrays.inputs.copy(), arrays.target.copy()
    batches.gather(arrays, fit_scaling(arrays, np.arange(4)), np.arange(4))
    np.testing.assert_array_equal(arrays.inputs, inputs)
    np.testing.assert_array_equal(arrays.target, target)


def test_what_a_window_must_predict_is_nowhere_in_what_it_sees(eight: Callable[..., Windows]) -> None:
    for normalise in ("none", "last", "standard"):
        arrays = eight(normalise=normalise)
        scaling = Scaling(np.zeros(3, np.float32), np.ones(3, np.float32), np.ones(1, np.float32))
        before = batches.gather(arrays, scaling, np.array([1]))
        arrays.inputs[4:6, : arrays.n_past] += 100
        arrays.target[4:6] += 100
        after = batches.gather(arrays, scaling, np.array([1]))
        for name in ("steps", "known_future", "location", "scale"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
        assert (after.target != before.target).all()


@settings(max_examples=30, deadline=None)
@example(y=[0, 6e-5] * 3 + [0, 1, 0, 0, 6e-5, 1, 0, 0, 1], normalise="last", transform="none", second=True)
@example(y=[1e9, 1e9 + 3] * 5, normalise="standard", transform="none", second=False)
@given(
    y=st.lists(st.floats(0, 1e3, width=32), min_size=9, max_size=20),
    normalise=st.sampled_from(["none", "last", "standard"]),
    transform=st.sampled_from(["none", "log1p", "sqrt"]),
    second=st.booleans(),
)
def test_undoing_everything_gives_the_values_of_the_table(
    make_windows: Make, y: list[float], normalise: str, transform: str, second: bool
) -> None:
    if second:
        y = [value / 100 for value in y]  # z = 10 - y / 2 may not be negative.
    arrays = make_windows(y, normalise=normalise, transform=transform, second=second)
    scaling = fit_scaling(arrays, np.arange(3))
    chosen = np.arange(len(arrays.first))
    batch = batches.gather(arrays, scaling, chosen)
    values = batches.original(arrays, scaling, batches.scaled(batch, batch.target))
    rows = arrays.first[:, None] + arrays.lookback + np.arange(arrays.horizon)
    expected = np.array(y)[rows][:, :, None]
    if second:
        expected = np.concatenate([expected, 10 - expected / 2], axis=2)
    right = batches.truth(arrays, scaling, chosen)
    # What float32 can hold of a normalised value beside the location that is subtracted: no fixed tolerance is right.
    held = 4 * np.finfo(np.float32).eps * (np.abs(right) + 2 * np.abs(batch.location))
    assert (np.abs(batches.scaled(batch, batch.target) - right) <= held).all()
    n_targets = arrays.n_targets
    mean, offset = scaling.mean[:n_targets], arrays.offset[:n_targets]
    forward = windows.FORWARD[transform]
    held = held * scaling.std[:n_targets] + 4 * np.finfo(np.float32).eps * (
        np.abs(forward(expected) - offset) + np.abs(mean - offset)
    )
    assert (np.abs(forward(values) - forward(expected)) <= held + 1e-12).all()


@pytest.mark.parametrize("transform", ["log1p", "sqrt"])
def test_a_forecast_below_what_the_transformation_can_give_is_zero(
    eight: Callable[..., Windows], transform: str
) -> None:
    # The square of a forecast of -1 once came back as 1.
    arrays = eight(transform=transform)
    scaling = Scaling(np.zeros(3, np.float32), np.ones(3, np.float32), np.ones(1, np.float32))
    assert batches.original(arrays, scaling, np.full((1, 2, 1), -1, np.float32)).tolist() == [[[0], [0]]]


@settings(deadline=None)
@given(n_windows=st.integers(0, 50), size=st.integers(1, 20))
def test_chunks_hold_every_window_once_in_order(n_windows: int, size: int) -> None:
    chunks = list(batches.chunks(np.arange(n_windows), size))
    assert [window for chunk in chunks for window in chunk] == list(range(n_windows))
    assert all(0 < len(chunk) <= size for chunk in chunks)


@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
def test_more_lookback_for_the_linear_part_leaves_what_the_cells_are_fed_with(
    make_windows: Make, normalise: str
) -> None:
    values = np.sin(np.arange(30)) + np.arange(30) / 7
    short, long = (make_windows(values, normalise=normalise, linear_lookback=steps) for steps in (None, 8))
    scaling = fit_scaling(short, np.arange(9))
    ours, theirs = batches.gather(short, scaling, np.array([5, 9])), batches.gather(long, scaling, np.array([0, 4]))
    np.testing.assert_array_equal(ours.steps, batches.cell_steps(long, theirs.steps))
    for name in ("known_future", "target", "location", "scale"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def test_the_calendar_of_a_window_is_that_of_its_first_step_ahead(make_windows: Make) -> None:
    arrays = make_windows(range(30), begins=(20,), linear_calendar=("hour_of_day",))
    batch = batches.gather(arrays, fit_scaling(arrays, np.arange(9)), np.array([0, 3]))
    assert batch.origin.argmax(axis=1).tolist() == [23, 2]
    assert batch.origin.sum(axis=1).tolist() == [1, 1]


# --- a scale of each series ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("transform", ["none", "log1p", "sqrt"])
@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
def test_scales_of_series_are_undone_to_the_units_of_the_table(
    make_windows: Make, normalise: str, transform: str
) -> None:
    values = np.random.default_rng(0).uniform(1, 9, (3, 30)) * np.array([[1], [1000], [0.01]])
    values[:, 20] = np.nan
    arrays = make_windows(*values, scale="series", normalise=normalise, transform=transform, observed=0.5, fill=1)
    chosen = np.arange(len(arrays.first))
    scaling = fit_scaling(arrays, chosen)
    batch = batches.gather(arrays, scaling, chosen)
    there = batches.original(arrays, scaling, batches.scaled(batch, batch.target), chosen)
    expected = Forecast.of(arrays).target(values.reshape(-1, 1), arrays.first)
    np.testing.assert_allclose(there, expected, rtol=2e-4)
    np.testing.assert_allclose(
        batches.original(arrays, scaling, batches.truth(arrays, scaling, chosen), chosen), expected, rtol=2e-4
    )


@pytest.mark.parametrize("much", [0.0, 1.0])
def test_a_scaling_of_some_of_the_series_gathers_as_one_of_all(
    make_windows: Make, monkeypatch: pytest.MonkeyPatch, much: float
) -> None:
    monkeypatch.setattr(clipping, "MUCH", much)
    levels = [level * np.random.default_rng(level).gamma(1, size=60) for level in (1, 30, 1000)]
    arrays = make_windows(*levels, scale="series")
    codes = arrays.series[arrays.first]
    train = np.flatnonzero((codes != 1) & (arrays.start < 30))
    scaling = fit_scaling(arrays, train)
    assert scaling.names == ("a", "c")
    alone = make_windows(levels[0], levels[2], scale="series")
    # Each offset is part of the mean, so that only rounding may differ.
    chosen = np.flatnonzero(codes != 1)
    other = fit_scaling(alone, np.flatnonzero(alone.start < 30))
    one, two = (
        batches.gather(arrays, scaling, chosen),
        batches.gather(alone, replace(other, names=("a", "b")), np.arange(len(chosen))),
    )
    np.testing.assert_allclose(one.steps, two.steps, rtol=1e-4, atol=1e-5)
