"""The first three stages, by task: from the raw table to folds."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cellsize.data.schema import Schema
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Windows
from cellsize.params_data import HoldoutPart, Prepare, Split, Window
from cellsize.tasks import preparing, samples, schemas, splitting, windowing

PART = HoldoutPart(column="part", value="test")


def test_a_long_table_becomes_sequences_with_its_own_holdout(
    make_long_prepare: Callable[..., Prepare], make_window: Callable[..., Window], make_split: Callable[..., Split],
    tmp_path: Path,
) -> None:  # fmt: skip
    rows = [
        (f"s{number}", step, 10.0 * number + step, "ab"[number % 2], "test" if number > 11 else "train")
        for number in range(16)
        for step in range(1 + number % 3)
    ]
    pd.DataFrame(rows, columns=["name", "step", "x", "class", "part"]).to_csv(tmp_path / "long.csv", index=False)
    names = ("clean.parquet", "schema.json", "windows.npz", "searched_windows.npz")
    clean, schema, windows, searched = (tmp_path / name for name in names)
    params = make_long_prepare(table=str(tmp_path / "long.csv"))
    assert preparing.prepare("classify", params, PART, clean, schema) == ["31 rows, 16 sequences of 2 classes"]
    assert isinstance(schemas.load(schema), SequenceSchema)
    window, split = make_window(lookback=9, horizon=1), make_split(scheme="stratified", fraction=0.34)
    said = windowing.window(clean, schema, window, split, windows, searched)
    assert said == ["16 sequences of 1 to 3 steps, 1 inputs a step"]
    read = samples.load(windows)
    assert isinstance(read, Sequences)
    assert splitting.split(read, split, window)[1] == ["12 sequences in 2 folds, 4 held out"]


def test_a_table_of_series_becomes_windows(
    make_table: Callable[..., pd.DataFrame], make_prepare: Callable[..., Prepare], make_window: Callable[..., Window],
    make_split: Callable[..., Split], tmp_path: Path,
) -> None:  # fmt: skip
    make_table(60).to_csv(tmp_path / "toy.csv", index=False)
    names = ("clean.parquet", "schema.json", "windows.npz", "searched_windows.npz")
    clean, schema, windows, searched = (tmp_path / name for name in names)
    params = make_prepare(table=str(tmp_path / "toy.csv"))
    assert preparing.prepare("forecast", params, None, clean, schema) == ["60 rows, 1 series, 60 rows in the table"]
    assert isinstance(schemas.load(schema), Schema)
    said = windowing.window(clean, schema, make_window(), make_split(), windows, searched)
    assert said == ["56 windows of 5 steps, 4 inputs a step"]
    read = samples.load(windows)
    assert isinstance(read, Windows)
    assert splitting.split(read, make_split(), make_window())[1][-1].endswith("held out")
