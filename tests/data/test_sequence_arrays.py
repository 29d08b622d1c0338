"""Clean rows of sequences → base arrays and the index."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cellsize.data.sequence_arrays import build
from cellsize.data.sequence_table import clean
from cellsize.errors import InputError
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


def test_a_number_is_transformed_and_a_negative_one_is_refused(
    make_long_table: Table, make_long_prepare: MakePrepare, make_window: Callable[..., Window]
) -> None:
    table = make_long_table()
    table["y"] = table["name"].map({"a0": 4.0, "b0": 9.0, "a1": 0.0, "b1": 1.0})
    frame, schema = clean(table, HERE, make_long_prepare(targets=["y"]), None, is_number=True)
    assert build(frame, schema, make_window(transform="sqrt")).target.tolist() == [2, 3, 0, 1]
    frame["_label"] -= 1
    with pytest.raises(InputError, match=r"column 'y', sequence 'a1': -1 is negative; window.transform is sqrt: set"):
        build(frame, schema, make_window(transform="sqrt"))
