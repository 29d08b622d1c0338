"""How a file is written, and where its time is."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from cellsize.errors import InputError
from cellsize.project import source

WriteCsv = Callable[..., Path]


def written(**changes: object) -> dict[str, object]:
    return dict(source.PLAIN) | changes


HOURS = [f"2026-01-{1 + row // 24:02d} {row % 24:02d}:00" for row in range(60)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{time},{number:.2f}", {}),
        ("{time};{number:.2f}", {"separator": ";"}),
        ("{time};{comma}", {"separator": ";", "decimal": ","}),
        ("{time}\t{comma}", {"separator": "\t", "decimal": ","}),
        ("{time}|{number:.1f}", {"separator": "|"}),
        ("{time};1.234.{row:03d},5", {"separator": ";", "decimal": ",", "thousands": "."}),
        ("{time};1,234,{row:03d}.5", {"separator": ";", "thousands": ","}),
        ("{time};1 234 {row:03d},5", {"separator": ";", "decimal": ",", "thousands": " "}),
        ("{time};1 2{row:02d}", {"separator": ";", "thousands": " "}),
        ("{time};1'2{row:02d}", {"separator": ";", "thousands": "'"}),
    ],
)
def test_separator_decimal_and_thousands_are_found(write_csv: WriteCsv, row: str, expected: dict[str, object]) -> None:
    sign = next(sign for sign in (";", "\t", "|", ",") if sign in row)
    lines = [
        row.format(time=time, number=10 + index / 7, comma=f"{10 + index / 7:.2f}".replace(".", ","), row=index)
        for index, time in enumerate(HOURS)
    ]
    path = write_csv("\n".join([f"time{sign}load", *lines]) + "\n")
    assert dict(source.settings(path)) == written(**expected)


def test_a_comment_a_row_of_units_and_a_row_of_totals_are_found(write_csv: WriteCsv) -> None:
    rows = [f"{time},{index}.5" for index, time in enumerate(HOURS)]
    text = "\n".join(["# from the meter", "time,load", ",kWh", *rows, "Total,123.5"])
    assert dict(source.settings(write_csv(text))) == written(comment="#", units_row=True, total_row=True)


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("cp1252", "cp1252")],
)
def test_the_encoding_is_found(write_csv: WriteCsv, encoding: str, found: str) -> None:
    text = "zeit,größe\n" + "".join(f"{time},{index}\n" for index, time in enumerate(HOURS))
    assert dict(source.settings(write_csv(text, encoding=encoding))) == written(encoding=found)


def test_one_column_of_plain_numbers_has_no_other_separator(write_csv: WriteCsv) -> None:
    assert source.settings(write_csv("load\n" + "".join(f"{row}.5\n" for row in range(40)))) == source.PLAIN


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        source.settings(tmp_path / "sales.csv")


def test_an_empty_first_line_is_no_comment(write_csv: WriteCsv) -> None:
    path = write_csv("\ntime;load\n" + "\n".join(f"{time};{row},5" for row, time in enumerate(HOURS)) + "\n")
    assert dict(source.settings(path)) == written(separator=";", decimal=",")


TEXT = "time,load\n" + "".join(f"{time},{row}.5\n" for row, time in enumerate(HOURS))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("sales.csv.gz", lambda data: data[:-12]),
        ("sales.csv.gz", lambda data: data[:30] + bytes([data[30] ^ 255]) + data[31:]),
        ("sales.csv.gz", lambda data: data[:-8] + b"\0\0\0\0" + data[-4:]),
        ("sales.CSV.GZ", lambda data: gzip.decompress(data)),
    ],
    ids=["cut off", "a byte flipped", "another check sum", "no gzip"],
)
def test_a_damaged_gzip_file_is_refused_in_words(
    tmp_path: Path, name: str, damage: Callable[[bytes], bytes], encoding: str
) -> None:
    # It was a traceback, or "interrupted" as after Ctrl-D, or Python's own words.
    path = tmp_path / name
    path.write_bytes(damage(gzip.compress(TEXT.encode(encoding))))
    with pytest.raises(InputError) as refused:
        source.settings(path)
    assert str(refused.value) == f"{path}: not a valid gzip file, or it cannot be opened; write it again"


def test_a_damaged_parquet_or_npz_file_is_refused_in_words(tmp_path: Path) -> None:
    # Other faults than those of a cut file: pandas' own notes in Parquet, a compressed array of an npz file.
    table, arrays = tmp_path / "sales.parquet", tmp_path / "waves.npz"
    parquet.write_table(pyarrow.table({"time": HOURS}).replace_schema_metadata({b"pandas": b"{"}), table)
    np.savez_compressed(arrays, X=np.arange(999.0).reshape(37, 27, 1), y=np.arange(37))
    data = arrays.read_bytes()
    arrays.write_bytes(data[:99] + bytes(20) + data[119:])
    for path, kind in ((table, "Parquet file; write it again"), (arrays, "npz file; save it with np.savez")):
        with pytest.raises(InputError) as refused:
            source.load(path, source.settings(path))
        assert str(refused.value) == f"{path}: not a valid {kind}"


def test_the_name_of_a_file_may_be_in_capitals(tmp_path: Path) -> None:
    path = tmp_path / "SALES.CSV.GZ"
    path.write_bytes(gzip.compress(TEXT.replace(",", ";").encode("utf-16")))
    assert dict(source.settings(path)) == written(separator=";", encoding="utf-16")
    assert source.load(path, source.settings(path)).shape == (60, 2)
    (tmp_path / "SALES.PARQUET").write_bytes(b"PAR1")  # said to be one: its bytes are no text
    assert source.settings(tmp_path / "SALES.PARQUET") == source.PLAIN


def test_a_point_with_three_digits_behind_it_beside_whole_numbers_of_three_stands_between_thousands(
    write_csv: WriteCsv,
) -> None:
    # As decimals 993 would be followed by 1.001.
    numbers = [f"{value:,}".replace(",", ".") for value in range(970, 970 + len(HOURS))]
    path = write_csv("\n".join(["time;load", *map(";".join, zip(HOURS, numbers, strict=True))]) + "\n")
    assert dict(source.settings(path)) == written(separator=";", decimal=",", thousands=".")
    for other in ("0.993", "1.5", "1246"):
        numbers[5] = other
        path = write_csv("\n".join(["time;load", *map(";".join, zip(HOURS, numbers, strict=True))]) + "\n")
        assert dict(source.settings(path)) == written(separator=";")


@pytest.mark.parametrize("missing", ["", "NA", "n/a", "-"])
def test_a_first_row_without_its_number_is_no_row_of_units(write_csv: WriteCsv, missing: str) -> None:
    rows = [f"{time},{index}.5" for index, time in enumerate(HOURS)]
    text = "\n".join(["time,load", f"2025-12-31 23:00,{missing}", *rows])
    assert dict(source.settings(write_csv(text))) == written()


def test_the_last_row_of_a_series_called_total_is_no_row_of_totals(write_csv: WriteCsv) -> None:
    rows = [f"{name},{time},{index}.5" for name in ("a", "Total") for index, time in enumerate(HOURS)]
    assert dict(source.settings(write_csv("\n".join(["shop,time,load", *rows])))) == written()


def test_a_line_that_tells_a_spreadsheet_the_separator_is_refused(write_csv: WriteCsv) -> None:
    path = write_csv("\n".join(["sep=;", "time;load", *(f"{time};1" for time in HOURS)]))
    with pytest.raises(InputError, match=r"line 1: 'sep=;' is a note for a spreadsheet program.*remove this line"):
        source.settings(path)


def test_a_count_beside_decimals_says_nothing_of_their_point(write_csv: WriteCsv) -> None:
    # 12.345 is a temperature with three decimals, whatever is counted in the next column.
    rows = [f"{time};{12 + index / 7:.3f};{index}" for index, time in enumerate(HOURS)]
    path = write_csv("\n".join(["time;temp;count", *rows]) + "\n")
    assert dict(source.settings(path)) == written(separator=";")
