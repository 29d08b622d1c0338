"""Characters and n-grams that are known: from training texts alone, and what becomes of all others."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data import characters
from cellsize.data.sequence_batches import fit_scaling, linear_inputs, padded_steps
from cellsize.data.sequences import NGRAMS, Sequences
from cellsize.params_data import Text

Make = Callable[..., Sequences]


def known(sequences: Sequences, *train: int) -> str:
    found = fit_scaling(sequences, np.array(train)).characters
    assert found is not None
    return "".join(map(chr, found))


def test_the_most_frequent_characters_are_known_as_many_as_declared(make_texts: Make) -> None:
    texts = ["xa", "xb", "xab", "xc", "c"]
    assert known(make_texts(texts), 0, 1, 2, 3, 4) == "xabc"  # in 4, 2, 2 and 2 texts; of equals by code point
    assert known(make_texts(texts, characters=2), 0, 1, 2, 3, 4) == "xa"


def test_a_character_of_one_training_text_alone_is_unknown_and_what_is_unknown_is_learnt_there(
    make_texts: Make,
) -> None:
    sequences = make_texts(["ab", "aqq", "a", "az"])
    assert known(sequences, 0, 1, 2) == "a"
    scaling = fit_scaling(sequences, np.array([0, 1, 2]))
    steps = padded_steps(sequences, scaling, np.array([1, 3]))
    assert steps[0].tolist() == [[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1]]
    assert steps[1].tolist() == [[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0]]


def test_an_unknown_character_is_a_step_of_zeros_where_training_has_shown_none(make_texts: Make) -> None:
    sequences = make_texts(["ab", "ab", "aé"])
    steps = padded_steps(sequences, fit_scaling(sequences, np.array([0, 1])), np.array([2]))
    assert steps[0].tolist() == [[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]


def test_ngrams_are_counted_with_the_marks_of_begin_and_end_and_a_one_is_last(make_texts: Make) -> None:
    sequences = make_texts(["ab", "ab", "aab"])
    scaling = fit_scaling(sequences, np.array([0, 1]))
    counts = characters.counts(sequences, scaling, np.array([0, 2]))
    assert counts.shape == (2, NGRAMS + 1)
    # a, b, ^a, ab, b$, ^ab, ab$, ^ab$ of one text
    assert counts[0].sum() == 8 + 1
    # of aab: a twice, b, ^a, ab, b$, ab$; neither ^ab nor ^ab$, and what has aa in it is unknown
    assert counts[1].sum() == 7 + 1
    assert (counts[:, -1] == 1).all()
    assert scaling.ngrams is not None
    assert len(scaling.ngrams) == 8


def test_trees_read_both_ends_of_a_text_as_ranks_and_its_length(make_texts: Make) -> None:
    sequences = make_texts(["ab", "ab", "a", "abcdz"])
    scaling = fit_scaling(sequences, np.array([0, 1, 2]))  # a is more frequent than b; all others are unknown: 5
    assert characters.ends(sequences, scaling, np.array([2, 3])).tolist() == [
        [0, -1, -1, -1, 0, -1, -1, -1, 1],
        [0, 1, 5, 5, 5, 5, 5, 1, 5],
    ]


def test_a_text_is_composed_and_its_case_is_kept_unless_declared() -> None:
    keep, lower = (Text(column="t", characters=5, case=case) for case in ("keep", "lower"))
    assert characters.normalised(" Zoe\u0308 ", keep) == "Zo\u00eb"
    assert characters.normalised("ZOE\u0308", lower) == "zo\u00eb"


def test_what_is_unknown_is_counted(make_texts: Make) -> None:
    sequences = make_texts(["ab", "ab", "aé"])
    scaling = fit_scaling(sequences, np.array([0, 1]))
    assert characters.unknown(sequences, scaling, np.array([0, 2])) == pytest.approx(1 / 4)


@settings(max_examples=50, deadline=None)
@given(
    texts=st.lists(st.text("abcdeé漢", min_size=1, max_size=6), min_size=4, max_size=12),
    others=st.lists(st.text("xyzäß字abc", min_size=1, max_size=9), min_size=3, max_size=3),
    width=st.integers(1, 6),
)
def test_texts_outside_of_training_change_no_constant_and_no_input_of_a_training_text(
    make_texts: Make, texts: list[str], others: list[str], width: int
) -> None:
    train = np.arange(len(texts))
    first = make_texts([*texts, "a", "b", "c"], characters=width)
    again = make_texts([*texts, *others], characters=width)
    scalings = [fit_scaling(sequences, train) for sequences in (first, again)]
    for name, value in vars(scalings[0]).items():
        np.testing.assert_array_equal(getattr(scalings[1], name), value)
    assert first.n_inputs == again.n_inputs == width + 1
    for row in train:
        one, length = np.array([row]), int(first.length[row])
        read = [
            padded_steps(sequences, scaling, one) for sequences, scaling in zip((first, again), scalings, strict=True)
        ]
        np.testing.assert_array_equal(read[0][0, :length], read[1][0, :length])
        linear = [
            linear_inputs(sequences, scaling, one, steps)
            for sequences, scaling, steps in zip((first, again), scalings, read, strict=True)
        ]
        np.testing.assert_array_equal(linear[0], linear[1])
