"""Encodings: read where declared, and told by their bytes where not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cellsize.data import table
from cellsize.errors import InputError
from cellsize.params_data import Csv

MakeCsv = Callable[..., Csv]


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
