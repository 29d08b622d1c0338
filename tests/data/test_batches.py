"""Gathering windows: scaled by training rows alone, normalised, and the way back."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data import batches
from cellsize.data.windows import Windows

Make = Callable[..., Windows]


@pytest.fixture(scope="session")
def eight(make_windows: Make) -> Callable[..., Windows]:
    """Eight rows, y = 0 … 7: four windows of three steps seen and two predicted."""
    return lambda **window: make_windows(range(8), **window)


def test_scaling_is_mean_and_standard_deviation_of_the_training_rows(eight: Callable[..., Windows]) -> None:
    # The windows 0 and 1 cover the rows 0 to 5: each row counts once, however many windows it is in.
    scaling = batches.fit_scaling(eight(), np.array([0, 1]))
    assert scaling.mean[0] == pytest.approx(2.5)
    assert scaling.std[0] == pytest.approx(np.sqrt(35 / 12))


def test_an_input_that_never_changes_in_training_is_not_divided_by_zero(make_windows: Make) -> None:
    arrays = make_windows([3, 3, 3, 3, 3, 3, 9, 9])
    scaling = batches.fit_scaling(arrays, np.array([0, 1]))
    assert (scaling.mean[0], scaling.std[0]) == (3, 1)
    assert np.isfinite(batches.gather(arrays, scaling, np.arange(4)).steps).all()


@pytest.mark.parametrize("unit", [2.0**-60, 2.0**40])
def test_the_unit_of_a_number_changes_nothing(make_windows: Make, unit: float) -> None:
    values = np.sin(np.arange(12)) + 1.5
    both = [make_windows(values), make_windows(values * unit)]
    plain, other = (batches.gather(arrays, batches.fit_scaling(arrays, np.arange(4)), np.arange(8)) for arrays in both)
    np.testing.assert_array_equal(plain.steps, other.steps)
    np.testing.assert_array_equal(plain.target, other.target)


def test_rounding_of_a_constant_is_not_a_standard_deviation(make_windows: Make) -> None:
    arrays = make_windows(np.float32(1e6) + np.array([0, 0.06, 0, 0.06, 0, 0.06, 0, 9]))
    assert batches.fit_scaling(arrays, np.array([0, 1])).std[0] == 1


def test_a_batch_worked_out_by_hand(eight: Callable[..., Windows]) -> None:
    arrays = eight(normalise="none")
    scaling = batches.Scaling(np.array([1, 0, 0], np.float32), np.array([2, 1, 10], np.float32))
    batch = batches.gather(arrays, scaling, np.array([3, 0]))
    assert batch.steps[:, :, 0].tolist() == [[1.0, 1.5, 2.0], [-0.5, 0.0, 0.5]]
    assert batch.target[:, :, 0].tolist() == [[2.5, 3.0], [1.0, 1.5]]
    assert batch.steps[:, :, 1].tolist() == arrays.inputs[[[3, 4, 5], [0, 1, 2]], 1].tolist()
    assert batch.known_future[:, :, 0] == pytest.approx(arrays.inputs[[[6, 7], [3, 4]], 2] / 10)
    assert (batch.location == 0).all()
    assert (batch.scale == 1).all()


def test_the_last_value_seen_becomes_zero(eight: Callable[..., Windows]) -> None:
    arrays = eight(normalise="last")
    scaling = batches.Scaling(np.zeros(3, np.float32), np.ones(3, np.float32))
    batch = batches.gather(arrays, scaling, np.array([0, 3]))
    assert batch.steps[:, :, 0].tolist() == [[-2, -1, 0], [-2, -1, 0]]
    assert batch.target[:, :, 0].tolist() == [[1, 2], [1, 2]]
    assert batch.location[:, 0, 0].tolist() == [2, 5]
    # Only targets are normalised: the value of x or k means something by itself.
    assert batch.steps[:, :, 1].tolist() == arrays.inputs[[[0, 1, 2], [3, 4, 5]], 1].tolist()


def test_mean_and_standard_deviation_of_the_window_become_zero_and_one(eight: Callable[..., Windows]) -> None:
    scaling = batches.Scaling(np.zeros(3, np.float32), np.ones(3, np.float32))
    batch = batches.gather(eight(normalise="standard"), scaling, np.array([0, 3]))
    scale = np.sqrt(2 / 3) + 1e-3
    assert batch.steps[:, :, 0] == pytest.approx(np.array([[-1, 0, 1], [-1, 0, 1]]) / scale, rel=1e-5)
    assert batch.target[:, :, 0] == pytest.approx(np.array([[2, 3], [2, 3]]) / scale, rel=1e-5)


def test_gathering_leaves_the_base_arrays_as_they_are(eight: Callable[..., Windows]) -> None:
    arrays = eight(normalise="standard")
    inputs, target = arrays.inputs.copy(), arrays.target.copy()
    batches.gather(arrays, batches.fit_scaling(arrays, np.arange(4)), np.arange(4))
    np.testing.assert_array_equal(arrays.inputs, inputs)
    np.testing.assert_array_equal(arrays.target, target)


def test_what_a_window_must_predict_is_nowhere_in_what_it_sees(eight: Callable[..., Windows]) -> None:
    for normalise in ("none", "last", "standard"):
        arrays = eight(normalise=normalise)
        scaling = batches.Scaling(np.zeros(3, np.float32), np.ones(3, np.float32))
        before = batches.gather(arrays, scaling, np.array([1]))
        arrays.inputs[4:6, : arrays.n_past] += 100
        arrays.target[4:6] += 100
        after = batches.gather(arrays, scaling, np.array([1]))
        for name in ("steps", "known_future", "location", "scale"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
        assert (after.target != before.target).all()


@settings(max_examples=30, deadline=None)
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
    scaling = batches.fit_scaling(arrays, np.arange(3))
    chosen = np.arange(len(arrays.first))
    batch = batches.gather(arrays, scaling, chosen)
    values = batches.original(arrays, scaling, batches.scaled(batch, batch.target))
    rows = arrays.first[:, None] + arrays.lookback + np.arange(arrays.horizon)
    expected = np.array(y)[rows][:, :, None]
    if second:
        expected = np.concatenate([expected, 10 - expected / 2], axis=2)
    largest = max(1.0, *y)
    assert values == pytest.approx(expected, rel=2e-3, abs=2e-3 * largest)
    assert batches.scaled(batch, batch.target) == pytest.approx(
        batches.truth(arrays, scaling, chosen), rel=1e-3, abs=1e-3
    )


@pytest.mark.parametrize("transform", ["log1p", "sqrt"])
def test_a_forecast_below_what_the_transformation_can_give_is_zero(
    eight: Callable[..., Windows], transform: str
) -> None:
    # The square of a forecast of -1 once came back as 1.
    arrays = eight(transform=transform)
    scaling = batches.Scaling(np.zeros(3, np.float32), np.ones(3, np.float32))
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
    scaling = batches.fit_scaling(short, np.arange(9))
    ours, theirs = batches.gather(short, scaling, np.array([5, 9])), batches.gather(long, scaling, np.array([0, 4]))
    np.testing.assert_array_equal(ours.steps, batches.cell_steps(long, theirs.steps))
    for name in ("known_future", "target", "location", "scale"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def test_the_calendar_of_a_window_is_that_of_its_first_step_ahead(make_windows: Make) -> None:
    arrays = make_windows(range(30), begins=(20,), linear_calendar=("hour_of_day",))
    batch = batches.gather(arrays, batches.fit_scaling(arrays, np.arange(9)), np.array([0, 3]))
    assert batch.origin.argmax(axis=1).tolist() == [23, 2]
    assert batch.origin.sum(axis=1).tolist() == [1, 1]
