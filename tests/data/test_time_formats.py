"""Formats of times: what is written so is read, and nothing else."""

import datetime
import re
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data import times
from cellsize.data.time_proposals import formats
from cellsize.errors import InputError
from tests.data.conftest import complaint, read, stamps

pytestmark = pytest.mark.usefixtures("no_bare_warning")


@pytest.mark.parametrize(
    ("time_format", "says"),
    [
        ("%H:%M", "names no year"), ("%d.%m.", "names no year"), ("%Q-%Y", "has %Q, which"), ("%c", "has %c"),
        ("%Y %Y", "twice"), ("%q-%m-%Y", "more than a year beside %q"), ("%z %Y-%m-%d", "%z before its end"),
        ("dd.mm.yyyy", "names no year"), ("", "names no year"), ("epoch", "names no year"), ("%Y-%m-%d %", "has %,"),
        *((form, "is a part of a week's date, which is read as %G-W%V-%u: year, week and weekday")
          for form in ("%G", "%G-W%V", "%Y-W%V-%u", "%y-%V", "%G-%j", "%G-W%V-%u %j", "%G-%m-%d")),
    ],
)  # fmt: skip
def test_a_format_that_leaves_something_open_is_refused(time_format: str, says: str) -> None:
    message = complaint(["2021-01-01"], time_format)
    assert message.startswith(f"prepare.time_format: {time_format!r} ")
    assert says in message


def test_a_zero_that_a_number_has_lost_is_put_back() -> None:
    assert stamps(read([1022021, 31122021], "%d%m%Y")) == ["2021-02-01 00:00:00", "2021-12-31 00:00:00"]
    assert "is not written as '%d%m%Y'" in complaint(["1022021"], "%d%m%Y") or "is not a time" in complaint(
        ["1022021"], "%d%m%Y"
    )


FORMATS = [each for each in dict.fromkeys(formats()) if "%q" not in each]


@settings(max_examples=300, deadline=None)
@given(
    moments=st.lists(
        st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2060, 1, 1)), min_size=1, max_size=5
    ),
    time_format=st.sampled_from(FORMATS),
    hours=st.integers(-12, 14),
)
def test_any_time_written_in_a_declared_format_is_the_same_time(
    moments: list[datetime.datetime], time_format: str, hours: int
) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=hours)) if "%z" in time_format else None
    written = [moment.replace(tzinfo=zone).strftime(time_format) for moment in moments]
    expected = [datetime.datetime.strptime(text, time_format) for text in written]
    result = read(written, time_format)
    assert result.local.tolist() == [moment.replace(tzinfo=None) for moment in expected]
    if zone is not None:
        assert result.offset is not None
        assert set(result.offset) == {hours * 3600}


@settings(max_examples=150, deadline=None)
@given(
    moments=st.lists(st.datetimes(), min_size=1, max_size=5),
    separator=st.sampled_from("T "),
    spec=st.sampled_from(["auto", "hours", "minutes", "seconds", "milliseconds", "microseconds"]),
    offset=st.sampled_from([None, "Z", "+01:00", "-0930", "+05"]),
)
def test_any_iso_time_is_read_as_python_reads_it(
    moments: list[datetime.datetime], separator: str, spec: str, offset: str | None
) -> None:
    texts = [moment.isoformat(separator, spec) for moment in moments]
    expected = [datetime.datetime.fromisoformat(text) for text in texts]
    result = read([text + (offset or "") for text in texts])
    assert result.local.tolist() == expected
    assert (result.offset is None) == (offset is None)


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789-:/. TZ+Janowtdy", max_size=20))
def test_a_text_is_iso_8601_or_refused(text: str) -> None:
    try:
        result = read([text, "2021-01-01"] if "Z" not in text and "+" not in text else [text])
    except InputError:
        return
    assert re.match(r"\d{4}-\d\d", text.strip())
    assert result.local.iloc[0].year == int(text.strip()[:4])


@pytest.mark.parametrize(
    ("values", "time_format", "expected"),
    [
        (["31.01.2026", "2026-01-31T00:00:00", "2026-02", None], "%d.%m.%Y", [False, True, True, False]),
        (["1769814000000", "2026-01-31T00:00:00+01:00"], "epoch ms", [False, True]),
        (["2026-02-01", "2026-31-01", "2026-01-31"], "%Y-%d-%m", [False, False, True]),  # as declared, where that reads
        (["Q1 2026", "2026-01-01"], "Q%q %Y", [False, True]),
        ([2026, 2027], "%Y", [False, False]),
        (["2026-01-31"], None, [False]),
    ],
)
def test_rows_in_iso_8601_among_those_of_a_declared_format_are_found(
    values: Any, time_format: str | None, expected: list[bool]
) -> None:
    assert times.iso_instead(pd.Series(values), time_format).tolist() == expected


@pytest.mark.parametrize("time_format", ["%Y-%m-%d %H%M", "%Y%m%d %H%M", "%d%m%Y, %H%M%S", "%Y%m%dT%H%M"])
def test_parts_that_nothing_separates_have_all_their_digits(time_format: str) -> None:
    moment = datetime.datetime(2026, 1, 1, 2, 4)
    written = moment.strftime(time_format)
    assert stamps(read([written], time_format)) == [moment.isoformat(" ")]
    short = re.sub("0204(00)?$", "24", written)  # pandas reads 24 as four minutes past two
    assert f"{short!r} is not" in complaint([short], time_format)


def test_hours_from_1_to_24_are_not_taken_for_hours_and_minutes() -> None:
    # "%H%M", which was advised, made times of a night of them.
    said = complaint(["2026-01-01 23", "2026-01-01 24"], "%Y-%m-%d %H")
    assert "%H%M" not in said
    assert "'2026-01-01 24' is not a time; fix it, or prepare.time_format" in said
