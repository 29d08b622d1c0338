"""Who learns from which window: nothing that a fold is scored on is ever learnt from."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data import folds
from cellsize.data.windows import Ints, Windows
from cellsize.errors import InputError
from cellsize.params import Split

Make = Callable[..., Windows]
MakeSplit = Callable[..., Split]

TIMED = ("contiguous", "expanding", "sliding")
BY_SERIES = ("groups", "shuffled")


def rows(windows: Windows, chosen: Ints) -> set[int]:
    """Raw rows that the chosen windows see or predict, one by one."""
    return {int(first) + offset for first in windows.first[chosen] for offset in range(windows.span)}


def moments(windows: Windows, chosen: Ints) -> set[int]:
    """The moments of these rows, over all series."""
    return {int(windows.step[row]) for row in rows(windows, chosen)}


def names(windows: Windows, chosen: Ints) -> set[int]:
    """The series that the chosen windows lie in."""
    return set(windows.series[windows.first[chosen]].tolist())


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Any], tuple[int, ...], dict[str, int], dict[str, Any]]:
    """Series with gaps that begin at different times, a window, and a split of any scheme."""
    scheme = draw(st.sampled_from(TIMED + BY_SERIES))
    number = draw(st.integers(2, 4))
    several = draw(st.integers(1, 3)) if scheme in TIMED else number + draw(st.integers(1, 4))
    values, begins = [], []
    for _ in range(several):
        y = np.arange(draw(st.integers(12, 90)), dtype=float)
        for _ in range(draw(st.integers(0, 2))):
            at = draw(st.integers(0, len(y) - 1))
            y[at : at + draw(st.integers(1, 12))] = np.nan
        values.append(y)
        begins.append(draw(st.integers(0, 30)))
    window = {"lookback": draw(st.integers(1, 5)), "horizon": draw(st.integers(1, 4)), "fill": draw(st.integers(0, 2))}
    split = {
        "scheme": scheme,
        "folds": number,
        "holdout": draw(st.floats(0.05, 0.5)),
        "fraction": draw(st.floats(0.01, 0.5)),
        "blocks": draw(st.integers(1, 4)),
    }
    return values, tuple(begins), window, split


@settings(max_examples=100, deadline=None)
@given(problem=problems())
def test_parts_of_a_fold_share_nothing_and_none_is_empty(
    make_windows: Make,
    make_split: MakeSplit,
    problem: tuple[list[Any], tuple[int, ...], dict[str, int], dict[str, Any]],
) -> None:
    values, begins, window, split = problem
    try:
        made = make_windows(*values, begins=begins, **window)
        found = folds.split(made, make_split(**split))
    except InputError:
        return  # Too little data for what is asked; test_bad_input.py says when it must be so.
    scheme = split["scheme"]
    holdout, development = np.flatnonzero(found.holdout), np.flatnonzero(found.development)
    assert holdout.size
    assert len(found.all()) == split["folds"]

    # The holdout against everything that any fold may use.
    assert not rows(made, holdout) & rows(made, development)
    if scheme == "shuffled":
        assert not names(made, holdout) & names(made, development)
    else:
        assert max(moments(made, development)) < min(moments(made, holdout))

    scored: list[int] = []
    for fold in found.all():
        parts = {"train": fold.train, "early_stopping": fold.early_stopping, "validation": fold.validation}
        for name, part in parts.items():
            assert part.size, f"no {name} part"
            assert set(part) <= set(development)
            assert set(np.flatnonzero(folds.row_mask(made, part))) == rows(made, part)
        for one, other in (("train", "early_stopping"), ("train", "validation"), ("early_stopping", "validation")):
            assert not rows(made, parts[one]) & rows(made, parts[other]), f"{one} and {other} share a raw row"
            if scheme in TIMED or (scheme == "groups" and other == "early_stopping"):
                assert not moments(made, parts[one]) & moments(made, parts[other]), f"{one} and {other} share a moment"
        if scheme in BY_SERIES:
            assert not names(made, fold.validation) & (names(made, fold.train) | names(made, fold.early_stopping))
        if scheme == "shuffled":
            assert not names(made, fold.train) & names(made, fold.early_stopping)
        if scheme in ("expanding", "sliding"):
            past = moments(made, fold.train) | moments(made, fold.early_stopping)
            assert max(past) < min(moments(made, fold.validation))
        scored += fold.validation.tolist()

    # No window is scored twice, and of these schemes every one is scored.
    assert len(scored) == len(set(scored))
    if scheme not in ("expanding", "sliding"):
        assert sorted(scored) == development.tolist()


@pytest.mark.parametrize("scheme", TIMED + BY_SERIES)
def test_the_contract_is_not_kept_by_refusing_everything(
    make_windows: Make, make_split: MakeSplit, scheme: str
) -> None:
    made = make_windows(*[range(80)] * 6)
    found = folds.split(made, make_split(scheme=scheme, folds=3, holdout=0.2))
    assert [min(len(part) for part in vars(fold).values()) > 0 for fold in found.all()] == [True] * 3


@pytest.fixture
def forty(make_windows: Make) -> Windows:
    """Forty rows, windows of three that begin at 0 to 37: the last ten rows are the holdout."""
    return make_windows(range(40), lookback=2, horizon=1)


def by_hand(found: folds.Folds) -> list[tuple[list[int], list[int], list[int]]]:
    return [(fold.train.tolist(), fold.early_stopping.tolist(), fold.validation.tolist()) for fold in found.all()]


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
    found = folds.split(forty, make_split(scheme=scheme, folds=2, holdout=0.25, fraction=0.25, blocks=1))
    assert np.flatnonzero(found.holdout).tolist() == through(30, 37)
    assert np.flatnonzero(found.development).tolist() == through(0, 27)
    assert by_hand(found) == expected


def test_a_sliding_fold_learns_from_as_long_a_past_as_every_other(forty: Windows, make_split: MakeSplit) -> None:
    # Only the first fold once had its past shortened by the purge, by span - 1 windows: 8 starts against 11.
    found = folds.split(forty, make_split(scheme="sliding", folds=2, holdout=0.25, fraction=0.25, blocks=1))
    lengths = [max(fold.train) - min(fold.train) for fold in found.all()]
    assert lengths[0] == lengths[1]


def test_stop_blocks_are_spread_over_the_training_part(make_windows: Make, make_split: MakeSplit) -> None:
    # One block at the end of the year would stop every fold by the weather of one season.
    made = make_windows(range(200), lookback=2, horizon=1)
    found = folds.split(made, make_split(folds=2, holdout=0.2, fraction=0.2, blocks=3))
    for fold in found.all():
        assert (np.diff(fold.early_stopping) > 1).sum() == 2
        assert fold.train.min() < fold.early_stopping.min()
        assert fold.early_stopping.max() < fold.train.max()


def test_every_series_takes_part_in_a_fold_in_time(make_windows: Make, make_split: MakeSplit) -> None:
    made = make_windows(range(80), range(80))
    for fold in folds.split(made, make_split()).all():
        for part in vars(fold).values():
            assert names(made, part) == {0, 1}


def test_the_same_windows_give_the_same_folds(make_windows: Make, make_split: MakeSplit) -> None:
    made = make_windows(*[range(30)] * 8)
    for scheme in BY_SERIES:
        first, again = (folds.split(made, make_split(scheme=scheme, folds=3)) for _ in range(2))
        np.testing.assert_array_equal(first.labels, again.labels)


def test_a_shuffled_holdout_is_a_share_of_the_series(make_windows: Make, make_split: MakeSplit) -> None:
    made = make_windows(*[range(20)] * 10)
    found = folds.split(made, make_split(scheme="shuffled", folds=3, holdout=0.3))
    assert len(names(made, np.flatnonzero(found.holdout))) == 3
    assert len(names(made, np.flatnonzero(found.development))) == 7


def test_labels_are_read_as_they_were_written_also_beyond_nine_folds(make_windows: Make, make_split: MakeSplit) -> None:
    found = folds.split(make_windows(range(400)), make_split(folds=11))
    again = folds.load_labels(dict(reversed(folds.save_labels(found).items())))
    for name, value in vars(found).items():
        np.testing.assert_array_equal(getattr(again, name), value)
