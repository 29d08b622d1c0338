"""Reading the user's table; see test_bad_input.py for what is refused."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from cellsize.data import table, times
from cellsize.errors import InputError
from cellsize.params_data import Csv

MakeCsv = Callable[..., Csv]


@pytest.mark.parametrize("name", ["toy.csv", "toy.csv.gz", "toy.parquet"])
def test_a_table_is_the_same_from_every_kind_of_file(tmp_path: Path, make_csv: MakeCsv, name: str) -> None:
    raw = pd.DataFrame({"when": ["2026-01-01 00:00", "2026-01-01 01:00"], "y": [1.5, np.nan], "wind": ["N", "S"]})
    path = tmp_path / name
    if name.endswith(".parquet"):
        raw.to_parquet(path)
    else:
        raw.to_csv(path, index=False)
    pd.testing.assert_frame_equal(table.read(path, (), make_csv()), raw, check_dtype=False)


@pytest.mark.parametrize(
    ("name", "expected"), [("a.csv", "line 2"), ("a.csv.gz", "line 2"), ("a.parquet", "row 0")]
)  # fmt: skip
def test_the_first_row_of_a_text_file_is_its_second_line(name: str, expected: str) -> None:
    assert table.line(Path(name), 0) == expected


def test_an_empty_cell_is_missing_and_the_rest_are_numbers() -> None:
    raw = pd.DataFrame({"y": ["1", "", "2.5", None]}).replace("", None)
    assert np.array_equal(table.numbers(raw, Path("a.csv"), "y"), [1, np.nan, 2.5, np.nan], equal_nan=True)


@pytest.mark.parametrize("values", [[1, 0], [True, False], pd.array([1, 0], dtype="Int64")])
def test_whole_numbers_and_truth_values_are_numbers(values: object) -> None:
    numbers = table.numbers(pd.DataFrame({"y": values}), Path("a.csv"), "y")
    assert numbers.dtype == np.float64
    assert numbers.tolist() == [1.0, 0.0]


def test_a_missing_whole_number_of_a_parquet_file_is_nan() -> None:
    numbers = table.numbers(pd.DataFrame({"y": pd.array([1, None], dtype="Int64")}), Path("a.parquet"), "y")
    assert np.array_equal(numbers, [1, np.nan], equal_nan=True)


def test_a_name_in_a_text_file_is_what_is_written_there(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.csv"
    path.write_text("place,holiday,y\nNA,None,1\n007,,NA\n", encoding="utf-8")
    names = table.read(path, ("place", "holiday"), make_csv())
    assert names["place"].tolist() == ["NA", "007"]
    assert names["holiday"].fillna("missing").tolist() == ["None", "missing"]
    assert np.array_equal(names["y"], [1, np.nan], equal_nan=True)


@pytest.mark.parametrize("values", [[1, 2, 1], [1.0, 2.0, 1.0], ["1", "2", "1"], pd.array([1, 2, 1], dtype="Int64")])
def test_a_code_is_the_same_name_whatever_type_it_came_as(values: object) -> None:
    assert table.labels(pd.Series(values)).tolist() == ["1", "2", "1"]


def test_a_gap_among_codes_makes_no_other_names_of_them() -> None:
    labels = table.labels(pd.Series([1, None, 2]))
    assert labels.fillna("missing").tolist() == ["1", "missing", "2"]
    assert table.labels(pd.Series([1.5, None])).fillna("missing").tolist() == ["1.5", "missing"]


@pytest.mark.parametrize(
    ("index", "columns"),
    [
        (pd.date_range("2026-01-01", periods=3, freq="h"), ["index", "y"]),
        (pd.date_range("2026-01-01", periods=3, freq="h", name="when"), ["when", "y"]),
        (pd.period_range("2026-01", periods=3, freq="M"), ["index", "y"]),
        (pd.Index([5, 2, 9]), ["y"]),
        (pd.Index([5, 2, 9], name="id"), ["id", "y"]),
        (pd.MultiIndex.from_product([["a"], [1, 2, 3]], names=["place", "hour"]), ["place", "hour", "y"]),
        (pd.RangeIndex(3), ["y"]),
    ],
)  # fmt: skip
def test_the_index_of_a_parquet_file_is_a_column_if_it_says_anything(
    tmp_path: Path, make_csv: MakeCsv, index: pd.Index, columns: list[str]
) -> None:
    path = tmp_path / "toy.parquet"
    pd.DataFrame({"y": [1.0, 2.0, 3.0]}, index=index).to_parquet(path)
    raw = table.read(path, (), make_csv())
    assert list(raw) == columns
    assert raw.index.tolist() == [0, 1, 2]


def test_a_time_that_is_not_a_column_is_answered_with_the_column_that_holds_times(
    tmp_path: Path, make_csv: MakeCsv
) -> None:
    path = tmp_path / "toy.parquet"
    when = pd.date_range("2026-01-01", periods=3, freq="h")
    pd.DataFrame({"y": [1.0, 2.0, 3.0]}, index=when).to_parquet(path)
    raw = table.read(path, (), make_csv())
    with pytest.raises(InputError, match=r"no column 'time'; fix prepare\.time .*; 'index' holds times\)"):
        table.require(raw, path, ("time",), "prepare.time")
    assert times.read(raw, path, ("index",), None).local.tolist() == when.tolist()


@pytest.mark.parametrize(
    ("values", "names", "expected"),
    [([7, 8], ("007", "008"), ["007", "008"]),
     ([1.0, 2.0], ("1.0", "2.0"), ["1.0", "2.0"]),
     ([1.5, None], ("1.50", "b"), ["1.50", None]),
     (["7", "8", "b"], ("007", "8", "9"), ["007", "8", "b"]),
     ([True, False], ("TRUE", "FALSE"), ["TRUE", "FALSE"]),
     ([7], ("007", "07"), ["7"]),  # either could be meant
     (["7", "007"], ("007",), ["7", "007"]),  # they are two
     (["07", "7"], ("007",), ["07", "7"]),
     ([2**53 + 1], (f"{2**53}",), [f"{2**53 + 1}"]),
     (["a", "nan"], ("A", "NaN"), ["a", "nan"])],
)  # fmt: skip
def test_a_name_that_became_a_number_on_the_way_is_the_one_known_name_of_its_value(
    values: list[Any], names: tuple[str, ...], expected: list[str | None]
) -> None:
    found = table.known(pd.Series(values), names)
    assert found.astype(object).where(found.notna(), None).tolist() == expected


def test_a_name_beyond_whole_numbers_of_64_bits_is_a_text() -> None:
    assert table.labels(pd.Series([1e19, 2.0])).tolist() == ["1e+19", "2"]
    assert table.labels(pd.Series([2.0**62, -(2.0**62)])).tolist() == [str(2**62), str(-(2**62))]


def test_a_parquet_file_with_a_column_twice_is_refused_by_its_name(tmp_path: Path, make_csv: MakeCsv) -> None:
    path = tmp_path / "toy.parquet"
    parquet.write_table(pa.table([pa.array([1.0])] * 3, names=["t", "y", "y"]), path)
    with pytest.raises(InputError, match=r"toy\.parquet: column 'y' is duplicated; rename one$"):
        table.read(path, (), make_csv())


def test_a_folder_named_as_a_key_with_a_value_adds_no_column(tmp_path: Path, make_csv: MakeCsv) -> None:
    folder = tmp_path / "year=2026"
    folder.mkdir()
    pd.DataFrame({"y": [1.0, 2.0]}).to_parquet(folder / "toy.parquet")
    assert list(table.read(folder / "toy.parquet", (), make_csv())) == ["y"]


@pytest.mark.parametrize("value", [9.97e36, 9.96921e36, 1e300, -1e300, 1e20, -1e34, 1.7e38])
def test_a_value_that_stands_for_a_missing_one_is_refused_with_its_line(value: float) -> None:
    raw = pd.DataFrame({"y": [1.0, 2.5, value, 3.0]})
    with pytest.raises(InputError, match=r"^a\.csv, line 4, column 'y': .* leave it empty"):
        table.numbers(raw, Path("a.csv"), "y")
    assert np.isnan(table.numbers(raw.replace(value, np.nan), Path("a.csv"), "y")[2])


def test_large_numbers_among_their_like_are_numbers() -> None:
    values = [1e20, 3e20, 2.5e20, 0.0]
    assert table.numbers(pd.DataFrame({"y": values}), Path("a.csv"), "y").tolist() == values


@pytest.mark.parametrize(
    "values",
    [
        [2**53 + 1, 1], pd.array([2**53 + 1, None], dtype="Int64"), ["9007199254740993", "1"],
        [-9223372036854775807, 5], np.array([18446744073709551614, 5], "uint64"),
    ],
)  # fmt: skip
def test_a_whole_number_beyond_2_to_the_53_is_refused_or_exact(values: Any) -> None:
    raw = pd.DataFrame({"y": values})
    with pytest.raises(InputError, match=r"row 0, column 'y': -?\d+ is a whole number beyond ±2\^53"):
        table.numbers(raw, Path("a.parquet"), "y")
    assert table.numbers(pd.DataFrame({"y": [2**60, 2**53]}), Path("a.parquet"), "y").tolist() == [2.0**60, 2.0**53]


@pytest.mark.parametrize("value", [[1.0], {"a": 1}, (1,), b"1", 1j, Decimal("sNaN"), "\ud800", pd.Interval(0, 1)])
def test_what_is_no_single_value_is_refused_with_its_line(value: object) -> None:
    raw = pd.DataFrame({"y": pd.Series([1.0, value], dtype=object)})
    with pytest.raises(InputError, match=r"a\.csv, line 3, column 'y': .* is neither a number nor text nor a time"):
        table.require(raw, Path("a.csv"), ("y",), "prepare.targets")


def test_a_column_that_is_there_twice_is_refused() -> None:
    raw = pd.DataFrame([[1, 2]], columns=["y", "y"])
    with pytest.raises(InputError, match=r"column 'y' is duplicated; rename one"):
        table.require(raw, Path("a.parquet"), ("y",), "prepare.targets")


def test_a_number_of_hundreds_of_digits_is_infinite() -> None:
    with pytest.raises(InputError, match="infinite"):
        table.numbers(pd.DataFrame({"y": pd.Series([1, 10**400], dtype=object)}), Path("a.parquet"), "y")
