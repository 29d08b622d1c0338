"""Clean rows of sequences → base arrays and the index."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cellsize.data.sequence_arrays import build
from cellsize.data.sequence_table import clean
from cellsize.params_data import Prepare, Window

HERE = Path("long.csv")
Table = Callable[..., pd.DataFrame]
MakePrepare = Callable[..., Prepare]


def test_of_a_long_sequence_the_last_steps_are_read(
    make_long_table: Table, make_long_prepare: MakePrepare, make_window: Callable[..., Window]
) -> None:
    sequences = build(*clean(make_long_table(), HERE, make_long_prepare(), None), make_window(lookback=2))
    assert sequences.length.tolist() == [2, 2, 2, 2]
    assert (sequences.inputs[:2, 0] + sequences.offset[0]).tolist() == [1, 2]


def test_a_large_level_keeps_its_digits(
    make_long_table: Table, make_long_prepare: MakePrepare, make_window: Callable[..., Window]
) -> None:
    table = make_long_table()
    table["x"] += 1e9
    sequences = build(*clean(table, HERE, make_long_prepare(), None), make_window(lookback=9))
    assert (sequences.inputs[:3, 0] + sequences.offset[0]).tolist() == [1e9, 1e9 + 1, 1e9 + 2]
