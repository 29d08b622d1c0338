"""Which rows a window sees and predicts, and which windows there are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from cellsize.data import windows

NAN = float("nan")
Make = Callable[..., windows.Windows]


def test_what_is_said_of_a_time_is_read_again(make_windows: Make) -> None:
    arrays = make_windows(range(6))
    assert arrays.said(2) == "2026-01-01T02:00:00"
    assert arrays.stamp_of(arrays.said(2)) == arrays.stamp[2]
    in_berlin = replace(arrays, zone="Europe/Berlin")
    assert in_berlin.said(2) == "2026-01-01T03:00:00+01:00"
    assert in_berlin.stamp_of(in_berlin.said(2)) == arrays.stamp[2]
    numbers = replace(arrays, zone="step", stamp=np.arange(7, 13))
    assert (numbers.said(2), numbers.stamp_of("9")) == ("9", 9)


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


def test_the_cells_see_the_last_steps_of_what_the_linear_part_sees(make_windows: Make) -> None:
    arrays = make_windows(range(10), lookback=3, linear_lookback=6, horizon=2)
    assert (arrays.lookback, arrays.cell_lookback, arrays.horizon, arrays.span) == (6, 3, 2, 8)
    assert arrays.first.tolist() == [0, 1, 2]
    same = make_windows(range(10), lookback=3, horizon=2)
    assert (same.lookback, same.cell_lookback) == (3, 3)


# --- what is subtracted from a column before it becomes float32 ------------------------------------------------------


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


# --- series of very different levels --------------------------------------------------------------------------------
