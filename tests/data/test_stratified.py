"""Folds of labelled sequences: every class everywhere, no group in two sets, each sequence validated once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data.duplicates import contents
from cellsize.data.folds import EARLY_STOPPING, TRAIN, VALIDATION
from cellsize.data.sequences import Sequences
from cellsize.data.stratified import split
from cellsize.errors import InputError
from cellsize.params_data import Split

Make = Callable[..., Sequences]
MakeSplit = Callable[..., Split]


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 4), st.integers(0, 3), st.booleans())
def test_sets_are_apart_and_each_sequence_that_is_not_held_out_is_validated_once(
    make_sequences: Make, make_split: MakeSplit, folds: int, seed: int, is_grouped: bool
) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat([0, 1, 2], 40))
    groups = np.random.default_rng(seed).integers(0, 60, 120) if is_grouped else None
    sequences = make_sequences(labels, groups=groups)
    parts = split(sequences, make_split(scheme="stratified", folds=folds, fraction=0.25))
    validated = (parts.labels == VALIDATION).sum(axis=0)
    assert (validated == ~parts.holdout).all()
    assert (parts.labels[:, parts.holdout] == 0).all()
    assert (parts.development == ~parts.holdout).all()
    for row in (*parts.labels, np.where(parts.holdout, 1, 2)):
        sets = [sequences.group[row == label] for label in np.unique(row[row > 0])]
        assert sum(len(np.unique(each)) for each in sets) == len(np.unique(np.concatenate(sets)))


def test_each_class_has_its_part_of_each_set(make_sequences: Make, make_split: MakeSplit) -> None:
    sequences = make_sequences(np.repeat([0, 1], [80, 20]))
    parts = split(sequences, make_split(scheme="stratified", folds=4, fraction=0.25))
    assert np.bincount(sequences.target[parts.holdout]).tolist() == [16, 4]
    for row in parts.labels:
        for label, counts in ((VALIDATION, [16, 4]), (EARLY_STOPPING, [12, 3]), (TRAIN, [36, 9])):
            assert np.bincount(sequences.target[row == label]).tolist() == counts


def test_a_declared_holdout_is_taken_as_it_is(make_sequences: Make, make_split: MakeSplit) -> None:
    held_out = np.arange(36) >= 24
    parts = split(make_sequences(held_out=held_out), make_split(scheme="stratified", fraction=0.34))
    np.testing.assert_array_equal(parts.holdout, held_out)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": (0,) * 20 + (1,) * 3}, "split.holdout: class 'b' has 3 sequences, and 5 parts are asked for"),
        ({"held_out": np.arange(36) < 36}, "split.holdout_part: it declares every sequence as holdout"),
        ({"held_out": np.arange(36) % 2 == 0, "groups": np.arange(36) // 2}, "split.holdout_part: the group of sequ"),
        ({"labels": (0, 1) * 17 + (2, 2), "held_out": np.arange(36) > 33}, "split.holdout_part: class 'c' is in the"),
        ({"groups": (0,) * 12 + tuple(range(1, 25))}, "split."),
    ],
)
def test_what_cannot_be_divided_is_refused_in_words(
    make_sequences: Make, make_split: MakeSplit, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as refused:
        split(make_sequences(**changes), make_split(scheme="stratified", folds=9))
    assert str(refused.value).startswith(message)


def test_the_same_sequences_give_the_same_folds(make_sequences: Make, make_split: MakeSplit) -> None:
    first, again = (split(make_sequences(), make_split(scheme="stratified", fraction=0.34)) for _ in range(2))
    np.testing.assert_array_equal(first.labels, again.labels)


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 4), st.integers(0, 3), st.booleans(), st.sampled_from(["stratified", "shuffled"]))
def test_sequences_with_numbers_are_each_validated_once_and_groups_stay_together(
    make_numbers: Make, make_split: MakeSplit, folds: int, seed: int, is_grouped: bool, scheme: str
) -> None:
    draw = np.random.default_rng(seed)
    groups = draw.integers(0, 60, 120) if is_grouped else None
    sequences = make_numbers(draw.standard_normal(120), groups=groups)
    parts = split(sequences, make_split(scheme=scheme, folds=folds, fraction=0.25))
    assert ((parts.labels == VALIDATION).sum(axis=0) == ~parts.holdout).all()
    for row in (*parts.labels, np.where(parts.holdout, 1, 2)):
        sets = [sequences.group[row == label] for label in np.unique(row[row > 0])]
        assert sum(len(np.unique(each)) for each in sets) == len(np.unique(np.concatenate(sets)))


def test_stratified_each_tenth_of_the_numbers_has_its_part_of_each_set(
    make_numbers: Make, make_split: MakeSplit
) -> None:
    sequences = make_numbers(np.random.default_rng(0).permutation(100))
    parts = split(sequences, make_split(scheme="stratified", folds=4, fraction=0.25))
    assert np.bincount(sequences.target[parts.holdout].astype(int) // 10).tolist() == [2] * 10
    shuffled = split(sequences, make_split(scheme="shuffled", folds=4, fraction=0.25))
    assert shuffled.holdout.sum() == 20
    assert np.bincount(sequences.target[shuffled.holdout].astype(int) // 10).tolist() != [2] * 10


def test_too_few_sequences_with_numbers_or_groups_of_them_are_refused(
    make_numbers: Make, make_split: MakeSplit
) -> None:
    with pytest.raises(InputError, match=r"split.folds: there are 4 sequences, too few for 9 parts; give more"):
        split(make_numbers(range(5)), make_split(scheme="stratified", folds=9))
    with pytest.raises(InputError, match=r"split.holdout: there are 3 groups \(equal .*, too few for 5 parts"):
        split(make_numbers(range(9), groups=np.arange(9) % 3), make_split(scheme="stratified"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=30, max_size=30))
def test_equal_sequences_are_in_one_set_of_each_fold_and_the_holdout_has_none_of_what_is_learnt(
    make_texts: Callable[..., Sequences], make_split: MakeSplit, times: list[int]
) -> None:
    sequences = make_texts([f"{text:05b}" for text, count in enumerate(times) for _ in range(count)])
    parts = split(sequences, make_split(scheme="stratified", holdout=0.25, fraction=0.34))
    content = contents(sequences)
    for row in (*parts.labels, np.where(parts.holdout, 1, 2)):
        sets = [set(content[row == label]) for label in np.unique(row[row > 0])]
        assert sum(map(len, sets)) == len(set.union(*sets))


def test_equal_sequences_are_spread_where_that_is_declared(
    make_texts: Callable[..., Sequences], make_split: MakeSplit
) -> None:
    sequences = make_texts(["ann", "bo", "cy", "dee"] * 10)
    parts = split(sequences, make_split(scheme="stratified", fraction=0.25, duplicates="spread"))
    content = contents(sequences)
    assert set(content[parts.holdout]) & set(content[parts.development])


def test_what_is_equal_to_a_sequence_of_a_declared_holdout_is_in_no_fold(
    make_texts: Callable[..., Sequences], make_split: MakeSplit
) -> None:
    sequences = make_texts([*(f"{number:05b}" for number in range(24)), "00000", "x"])
    held_out = np.arange(26) > 23
    parts = split(replace(sequences, held_out=held_out), make_split(scheme="stratified", fraction=0.25))
    np.testing.assert_array_equal(parts.holdout, held_out)
    assert np.flatnonzero(~parts.development & ~held_out).tolist() == [0]
    assert (parts.labels[:, 0] == 0).all()
    with pytest.raises(InputError, match=r"split\.holdout_part: every sequence outside of the holdout is equal"):
        split(
            replace(make_texts(["a", "b"] * 8), held_out=np.arange(16) > 7),
            make_split(scheme="stratified", fraction=0.25),
        )
