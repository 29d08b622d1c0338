"""What a message proposes for times that are not read."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellsize.data import table, times
from cellsize.errors import InputError
from cellsize.params_data import Csv
from tests.data.conftest import complaint, read, stamps

MakeCsv = Callable[..., Csv]


pytestmark = pytest.mark.usefixtures("no_bare_warning")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["Jan-10", "Feb-10", "Dec-21"], "%b-%y"),
        (["13/03/2021 00:00", "01/04/2021 01:00"], "%d/%m/%Y %H:%M"),
        (["03/13/2021", "04/01/2021"], "%m/%d/%Y"),
        (["1.3.2021 0:05", "31.3.2021 23:55"], "%d.%m.%Y %H:%M"),
        (["20210301", "20210302"], "YYYYMMDD"),
        (["2021/03/01", "2021/03/02"], "%Y/%m/%d"),
        (["2021-3-1", "2021-3-22"], "%Y-%m-%d"),
        (["Mar 1, 2021 9:30 PM", "Mar 2, 2021 10:30 AM"], "%b %d, %Y %I:%M %p"),
        (["5-2015", "12-2015"], "%m-%Y"),
        (["2015Q1", "2015Q4"], "%YQ%q"),
        (["2021-W05-1", "2021-W06-1"], "%G-W%V-%u"),
        (["1.3.2021 00:00 +01:00", "30.3.2021 00:00 +02:00"], "%d.%m.%Y %H:%M %z"),
        (["13/03/2021 00:00:00Z", "14/03/2021 00:00:00Z"], "%d/%m/%Y %H:%M:%S%z"),
        (["May 2021", "May 2022"], "%b %Y"),
        ([1609459200, 1609459260], "epoch s"),
        ([1609459200000, 1609459260000], "epoch ms"),
        ([1609459200000000], "epoch us"),
        ([1609459200000000000], "epoch ns"),
        ([20210301, 20210302], "YYYYMMDD"),
        ([202103, 202112], "%Y%m"),
        ([1700, 1701], "%Y"),
        (["1700", "1701"], "%Y"),
    ],
)  # fmt: skip
def test_what_is_not_iso_is_refused_with_the_one_format_that_reads_every_row(values: Any, expected: str) -> None:
    message = complaint(values)
    assert message.endswith(f'; set prepare.time_format: "{expected}", which reads every row')
    assert len(read(values, expected).local) == len(values)


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["01/03/2021 00:00", "12/03/2021 00:00"], ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]),
        (["1-2015", "4-2015"], ["%m-%Y", "%q-%Y"]),
        (["01-02-03"], ["%d-%m-%y", "%m-%d-%y", "%y-%m-%d"]),
    ],
)
def test_where_several_formats_read_every_row_all_are_named(values: Any, formats: list[str]) -> None:
    message = complaint(values)
    assert message.startswith(f"toy.csv, line 2, column 't': {values[0]!r} is ambiguous: ")
    assert re.findall('"([^"]+)"', message) == formats
    assert len({stamps(read(values, each))[-1] for each in formats}) == len(formats)


@pytest.mark.parametrize(
    "value",
    [
        "now",
        "today",
        "NaT",
        "nan",
        "00:00",
        "soon",
        "2021-02-30",
        "2021-01-01 24:00",
        "7",
        "2021-01-01 00:00:60",
        "10000-01-01",
        "2021-01-01 00:00+25:00",
        "",
    ],
)
@pytest.mark.parametrize("time_format", [None, "%Y-%m-%d %H:%M"])
def test_the_one_row_that_cannot_be_read_is_named(value: str, time_format: str | None) -> None:
    # pandas takes `now` and `today` for times, whatever the format.
    values = [f"2021-01-0{day} 00:00" for day in range(1, 9)]
    values[4] = value
    message = complaint(values, time_format)
    assert message.startswith(f"toy.csv, line 6, column 't': {value!r} ")
    assert re.search("; (write|fix) ", message)


def test_the_row_that_the_format_of_the_others_does_not_read_is_named() -> None:
    values = ["31/12/2021 00:00"] * 9 + ["32/12/2021 00:00"]
    message = complaint(values)
    assert message.startswith("toy.csv, line 11, column 't': '32/12/2021 00:00' is not a time")
    assert message.endswith('set prepare.time_format: "%d/%m/%Y %H:%M", which reads the other rows')


def test_a_time_of_day_alone_is_refused_with_what_is_missing() -> None:
    assert complaint(["00:00", "00:01"]).endswith("name the column of the date too, as in prepare.time: [date, time]")


def test_iso_times_under_another_format_are_told() -> None:
    assert complaint(["2021-01-01", "2021-01"], "%d.%m.%Y").endswith(
        "set prepare.time_format: null, since all times are ISO 8601"
    )


def test_a_file_with_units_or_totals_is_read_after_what_the_message_says(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    for text, key in [
        ("t,y\n[UTC],1\n2021-01-01,1\n2021-01-02,2\n", "units_row"),
        ("t,y\n,1\n2021-01-01,1\n2021-01-02,2\n", "units_row"),
        ("t,y\n2021-01-01,1\n2021-01-02,2\nTotal,3\n", "total_row"),
        ("t,y\n2021-01-01,1\n2021-01-02,2\n,3\n", "total_row"),
    ]:
        path.write_text(text)
        with pytest.raises(InputError, match=rf"set prepare\.csv\.{key}: true"):
            times.read(table.read(path, (), make_csv(), ("t",)), path, ("t",), None)
        raw = table.read(path, (), make_csv(**{key: True}), ("t",))
        assert stamps(times.read(raw, path, ("t",), None)) == ["2021-01-01 00:00:00", "2021-01-02 00:00:00"]
