"""The first sequences of a table are those that a size was searched on."""

import pandas as pd
import pytest

from cellsize.data.searched_sequences import count_of, last_searched, sequences_until
from cellsize.data.sequence_schema import LABEL, SEQUENCE
from cellsize.errors import InputError

FRAME = pd.DataFrame({SEQUENCE: ["z", "z", "a", "b", "b"], LABEL: ["x", "x", "y", "x", "x"], "f": [1.0, 2, 3, 4, 5]})


def test_without_a_number_all_are_searched_on() -> None:
    assert count_of(None, 7) == 7
    assert last_searched(FRAME, None) == "3"
    assert last_searched(FRAME, "2") == "2"


def test_the_first_ones_are_those_that_come_first_in_the_table() -> None:
    assert sequences_until(FRAME, "2")["f"].tolist() == [1, 2, 3]
    pd.testing.assert_frame_equal(sequences_until(FRAME, "3"), FRAME)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("2026-01-01", "is not a number of sequences; set null"),
        ("0", "is not a number of sequences"),
        ("4", "4 sequences, but the table has 3; set null"),
        ("1", "none of the first 1 sequences has the label 'y'; set null"),
    ],
)
def test_another_number_is_refused_with_a_remedy(said: str, message: str) -> None:
    with pytest.raises(InputError, match=r"^split\.searched_until: .*" + message):
        sequences_until(FRAME, said)
