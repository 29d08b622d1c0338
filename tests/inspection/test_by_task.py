"""What is looked at, by task."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data.folds import Folds
from cellsize.data.sequence_table import clean
from cellsize.inspection.by_task import inspect
from cellsize.params_data import Prepare, Window
from cellsize.progress import unsaid
from cellsize.sizing.class_records import SequenceInspection
from cellsize.sizing.number_records import NumberInspection


def test_of_sequences_classes_are_counted(
    make_long_table: Callable[..., pd.DataFrame], make_long_prepare: Callable[..., Prepare],
    make_window: Callable[..., Window], tmp_path: Path,
) -> None:  # fmt: skip
    frame, schema = clean(make_long_table(), Path("long.csv"), make_long_prepare(), None)
    frame.to_parquet(tmp_path / "clean.parquet")
    schema.save(tmp_path / "schema.json")
    parts = Folds(np.zeros((1, 4), np.int8), np.zeros(4, np.bool_), np.ones(4, np.bool_))
    found, said = inspect(
        tmp_path / "clean.parquet", tmp_path / "schema.json", make_window(lookback=9), parts, (1,), "log_loss", unsaid
    )
    assert isinstance(found, SequenceInspection)
    assert found.classes == {"a": 2, "b": 2}
    assert said.startswith("inspect: 4 sequences of 2 to 3 steps")


def test_of_numbers_quartiles_are_taken(
    make_long_table: Callable[..., pd.DataFrame], make_long_prepare: Callable[..., Prepare],
    make_window: Callable[..., Window], tmp_path: Path,
) -> None:  # fmt: skip
    table = make_long_table()
    table["y"] = table["name"].map({"a0": 4.0, "b0": 9.0, "a1": 0.0, "b1": 1.0})
    frame, schema = clean(table, Path("long.csv"), make_long_prepare(targets=["y"]), None, is_number=True)
    frame.to_parquet(tmp_path / "clean.parquet")
    schema.save(tmp_path / "schema.json")
    parts = Folds(np.zeros((1, 4), np.int8), np.zeros(4, np.bool_), np.ones(4, np.bool_))
    found, said = inspect(
        tmp_path / "clean.parquet", tmp_path / "schema.json", make_window(lookback=9), parts, (1,), "mse", unsaid
    )
    assert isinstance(found, NumberInspection)
    assert found.quantiles["50"] == 2.5
    assert said.endswith("numbers from 0 to 9, half of them up to 2.5")
