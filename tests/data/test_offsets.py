"""Offsets: a coarse number is subtracted, and no digit is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import usable, windows
from cellsize.data.offsets import offset_of
from cellsize.data.schema import Schema
from cellsize.params_data import Window

NAN = float("nan")

Make = Callable[..., windows.Windows]

MakeSchema = Callable[..., Schema]

MakeWindow = Callable[..., Window]


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
    assert offset_of(np.asarray(values, float)) == offset


def test_other_values_in_a_fifth_of_the_rows_mostly_leave_the_offset_as_it_is() -> None:
    # Nothing of a holdout shall change training, not even a last digit by way of the offset.
    values = 1e9 + 3 * np.sin(np.arange(5000))
    other = np.where(np.arange(5000) < 4000, values, values + 2)
    assert offset_of(values) == offset_of(other)


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
    arrays = usable.build(frame, make_schema(past_covariates=("x",)), make_window(), Path("a.csv"))
    np.testing.assert_allclose(arrays.inputs[:, 1] + arrays.offset[1], x, rtol=0, atol=1e-6)


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
