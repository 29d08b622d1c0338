"""The format `.ts`: what it says is read, and what is not as it says is refused with its line."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data import ts_file
from cellsize.errors import InputError

HEADER = ["# made by hand", "@problemName toy", "@timeStamps false", "@univariate false", "@dimensions 2",
          "@equalLength false", "@missing true", "@classLabel true up down", "@data"]  # fmt: skip


def written(folder: Path, *lines: str) -> Path:
    path = folder / "toy.ts"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def header(**changes: str) -> list[str]:
    """The header with other lines in place of those of a key; an empty one goes."""
    kept = [changes.get(line.split()[0].removeprefix("@"), line) for line in HEADER]
    return [line for line in kept if line]


def test_sequences_of_unequal_length_with_missing_values_and_labels(tmp_path: Path) -> None:
    table = ts_file.read(written(tmp_path, *HEADER, "1, 2.5,-3e1:0,?,NaN: up", "", "% a comment", "4:5:down"))
    assert table["sequence"].tolist() == [1, 1, 1, 2]
    assert table["step"].tolist() == [1, 2, 3, 1]
    assert table["label"].tolist() == ["up", "up", "up", "down"]
    np.testing.assert_array_equal(table[["x1", "x2"]], [[1, 0], [2.5, np.nan], [-30, np.nan], [4, 5]])


def test_a_target_label_is_a_number_and_keys_are_read_in_any_case(tmp_path: Path) -> None:
    table = ts_file.read(written(tmp_path, "@timestamps FALSE", "@targetlabel True", "@DATA", "1,2:0.5", "3:-1e3"))
    assert table["label"].tolist() == [0.5, 0.5, -1000.0]


def test_a_comment_may_have_any_letters_and_a_file_a_mark_of_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "toy.ts"
    path.write_bytes(b"\xef\xbb\xbf#Jo\x9ee\r\n@classLabel true 1 2\r\n@data\r\n1,2:1\r\n")
    assert ts_file.read(path)["label"].tolist() == ["1", "1"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([*HEADER, "1,2:3:up"], "line 10: dimension 2 has 1 values, and dimension 1 2; a step has a value of each"),
        ([*HEADER, "1,2:up"], "line 10: 1 dimensions, but the header says @dimensions 2; fix the line"),
        ([*HEADER, "1:2:left"], "line 10: label 'left' is not among those of @classLabel (up down); add it"),
        ([*HEADER, "1:2:"], "line 10: no label behind the last colon; give each sequence one"),
        ([*HEADER, "1,2"], "line 10: no colon, but a label stands behind one; write value,value:label"),
        ([*HEADER, "1:2:up", "1,x:2,3:up"], "line 11, dimension 1, value 2: 'x' is not a number; fix it, or write ?"),
        ([*HEADER, "1,:2,3:up"], "line 10, dimension 1, value 2: '' is not a number"),
        ([*HEADER, "1,1_0:2,3:up"], "line 10, dimension 1, value 2: '1_0' is not a number"),
        ([*HEADER, "inf:2:up"], "line 10, dimension 1, value 1: inf is infinite for a network; fix it"),
        ([*HEADER, "1e37:2:up"], "line 10, dimension 1, value 1: 1e37 is infinite for a network"),
        ([*HEADER, "(0,1):(0,2):up"], "line 10, dimension 1, value 1: '(0' is not a number"),
        (HEADER, "no sequence behind @data; give a line for each"),
        (HEADER[:-1], "no line @data; write it above the sequences"),
        ([*header(timeStamps="@timeStamps true"), "1:2:up"], "line 3: values with times are not read"),
        ([*header(missing="@missing false"), "1:?:up"], "line 10, dimension 2: a value is missing, but the header"),
        ([*header(univariate="@univariate true"), "1:2:up"], "line 10: 2 dimensions, but the header says @univariate"),
        ([*header(dimensions="@dimensions x"), "1:2:up"], "line 5: @dimensions x: not a whole number above 0"),
        ([*header(dimensions=""), "1:2:up", "1:up"], "line 10: 1 dimensions, and the first sequence has 2"),
        ([*header(equalLength="@equalLength maybe"), "1:2:up"], "line 6: @equalLength maybe: neither true nor false"),
        ([*header(equalLength="@equalLength true"), "1:2:up", "1,2:3,4:up"], "line 11: 2 values, and the first"),
        ([*header(classLabel="@classLabel false"), "1:2:up"], "line 9: the header must say which label a line ends"),
        ([*header(classLabel="@targetLabel true"), "1:2:up"], "line 10, label: 'up' is not a number"),
        (["@data", "1:2"], "line 1: the header must say which label a line ends with"),
        (["@colour red", "@data"], "line 1: @colour is no key of a .ts file; remove the line"),
        (["@missing true", "@missing true"], "line 2: @missing is there twice; remove one"),
        (["1,2:up"], "line 1: '1,2:up' before @data; begin a line of the header with @"),
    ],
)  # fmt: skip
def test_what_is_not_as_the_format_or_the_header_says_is_refused_with_its_line(
    tmp_path: Path, lines: list[str], said: str
) -> None:
    with pytest.raises(InputError) as error:
        ts_file.read(written(tmp_path, *lines))
    assert str(error.value).startswith(f"{tmp_path / 'toy.ts'}")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_length_that_the_header_gives_is_held(tmp_path: Path) -> None:
    lines = ["@equalLength true", "@seriesLength 2", "@classLabel true a b", "@data", "1,2:a", "1,2,3:b"]
    with pytest.raises(InputError, match=r"line 6: 3 values, but the header says @seriesLength 2; write @equalLength"):
        ts_file.read(written(tmp_path, *lines))


def test_bytes_that_are_not_utf_8_are_refused_outside_of_comments(tmp_path: Path) -> None:
    path = tmp_path / "toy.ts"
    path.write_bytes(b"@classLabel true a\n@data\n1:\xe4\n")
    with pytest.raises(InputError, match="line 3: not UTF-8; save the file in it"):
        ts_file.read(path)


@settings(deadline=None)  # it writes files
@given(
    st.lists(
        st.tuples(
            st.lists(st.floats(-1e9, 1e9) | st.just(np.nan), min_size=1, max_size=5), st.sampled_from(["a", "b"])
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_what_is_written_is_read(sequences: list[tuple[list[float], str]]) -> None:
    lines = [",".join("?" if np.isnan(value) else repr(value) for value in values) + f":{label}"
             for values, label in sequences]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        table = ts_file.read(written(Path(folder), "@univariate true", "@classLabel true a b", "@data", *lines))
    np.testing.assert_array_equal(table["x1"], [value for values, _ in sequences for value in values])
    assert table.groupby("sequence")["label"].first().tolist() == [label for _, label in sequences]
