"""A text file, whole or damaged: what is read of it is what Python's own reader finds there, cell by cell."""

import csv as csv_module
import io
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note, reject
from hypothesis import strategies as st

from cellsize.data import table
from cellsize.data.text_file import MISSING
from cellsize.params_data import Csv
from tests.fuzz.damage import Cut, cuts, damaged
from tests.fuzz.guard import fuzzed, outcome
from tests.fuzz.tables import COLUMNS, NAMES, PLAIN_CSV

CELLS = (
    *NAMES,
    *MISSING,
    "1",
    "-2.5",
    "1e-3",
    ".5",
    "5.",
    "+7",
    "9007199254740993",
    "True",
    "false",
    " 8 ",
    "1 2",
    "a'b",
)


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, str]:
    """A table as text, and what is between its values."""
    separator, columns = draw(st.sampled_from([",", ";", "\t", "|"])), draw(st.integers(2, 4))
    kinds = draw(st.lists(st.sampled_from(["whole", "float", "any"]), min_size=columns, max_size=columns))
    cells = {
        "whole": st.integers(-(10**6), 10**6).map(str), "any": st.sampled_from(CELLS),
        "float": st.floats(-1e9, 1e9).map(repr) | st.sampled_from(["", "NA"]),
    }  # fmt: skip
    rows = draw(st.lists(st.tuples(*(cells[kind] for kind in kinds)), min_size=1, max_size=8))
    out, newline = io.StringIO(newline=""), draw(st.sampled_from(["\n", "\r\n"]))
    quoting: Any = draw(st.sampled_from([csv_module.QUOTE_MINIMAL, csv_module.QUOTE_ALL]))
    writer = csv_module.writer(out, delimiter=separator, quoting=quoting, lineterminator=newline)
    writer.writerows([draw(st.permutations(COLUMNS))[:columns], *rows])
    return out.getvalue(), separator


@pytest.mark.slow
@fuzzed()
@given(texts(), st.just([]) | cuts())
def test_each_cell_is_what_pythons_reader_finds(written: tuple[str, str], damages: list[Cut]) -> None:
    text, separator = written
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "toy.csv"
        path.write_bytes(damaged(text.encode(), damages))
        note(repr(path.read_bytes()))
        found = outcome(lambda: table.read(path, (), Csv.model_validate(PLAIN_CSV | {"separator": separator})))
        if isinstance(found, str):
            assert str(path) in found, found
            return
        plain = path.read_bytes().decode("utf-8-sig")
    rows = list(csv_module.reader(io.StringIO(plain, newline=""), delimiter=separator, skipinitialspace=True))
    if [""] in rows:
        reject()  # two quotes are a row, and blanks are none, which this reader does not tell apart
    rows = [row for row in rows if row]
    assert len(found) == len(rows) - 1
    assert all(len(row) <= len(rows[0]) for row in rows)
    for column in range(len(rows[0])):
        cells = [row[column].strip() if column < len(row) else "" for row in rows[1:]]
        for cell, value in zip(cells, found.iloc[:, column].tolist(), strict=True):
            assert is_same(cell, value), f"column {column}: {cell!r} was read as {value!r}"


def is_same(cell: str, value: Any) -> bool:
    """Whether a value is what a cell says."""
    if pd.isna(value):
        return cell in MISSING
    if isinstance(value, bool):
        return cell.lower() == str(value).lower()
    if value in ("True", "False"):  # of a column that is true and false, and in which one is missing
        return bool(cell.lower() == value.lower())
    return bool(cell == value if isinstance(value, str) else type(value)(cell) == value)
