"""Clean rows → samples, by task; the way from the raw table is in test_preparing.py."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cellsize.data.sequence_table import clean
from cellsize.data.sequences import Sequences
from cellsize.params_data import Prepare, Split, Window
from cellsize.tasks import samples, windowing


def test_rows_of_sequences_become_sequences(
    make_long_table: Callable[..., pd.DataFrame], make_long_prepare: Callable[..., Prepare],
    make_window: Callable[..., Window], make_split: Callable[..., Split], tmp_path: Path,
) -> None:  # fmt: skip
    frame, schema = clean(make_long_table(), Path("long.csv"), make_long_prepare(), None)
    rows, meaning = tmp_path / "clean.parquet", tmp_path / "schema.json"
    made, searched = tmp_path / "windows.npz", tmp_path / "searched_windows.npz"
    frame.to_parquet(rows)
    schema.save(meaning)
    said = windowing.window(rows, meaning, make_window(lookback=9), make_split(), made, searched)
    assert said == ["4 sequences of 2 to 3 steps, 1 inputs a step"]
    assert isinstance(samples.load(made), Sequences)
    assert searched.read_bytes() == made.read_bytes()
