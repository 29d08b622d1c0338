"""Who learns from which window: nothing that a fold is scored on is ever learnt from."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data import folds, remedies
from cellsize.data.windows import Ints, TooFewWindowsError, Windows
from cellsize.errors import InputError
from cellsize.params_data import Split, Window

Make = Callable[..., Windows]
MakeSplit = Callable[..., Split]

TIMED = ("contiguous", "expanding", "sliding")
BY_SERIES = ("groups", "shuffled")


def rows(windows: Windows, chosen: Ints) -> set[int]:
    """Raw rows that the chosen windows see or predict, one by one."""
    return {int(first) + offset for first in windows.first[chosen] for offset in range(windows.span)}


def times(windows: Windows, chosen: Ints) -> set[int]:
    """The times of these rows, over all series."""
    return {int(windows.step[row]) for row in rows(windows, chosen)}


def names(windows: Windows, chosen: Ints) -> set[int]:
    """The series that the chosen windows lie in."""
    return set(windows.series[windows.first[chosen]].tolist())


# Values of each series, their begins, a window, a split.
Problem = tuple[list[Any], tuple[int, ...], dict[str, int], dict[str, Any]]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Series with gaps that begin at different times, a window, and a split of any scheme."""
    scheme = draw(st.sampled_from(TIMED + BY_SERIES))
    n_folds = draw(st.integers(2, 4))
    n_series = draw(st.integers(1, 3)) if scheme in TIMED else n_folds + draw(st.integers(1, 4))
    values, begins = [], []
    for _ in range(n_series):
        y = np.arange(draw(st.integers(12, 90)), dtype=float)
        for _ in range(draw(st.integers(0, 2))):
            at = draw(st.integers(0, len(y) - 1))
            y[at : at + draw(st.integers(1, 12))] = np.nan
        values.append(y)
        begins.append(draw(st.integers(0, 30)))
    window = {"lookback": draw(st.integers(1, 5)), "horizon": draw(st.integers(1, 4)), "fill": draw(st.integers(0, 2))}
    window["linear_lookback"] = draw(st.integers(window["lookback"], 6))
    split = {
        "scheme": scheme,
        "folds": n_folds,
        "holdout": draw(st.floats(0.05, 0.5)),
        "fraction": draw(st.floats(0.01, 0.5)),
        "blocks": draw(st.integers(1, 4)),
    }
    return values, tuple(begins), window, split


@settings(max_examples=100, deadline=None)
@given(problem=problems())
def test_sets_of_a_fold_share_nothing_and_none_is_empty(
    make_windows: Make, make_split: MakeSplit, problem: Problem
) -> None:
    values, begins, window, split = problem
    try:
        arrays = make_windows(*values, begins=begins, **window)
        divided = folds.split(arrays, make_split(**split))
    except InputError:
        return  # Too little data for what is asked; test_bad_input.py says when it must be so.
    scheme = split["scheme"]
    holdout, development = np.flatnonzero(divided.holdout), np.flatnonzero(divided.development)
    assert holdout.size
    assert len(divided.all()) == split["folds"]

    # The holdout against everything that any fold may use.
    assert not rows(arrays, holdout) & rows(arrays, development)
    if scheme == "shuffled":
        assert not names(arrays, holdout) & names(arrays, development)
    else:
        assert max(times(arrays, development)) < min(times(arrays, holdout))

    scored: list[int] = []
    for fold in divided.all():
        sets = {"train": fold.train, "early_stopping": fold.early_stopping, "validation": fold.validation}
        for name, chosen in sets.items():
            assert chosen.size, f"no {name} set"
            assert set(chosen) <= set(development)
            assert set(np.flatnonzero(folds.row_mask(arrays, chosen))) == rows(arrays, chosen)
        for one, other in (("train", "early_stopping"), ("train", "validation"), ("early_stopping", "validation")):
            assert not rows(arrays, sets[one]) & rows(arrays, sets[other]), f"{one} and {other} share a raw row"
            if scheme in TIMED:
                assert not times(arrays, sets[one]) & times(arrays, sets[other]), f"{one} and {other} share a time"
        if scheme in BY_SERIES:
            assert not names(arrays, fold.validation) & (names(arrays, fold.train) | names(arrays, fold.early_stopping))
        learnable = np.concatenate([fold.train, fold.early_stopping])
        if scheme == "shuffled" or (scheme == "groups" and len(names(arrays, learnable)) >= 3):
            assert not names(arrays, fold.train) & names(arrays, fold.early_stopping)
        elif scheme == "groups":
            assert not times(arrays, fold.train) & times(arrays, fold.early_stopping)
        if scheme in ("expanding", "sliding"):
            past = times(arrays, fold.train) | times(arrays, fold.early_stopping)
            assert max(past) < min(times(arrays, fold.validation))
        scored += fold.validation.tolist()

    # No window is scored twice, and of these schemes every one is scored.
    assert len(scored) == len(set(scored))
    if scheme not in ("expanding", "sliding"):
        assert sorted(scored) == development.tolist()


@pytest.mark.parametrize("scheme", TIMED + BY_SERIES)
def test_the_contract_is_not_kept_by_refusing_everything(
    make_windows: Make, make_split: MakeSplit, scheme: str
) -> None:
    arrays = make_windows(*[range(80)] * 6)
    divided = folds.split(arrays, make_split(scheme=scheme, folds=3, holdout=0.2))
    assert [min(len(chosen) for chosen in vars(fold).values()) > 0 for fold in divided.all()] == [True] * 3


@pytest.fixture
def forty(make_windows: Make) -> Windows:
    """Forty rows, windows of three that begin at 0 to 37: the last ten rows are the holdout."""
    return make_windows(range(40), lookback=2, horizon=1)


def by_hand(divided: folds.Folds) -> list[tuple[list[int], list[int], list[int]]]:
    return [(fold.train.tolist(), fold.early_stopping.tolist(), fold.validation.tolist()) for fold in divided.all()]


def through(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (
            "contiguous",
            [
                ([16, 17, 25, 26, 27], through(20, 22), through(0, 13)),
                ([0, 1, 9, 10, 11], through(4, 6), through(14, 27)),
            ],
        ),
        (
            "expanding",
            [([0, 7], [3, 4], through(10, 18)), ([0, 1, 2, 3, 12, 13, 14, 15, 16], through(6, 9), through(19, 27))],
        ),
    ],
)
def test_folds_worked_out_by_hand(
    forty: Windows, make_split: MakeSplit, scheme: str, expected: list[tuple[list[int], list[int], list[int]]]
) -> None:
    divided = folds.split(forty, make_split(scheme=scheme, folds=2, holdout=0.25, fraction=0.25, blocks=1))
    assert np.flatnonzero(divided.holdout).tolist() == through(30, 37)
    assert np.flatnonzero(divided.development).tolist() == through(0, 27)
    assert by_hand(divided) == expected


def test_a_sliding_fold_learns_from_as_long_a_past_as_every_other(forty: Windows, make_split: MakeSplit) -> None:
    # Only the first fold once had its past shortened by the purge, by span - 1 windows: 8 starts against 11.
    divided = folds.split(forty, make_split(scheme="sliding", folds=2, holdout=0.25, fraction=0.25, blocks=1))
    lengths = [max(fold.train) - min(fold.train) for fold in divided.all()]
    assert lengths[0] == lengths[1]


def test_early_stopping_blocks_are_spread_over_the_training_time(make_windows: Make, make_split: MakeSplit) -> None:
    # One block at the end of the year would stop every fold by the weather of one season.
    arrays = make_windows(range(200), lookback=2, horizon=1)
    divided = folds.split(arrays, make_split(folds=2, holdout=0.2, fraction=0.2, blocks=3))
    for fold in divided.all():
        assert (np.diff(fold.early_stopping) > 1).sum() == 2
        assert fold.train.min() < fold.early_stopping.min()
        assert fold.early_stopping.max() < fold.train.max()


def test_every_series_takes_part_in_a_fold_in_time(make_windows: Make, make_split: MakeSplit) -> None:
    arrays = make_windows(range(80), range(80))
    for fold in folds.split(arrays, make_split()).all():
        for chosen in vars(fold).values():
            assert names(arrays, chosen) == {0, 1}


def test_the_same_windows_give_the_same_folds(make_windows: Make, make_split: MakeSplit) -> None:
    arrays = make_windows(*[range(30)] * 8)
    for scheme in BY_SERIES:
        first, again = (folds.split(arrays, make_split(scheme=scheme, folds=3)) for _ in range(2))
        np.testing.assert_array_equal(first.labels, again.labels)


def test_a_shuffled_holdout_is_a_fraction_of_the_series(make_windows: Make, make_split: MakeSplit) -> None:
    arrays = make_windows(*[range(20)] * 10)
    divided = folds.split(arrays, make_split(scheme="shuffled", folds=3, holdout=0.3))
    assert len(names(arrays, np.flatnonzero(divided.holdout))) == 3
    assert len(names(arrays, np.flatnonzero(divided.development))) == 7


@pytest.mark.parametrize("scheme", ["groups", "contiguous"])
def test_a_holdout_of_whole_series_is_of_series_never_seen(
    make_windows: Make, make_split: MakeSplit, scheme: str
) -> None:
    # They end at different times, so that no cut in time would divide them so.
    arrays = make_windows(*[range(30 + number) for number in range(10)])
    split = make_split(scheme=scheme, folds=3, holdout=0.3, holdout_of="whole_series")
    divided = folds.split(arrays, split)
    held, learnt = np.flatnonzero(divided.holdout), np.flatnonzero(divided.development)
    assert len(names(arrays, held)) == 3
    assert len(held) + len(learnt) == len(arrays.first)  # nothing is purged before it
    assert folds.are_unseen(arrays, held, learnt)
    assert not folds.of_each_series(arrays, divided)
    for fold in divided.all():
        assert folds.are_unseen(arrays, fold.validation, fold.train) == (scheme == "groups")
        assert folds.are_unseen(arrays, fold.validation, fold.early_stopping) == (scheme == "groups")


@pytest.mark.parametrize(("series", "whole"), [(4, False), (6, True), (20, True)])
def test_what_stops_training_is_series_never_seen_where_validation_is(
    make_windows: Make, make_split: MakeSplit, series: int, whole: bool
) -> None:
    # Two folds: each learns from half of the series. Of two, a whole one would be too much to stop by.
    arrays = make_windows(*[range(60)] * series)
    divided = folds.split(arrays, make_split(scheme="groups", folds=2, holdout=0.2))
    for fold in divided.all():
        assert folds.are_unseen(arrays, fold.early_stopping, fold.train) == whole
        assert len(names(arrays, fold.early_stopping)) == (max(1, round(0.2 * series / 2)) if whole else series / 2)


FEW = r"^split.holdout: 0.1 of the data holds no whole window: of 4 series it is none"


def test_a_holdout_of_no_series_is_refused_with_a_fraction_that_works(
    make_windows: Make, make_split: MakeSplit, make_window: Callable[..., Window]
) -> None:
    arrays = make_windows(*[range(40)] * 4)
    split = make_split(scheme="groups", folds=2, holdout=0.1, holdout_of="whole_series")
    with pytest.raises(TooFewWindowsError, match=FEW):
        folds.split(arrays, split)
    with pytest.raises(InputError, match=f"{FEW}; set split.holdout: 0.3"):
        remedies.split(arrays, split, make_window())


def test_whole_series_held_out_have_no_scale_of_their_own(make_windows: Make, make_split: MakeSplit) -> None:
    arrays = make_windows(*[range(40)] * 6, scale="series")
    with pytest.raises(InputError, match=r"and split.holdout_of: whole_series judges on series that have none; set "):
        folds.split(arrays, make_split(holdout_of="whole_series"))


def test_labels_are_read_as_they_were_written_also_beyond_nine_folds(make_windows: Make, make_split: MakeSplit) -> None:
    divided = folds.split(make_windows(range(400)), make_split(folds=11))
    again = folds.load_labels(dict(reversed(folds.save_labels(divided).items())))
    for name, value in vars(divided).items():
        np.testing.assert_array_equal(getattr(again, name), value)


# --- a holdout of each series -----------------------------------------------------------------------------------------


def test_the_last_part_of_each_series_own_time_is_held_out(make_windows: Make, make_split: MakeSplit) -> None:
    # Windows of three rows. a: steps 0 to 39, of which 10 are held out; b: 0 to 19, 5; c: 10 to 49, 10.
    arrays = make_windows(range(40), range(20), range(40), begins=(0, 0, 10), lookback=2, horizon=1)
    divided = folds.split(arrays, make_split(holdout=0.25, holdout_of="series"))
    starts = {
        (name, part): arrays.start[getattr(divided, part) & (arrays.series[arrays.first] == code)].tolist()
        for code, name in enumerate(arrays.names)
        for part in ("development", "holdout")
    }
    assert starts == {
        ("a", "development"): through(0, 27),
        ("a", "holdout"): through(30, 37),
        ("b", "development"): through(0, 12),
        ("b", "holdout"): through(15, 17),
        ("c", "development"): through(10, 37),
        ("c", "holdout"): through(40, 47),
    }


def test_one_series_has_the_same_holdout_either_way(make_split: MakeSplit, forty: Windows) -> None:
    both = [folds.split(forty, make_split(holdout_of=of)) for of in ("table", "series")]
    for name in ("labels", "holdout", "development"):
        np.testing.assert_array_equal(getattr(both[0], name), getattr(both[1], name))


@settings(max_examples=100, deadline=None)
@given(problem=problems())
def test_no_window_that_is_learnt_from_shares_a_row_with_its_series_holdout(
    make_windows: Make, make_split: MakeSplit, problem: Problem
) -> None:
    values, begins, window, split = problem
    if split["scheme"] == "shuffled":
        return
    try:
        arrays = make_windows(*values, begins=begins, observed=0.5, **window)
        divided = folds.split(arrays, make_split(**split, holdout_of="series"))
    except InputError:
        return
    holdout, development = np.flatnonzero(divided.holdout), np.flatnonzero(divided.development)
    assert not rows(arrays, holdout) & rows(arrays, development)
    for code in range(len(arrays.names)):
        of_series = [part[arrays.series[arrays.first[part]] == code] for part in (development, holdout)]
        if all(part.size for part in of_series):
            assert max(times(arrays, of_series[0])) < min(times(arrays, of_series[1]))
    for fold in divided.all():
        sets = [fold.train, fold.early_stopping, fold.validation]
        assert all(set(chosen) <= set(development) for chosen in sets)
        for one, other in ((0, 1), (0, 2), (1, 2)):
            assert not rows(arrays, sets[one]) & rows(arrays, sets[other])


@pytest.mark.parametrize(
    ("of", "scheme", "expected"),
    [
        ("table", "contiguous", False),
        ("series", "contiguous", True),
        ("table", "shuffled", False),
        ("series", "groups", True),
    ],
)
def test_a_holdout_of_each_series_is_known_as_one(
    make_windows: Make, make_split: MakeSplit, of: str, scheme: str, expected: bool
) -> None:
    arrays = make_windows(*(range(length) for length in (80, 60, 40, 80, 80, 80, 80, 80)))
    assert (
        folds.of_each_series(arrays, folds.split(arrays, make_split(holdout_of=of, scheme=scheme, holdout=0.4)))
        is expected
    )


# --- a scale of each series -------------------------------------------------------------------------------------------


def test_windows_of_a_series_without_a_training_row_are_not_scored_where_each_has_its_own_scale(
    make_windows: Make, make_split: MakeSplit
) -> None:
    # b has the constants of all series there: a fold's score was 18 in place of 0.003.
    params = make_split(folds=4)
    plain, own = (
        make_windows(np.sin(np.arange(400)), 9 + np.cos(np.arange(60)), begins=(0, 90), scale=scale)
        for scale in ("global", "series")
    )
    without, divided = folds.split(plain, params), folds.split(own, params)
    is_b = own.series[own.first] == 1
    np.testing.assert_array_equal(divided.labels[:, ~is_b], without.labels[:, ~is_b])
    dropped = 0
    for labels, before in zip(divided.labels, without.labels, strict=True):
        if (before[is_b] == folds.TRAIN).any():
            np.testing.assert_array_equal(labels, before)
        else:
            assert not labels[is_b].any()
            dropped += int((before[is_b] > 0).sum())
    assert dropped


def test_a_series_that_begins_in_the_holdout_is_not_held_out_where_each_has_its_own_scale(
    make_windows: Make, make_split: MakeSplit
) -> None:
    plain, own = (make_windows(range(100), range(15), begins=(0, 85), scale=scale) for scale in ("global", "series"))
    without, divided = folds.split(plain, make_split()), folds.split(own, make_split())
    is_b = own.series[own.first] == 1
    assert without.holdout[is_b].any()
    assert not divided.holdout[is_b].any()
    np.testing.assert_array_equal(divided.holdout[~is_b], without.holdout[~is_b])
    np.testing.assert_array_equal(divided.development, without.development)


def test_a_fold_with_no_other_series_to_score_has_too_few_windows(make_windows: Make, make_split: MakeSplit) -> None:
    # b is there in the second fold's validation set alone, and a is not.
    arrays = make_windows(np.sin(np.arange(60)), np.cos(np.arange(60)), begins=(0, 60), scale="series")
    params = make_split(folds=2, scheme="contiguous", holdout_of="series")
    with pytest.raises(TooFewWindowsError, match="leave fold 1 without a validation set"):
        folds.split(arrays, params)


@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_every_scored_series_has_a_training_row_where_each_has_its_own_scale(
    make_windows: Make, make_split: MakeSplit, problem: Problem
) -> None:
    values, begins, window, split = problem
    try:
        arrays = make_windows(*values, begins=begins, observed=0.5, scale="series", **window)
        divided = folds.split(arrays, make_split(**split))
    except InputError:
        return
    for fold in divided.all():
        trained = names(arrays, fold.train)
        assert names(arrays, fold.validation) | names(arrays, fold.early_stopping) <= trained
    assert names(arrays, np.flatnonzero(divided.holdout)) <= names(arrays, np.flatnonzero(divided.development))
