"""Usable windows: those that see values alone and have enough to predict."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data import windows
from cellsize.errors import InputError

NAN = float("nan")

Make = Callable[..., windows.Windows]


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


def test_what_is_too_short_for_the_linear_part_is_refused(make_windows: Make) -> None:
    with pytest.raises(InputError, match=r"7 rows, but a window needs 8 \(window.linear_lookback \+ window.horizon\)"):
        make_windows(range(7), lookback=3, linear_lookback=6, horizon=2)
