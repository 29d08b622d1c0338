"""The error that a user reads."""

from cellsize.errors import InputError


def test_a_message_is_one_line_whatever_it_is_made_of() -> None:
    # Messages of libraries are quoted, and some hold line breaks.
    assert str(InputError("a.csv: Error tokenizing data.\n  Expected 2 fields;\n\tfix it\n")) == (
        "a.csv: Error tokenizing data. Expected 2 fields; fix it"
    )
