"""The error that a user reads."""

import errno

import pytest

from cellsize.errors import FULL, InputError, disk_full, is_disk_full, masked


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


def wrapped(error: Exception) -> Exception:
    """As a library hands it on: another error, of which this one is the cause."""
    try:
        try:
            raise error
        except type(error) as cause:
            raise RuntimeError("could not write") from cause
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "x.csv"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("(sqlite3.OperationalError) database or disk is full"),
        ValueError("[Errno 28] No space left on device: 'x'"),
    ],
)
def test_a_full_disk_is_known_however_many_libraries_have_wrapped_it(error: Exception) -> None:
    assert is_disk_full(error)
    assert is_disk_full(wrapped(wrapped(error)))


def test_other_errors_are_no_full_disk() -> None:
    assert not is_disk_full(wrapped(OSError(errno.EACCES, "Permission denied")))


def test_a_full_disk_is_said_in_the_words_that_are_looked_for() -> None:
    # What a stage has said in these words is not said once more by whoever runs it.
    assert FULL.search(disk_full("/here"))
