"""What equal sequences on both sides of a split would make of a score."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.sequences import Sequences
from cellsize.data.stratified import split
from cellsize.inspection import leak
from cellsize.inspection.leak import again, measure
from cellsize.params_data import Split

Make = Callable[..., Sequences]
MakeSplit = Callable[..., Split]


def by_heart(make_texts: Make) -> Sequences:
    """Forty texts, four times each, whose class nothing in them says: they can only be known by heart."""
    draw = np.random.default_rng(0)
    texts = ["".join(draw.choice(list("abcdefgh"), 6)) for _ in range(40)]
    return make_texts(texts * 4, classes="".join(draw.choice(list("xy"), 40)) * 4, characters=8)


def test_texts_that_are_known_by_heart_are_right_only_where_equal_ones_are_spread(
    make_texts: Make, make_split: MakeSplit
) -> None:
    sequences = by_heart(make_texts)
    folds = split(sequences, make_split(scheme="stratified", fraction=0.25, holdout=0.25))
    found = measure(sequences, folds)
    assert found is not None
    assert found.accuracy_spread > 0.95
    assert found.accuracy_grouped < 0.7
    assert found.score_spread < 0.7 < found.score_grouped
    assert not found.is_in_the_folds
    assert again(sequences, folds) == folds.development.sum() * 3 // 4


def test_folds_that_spread_equal_ones_are_recognised(make_texts: Make, make_split: MakeSplit) -> None:
    sequences = by_heart(make_texts)
    found = measure(sequences, split(sequences, make_split(scheme="stratified", fraction=0.25, duplicates="spread")))
    assert found is not None
    assert found.is_in_the_folds


def test_nothing_is_measured_where_no_sequence_is_there_twice_or_too_few_are_different(
    make_texts: Make, make_split: MakeSplit
) -> None:
    different = make_texts([f"{number:05b}" for number in range(32)])
    spread = make_split(scheme="stratified", fraction=0.25, duplicates="spread")
    assert measure(different, split(different, spread)) is None
    same = make_texts(["x", "y"] * 16)
    assert measure(same, split(same, spread)) is None


def test_nothing_is_measured_where_all_of_a_class_would_be_in_one_part(
    make_texts: Make, make_split: MakeSplit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequences = by_heart(make_texts)
    folds = split(sequences, make_split(scheme="stratified", fraction=0.25, holdout=0.25))
    by_class = [np.flatnonzero(sequences.target == code) for code in (0, 1)]
    monkeypatch.setattr(leak, "parts", lambda *_: by_class)
    assert measure(sequences, folds) is None
