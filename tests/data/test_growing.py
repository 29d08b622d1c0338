"""The holdout of a table that grows: nothing that was searched on gets in, and nobody changes places."""

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data.growing import held_out
from cellsize.data.sequences import Sequences
from cellsize.data.stratified import split
from cellsize.params_data import Split

Make = Callable[..., Sequences]


def test_without_new_sequences_it_is_what_it_was(make_sequences: Make) -> None:
    before = np.arange(36) % 5 == 0
    np.testing.assert_array_equal(held_out(make_sequences(), before, 36, 0.2), before)


def test_of_new_ones_every_nth_of_each_class_is_held_out(make_sequences: Make) -> None:
    sequences = make_sequences(np.repeat([0, 1], [20, 10]))
    found = held_out(sequences, np.zeros(0, np.bool_), 0, 0.2)
    assert np.bincount(sequences.target[found]).tolist() == [4, 2]
    assert np.flatnonzero(found).tolist() == [4, 9, 14, 19, 23, 28]


def test_who_is_in_a_group_of_before_stays_with_it(make_sequences: Make) -> None:
    sequences = make_sequences(np.zeros(8, int), groups=np.array([0, 1, 2, 1, 0, 3, 3, 3]))
    found = held_out(sequences, np.array([False, True, False]), 3, 1.0)
    assert found.tolist() == [False, True, False, True, False, True, True, True]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 5), st.booleans(), st.integers(60, 120))
def test_a_kept_search_sees_no_sequence_of_the_holdout_and_no_one_moves_when_more_come(
    make_sequences: Make, make_split: Callable[..., Split], seed: int, is_grouped: bool, now: int
) -> None:
    draw = np.random.default_rng(seed)
    labels = np.concatenate([draw.permutation(np.repeat([0, 1, 2], 20)), draw.integers(0, 3, 60)])
    groups = np.unique(draw.integers(0, 70, 120), return_inverse=True)[1] if is_grouped else np.arange(120)
    whole = make_split(scheme="stratified", folds=2, fraction=0.25)
    then = split(make_sequences(labels[:60], groups=groups[:60]), whole)
    kept = whole.model_copy(update={"searched_until": "60"})
    later = split(make_sequences(labels[:now], groups=groups[:now]), kept)
    np.testing.assert_array_equal(later.holdout[:60], then.holdout)
    last = split(make_sequences(labels, groups=groups), kept)
    np.testing.assert_array_equal(last.holdout[:now], later.holdout)
    assert not np.isin(groups[last.holdout], groups[:60][then.development]).any()
