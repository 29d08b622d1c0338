"""KS, PSI and p-values that hold for series."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from cellsize.lifecycle import shift, sketch
from cellsize.lifecycle.shift import Shift

COUNTS = arrays(np.int64, (3, sketch.CODES), elements=st.integers(0, 50))
NORMAL = arrays(np.float64, 80, elements=st.integers(-40, 40).map(lambda number: number / 8))


def counted(codes: list[int] | np.ndarray) -> np.ndarray:
    return np.bincount(codes, minlength=sketch.CODES)


def blocks_of(values: np.ndarray, borders: np.ndarray, length: int) -> np.ndarray:
    """Counts of a series of one column."""
    codes = sketch.codes(values[:, None], borders[None])
    return sketch.counts(codes, sketch.blocks_of(np.arange(len(values)), length), len(values) // length)


def found(reference: np.ndarray, new: np.ndarray, season: int) -> Shift:
    length, count = shift.length_of(len(reference), season, len(new))
    borders = sketch.borders(reference)
    (one,) = shift.shifts(("y",), blocks_of(reference, borders, length), blocks_of(new, borders, length)[-count:])
    return one


def test_ks_and_psi_of_two_toys() -> None:
    ours, theirs = counted([0] * 3 + [1]), counted([0] + [1] * 3)
    assert shift.ks(ours, theirs) == 0.5
    bins = shift.bins_of(theirs)
    assert bins[[0, 1, 2, 255]].tolist() == [0, 1, 2, 3]
    # With half a row in each of four bins: (3.5, 1.5, 0.5, 0.5) and (1.5, 3.5, 0.5, 0.5) of 6.
    assert shift.psi(ours, theirs, bins) == pytest.approx(2 * (2 / 6) * np.log(3.5 / 1.5))
    assert shift.psi(ours, 100 * ours, bins) == pytest.approx(0, abs=1e-15)  # whatever the numbers of rows


def test_what_goes_missing_is_seen_by_psi_alone() -> None:
    ours, theirs = counted([0, 1] * 10 + [255] * 20), counted([0, 1] * 20)
    assert shift.ks(ours, theirs) == 0
    assert shift.psi(ours, theirs, shift.bins_of(theirs)) > 1


@given(COUNTS)
def test_psi_is_at_least_zero_and_that_of_a_distribution_with_itself_is_zero(counts: np.ndarray) -> None:
    counts[:, 0] += 1  # none without rows
    bins = shift.bins_of(counts[0])
    assert (shift.psi(counts, counts[0], bins) >= -1e-12).all()
    assert abs(shift.psi(counts[0], counts[0], bins)) < 1e-12


@given(NORMAL, NORMAL)
def test_ks_is_that_of_scipy_on_codes(ours: np.ndarray, theirs: np.ndarray) -> None:
    borders = sketch.borders(theirs)[None]
    codes = [sketch.codes(values[:, None], borders)[:, 0] for values in (ours, theirs)]
    expected = stats.ks_2samp(*codes, method="asymp").statistic
    assert shift.ks(*(counted(each) for each in codes)) == pytest.approx(expected, abs=1e-12)


@given(NORMAL, NORMAL)
def test_monotone_maps_change_no_ks(ours: np.ndarray, theirs: np.ndarray) -> None:
    def measured(ours: np.ndarray, theirs: np.ndarray) -> float:
        borders = np.sort(theirs)[None]  # the same places, whatever the scale
        return float(shift.ks(*(counted(sketch.codes(each[:, None], borders)[:, 0]) for each in (ours, theirs))))

    assert measured(ours, theirs) == measured(ours * 8 + 1024, theirs * 8 + 1024)
    assert measured(ours, theirs) == measured(np.sinh(ours), np.sinh(theirs))


def test_whole_seasons_are_compared_and_of_many_new_rows_the_newest() -> None:
    assert shift.length_of(steps=240, season=24, new=50) == (24, 1)  # 10 blocks: one may be compared with 8 others
    assert shift.length_of(steps=2400, season=24, new=50) == (24, 2)
    assert shift.length_of(steps=2400, season=24, new=2400) == (24, 12)
    assert shift.length_of(steps=2400, season=24, new=23)[1] == 0
    assert shift.length_of(steps=100, season=24, new=100)[1] == 0
    length, _ = shift.length_of(steps=1_000_000, season=24, new=100_000)
    assert length % 24 == 0
    assert 1_000_000 / length <= shift.MOST_BLOCKS


def test_a_p_value_is_the_rank_among_windows_where_it_is_among_them() -> None:
    usual = np.arange(1.0, 20.0)  # 19 windows that do not overlap
    assert shift.p_value(usual, 10.0, 1, 1e-9) == pytest.approx((1 + 10) / 20)
    assert shift.p_value(usual, 0.5, 1, 1e-9) == 1.0
    assert shift.p_value(usual, 1e6, 1, 1e-9) < 1e-3  # beyond all: by how far


def test_a_column_that_never_changed_is_shifted_when_it_does_and_not_before() -> None:
    reference, same = np.full(480, 3.0), np.full(48, 3.0)
    assert found(reference, same, 24).p == 1.0
    borders = sketch.borders(np.append(reference, 4.0))
    old, new = blocks_of(reference, borders, 24), blocks_of(np.full(48, 4.0), borders, 24)
    assert shift.shifts(("y",), old, new)[0].is_shifted


def test_a_january_is_no_shift_and_a_warmer_one_is() -> None:
    days = np.arange(6 * 365)
    rng = np.random.default_rng(4)
    years = 10 * np.sin(2 * np.pi * days / 365) + rng.standard_normal(days.size)
    reference, january = years[: 5 * 365], years[5 * 365 : 5 * 365 + 30]
    assert stats.ks_2samp(reference, january).pvalue < 1e-5
    assert not found(reference, january, 1).is_shifted
    assert found(reference, january + 30, 1).is_shifted


def test_a_series_that_has_gone_missing_is_shifted() -> None:
    rng = np.random.default_rng(0)
    reference = rng.standard_normal(2400)
    assert found(reference, np.full(240, np.nan), 24).ks == 1.0
    assert found(reference, np.full(240, np.nan), 24).is_shifted
    assert not found(reference, rng.standard_normal(240), 24).is_shifted


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_equal_blocks_in_any_order_raise_an_alarm_no_more_often_than_their_level_says(seed: int, number: int) -> None:
    # Exchangeable blocks: each in turn is the new one. The rank alone would be right in all cases.
    rng = np.random.default_rng(seed)
    blocks = rng.normal(rng.normal(0, 1, (40, 1)), 1, (40, 24))
    alarms = 0
    for turn in range(0, 40, number):
        order = np.roll(np.arange(40), -turn)
        new, reference = blocks[order[:number]], blocks[order[number:]]
        alarms += found(reference.ravel(), new.ravel(), 24).is_shifted
    assert alarms <= 0.05 * len(range(0, 40, number)) + 2


def test_holm_of_a_toy() -> None:
    assert shift.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert shift.holm([0.5, 0.9]) == [1.0, 1.0]
    assert shift.holm([]) == []


def test_one_column_of_many_is_named() -> None:
    rng = np.random.default_rng(2)
    values = rng.standard_normal((2400, 5))
    new = rng.standard_normal((240, 5))
    new[:, 3] += 1
    borders = np.stack([sketch.borders(column) for column in values.T])
    old, now = (
        sketch.counts(sketch.codes(each, borders), sketch.blocks_of(np.arange(len(each)), 24), len(each) // 24)
        for each in (values, new)
    )
    assert [each.column for each in shift.shifts(tuple("abcde"), old, now) if each.is_shifted] == ["d"]
