"""Base arrays: transformed, filled, in the order of the schema."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.data import base_arrays, usable, windows
from cellsize.data.schema import Schema
from cellsize.errors import InputError
from cellsize.params_data import Window

NAN = float("nan")

Make = Callable[..., windows.Windows]

MakeSchema = Callable[..., Schema]

MakeWindow = Callable[..., Window]


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
    arrays = usable.build(frame, make_schema(past_covariates=("x",)), make_window(), Path("a.csv"))
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


@pytest.mark.parametrize(("frequency", "seconds"), [("h", 3600), ("15min", 900), ("D", 86400)])
def test_a_step_is_as_long_as_the_frequency_says(
    make_schema: MakeSchema, make_window: MakeWindow, frequency: str, seconds: float
) -> None:
    frame = pd.DataFrame(
        {"series": "a", "time": pd.date_range("2026-01-01", periods=9, freq=frequency), "y": np.arange(9.0)}
    )
    arrays = usable.build(frame, make_schema(frequency=frequency), make_window(), Path("a.csv"))
    assert arrays.step.tolist() == list(range(9))
    assert arrays.seconds == seconds


def test_a_row_keeps_the_levels_of_its_own_time(make_windows: Make) -> None:
    arrays = make_windows(range(8), begins=(22,), linear_calendar=("hour_of_day", "day_of_month"))
    assert arrays.origin.tolist() == [[22, 0], [23, 0], *([hour, 1] for hour in range(6))]
    assert arrays.origin.dtype == np.int16
    assert arrays.n_origin == 24 + 31


def test_targets_and_past_covariates_are_scaled_by_series_if_asked(make_windows: Make) -> None:
    assert make_windows(range(9), second=True, scale="series").n_own == 3  # y, z and x, not k
    assert make_windows(range(9), second=True).n_own == 0


NEAR = 10 + 3 * np.sin(np.arange(40))


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
    made = base_arrays.with_transform(usable.build(frame, schema, window, Path("t")), frame, schema, other)
    right = base_arrays.base(frame, schema, other)
    for name in ("inputs", "target", "offset", "own_offset", "step", "series", "stamp"):
        np.testing.assert_array_equal(getattr(made, name), getattr(right, name), err_msg=name)
    assert made.transform == transform
