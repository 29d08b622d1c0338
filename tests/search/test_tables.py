"""The results of a search as tables."""

import csv
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.search import tables
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import Check, Result, Row


def result_of(size: Size, index: int) -> Result:
    """Two folds; zero cells have no curve. Every figure tells which result it belongs to."""
    folds = (1, 2)
    rows = tuple(
        Row(
            size.layers,
            size.units,
            fold,
            0,
            1e-3,
            0.0,
            0.0,
            "joint",
            "plain",
            1.0,
            "ok",
            20,
            30,
            0.1,
            0.2,
            index + fold / 10,
            40,
            10,
            7,
            3,
        )
        for fold in folds
    )
    checks = tuple(
        Check(size.layers, size.units, fold, 0, 1e-3, 0.0, 0.0, "joint", "plain", step, index / 3, 0.1)
        for fold in folds
        for step in (10, 20)
    )
    residuals = np.full((4, 2, 1), index, np.float32)
    windows = np.arange(4) + index
    return Result(rows, checks if size != ZERO else (), residuals, windows, windows % 2 == 0, 1.0 + index, 0.5 * index)


SOME = [result_of(size, index) for index, size in enumerate([ZERO, Size(1, 2), Size(1, 10), Size(2, 1)])]
TABLES = ("trials.csv", "curves.csv", "timings.csv", "residuals.npz")


def written(results: list[Result], folder: Path) -> list[Path]:
    paths = [folder / name for name in TABLES]
    tables.write(results, *paths)
    return paths


def test_the_tables_are_in_grid_order_whatever_the_order_of_training(tmp_path: Path) -> None:
    contents = set()
    for index, order in enumerate(permutations(SOME)):
        paths = written(list(order), tmp_path / str(index))
        contents.add(tuple(path.read_bytes() for path in paths))
    assert len(contents) == 1
    trials, curves, timings = (pd.read_csv(tmp_path / "0" / name) for name in TABLES[:3])
    # By number: as text 1x10 would come before 1x2.
    assert [*zip(timings["layers"], timings["units"], strict=True)] == [(0, 0), (1, 2), (1, 10), (2, 1)]
    assert trials["units"].tolist() == [0, 0, 2, 2, 10, 10, 1, 1]
    assert trials["fold"].tolist() == [1, 2] * 4
    assert curves["units"].tolist() == [2] * 4 + [10] * 4 + [1] * 4
    assert curves["step"].tolist() == [10, 20] * 6


def test_each_size_keeps_its_own_figures(tmp_path: Path) -> None:
    trials, curves, timings, residuals = written(SOME[::-1], tmp_path)
    assert pd.read_csv(trials)["score"].tolist() == [0.1, 0.2, 1.1, 1.2, 2.1, 2.2, 3.1, 3.2]
    # Floats read back as they were.
    assert pd.read_csv(curves)["train_loss"].tolist() == [index / 3 for index in (1, 2, 3) for _ in range(4)]
    assert pd.read_csv(timings).to_dict("list") == {
        "layers": [0, 1, 1, 2], "units": [0, 2, 10, 1], "seconds": [1, 2, 3, 4], "milliseconds": [0, 0.5, 1, 1.5],
    }  # fmt: skip
    with np.load(residuals, allow_pickle=False) as arrays:
        assert sorted(arrays) == sorted(f"{result.size}{end}" for result in SOME for end in ("", ".windows", ".skips"))
        for result in SOME:
            np.testing.assert_array_equal(arrays[str(result.size)], result.residuals)
            np.testing.assert_array_equal(arrays[f"{result.size}.windows"], result.residual_windows)
            np.testing.assert_array_equal(arrays[f"{result.size}.skips"], result.residual_skips)


def test_without_any_cell_the_curves_are_an_empty_table(tmp_path: Path) -> None:
    _, curves, _, _ = written(SOME[:1], tmp_path)
    with curves.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [list(Check.__dataclass_fields__)]
