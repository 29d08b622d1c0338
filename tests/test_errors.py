"""The error that a user reads."""

import pytest

from cellsize.errors import InputError, masked


def test_a_message_is_one_line_whatever_it_is_made_of() -> None:
    # Messages of libraries are quoted, and some hold line breaks.
    assert str(InputError("a.csv: Error tokenizing data.\n  Expected 2 fields;\n\tfix it\n")) == (
        "a.csv: Error tokenizing data. Expected 2 fields; fix it"
    )


def test_a_caller_reads_what_is_wrong_and_what_a_caller_can_do() -> None:
    assert InputError("no column 'y'; fix prepare in params.yaml", "send it").for_caller == "no column 'y'; send it"
    assert InputError("no rows; send some").for_caller == "no rows; send some"


@pytest.mark.parametrize(
    "what", ["'a; b' is not a time", '"it\'s; so" is not a time', "the model's table has none", "it's 'x; y'"]
)
def test_what_is_wrong_may_quote_anything(what: str) -> None:
    assert InputError(f"{what}; set prepare.time", "send one").for_caller == f"{what}; send one"


def test_a_long_value_is_cut_for_a_caller() -> None:
    assert InputError(f"{'a' * 1000!r} is not a time; fix it").for_caller == f"'{'a' * 60}…' is not a time; fix it"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql+psycopg://me:hunter2@db/x gone", "postgresql+psycopg://me:***@db/x gone"),
        ("http://me:p@ss/w:ord@host:5000/api", "http://me:***@host:5000/api"),
        ("https://:hunter2@host", "https://:***@host"),
        ("mysql://db/x?user=me&password=hunter2&ssl=1", "mysql://db/x?user=me&password=***&ssl=1"),
        ("'me:hunter2@host' is a folder", "'me:***@host' is a folder"),
        ("http://host:5000/path and sqlite:///a.db", "http://host:5000/path and sqlite:///a.db"),
        ("postgresql://me@db/x, write to a@b.c", "postgresql://me@db/x, write to a@b.c"),
    ],
)
def test_a_message_holds_no_password_of_an_address(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert str(InputError(text)) == shown
