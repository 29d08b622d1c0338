"""Too few labelled sequences: settings that work, or how many it takes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cellsize.data import stratified
from cellsize.data.sequence_remedies import fitting, needed, split
from cellsize.data.sequences import Sequences
from cellsize.data.stratified import TooFewSequencesError
from cellsize.params_data import Split

Make = Callable[..., Sequences]
MakeSplit = Callable[..., Split]


def labels(*counts: int) -> tuple[int, ...]:
    return tuple(code for code, count in enumerate(counts) for _ in range(count))


def test_the_settings_that_change_least_are_named_and_work(make_sequences: Make, make_split: MakeSplit) -> None:
    sequences, params = make_sequences(labels(30, 5)), make_split(scheme="stratified", folds=5, holdout=0.2)
    with pytest.raises(TooFewSequencesError) as refused:
        split(sequences, params)
    said = "split.folds: class 'b' has 4 sequences, and 5 parts are asked for; set split.folds: "
    assert str(refused.value).startswith(said)
    found = fitting(sequences, params)
    assert found is not None
    assert f"split.folds: {found.folds}" in str(refused.value)
    assert f"split.early_stopping.fraction: {found.early_stopping.fraction:g}" in str(refused.value)
    assert stratified.split(sequences, found).labels.shape[0] == found.folds


@pytest.mark.parametrize(("count", "is_enough"), [(3, False), (4, True)])
def test_four_sequences_of_a_class_are_the_fewest(
    make_sequences: Make, make_split: MakeSplit, count: int, is_enough: bool
) -> None:
    sequences, params = make_sequences(labels(20, count)), make_split(scheme="stratified", folds=5)
    assert (fitting(sequences, params) is not None) == is_enough
    assert needed(sequences) == ("b", count, 4)


@pytest.mark.parametrize(("count", "is_enough"), [(2, False), (3, True)])
def test_three_are_the_fewest_outside_of_a_declared_holdout(
    make_sequences: Make, make_split: MakeSplit, count: int, is_enough: bool
) -> None:
    held = np.append(np.zeros(20 + count, np.bool_), [True, True])
    sequences = make_sequences((*labels(20, count), 0, 1), held_out=held)
    assert (fitting(sequences, make_split(scheme="stratified", folds=5)) is not None) == is_enough
    assert needed(sequences) == ("b", count, 3)


def test_where_nothing_works_the_message_is_that_of_the_split(make_sequences: Make, make_split: MakeSplit) -> None:
    changes: dict[str, Any] = {"scheme": "stratified"}
    with pytest.raises(TooFewSequencesError, match=r"class 'b' has 2 sequences.*; give more of them, fewer parts"):
        split(make_sequences(labels(30, 2)), make_split(**changes))
