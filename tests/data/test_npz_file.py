"""Sequences of an npz file: what is read, and what is refused with its array and sequence."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellsize.data import npz_file
from cellsize.errors import InputError

X = np.arange(12.0).reshape(2, 3, 2)
Y = np.array(["up", "down"])


def saved(folder: Path, **arrays: Any) -> Path:
    path = folder / "toy.npz"
    np.savez(path, **arrays)
    return path


def test_sequences_of_unequal_length_with_groups(tmp_path: Path) -> None:
    values = X.copy()
    values[0, 1, 0], values[1, 2] = np.nan, np.inf  # the last is behind the end of its sequence
    table = npz_file.read(saved(tmp_path, X=values, y=Y, lengths=[3, 2], person=[7, 8]))
    assert list(table.columns) == ["sequence", "step", "x1", "x2", "label", "person"]
    assert table["sequence"].tolist() == [1, 1, 1, 2, 2]
    assert table["step"].tolist() == [1, 2, 3, 1, 2]
    np.testing.assert_array_equal(table["x1"], [0, np.nan, 4, 6, 8])
    assert table["label"].tolist() == ["up"] * 3 + ["down"] * 2
    assert table["person"].tolist() == [7] * 3 + [8] * 2


def test_of_one_feature_the_last_dimension_may_be_left_out_and_labels_may_be_numbers(tmp_path: Path) -> None:
    table = npz_file.read(saved(tmp_path, X=X[:, :, 0].astype(int), y=np.array([[1], [0]])))
    assert table["x1"].tolist() == [0, 2, 4, 6, 8, 10]
    assert table["label"].tolist() == [1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"X": X}, "toy.npz: no array 'y' (there are: X); save X of sequences × steps × features and y of labels"),
        ({"x": X, "y": Y}, "toy.npz: no array 'X' (there are: x, y)"),
        ({"X": X, "y": Y[:1]}, "toy.npz, y: <U4 of shape (1,), but X has 2 sequences; save a number or a text"),
        ({"X": X, "y": np.array([1, None])}, "toy.npz, y: an array of Python objects, which is not read"),
        ({"X": X.astype(str), "y": Y}, "toy.npz, X: <U32, and no numbers; save numbers"),
        ({"X": X[0, 0], "y": Y}, "toy.npz, X: shape (2,); save sequences × steps × features"),
        ({"X": X[:, :0], "y": Y}, "toy.npz, X: shape (2, 0, 2); save sequences × steps × features"),
        ({"X": np.where(X == 9, np.inf, X), "y": Y}, "toy.npz, X[1, 1, 1]: inf is infinite for a network; fix it"),
        ({"X": X, "y": Y, "lengths": [0, 2]}, "toy.npz, lengths[0]: 0, but X has 3 steps; give 1 to 3"),
        ({"X": X, "y": Y, "lengths": [2, 4]}, "toy.npz, lengths[1]: 4, but X has 3 steps; give 1 to 3"),
        ({"X": X, "y": Y, "lengths": [1.0, 2.0]}, "toy.npz, lengths: float64, and no whole numbers"),
        ({"X": X, "y": Y, "step": [1, 2]}, "toy.npz, step: this name is reserved for a column of ours"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_one_line(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        npz_file.read(saved(tmp_path, **arrays))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_npz_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "toy.npz"
    path.write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(InputError, match=r"not a valid npz file; save it with np\.savez"):
        npz_file.read(path)
    with (tmp_path / "one.npz").open("wb") as file:
        np.save(file, X)
    with pytest.raises(InputError, match="one array, and no npz file of several"):
        npz_file.read(tmp_path / "one.npz")
