"""Columns as codes of one byte."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cellsize.lifecycle import sketch

NUMBERS = arrays(np.float64, st.integers(1, 600), elements=st.floats(-1e6, 1e6, width=32))


def test_two_values_that_repeat_stay_two_codes_however_unequal_their_number() -> None:
    values = np.array([0.0] * 99 + [1.0])
    borders = sketch.borders(values)
    assert borders[0] == 0.5
    assert np.isinf(borders[1:]).all()
    np.testing.assert_array_equal(sketch.codes(np.array([[0.0], [1.0], [1.0000001], [np.nan]]), borders[None])[:, 0],
                                  [0, 1, 1, sketch.MISSING])  # fmt: skip


def test_a_column_without_two_values_has_one_code() -> None:
    for values in (np.full(5, 3.0), np.full(5, np.nan)):
        assert np.isinf(sketch.borders(values)).all()


def test_many_values_are_divided_into_bins_of_about_as_many() -> None:
    values = np.random.default_rng(0).standard_normal(10_000)
    codes = sketch.codes(values[:, None], sketch.borders(values)[None])
    counts = np.bincount(codes[:, 0], minlength=sketch.CODES)
    assert counts[sketch.MISSING] == 0
    assert counts[:255].min() >= 38
    assert counts[:255].max() <= 41


@given(NUMBERS)
def test_codes_keep_the_order_and_equal_values_have_equal_codes(values: np.ndarray) -> None:
    codes = sketch.codes(values[:, None], sketch.borders(values)[None])[:, 0]
    order = np.argsort(values)
    assert (np.diff(codes[order].astype(int)) >= 0).all()
    same = np.diff(values[order]) == 0
    assert (np.diff(codes[order].astype(int))[same] == 0).all()


def test_blocks_are_counted_back_from_the_newest_step_and_the_oldest_rest_is_left_out() -> None:
    step = np.array([0, 1, 2, 3, 4, 5, 6])
    blocks = sketch.blocks_of(step, 3)
    assert blocks.tolist() == [2, 1, 1, 1, 0, 0, 0]
    codes = np.array([[7], [1], [1], [2], [3], [3], [255]], np.uint8)
    counted = sketch.counts(codes, blocks, 2)
    assert counted.shape == (2, 1, sketch.CODES)
    assert counted.sum() == 6
    assert (counted[0, 0, 1], counted[0, 0, 2], counted[1, 0, 3], counted[1, 0, 255]) == (2, 1, 2, 1)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_all_rows_of_whole_blocks_are_counted_once(length: int) -> None:
    step = np.repeat(np.arange(10), 2)
    codes = np.random.default_rng(1).integers(0, 256, (20, 3)).astype(np.uint8)
    assert sketch.counts(codes, sketch.blocks_of(step, length), 10 // length).sum() == 60
