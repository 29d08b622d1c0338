"""Which series are left out, and what is said of them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cellsize.data import collection, folds
from cellsize.data.collection import LeftOut
from cellsize.data.windows import Windows
from cellsize.params_data import Split

Make = Callable[..., Windows]
MakeSplit = Callable[..., Split]
NAN = float("nan")


def test_a_series_too_short_for_one_window_is_named_with_its_rows(make_windows: Make) -> None:
    arrays = make_windows(range(20), range(4))
    assert collection.left_out(arrays) == [LeftOut("b", "too short (4 rows, 5 needed)")]


def test_a_series_without_a_usable_window_is_named(make_windows: Make) -> None:
    arrays = make_windows([0.0, NAN, 2.0, NAN, 4.0, NAN, 6.0], range(20))
    assert collection.left_out(arrays) == [LeftOut("a", "no usable window (values are missing in each of 5 steps)")]


def test_a_series_that_begins_with_the_holdout_is_left_out_of_learning(
    make_windows: Make, make_split: MakeSplit
) -> None:
    arrays = make_windows(range(100), range(15), range(60), begins=(0, 85, 0))
    assert collection.left_out(arrays) == []
    divided = folds.split(arrays, make_split())
    assert collection.left_out(arrays, divided) == [LeftOut("b", "no window before the holdout")]


def test_a_holdout_of_drawn_series_leaves_none_out(make_windows: Make, make_split: MakeSplit) -> None:
    arrays = make_windows(*[range(20)] * 10, range(3))
    divided = folds.split(arrays, make_split(scheme="shuffled", folds=3, holdout=0.3))
    assert [each.series for each in collection.left_out(arrays, divided)] == ["k"]


def test_only_the_first_are_named_and_all_are_counted() -> None:
    some = [LeftOut(name, "too short (4 rows, 5 needed)") for name in "abcde"]
    assert collection.sentence(some, 1200, 3000) == (
        "1,200 of 3,000 series are left out: a too short (4 rows, 5 needed), b too short (4 rows, 5 needed), "
        "c too short (4 rows, 5 needed) and 1,197 more"
    )
    assert collection.sentence(some[:1], 1, 2) == "1 of 2 series is left out: a too short (4 rows, 5 needed)"
    assert collection.sentence([], 0, 2) == ""


@pytest.mark.parametrize("count", [1, 4])
def test_the_windows_are_those_without_the_series_that_are_left_out(make_windows: Make, count: int) -> None:
    alone = make_windows(range(20))
    arrays = make_windows(range(20), *[range(4)] * count)
    assert arrays.first.tolist() == alone.first.tolist()
    assert len(replace(arrays, first=np.empty(0, int)).names) == 1 + count


def test_with_a_holdout_of_each_series_one_that_has_nothing_before_its_own_is_named(
    make_windows: Make, make_split: Callable[..., Split]
) -> None:
    # b has one window, whose last row is held out; c begins when the holdout of the table does.
    arrays = make_windows(range(80), range(5), range(12), begins=(0, 0, 66))
    out = {
        of: [each.series for each in collection.left_out(arrays, folds.split(arrays, make_split(holdout_of=of)))]
        for of in ("series", "table")
    }
    assert out == {"series": ["b"], "table": ["c"]}
    # A series with a holdout and nothing else.
    divided = folds.split(arrays, make_split(holdout_of="series"))
    alone = arrays.series[arrays.first] == 2
    divided = replace(divided, development=divided.development & ~alone)
    assert [each.series for each in collection.left_out(arrays, divided)] == ["b", "c"]


def test_a_series_without_a_scale_in_some_folds_is_named_with_them(make_windows: Make, make_split: MakeSplit) -> None:
    arrays = make_windows(np.sin(np.arange(400)), 9 + np.cos(np.arange(60)), begins=(0, 90), scale="series")
    divided = folds.split(arrays, make_split(folds=4))
    found = collection.unscored(arrays, divided)
    is_b = arrays.series[arrays.first] == 1
    expected = [at + 1 for at, labels in enumerate(divided.labels) if not (labels[is_b] == folds.TRAIN).any()]
    assert found == {"b": expected}
    assert collection.unscored(replace(arrays, n_own=0), divided) == {}
    assert collection.left_out(arrays, divided) == []


def test_a_line_names_the_first_series_and_the_folds_that_do_not_score_them() -> None:
    start = "folds without a training window of a series have no scale for it, and do not score it: "
    assert collection.unscored_sentence({"a": [2], "b": [1, 3]}) == f"{start}a in fold 2, b in folds 1, 3"
    assert collection.unscored_sentence({name: [1] for name in "abcde"}) == (
        f"{start}a in fold 1, b in fold 1, c in fold 1 and 2 more"
    )
    assert collection.unscored_sentence({}) == ""
