"""Files are written whole or not at all: after an error, after a kill, and for folders too."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellsize import files


def write_folder(*names: str) -> Callable[[Path], None]:
    """A writer of a folder with these files; each holds its own name."""

    def writer(path: Path) -> None:
        path.mkdir()
        for name in names:
            (path / name).write_text(name)

    return writer


def write_text(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text)


def raise_after(writer: Callable[[Path], object]) -> Callable[[Path], object]:
    """A writer that fails when everything is written."""

    def failing(path: Path) -> None:
        writer(path)
        raise OSError("disk full")

    return failing


def content(path: Path) -> str | list[str]:
    """The text of a file, or the sorted names in a folder."""
    return sorted(child.name for child in path.iterdir()) if path.is_dir() else path.read_text()


def names_in(folder: Path) -> list[str]:
    return sorted(child.name for child in folder.iterdir())


# --- what is there afterwards ---------------------------------------------------------------------------------------


def test_the_folders_above_are_made(tmp_path: Path) -> None:
    files.write(tmp_path / "a" / "b" / "out.txt", write_text("new"))
    assert (tmp_path / "a" / "b" / "out.txt").read_text() == "new"


@pytest.mark.parametrize("before", [None, write_text("old"), write_folder("a", "b")], ids=["nothing", "file", "folder"])
@pytest.mark.parametrize(
    ("writer", "expected"), [(write_text("new"), "new"), (write_folder("c"), ["c"])], ids=["file", "folder"]
)
def test_the_new_content_takes_the_place_of_whatever_was_there(
    tmp_path: Path, before: Callable[[Path], object] | None, writer: Callable[[Path], object], expected: str | list[str]
) -> None:
    path = tmp_path / "out"
    if before is not None:
        before(path)
    files.write(path, writer)
    assert content(path) == expected
    assert names_in(tmp_path) == ["out"]


@pytest.mark.parametrize("suffix", ["partial", "old"])
@pytest.mark.parametrize("leftover", [write_text("half"), write_folder("half")], ids=["file", "folder"])
@pytest.mark.parametrize(
    ("writer", "expected"), [(write_text("new"), "new"), (write_folder("c"), ["c"])], ids=["file", "folder"]
)
def test_what_an_earlier_process_left_behind_is_replaced(
    tmp_path: Path,
    suffix: str,
    leftover: Callable[[Path], object],
    writer: Callable[[Path], object],
    expected: str | list[str],
) -> None:
    path = tmp_path / "out"
    write_text("before")(path)
    leftover(tmp_path / f".out.{suffix}")
    files.write(path, writer)
    assert content(path) == expected
    assert names_in(tmp_path) == ["out"]


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize(
    ("before", "expected"), [(write_text("old"), "old"), (write_folder("a", "b"), ["a", "b"])], ids=["file", "folder"]
)
@pytest.mark.parametrize("writer", [write_text("new"), write_folder("c")], ids=["file", "folder"])
def test_a_writer_that_raises_leaves_the_old_content_and_nothing_else(
    tmp_path: Path,
    error: type[BaseException],
    before: Callable[[Path], object],
    expected: str | list[str],
    writer: Callable[[Path], object],
) -> None:
    def failing(path: Path) -> None:
        writer(path)
        raise error

    path = tmp_path / "out"
    before(path)
    with pytest.raises(error):
        files.write(path, failing)
    assert content(path) == expected
    assert names_in(tmp_path) == ["out"]


def test_a_writer_that_raises_where_nothing_was_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="disk full"):
        files.write(tmp_path / "out", raise_after(write_text("new")))
    assert names_in(tmp_path) == []


def test_a_writer_that_writes_nothing_does_not_cost_the_old_folder(tmp_path: Path) -> None:
    path = tmp_path / "out"
    write_folder("a")(path)
    with pytest.raises(FileNotFoundError):
        files.write(path, lambda partial: None)
    assert content(path) == ["a"]
    assert names_in(tmp_path) == ["out"]


# --- a process that is killed ---------------------------------------------------------------------------------------

# The process writes "new" over the path, and stands still when it is at the place that its second argument names.
STANDS_STILL = """
import sys, time
from pathlib import Path
from cellsize import files

def stand_still(*_):
    print("here", flush=True)
    time.sleep(60)

def half_a_file(partial):
    partial.write_text("ne")
    stand_still()

def half_a_folder(partial):
    partial.mkdir()
    (partial / "new").write_text("ne")
    stand_still()

def whole_folder(partial):
    partial.mkdir()
    (partial / "new").write_text("new")

path, place = Path(sys.argv[1]), sys.argv[2]
if place == "between the renames":
    Path.replace = stand_still
    files.write(path, whole_folder)
if place == "before the deletion":
    files._remove = lambda leftover: stand_still() if leftover.name.endswith(".old") and leftover.exists() else None
    files.write(path, whole_folder)
files.write(path, {"half a file": half_a_file, "half a folder": half_a_folder}[place])
"""


def kill_while_writing(path: Path, place: str) -> None:
    """Kills a process (SIGKILL: it can tidy up nothing) that is writing the path."""
    process = subprocess.Popen([sys.executable, "-c", STANDS_STILL, str(path), place], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"here\n"
        process.kill()
    assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    ("before", "expected", "place"),
    [
        (write_text("old"), "old", "half a file"),
        (write_folder("a", "b"), ["a", "b"], "half a file"),
        (write_text("old"), "old", "half a folder"),
        (write_folder("a", "b"), ["a", "b"], "half a folder"),
    ],
)
def test_a_process_that_is_killed_while_it_writes_leaves_the_old_content_and_the_next_one_succeeds(
    tmp_path: Path, before: Callable[[Path], object], expected: str | list[str], place: str
) -> None:
    path = tmp_path / "out"
    before(path)
    kill_while_writing(path, place)
    assert content(path) == expected
    files.write(path, write_text("newer"))
    assert content(path) == "newer"
    assert names_in(tmp_path) == ["out"]


def test_a_folder_whose_replacement_was_killed_between_the_renames_is_put_back_by_the_next_write(
    tmp_path: Path,
) -> None:
    # The old folder was once deleted before the rename: a kill between the two lost both.
    path = tmp_path / "out"
    write_folder("a", "b")(path)
    kill_while_writing(path, "between the renames")
    assert not path.exists()
    with pytest.raises(OSError, match="disk full"):  # so that what was put back can be seen
        files.write(path, raise_after(write_folder("c")))
    assert content(path) == ["a", "b"]
    assert names_in(tmp_path) == ["out"]


def test_a_folder_whose_replacement_was_killed_before_the_deletion_is_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "out"
    write_folder("a", "b")(path)
    kill_while_writing(path, "before the deletion")
    assert content(path) == ["new"]
    files.write(path, write_folder("c"))
    assert content(path) == ["c"]
    assert names_in(tmp_path) == ["out"]


# --- kinds of files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_json_has_no_number_that_is_not_finite_and_refusing_one_leaves_the_old_file(
    tmp_path: Path, value: float
) -> None:
    path = tmp_path / "out.json"
    files.write_json(path, {"score": 1.0})
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(path, {"score": [value]})
    assert files.read_json(path) == {"score": 1.0}
    assert names_in(tmp_path) == ["out.json"]


def test_json_keeps_the_order_of_keys_and_letters_beyond_ascii(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    files.write_json(path, {"b": 1, "a": "Zürich", "c": None})
    assert path.read_text(encoding="utf-8") == '{\n  "b": 1,\n  "a": "Zürich",\n  "c": null\n}\n'
    assert list(files.read_json(path)) == ["b", "a", "c"]


@given(values=st.lists(st.floats(allow_nan=False), min_size=1))
def test_floats_read_back_from_csv_as_they_were(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    path = tmp_path_factory.mktemp("csv") / "out.csv"
    files.write_csv(path, pd.DataFrame({"score": values}))
    np.testing.assert_array_equal(pd.read_csv(path)["score"].to_numpy(np.float64), values)


def test_a_csv_file_has_no_index_and_empty_cells_where_a_value_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    files.write_csv(path, pd.DataFrame({"size": ["1 x 2", None], "score": [0.1, np.nan]}, index=[7, 8]))
    assert path.read_text() == "size,score\n1 x 2,0.1\n,\n"


def test_a_table_read_back_from_parquet_is_the_same(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "series": pd.Categorical(["a", "b", "a"]),
            "time": pd.date_range("2026-01-01", periods=3, freq="h"),
            "y": [1 / 3, np.nan, -0.0],
            "x": np.array([1, 2, 3], np.float32),
            "fold_1": np.array([0, 1, 3], np.int8),
        }
    )
    files.write_parquet(tmp_path / "out.parquet", table)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), table)


def test_arrays_are_written_by_name_whole_or_not_at_all_and_never_pickled(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    files.write_npz(path, first=np.arange(3), text="ä")
    with np.load(path, allow_pickle=False) as content:
        assert content["first"].tolist() == [0, 1, 2]
        assert str(content["text"]) == "ä"
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        files.write_npz(path, first=np.array([None]))
    with np.load(path, allow_pickle=False) as content:
        assert content["first"].tolist() == [0, 1, 2]
    assert [file.name for file in tmp_path.iterdir()] == ["arrays.npz"]
