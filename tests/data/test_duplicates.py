"""Equal sequences, and what stays together because of them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data.duplicates import contents, digests, together
from cellsize.data.sequences import Sequences

Make = Callable[..., Sequences]


def test_equal_sequences_have_one_code(make_texts: Make) -> None:
    assert contents(make_texts(["ab", "a", "ab", "b", "a"])).tolist() == [0, 1, 0, 2, 1]


def test_sequences_of_numbers_are_compared_step_by_step(make_sequences: Make) -> None:
    sequences = make_sequences((0, 1) * 5)  # of 2 to 6 steps, twice
    inputs = sequences.inputs.copy()
    inputs[sequences.rows(np.array([5]))] = inputs[sequences.rows(np.array([0]))]
    assert contents(replace(sequences, inputs=inputs)).tolist() == [0, 1, 2, 3, 4, 0, 5, 6, 7, 8]


def test_two_groups_that_share_a_sequence_are_one(make_texts: Make) -> None:
    sequences = replace(make_texts(["a", "b", "b", "c", "d"]), group=np.array([0, 0, 1, 1, 2]))
    assert together(sequences).tolist() == [0, 0, 0, 0, 1]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.text("ab", min_size=1, max_size=2), st.integers(0, 5)), min_size=1, max_size=20))
def test_what_is_equal_or_in_one_group_is_together(make_texts: Make, drawn: list[tuple[str, int]]) -> None:
    texts, groups = zip(("x", 9), *drawn, strict=True)
    sequences = replace(make_texts(texts, classes="ab" + "a" * len(drawn)), group=np.array(groups))
    codes, content = together(sequences), contents(sequences)
    for one in (content, sequences.group):
        for code in np.unique(one):
            assert len(np.unique(codes[one == code])) == 1


def test_digests_of_equal_texts_are_equal_in_other_arrays_too(make_texts: Callable[..., Sequences]) -> None:
    one, other = make_texts(["ab", "ba", "ab"]), make_texts(["zz", "ab"])
    assert digests(one)[0] == digests(one)[2] == digests(other)[1]
    assert digests(one)[0] != digests(one)[1]
