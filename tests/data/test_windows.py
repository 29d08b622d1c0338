"""Which rows a window sees and predicts, and which windows there are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data import windows
from cellsize.data.schema import Schema
from cellsize.errors import InputError
from cellsize.params import Window

NAN = float("nan")
Make = Callable[..., windows.Windows]
MakeSchema = Callable[..., Schema]
MakeWindow = Callable[..., Window]


def test_every_start_is_a_window_if_nothing_is_missing(make_windows: Make) -> None:
    arrays = make_windows(range(8))
    assert arrays.first.tolist() == [0, 1, 2, 3]
    assert (arrays.span, arrays.n_outputs, arrays.n_inputs, arrays.n_past, arrays.n_known_future) == (5, 2, 3, 2, 1)


def test_a_series_as_long_as_one_window_holds_one(make_windows: Make) -> None:
    assert make_windows(range(5)).first.tolist() == [0]


def test_no_window_reaches_from_one_series_into_the_next(make_windows: Make) -> None:
    arrays = make_windows(range(6), range(4), range(5))
    assert sorted(arrays.first.tolist()) == [0, 1, 10]
    assert arrays.names == ("a", "b", "c")


def test_windows_are_ordered_by_time_then_by_series(make_windows: Make) -> None:
    arrays = make_windows(range(7), range(6), begins=(1, 0))
    assert arrays.start.tolist() == [0, 1, 1, 2, 3]
    assert arrays.series[arrays.first].tolist() == [1, 0, 1, 0, 0]


def test_a_window_is_dropped_if_it_must_predict_an_unobserved_target(make_windows: Make) -> None:
    # Row 6 is missing: windows 2 and 3 would predict it, and window 6 could only fill it from a row not its own.
    y = [0, 1, 2, 3, 4, 5, NAN, 7, 8, 9, 10, 11]
    assert make_windows(y, fill=3).first.tolist() == [0, 1, 4, 5, 7]


def test_a_window_is_dropped_if_it_sees_a_gap_longer_than_the_fill(make_windows: Make) -> None:
    y = [0, 1, 2, 3, 4, 5, NAN, NAN, 8, 9, 10, 11, 12, 13]
    # One step filled: row 6 may be seen, row 7 may not.
    assert make_windows(y, fill=1).first.tolist() == [0, 1, 8, 9]
    assert make_windows(y, fill=2).first.tolist() == [0, 1, 5, 8, 9]
    assert make_windows(y, fill=0).first.tolist() == [0, 1, 8, 9]


def test_a_gap_is_filled_from_before_and_only_where_it_is_seen(make_windows: Make) -> None:
    arrays = make_windows([0, 1, 2, 3, 4, 5, NAN, NAN, 8, 9, 10, 11, 12, 13], fill=1)
    assert arrays.inputs[5:9, 0].tolist() == pytest.approx([5, 5, NAN, 8], nan_ok=True)
    assert arrays.target[5:9, 0].tolist() == pytest.approx([5, NAN, NAN, 8], nan_ok=True)


def test_nothing_is_filled_from_another_series(make_windows: Make) -> None:
    arrays = make_windows([0, 1, 2, 3, 4, 5], [NAN, 1, 2, 3, 4, 5, 6], fill=3)
    assert np.isnan(arrays.inputs[6, 0])
    assert sorted(arrays.first.tolist()) == [0, 1, 7, 8]


def test_covariates_are_filled_without_limit_and_never_from_after(
    make_schema: MakeSchema, make_window: MakeWindow
) -> None:
    frame = pd.DataFrame(
        {
            "series": "a",
            "time": pd.date_range("2026-01-01", periods=9, freq="h"),
            "y": np.arange(9.0),
            "x": [NAN, 1, NAN, NAN, NAN, NAN, NAN, NAN, 2],
        }
    )
    arrays = windows.build(frame, make_schema(past_covariates=("x",)), make_window(), Path("a.csv"))
    assert (arrays.inputs[:, 1] + arrays.offset[1]).tolist() == pytest.approx(
        [NAN, 1, 1, 1, 1, 1, 1, 1, 2], nan_ok=True
    )
    # Only window 1 begins with an observed row: the others would be filled from a row that is not their own.
    assert arrays.first.tolist() == [1]


@pytest.mark.parametrize(
    ("transform", "there"),
    [("none", [0.0, 3.0, 8.0]), ("log1p", np.log1p([0.0, 3.0, 8.0])), ("sqrt", np.sqrt([0, 3, 8]))],
)
def test_the_target_is_transformed_where_it_is_seen_and_where_it_is_predicted(
    make_windows: Make, transform: str, there: list[float]
) -> None:
    arrays = make_windows([0, 3, 8, 0, 3, 8], transform=transform)
    assert arrays.target[:3, 0] == pytest.approx(np.array(there, np.float32))
    assert arrays.inputs[:3, 0] == pytest.approx(np.array(there, np.float32))
    assert windows.BACKWARD[transform](np.array(there, np.float64)) == pytest.approx([0, 3, 8])


def test_what_is_known_in_future_comes_last(make_windows: Make) -> None:
    arrays = make_windows(range(6))
    hours = np.arange(6)
    assert arrays.inputs[:, 0].tolist() == list(range(6))
    assert arrays.inputs[:, 1] == pytest.approx(np.cos(hours / 5), rel=1e-6)
    assert arrays.inputs[:, 2] == pytest.approx(np.sin(hours / 4), rel=1e-6, abs=1e-7)


def test_steps_count_from_the_first_time_of_all_series(make_windows: Make) -> None:
    arrays = make_windows(range(6), range(5), begins=(3, 10))
    assert arrays.step.tolist() == [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11]
    assert arrays.moment(np.array([0, 6])).tolist() == [
        pd.Timestamp("2026-01-01 03:00"),
        pd.Timestamp("2026-01-01 10:00"),
    ]


def test_what_is_said_of_a_time_is_read_again(make_windows: Make) -> None:
    arrays = make_windows(range(6))
    assert arrays.said(2) == "2026-01-01T02:00:00"
    assert arrays.stamp_of(arrays.said(2)) == arrays.stamp[2]
    in_berlin = replace(arrays, zone="Europe/Berlin")
    assert in_berlin.said(2) == "2026-01-01T03:00:00+01:00"
    assert in_berlin.stamp_of(in_berlin.said(2)) == arrays.stamp[2]
    numbers = replace(arrays, zone="step", stamp=np.arange(7, 13))
    assert (numbers.said(2), numbers.stamp_of("9")) == ("9", 9)


@pytest.mark.parametrize(("frequency", "seconds"), [("h", 3600), ("15min", 900), ("D", 86400)])
def test_a_step_is_as_long_as_the_frequency_says(
    make_schema: MakeSchema, make_window: MakeWindow, frequency: str, seconds: float
) -> None:
    frame = pd.DataFrame(
        {"series": "a", "time": pd.date_range("2026-01-01", periods=9, freq=frequency), "y": np.arange(9.0)}
    )
    arrays = windows.build(frame, make_schema(frequency=frequency), make_window(), Path("a.csv"))
    assert arrays.step.tolist() == list(range(9))
    assert arrays.seconds == seconds


def test_windows_are_read_as_they_were_written(tmp_path: Path, make_windows: Make) -> None:
    arrays = make_windows([0, 1, NAN, 3, 4, 5, 6, 7, 8], range(5), normalise="standard", transform="sqrt")
    arrays.save(tmp_path / "windows.npz")
    loaded = windows.Windows.load(tmp_path / "windows.npz")
    for name, value in vars(arrays).items():
        again = getattr(loaded, name)
        assert type(again) is type(value), name
        if isinstance(value, np.ndarray):
            assert again.dtype == value.dtype
            np.testing.assert_array_equal(again, value)
        else:
            assert again == value


@settings(max_examples=40, deadline=None)
@given(
    observed=st.lists(st.lists(st.booleans(), min_size=6, max_size=25), min_size=1, max_size=3),
    lookback=st.integers(1, 4),
    horizon=st.integers(1, 3),
    fill=st.integers(0, 3),
    fraction=st.sampled_from([1.0, 0.6, 0.5, 0.3, 0.01]),
)
def test_a_window_is_usable_if_and_only_if_a_check_row_by_row_says_so(
    make_windows: Make, observed: list[list[bool]], lookback: int, horizon: int, fill: int, fraction: float
) -> None:
    values = [[float(row) if there else NAN for row, there in enumerate(part)] for part in observed]
    expected = []
    begin = 0
    for part in observed:
        run, seen = len(part), []  # A missing first row is never filled.
        for is_there in part:
            run = 0 if is_there else run + 1
            seen.append(run <= fill)
        for first in range(len(part) - lookback - horizon + 1):
            origin = first + lookback
            there = sum(part[origin : origin + horizon])
            if part[first] and all(seen[first:origin]) and there and there >= fraction * horizon:
                expected.append(begin + first)
        begin += len(part)
    try:
        arrays = make_windows(*values, lookback=lookback, horizon=horizon, fill=fill, observed=fraction)
    except InputError:
        assert not expected
    else:
        assert sorted(arrays.first.tolist()) == expected


def test_the_cells_see_the_last_steps_of_what_the_linear_part_sees(make_windows: Make) -> None:
    arrays = make_windows(range(10), lookback=3, linear_lookback=6, horizon=2)
    assert (arrays.lookback, arrays.cell_lookback, arrays.horizon, arrays.span) == (6, 3, 2, 8)
    assert arrays.first.tolist() == [0, 1, 2]
    same = make_windows(range(10), lookback=3, horizon=2)
    assert (same.lookback, same.cell_lookback) == (3, 3)


def test_what_is_too_short_for_the_linear_part_is_refused(make_windows: Make) -> None:
    with pytest.raises(InputError, match=r"7 rows, but a window needs 8 \(window.linear_lookback \+ window.horizon\)"):
        make_windows(range(7), lookback=3, linear_lookback=6, horizon=2)


def test_a_row_keeps_the_levels_of_its_own_time(make_windows: Make) -> None:
    arrays = make_windows(range(8), begins=(22,), linear_calendar=("hour_of_day", "day_of_month"))
    assert arrays.origin.tolist() == [[22, 0], [23, 0], *([hour, 1] for hour in range(6))]
    assert arrays.origin.dtype == np.int16
    assert arrays.n_origin == 24 + 31


# --- what is subtracted from a column before it becomes float32 ------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "offset"),
    [
        (range(8), 0),  # most columns: nothing is gained
        ([3, 3, 3, 3, 9], 3),
        ([1e9, 1e9 + 1, 1e9 + 2, 1e9 + 3], 1e9),  # a multiple of 16
        ([NAN, 1e9, 1e9], 1e9),
        ([NAN, NAN], 0),
        ([0, 0, 0, 0, 1e9], 0),  # one outlier moves nothing
    ],
)
def test_an_offset_is_a_coarse_number_near_most_values(values: Any, offset: float) -> None:
    assert windows.offset_of(np.asarray(values, float)) == offset


def test_other_values_in_a_fifth_of_the_rows_mostly_leave_the_offset_as_it_is() -> None:
    # Nothing of a holdout shall change training, not even a last digit by way of the offset.
    values = 1e9 + 3 * np.sin(np.arange(5000))
    other = np.where(np.arange(5000) < 4000, values, values + 2)
    assert windows.offset_of(values) == windows.offset_of(other)


@pytest.mark.parametrize("transform", ["none", "log1p", "sqrt"])
def test_base_arrays_and_offset_together_have_the_digits_of_float64(make_windows: Make, transform: str) -> None:
    values = 1e9 + np.round(3 * np.sin(np.arange(50)), 3)
    arrays = make_windows(values, transform=transform)
    for base in (arrays.inputs, arrays.target):
        back = windows.BACKWARD[transform](base[:, 0] + arrays.offset[0])
        np.testing.assert_allclose(back, values, rtol=0, atol=2e-6)


def test_a_covariate_keeps_its_digits_too(make_schema: MakeSchema, make_window: MakeWindow) -> None:
    x = 1e9 + np.round(3 * np.sin(np.arange(20)), 3)
    frame = pd.DataFrame(
        {"series": "a", "time": pd.date_range("2026-01-01", periods=20, freq="h"), "y": np.arange(20.0), "x": x}
    )
    arrays = windows.build(frame, make_schema(past_covariates=("x",)), make_window(), Path("a.csv"))
    np.testing.assert_allclose(arrays.inputs[:, 1] + arrays.offset[1], x, rtol=0, atol=1e-6)


def test_smallest_and_largest_values_skip_what_is_missing_and_are_not_saved(make_windows: Make, tmp_path: Path) -> None:
    arrays = make_windows([0, 1, 2, 3, 4, 5, NAN, 7, 8, 9, 10, 11])
    assert arrays.extent[:, 0].tolist() == [0, 11]
    arrays.save(tmp_path / "windows.npz")
    read = windows.Windows.load(tmp_path / "windows.npz")
    np.testing.assert_array_equal(read.extent, arrays.extent)
    np.testing.assert_array_equal(read.offset, arrays.offset)


# --- targets missing among those to be predicted ----------------------------------------------------------------------


def test_a_window_counts_the_targets_that_it_has_to_predict(make_windows: Make) -> None:
    arrays = make_windows([0, 1, 2, NAN, 4, 5, NAN, 7], lookback=2, horizon=3, observed=0.3, fill=1, second=True)
    assert arrays.first.tolist() == [0, 1, 2]  # row 3 is missing, and no window begins with it
    assert arrays.observed(np.arange(3)).tolist() == [4, 4, 4]  # rows 2 to 4, 3 to 5, and 4 to 6: two targets in each
    assert np.isnan(arrays.target[[3, 6]]).all()  # never filled
    assert np.isfinite(arrays.inputs[[3, 6], :2]).all()


def daily(values: Any, **columns: Any) -> pd.DataFrame:
    """A clean daily series from Monday, the first of January 2018."""
    times = pd.date_range("2018-01-01", periods=len(values), freq="D")
    return pd.DataFrame({"series": "all", "time": times, "y": np.asarray(values, float), **columns})


def closed(*weekdays: int, rows: int = 120) -> pd.DataFrame:
    """A series that has no value on some days of the week, 0 for Mondays."""
    values = np.arange(float(rows))
    values[np.isin(np.arange(rows) % 7, weekdays)] = NAN
    return daily(values)


def scattered() -> pd.DataFrame:
    values = np.random.default_rng(0).standard_normal(200)
    values[np.random.default_rng(1).random(200) < 0.3] = NAN
    return daily(values)


@pytest.mark.parametrize(
    ("frame", "horizon", "settings"),
    [
        (closed(5, 6), 10, "window.fill: 2 and window.observed: 0.6"),  # business days: 6, 7 or 8 of 10 days
        (closed(6), 7, "window.fill: 1 and window.observed: 0.85"),  # a shop closed on Sundays: 6 of 7
        (closed(*range(1, 7)), 14, "window.fill: 6 and window.observed: 0.14"),  # a value a week
        (scattered(), 10, "window.fill: "),
    ],
)
@pytest.mark.parametrize("fill", [0, 1])
def test_where_no_window_is_usable_settings_are_found_that_give_some(
    make_schema: MakeSchema, make_window: MakeWindow, frame: pd.DataFrame, horizon: int, settings: str, fill: int
) -> None:
    schema, declared = make_schema(frequency="D"), make_window(lookback=14, horizon=horizon, fill=fill)
    with pytest.raises(InputError, match=f"no window of {14 + horizon} steps has every value it needs"):
        windows.build(frame, schema, declared, Path("a.csv"))
    found = windows.gaps(windows.base(frame, schema, declared), frame, schema, declared)
    assert found is not None
    if fill < 1 or "fill: 1" not in settings:
        assert settings in f"window.fill: {found.fill} and window.observed: {found.observed:g}"
    changed = make_window(lookback=14, horizon=horizon, fill=found.fill, observed=found.observed)
    arrays = windows.build(frame, schema, changed, Path("a.csv"))
    count = found.windows
    assert 0.85 * count < len(arrays.first) <= count


def test_targets_and_past_covariates_are_scaled_by_series_if_asked(make_windows: Make) -> None:
    assert make_windows(range(9), second=True, scale="series").n_own == 3  # y, z and x, not k
    assert make_windows(range(9), second=True).n_own == 0


# --- series of very different levels --------------------------------------------------------------------------------

NEAR = 10 + 3 * np.sin(np.arange(40))


def test_a_series_whose_digits_one_offset_would_cost_has_an_offset_of_its_own(make_windows: Make) -> None:
    arrays = make_windows(NEAR, NEAR + 1e9, scale="series")
    assert arrays.own_offset.shape == (2, arrays.n_own)
    back = arrays.inputs[:, 0].astype(np.float64) + arrays.own_offset[arrays.series, 0]
    np.testing.assert_allclose(back, [*NEAR, *(NEAR + 1e9)], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(arrays.target, arrays.inputs[:, :1])


@pytest.mark.parametrize(
    "values", [(NEAR,), (NEAR + 1e9,), (NEAR, 2 * NEAR), (NEAR + 1e9, NEAR + 1e9), (NEAR, [1e9] * 40)]
)
def test_no_series_has_one_where_there_is_nothing_to_lose(make_windows: Make, values: tuple[Any, ...]) -> None:
    assert make_windows(*values, scale="series").own_offset.size == 0


def test_a_series_is_refused_where_one_scale_would_make_it_a_constant(make_windows: Make) -> None:
    with pytest.raises(
        InputError, match=r"column 'y', series 'b': .* set window\.scale: series, or subtract a constant"
    ):
        make_windows(NEAR, NEAR + 1e9)
    make_windows(NEAR, NEAR + 1e4)


@pytest.mark.parametrize("transform", ["none", "log1p", "sqrt"])
@pytest.mark.parametrize("level", [0.0, 1e9])
def test_another_transformation_of_the_same_arrays_is_what_the_frame_gives(
    make_schema: MakeSchema, make_window: MakeWindow, transform: str, level: float
) -> None:
    hours = pd.date_range("2026-01-01", periods=40, freq="h")
    parts = [pd.DataFrame({"series": name, "time": hours, "y": y}) for name, y in (("a", NEAR), ("b", NEAR + level))]
    frame = pd.concat(parts, ignore_index=True).assign(x=np.arange(80.0))
    frame.loc[[3, 50], "y"] = NAN
    schema, window = make_schema(past_covariates=("x",)), make_window(fill=1, scale="series")
    other = window.model_copy(update={"transform": transform})
    made = windows.with_transform(windows.build(frame, schema, window, Path("t")), frame, schema, other)
    right = windows.base(frame, schema, other)
    for name in ("inputs", "target", "offset", "own_offset", "step", "series", "stamp"):
        np.testing.assert_array_equal(getattr(made, name), getattr(right, name), err_msg=name)
    assert made.transform == transform
