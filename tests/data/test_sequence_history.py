"""Sequences that a model has learned from are known again, and what has changed of them is named."""

import numpy as np
import pandas as pd
import pytest

from cellsize.data.sequence_history import SequenceHistory, differs, history_of, is_history
from cellsize.data.sequence_schema import GROUP, HELD_OUT, LABEL, SEQUENCE, SequenceSchema

SCHEMA = SequenceSchema("id", "t", ("x", "y"), "kind", "who", ("a", "b"))


def made(count: int) -> pd.DataFrame:
    """So many sequences of three steps, two of each group."""
    rows = [(f"s{n}", "ab"[n % 2], f"p{n // 2}", False, float(n), n + step / 10) for n in range(count)
            for step in range(3)]  # fmt: skip
    return pd.DataFrame(rows, columns=[SEQUENCE, LABEL, GROUP, HELD_OUT, "x", "y"])


BEFORE = history_of(made(4), SCHEMA, None)


def test_it_is_read_as_it_was_written() -> None:
    assert SequenceHistory.read(BEFORE.text()) == BEFORE
    assert is_history(BEFORE.text())
    assert not is_history('{"searched_until": "3", "series": {}}')
    assert (BEFORE.searched_until, BEFORE.groups) == ("4", ("p0", "p1"))
    assert history_of(made(4), SCHEMA, "3").searched_until == "3"


def test_new_sequences_are_no_difference_wherever_they_are() -> None:
    longer = made(6)
    assert differs(BEFORE, longer, SCHEMA) is None
    assert differs(BEFORE, pd.concat([longer[12:], longer[:12]]), SCHEMA) is None


@pytest.mark.parametrize(
    ("column", "called"), [("x", "'x'"), (LABEL, "'kind'"), (GROUP, "'who'"), (HELD_OUT, "'split.holdout_part'")]
)
def test_another_value_under_an_old_name_is_named(column: str, called: str) -> None:
    changed = made(6)
    changed.loc[3:5, column] = {"x": 9.0, HELD_OUT: True}.get(column, "z")
    assert differs(BEFORE, changed, SCHEMA) == f"sequence 's1', column {called}: values are not what they were"


def test_a_step_more_is_another_sequence_and_one_that_is_missing_is_gone() -> None:
    assert differs(BEFORE, made(4).drop(index=5), SCHEMA) is not None
    assert differs(BEFORE, made(2), SCHEMA) == "sequence 's2': gone, and 1 more"


def test_a_zero_is_a_zero_whatever_its_sign() -> None:
    zeros = made(4).assign(x=0.0)
    assert differs(history_of(zeros, SCHEMA, None), zeros.assign(x=-0.0), SCHEMA) is None


def test_new_is_a_new_name_in_a_new_group() -> None:
    found = BEFORE.is_new(("s1", "s8", "s9"), ("p0", "p0", "p9"))
    assert found.tolist() == [False, False, True]
    alone = history_of(made(4), SequenceSchema("id", "t", ("x", "y"), "kind", None, ("a", "b")), None)
    assert alone.is_new(("s1", "s8"), ("s1", "s8")).tolist() == [False, True]
    assert np.asarray(found).dtype == np.bool_
