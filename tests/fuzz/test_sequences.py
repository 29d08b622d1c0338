"""Labelled sequences: the same ones written in any way give the same arrays; a broken file is refused in words."""

import io
import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, note, reject
from hypothesis import strategies as st

from cellsize.data import sequence_arrays
from cellsize.data.sequence_schema import LABEL, SEQUENCE, SequenceSchema
from cellsize.params_data import Prepare, Window
from cellsize.tasks import preparing
from tests.fuzz.damage import Cut, cuts, damaged
from tests.fuzz.dialects import Dialect, dialects, write
from tests.fuzz.guard import fuzzed, outcome
from tests.fuzz.sequences import Labelled, Npz, Ts, as_ts, fits_ts, labelled, long_tables, npz_ways, ts_ways, write_npz
from tests.fuzz.tables import Toy
from tests.fuzz.written import damaged_file

WINDOW = Window.model_validate(
    {"lookback": 4, "linear_lookback": None, "horizon": 1, "fill": 0, "transform": "none", "normalise": "none",
     "scale": "global", "observed": 1.0}
)  # fmt: skip
Read = tuple[pd.DataFrame, SequenceSchema]


def read(task: Any, prepare: Prepare) -> Read:
    """What the stages `prepare` and `window` make of a table: clean rows sorted by sequence, and what they mean."""
    frame, schema = preparing.read_sequences(task, prepare, None)
    sequence_arrays.build(frame, schema, WINDOW)
    # Sequences come as they come first in the table: another order of the rows is another order of them.
    return frame.sort_values(SEQUENCE, kind="stable", ignore_index=True), schema


def same(one: Read | str, other: Read | str) -> None:
    """Asserts that both were read, to the same rows, or both refused."""
    if isinstance(one, str) or isinstance(other, str):
        assert isinstance(one, str) == isinstance(other, str), f"{one} // {other}"
        return
    pd.testing.assert_frame_equal(one[0], other[0], check_exact=True)
    # Whether a label is a text or a whole number is asked of the file: a text file knows no types.
    left, right = ({**schema.content(), "label_type": None} for _, schema in (one, other))
    assert left == right
    every = np.arange(len(one[1].classes))
    assert one[1].labels(every).astype("str").tolist() == other[1].labels(every).astype("str").tolist()


@pytest.mark.slow
@fuzzed()
@given(labelled(), ts_ways() | npz_ways())
def test_sequences_written_in_another_way_give_the_same_arrays(made: Labelled, way: Ts | Npz) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "one.parquet"
        made, other = written(made, way, Path(folder))
        made.write_table(table)
        same(
            outcome(lambda: read(made.task, made.prepare(table))), outcome(lambda: read(made.task, made.prepare(other)))
        )


def written(made: Labelled, way: Ts | Npz, folder: Path) -> tuple[Labelled, Path]:
    """Writes a file; the sequences as it holds them, and its path."""
    if isinstance(way, Npz):
        write_npz(made, way, folder / "toy.npz")
        return made, folder / "toy.npz"
    assume(made.task == "regress" or all(map(fits_ts, made.labels)))
    (folder / "toy.ts").write_bytes(as_ts(made, way))
    note(repr((folder / "toy.ts").read_bytes()[:3000]))
    return Labelled(made.values, made.labels, None, made.task), folder / "toy.ts"


@st.composite
def written_twice(draw: st.DrawFn) -> tuple[Toy, Dialect]:
    toy = draw(long_tables())
    return toy, draw(dialects(toy))


def task_of(toy: Toy) -> str:
    """Of a long table: a number is estimated, a text is a class."""
    return "regress" if pd.api.types.is_float_dtype(toy.frame[toy.prepare["targets"][0]]) else "classify"


@pytest.mark.slow
@fuzzed()
@given(written_twice())
def test_a_long_table_written_in_another_way_gives_the_same_arrays(case: tuple[Toy, Dialect]) -> None:
    toy, dialect = case
    with tempfile.TemporaryDirectory() as folder:
        reference, other = write(toy, Dialect(), Path(folder), "one"), write(toy, dialect, Path(folder), "other")
        assert reference is not None
        if other is None:
            reject()
        if other[0].suffix != ".parquet":
            note(other[0].read_bytes()[:3000].decode("latin-1"))
        one, two = (outcome(partial(read, task_of(toy), prepare)) for _, prepare in (reference, other))
        same(one, two)


@pytest.mark.slow
@fuzzed()
@given(written_twice(), cuts())
def test_a_damaged_long_table_is_read_or_refused_in_words(case: tuple[Toy, Dialect], damages: list[Cut]) -> None:
    toy, dialect = case
    with damaged_file(toy, dialect, damages) as (path, prepare):
        found = outcome(lambda: read(task_of(toy), prepare))
        if isinstance(found, str):
            assert str(path) in found or "prepare." in found or toy.prepare["targets"][0] in found, found


@pytest.mark.slow
@fuzzed()
@given(labelled(), npz_ways(), cuts())
def test_a_damaged_npz_file_is_refused_in_words_or_gives_the_same_arrays(
    made: Labelled, way: Npz, damages: list[Cut]
) -> None:
    # Each array has a checksum: whatever is read is what was written.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "toy.npz"
        write_npz(made, way, path)
        whole = outcome(lambda: read(made.task, made.prepare(path)))
        path.write_bytes(damaged(path.read_bytes(), damages))
        note(repr(path.read_bytes()[:3000]))
        found = outcome(lambda: read(made.task, made.prepare(path)))
        if isinstance(found, str):
            assert str(path) in found, found
        else:
            same(whole, found)


@pytest.mark.slow
@fuzzed()
@given(labelled(), ts_ways(), cuts())
def test_a_damaged_ts_file_is_refused_in_words_or_read_as_its_lines_say(
    made: Labelled, way: Ts, damages: list[Cut]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(made, way, Path(folder))[1]
        path.write_bytes(damaged(path.read_bytes(), damages))
        note(repr(path.read_bytes()[:3000]))
        found = outcome(lambda: read(made.task, made.prepare(path).model_copy(update={"group": None})))
        if isinstance(found, str):
            assert str(path) in found, found
            return
        frame, values, labels = found[0], *by_hand(path)
        for number, (rows, label) in enumerate(zip(values, labels, strict=True), start=1):
            there = frame[frame[SEQUENCE] == str(number)]
            np.testing.assert_array_equal(there[list(found[1].features)].to_numpy(), rows)
            assert {float(label)} == set(there[LABEL]) if made.task == "regress" else {label} == set(there[LABEL])
        assert frame[SEQUENCE].nunique() == len(labels)


def by_hand(path: Path) -> tuple[list[np.ndarray], list[str]]:
    """The sequences of a `.ts` file and their labels, read in the plainest way."""
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", path.read_bytes().decode("utf-8-sig", errors="replace"))]
    lines = [line for line in lines if line and line[0] not in "#%"]
    begin = next(number for number, line in enumerate(lines) if line.split()[0].lower() == "@data")
    values, labels = list[np.ndarray](), list[str]()
    for line in lines[begin + 1 :]:
        *dimensions, label = line.split(":")
        columns = [[float(cell.strip().replace("?", "nan")) for cell in each.split(",")] for each in dimensions]
        values.append(np.array(columns).T)
        labels.append(label.strip())
    return values, labels


def npz(**arrays: Any) -> bytes:
    """The bytes of an `.npz` file."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def without_the_last(data: bytes) -> bytes:
    """An `.npz` file in whose list the last array is part of a comment on the one before."""
    at = [found.start() for found in re.finditer(b"PK\x01\x02", data)][-2] + 32
    return data[:at] + b"\x00\x01" + data[at + 2 :]


X, Y = np.arange(12.0).reshape(2, 3, 2), np.array(["up", "down"])
# Each was found by the fuzzer, or where it led: name and bytes of a file, and what is said; nothing: it is read.
FOUND: dict[str, tuple[str, bytes, str | None]] = {
    # What stood behind the form feed was read as a sequence.
    "a form feed in a comment": (
        "toy.ts", b"@classLabel true\n@data\n# one\x0b1,2:up\n1:up\n2:down\n", None,
    ),
    "a line of Unicode in a label": ("toy.ts", "@classLabel true\n@data\n1:u\u2028p\n2:down\n".encode(), None),
    # The first sequence was lost.
    "a sequence beside @data": (
        "toy.ts", b"@classLabel true\n@data 1:up\n1:up\n2:down\n",
        "line 2: '@data 1:up': more than @data; begin the sequences in the next line",
    ),
    # A traceback: Python makes no whole number of so many digits.
    "a count of thousands of digits": (
        "toy.ts", b"@classLabel true\n@dimensions " + b"9" * 5000 + b"\n@data\n1:up\n", "not a whole number above 0",
    ),
    # A table refuses it.
    "a number that loses digits, in .ts": (
        "toy.ts", b"@classLabel true\n@data\n9007199254740993:up\n2:down\n",
        "line 3, dimension 1, value 1: 9007199254740993 is a whole number beyond \u00b12^53, and would lose digits",
    ),
    "a number that loses digits, in .npz": (
        "toy.npz", npz(X=np.array([[1, 2], [3, 2**53 + 1]]), y=Y),
        "X[1, 1, 0]: 9007199254740993 is a whole number beyond \u00b12^53, and would lose digits",
    ),
    # Half of the bytes were read as other numbers, and nobody asked for the checksum.
    "a damaged head of an array": ("toy.npz", npz(X=X, y=Y).replace(b"'<f8'", b"'<f4'"), "not a valid npz file"),
    # Lengths were lost, and what stands behind the end of a sequence was read.
    "an array that is lost": (
        "toy.npz", without_the_last(npz(X=X, y=Y, lengths=np.array([3, 1]))), "not a valid npz file",
    ),
    "half a character in .npz": (
        "toy.npz", npz(X=X, y=np.array(["up", "\ud800"])), "y[1]: '\\ud800' is not text; save whole characters",
    ),
    # A traceback of Arrow's.
    "labels in the other order of bytes": ("toy.npz", npz(X=np.array([[1], [2]]), y=np.array([7, 8], ">i4")), None),
    "a length that no signed number holds": (
        "toy.npz", npz(X=X, y=Y, lengths=np.array([2**64 - 1, 1], "u8")),
        "lengths[0]: 18446744073709551615, but X has 3 steps; give 1 to 3",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_is_read_or_refused(name: str, tmp_path: Path) -> None:
    file, data, words = FOUND[name]
    (tmp_path / file).write_bytes(data)
    made = Labelled([np.zeros((1, 1))], [], None, "classify")
    found = outcome(lambda: read("classify", made.prepare(tmp_path / file)))
    if isinstance(found, str):
        assert words is not None, found
        assert words in found
    else:
        assert words is None
        assert found[0]["x1"].tolist() == [1, 2]
