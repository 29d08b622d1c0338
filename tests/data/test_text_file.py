"""Text files: what is declared is read, and what is not declared is named by the key that would read it."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cellsize.data import table, text_file
from cellsize.errors import InputError
from cellsize.params import Csv

MakeCsv = Callable[..., Csv]

HOURS = [f"2021-03-01 0{hour}:00" for hour in range(3)]
EXPECTED = pd.DataFrame({"time": HOURS, "y": [1234.5, np.nan, -2.25], "n": [1, 2, 3]})


def keys(message: str) -> dict[str, Any]:
    """What a message says to set under `prepare.csv`, as params.yaml would read it."""
    words = {"true": True, "null": None, '"\\t"': "\t"}
    found = re.findall(r'prepare\.csv\.(\w+): ("\\t"|"."|[\w-]+)', message)
    return {key: words.get(value, value.strip('"')) for key, value in found}


def numbers(path: Path, csv: Csv) -> np.ndarray:
    return table.numbers(table.read(path, ("time",), csv), path, "y")


def advised(path: Path, csv: Csv) -> dict[str, Any]:
    """What the message about a file, or about its column of numbers, says to set."""
    with pytest.raises(InputError) as caught:
        numbers(path, csv)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert not re.search("pandas|tokenizing|codec|C error", message)
    return keys(message)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize(
    ("text", "row"), [("time,y\na,1\n\0\0,2\n", 3), ("time,y\na,1\n" + "b,2\n" * 9999 + "\0", 10002)]
)
def test_a_stray_nul_byte_is_named_by_its_line(
    tmp_path: Path, make_csv: MakeCsv, encoding: str, text: str, row: int
) -> None:
    path = tmp_path / "toy.csv"
    path.write_text(text, encoding=encoding)
    with pytest.raises(InputError, match=rf"toy\.csv, line {row}: a NUL byte, which no text has; remove it, or write"):
        table.read(path, ("time",), make_csv(encoding=encoding))


def test_utf_16_is_told_by_its_bytes_in_other_scripts_too(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    path.write_text("時間,気温\n" + "午前,1.5\n" * 9, encoding="utf-16-le")
    for encoding in ("utf-8", "utf-16"):
        with pytest.raises(InputError, match=r"in UTF-16; set prepare\.csv\.encoding: utf-16-le"):
            table.read(path, ("時間",), make_csv(encoding=encoding))


SITUATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "semicolons": ("time;y;n\n{0};1234.5;1\n{1};;2\n{2};-2.25;3\n", "utf-8", {"separator": ";"}),
    "tabs": ("time\ty\tn\n{0}\t1234.5\t1\n{1}\t\t2\n{2}\t-2.25\t3\n", "utf-8", {"separator": "\t"}),
    "bars": ("time|y|n\n{0}|1234.5|1\n{1}||2\n{2}|-2.25|3\n", "utf-8", {"separator": "|"}),
    "semicolons and decimal commas": (
        "time;y;n\n{0};1234,5;1\n{1};;2\n{2};-2,25;3\n", "utf-8", {"separator": ";", "decimal": ","},
    ),
    "quoted decimal commas between commas": (
        'time,y,n\n{0},"1234,5",1\n{1},,2\n{2},"-2,25",3\n', "utf-8", {"decimal": ","},
    ),
    "quoted signs between thousands": (
        'time,y,n\n{0},"1,234.5",1\n{1},,2\n{2},-2.25,3\n', "utf-8", {"thousands": ","},
    ),
    "comments": ("# from a logger\n# of 2021\ntime,y,n\n{0},1234.5,1\n# broken\n{1},,2\n{2},-2.25,3\n", "utf-8",
                 {"comment": "#"}),
    "comments and semicolons": ("# a logger\ntime;y;n\n{0};1234.5;1\n{1};;2\n{2};-2.25;3\n", "utf-8",
                                {"comment": "#", "separator": ";"}),
    "UTF-16": ("time,y,n\n{0},1234.5,1\n{1},,2\n{2},-2.25,3\n", "utf-16", {"encoding": "utf-16"}),
    "UTF-16 without a mark": ("time,y,n\n{0},1234.5,1\n{1},,2\n{2},-2.25,3\n", "utf-16-le", {"encoding": "utf-16-le"}),
    "big-endian UTF-16 without a mark": ("time,y,n\n{0},1234.5,1\n{1},,2\n{2},-2.25,3\n", "utf-16-be",
                                         {"encoding": "utf-16-be"}),
    "units": ("time,y,n\n,kW,1\n{0},1234.5,1\n{1},,2\n{2},-2.25,3\n", "utf-8", {"units_row": True}),
    "totals": ("time,y,n\n{0},1234.5,1\n{1},,2\n{2},-2.25,3\nTotal,see below,6\n", "utf-8", {"total_row": True}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "encoding", "changes"), SITUATIONS.values(), ids=SITUATIONS)
def test_a_message_names_what_to_declare_and_then_the_file_is_read(
    tmp_path: Path, make_csv: MakeCsv, text: str, encoding: str, changes: dict[str, Any]
) -> None:
    path = tmp_path / "toy.csv"
    path.write_bytes(text.format(*HOURS).encode(encoding))
    assert advised(path, make_csv()) == changes
    raw = table.read(path, ("time",), make_csv(**changes))
    pd.testing.assert_frame_equal(raw.reset_index(drop=True), EXPECTED, check_dtype=False)
    assert table.numbers(raw, path, "n").tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("declared", "changes", "values", "expected"),
    [
        ({"separator": ";"}, {"decimal": ","}, ["1,5", "2,25"], [1.5, 2.25]),
        ({"decimal": ",", "separator": ";"}, {"decimal": "."}, ["1.5", "2.25"], [1.5, 2.25]),
        ({"separator": ";"}, {"decimal": ",", "thousands": "."}, ["1.234.567,5", "2,25"], [1234567.5, 2.25]),
        ({"separator": ";"}, {"thousands": ","}, ["1,234.5", "2.25"], [1234.5, 2.25]),
        ({"separator": ";"}, {"thousands": " "}, ["1 234.5", "2.25"], [1234.5, 2.25]),
        ({"separator": ";"}, {"thousands": " "}, ["1\u00a0234.5", "2.25"], [1234.5, 2.25]),
        ({"separator": ";"}, {"thousands": "'"}, ["1'234.5", "2.25"], [1234.5, 2.25]),
        ({"separator": ";", "thousands": "."}, {"thousands": None}, ["1.5", "2.25"], None),
    ],
)  # fmt: skip
def test_signs_within_numbers_are_named_and_then_read(
    tmp_path: Path, make_csv: MakeCsv, declared: dict[str, Any], changes: dict[str, Any], values: list[str],
    expected: list[float] | None,
) -> None:  # fmt: skip
    path = tmp_path / "toy.csv"
    path.write_text("time;y\n" + "".join(f"{HOURS[row]};{value}\n" for row, value in enumerate(values)), "utf-8")
    if expected is None:  # where the decimal sign is also that of thousands nothing can be declared at all
        with pytest.raises(ValueError, match="named twice"):
            make_csv(**declared)
        return
    assert advised(path, make_csv(**declared)) == changes
    raw = table.read(path, ("time",), make_csv(**(declared | changes)))
    assert table.numbers(raw, path, "y").tolist() == expected


def test_a_sign_of_thousands_stands_before_three_digits_each(tmp_path: Path, make_csv: MakeCsv) -> None:
    # pandas drops it wherever it is: 1,5 became 15.
    path = tmp_path / "toy.csv"
    path.write_text("time;y\na;1,5\nb;2,25\n")
    assert advised(path, make_csv(separator=";", thousands=",")) == {"decimal": ",", "thousands": None}


def test_a_text_among_numbers_with_commas_is_what_the_message_names(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    path.write_text("time;y\na;1,5\nb;n/k\nc;1,5\n")
    with pytest.raises(InputError, match="line 3, column 'y': 'n/k' is not a number; fix it"):
        numbers(path, make_csv(separator=";", decimal=","))


def test_where_two_keys_would_do_both_are_named(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    path.write_text("time;y\na;1,234\nb;2,345\n")
    with pytest.raises(
        InputError, match=r'line 2, column \'y\': .* set prepare\.csv\.decimal: ",", or prepare\.csv\.thousands: ","'
    ):
        table.numbers(table.read(path, (), make_csv(separator=";")), path, "y")


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-8", "utf-8-sig", "utf-16"])
def test_names_and_values_are_read_in_the_declared_encoding(tmp_path: Path, make_csv: MakeCsv, encoding: str) -> None:
    path = tmp_path / "toy.csv"
    path.write_bytes("Größe,Ort\n1,Zürich\n".encode(encoding))
    declared = encoding.removesuffix("-sig")
    assert table.read(path, ("Ort",), make_csv(encoding=declared)).to_dict("list") == {"Größe": [1], "Ort": ["Zürich"]}


def test_an_encoding_that_does_not_fit_is_named(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    path.write_bytes("y,Ort\n1,Zürich\n".encode("cp1252"))
    with pytest.raises(InputError, match=r"line 2: not UTF-8; .*set prepare\.csv\.encoding .* cp1252"):
        table.read(path, (), make_csv())
    path.write_text("y,Ort\n1,Zürich\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"in UTF-8, not cp1252; set prepare\.csv\.encoding: utf-8"):
        table.read(path, (), make_csv(encoding="cp1252"))
    with pytest.raises(InputError, match=r"in UTF-8; set prepare\.csv\.encoding: utf-8"):
        table.read(path, (), make_csv(encoding="utf-16"))
    with pytest.raises(InputError, match=r"^prepare\.csv\.encoding: 'martian' is unknown"):
        table.read(path, (), make_csv(encoding="martian"))
    with pytest.raises(InputError, match=r"^prepare\.csv\.encoding: 'base64' is unknown"):
        table.read(path, (), make_csv(encoding="base64"))


@pytest.mark.parametrize(
    ("changes", "key"),
    [({"separator": '"'}, "separator"), ({"decimal": "5"}, "decimal"), ({"thousands": "-"}, "thousands")],
)  # fmt: skip
def test_a_sign_that_cannot_be_told_from_the_data_is_refused(
    tmp_path: Path, make_csv: MakeCsv, changes: dict[str, Any], key: str
) -> None:
    path = tmp_path / "toy.csv"
    path.write_text("y\n1\n")
    with pytest.raises(InputError, match=rf"^prepare\.csv\.{key}: "):
        table.read(path, (), make_csv(**changes))


def test_blanks_around_names_and_values_do_not_count(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    path.write_text('time , load ,"place"\n2021-01-01 00:00 , 8.5 , "a, b" \n2021-01-01 01:00, NA ,c \n')
    raw = table.read(path, ("place",), make_csv())
    assert list(raw) == ["time", "load", "place"]
    assert raw["place"].tolist() == ["a, b", "c"]
    assert np.array_equal(table.numbers(raw, path, "load"), [8.5, np.nan], equal_nan=True)
    path.write_text("y, y\n1,2\n")
    with pytest.raises(InputError, match="line 1: column 'y' is duplicated"):
        table.read(path, (), make_csv())


@pytest.mark.parametrize("name", ["a b.csv", "ä.csv", "50%.csv", "$HOME.csv", "[x].csv", "a\nb.csv", "~.csv", "a.TSV",
                                  "a.txt", "s3:x.csv", "a'b.csv", "#.csv"])  # fmt: skip
def test_a_file_may_have_any_name(
    tmp_path: Path, make_csv: MakeCsv, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("y\n1\n")
    assert table.read(Path(name), (), make_csv())["y"].tolist() == [1]


def test_a_compressed_file_is_read_as_declared_and_its_lines_are_counted(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv.gz"
    path.write_bytes(gzip.compress("# hello\ny;x\nkW;m\n\n1,5;2\n2,5;n/k\n".encode("utf-16")))
    raw = table.read(path, (), make_csv(separator=";", decimal=",", comment="#", units_row=True, encoding="utf-16"))
    assert raw["y"].tolist() == [1.5, 2.5]
    with pytest.raises(InputError, match="line 6, column 'x': 'n/k' is not a number"):
        table.numbers(raw, path, "x")


def test_a_value_with_a_line_break_does_not_change_the_line_that_is_named(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    path.write_text('note,y\n"two\nlines",1\nplain,2\n')
    table.read(path, (), make_csv())
    assert [text_file.line(path, row) for row in (0, 1, 7)] == ["line 2", "line 4", "line 9"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("when,y\n2026-01-01,1\n2026-01-02,1,2\n", "line 3: 3 values, but the header has 2 columns; fix that line"),
        ("when,y\n2026-01-01,1,2\n2026-01-02,1,2\n", "line 2: 3 values, but the header has 2 columns; fix that line"),
        ('when,y\n2026-01-01,"1\n', "a quote (\") in the row of line 2 or after it is not closed; fix that line"),
    ],
)  # fmt: skip
def test_lines_that_make_no_table_are_named(tmp_path: Path, make_csv: MakeCsv, text: str, expected: str) -> None:
    path = tmp_path / "toy.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        table.read(path, (), make_csv())
    assert expected in str(caught.value)


def test_a_whole_number_that_float64_cannot_hold_keeps_its_digits_until_it_is_refused(
    tmp_path: Path, make_csv: MakeCsv
) -> None:
    path = tmp_path / "toy.csv"
    path.write_text("y,x,z\n9007199254740993,1,9007199254740992\n,2,\n5,18446744073709551617,5\n")
    raw = table.read(path, (), make_csv())
    with pytest.raises(InputError, match=r"line 2, column 'y': 9007199254740993 is a whole number beyond ±2\^53"):
        table.numbers(raw, path, "y")
    with pytest.raises(InputError, match="line 4, column 'x': 18446744073709551617 is a whole number"):
        table.numbers(raw, path, "x")
    assert np.array_equal(table.numbers(raw, path, "z"), [2**53, np.nan, 5], equal_nan=True)


def test_a_time_keeps_its_zeros_and_a_count_is_a_number(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    path.write_text("t,u\n010221,1609459200\n020221,1609459260\n")
    raw = table.read(path, (), make_csv(), ("t", "u"))
    assert raw["t"].tolist() == ["010221", "020221"]
    assert raw["u"].tolist() == [1609459200, 1609459260]


NUMBERS = st.one_of(
    st.integers(-(10**14), 10**14).map(float),
    st.floats(-1e14, 1e14, allow_nan=False).map(lambda number: round(number, 3)),
    st.just(np.nan),
)


def written(number: float, decimal: str, thousands: str | None) -> str:
    """A number as a spreadsheet writes it."""
    if np.isnan(number):
        return ""
    text = f"{number:,.3f}" if thousands else f"{number:.3f}"
    return text.translate({ord(","): thousands or "", ord("."): decimal})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=8),
    separator=st.sampled_from(",;\t|~^ "),
    decimal=st.sampled_from(".,"),
    thousands=st.sampled_from([None, ".", ",", " ", "'", "_"]),
    comment=st.sampled_from([None, "#", "%"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"]),
    units_row=st.booleans(),
    total_row=st.booleans(),
    quoted=st.booleans(),
)
def test_whatever_is_declared_gives_the_same_numbers(
    tmp_path: Path, make_csv: MakeCsv, values: list[tuple[float, float]], separator: str, decimal: str,
    thousands: str | None, comment: str | None, encoding: str, units_row: bool, total_row: bool, quoted: bool,
) -> None:  # fmt: skip
    assume(len({separator, decimal, thousands}) == 3)
    quote = '"' if quoted else ""
    lines = [f"größe{separator}y"]
    lines += [f"m{separator}kW"] if units_row else []
    lines += [f"{comment} a remark{separator}{separator}"] if comment else []
    for row in values:
        lines.append(separator.join(f"{quote}{written(number, decimal, thousands)}{quote}" for number in row))
    lines += [f"Summe{separator}1"] if total_row else []
    if separator == " ":  # a missing value between blanks cannot be seen
        assume(not any(np.isnan(number) for row in values for number in row) or quoted)
    path = tmp_path / "toy.csv"
    path.write_bytes("\n".join(lines).encode(encoding))
    csv = make_csv(
        separator=separator, decimal=decimal, thousands=thousands, comment=comment,
        encoding=encoding.removesuffix("-sig"), units_row=units_row, total_row=total_row,
    )  # fmt: skip
    assume(any(not np.isnan(number) for row in values for number in row))
    raw = table.read(path, (), csv)
    for index, name in enumerate(["größe", "y"]):
        expected = np.array([float(f"{row[index]:.3f}") for row in values])
        if not np.isnan(expected).all():
            assert np.array_equal(table.numbers(raw, path, name), expected, equal_nan=True)
