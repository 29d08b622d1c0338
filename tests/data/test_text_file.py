"""Text files: what is declared is read, and what is not declared is named by the key that would read it."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import table, text_file
from cellsize.errors import InputError
from cellsize.params_data import Csv
from tests.data.conftest import HOURS, advised

MakeCsv = Callable[..., Csv]

EXPECTED = pd.DataFrame({"time": HOURS, "y": [1234.5, np.nan, -2.25], "n": [1, 2, 3]})


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


def test_where_two_keys_would_do_both_are_named(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    path.write_text("time;y\na;1,234\nb;2,345\n")
    with pytest.raises(
        InputError, match=r'line 2, column \'y\': .* set prepare\.csv\.decimal: ",", or prepare\.csv\.thousands: ","'
    ):
        table.numbers(table.read(path, (), make_csv(separator=";")), path, "y")


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


def test_a_time_keeps_its_zeros_and_a_count_is_a_number(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    path.write_text("t,u\n010221,1609459200\n020221,1609459260\n")
    raw = table.read(path, (), make_csv(), ("t", "u"))
    assert raw["t"].tolist() == ["010221", "020221"]
    assert raw["u"].tolist() == [1609459200, 1609459260]


@pytest.mark.parametrize("rows", [3, 20_000])  # fewer and more characters than Python's csv reader takes by itself
def test_a_quote_that_is_not_closed_in_the_header_is_named(tmp_path: Path, make_csv: MakeCsv, rows: int) -> None:
    path = tmp_path / "toy.csv"
    path.write_text('time,"y\n' + f"{HOURS[0]},1\n" * rows)
    with pytest.raises(InputError) as refused:
        table.read(path, (), make_csv())
    assert str(refused.value) == f'{path}: a quote (") in the row of line 1 or after it is not closed; fix that line'


def test_a_header_of_several_lines_is_read_and_one_without_rows_is_called_so(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    path.write_text('time,"y\n(kW)"\n1,2\n')
    assert list(table.read(path, (), make_csv()).columns) == ["time", "y\n(kW)"]
    path.write_text('time,"y\n(kW)"\n')
    with pytest.raises(InputError, match="a header and no rows; give a table with rows"):
        table.read(path, (), make_csv())


def test_a_long_text_is_read_and_a_message_counts_the_lines_behind_it(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    path.write_text(f"text,y\n{'a' * 200_000},1\nb,-\n")
    raw = table.read(path, ("text",), make_csv())
    assert raw["text"].str.len().tolist() == [200_000, 1]
    with pytest.raises(InputError, match=r"line 3, column 'y': '-' is not a number"):
        table.numbers(raw, path, "y")
