"""Numbers in a text file: signs of decimals and thousands, and no lost digits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cellsize.data import table
from cellsize.errors import InputError
from cellsize.params_data import Csv
from tests.data.conftest import HOURS, advised, numbers

MakeCsv = Callable[..., Csv]


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
