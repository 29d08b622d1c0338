"""What the gate reads of sequences."""

from tests.sizing.class_examples import comparison


def test_where_both_were_measured_is_said_in_sequences_and_groups() -> None:
    assert comparison(sequences=1234).where == "1,234 sequences in 20 groups"


def test_sequences_have_no_times_that_would_tell_two_looks_apart() -> None:
    assert comparison().rows == {}
