"""A long table of sequences: its order, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data.sequence_arrays import build
from cellsize.data.sequence_schema import SEQUENCE
from cellsize.data.sequence_table import clean
from cellsize.errors import InputError
from cellsize.params_data import HoldoutPart, Prepare, Window

HERE = Path("long.csv")
Table = Callable[..., pd.DataFrame]
MakePrepare = Callable[..., Prepare]


def test_rows_are_ordered_by_step_whatever_their_order_in_the_table(
    make_long_table: Table, make_long_prepare: MakePrepare, make_window: Callable[..., Window]
) -> None:
    table = make_long_table()
    shuffled = table.sample(frac=1, random_state=0)
    frame, schema = clean(shuffled, HERE, make_long_prepare(), None)
    assert schema.classes == ("a", "b")
    sequences = build(frame, schema, make_window(lookback=9))
    for number, name in enumerate(sequences.names):
        rows = sequences.inputs[sequences.rows(np.array([number]))][:, 0] + sequences.offset[0]
        assert rows.tolist() == table.loc[table["name"] == name, "x"].tolist()
        assert schema.classes[sequences.target[number]] == name[0]


def test_groups_and_a_declared_holdout_come_from_their_columns(
    make_long_table: Table, make_long_prepare: MakePrepare, make_window: Callable[..., Window]
) -> None:
    part = HoldoutPart(column="part", value="test")
    frame, schema = clean(make_long_table(), HERE, make_long_prepare(group="person"), part)
    sequences = build(frame, schema, make_window(lookback=9))
    assert sequences.group.tolist() == [0, 0, 1, 1]
    assert sequences.held_out.tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": (1, None)}, "long.csv, line 3, column 'name': missing; fill it in"),
        ({"class": (1, "b")}, "long.csv, line 3, column 'class': sequence 'a0' has another value in an earlier row"),
        ({"class": (1, None)}, "long.csv, line 3, column 'class': missing; fill it in"),
        ({"step": (1, 0)}, "long.csv, line 3, column 'step': sequence 'a0' has step 0 twice; remove one, or set"),
        ({"part": (1, "test")}, "long.csv, line 3, column 'part': sequence 'a0' has another value in an earlier row"),
    ],
)
def test_a_row_that_does_not_fit_is_named(
    make_long_table: Table, make_long_prepare: MakePrepare, change: dict[str, tuple[int, Any]], message: str
) -> None:
    table = make_long_table()
    for column, (row, value) in change.items():
        table.loc[row, column] = value
    with pytest.raises(InputError) as refused:
        clean(table, HERE, make_long_prepare(), HoldoutPart(column="part", value="test"))
    assert str(refused.value).startswith(message)


def test_a_holdout_that_no_row_names_is_refused(make_long_table: Table, make_long_prepare: MakePrepare) -> None:
    with pytest.raises(InputError, match=r"no row is 'tset'; fix split\.holdout_part"):
        clean(make_long_table(), HERE, make_long_prepare(), HoldoutPart(column="part", value="tset"))


def test_one_class_is_nothing_to_learn(make_long_table: Table, make_long_prepare: MakePrepare) -> None:
    with pytest.raises(InputError, match="column 'class': 1 classes, but a label has 2 to 1000"):
        clean(make_long_table("a"), HERE, make_long_prepare(), None)


def test_sequences_come_in_the_order_of_the_table(make_long_table: Table, make_long_prepare: MakePrepare) -> None:
    frame = clean(make_long_table()[::-1], HERE, make_long_prepare(), None)[0]
    assert list(frame[SEQUENCE].unique()) == ["b1", "a1", "b0", "a0"]


def test_a_label_may_be_a_number(
    make_long_table: Table, make_long_prepare: MakePrepare, make_window: Callable[..., Window]
) -> None:
    table = make_long_table()
    table["y"] = table["name"].map({"a0": 1.5, "b0": -2.0, "a1": 1e9, "b1": 1e9 + 1})
    frame, schema = clean(table, HERE, make_long_prepare(targets=["y"]), None, is_number=True)
    assert (schema.task, schema.classes) == ("regress", ())
    sequences = build(frame, schema, make_window(lookback=9))
    assert sequences.target.tolist() == [1.5, -2.0, 1e9, 1e9 + 1]
    assert (sequences.task, sequences.n_targets) == ("regress", 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((1.0, 1.0, 1.0, 1.0), "long.csv, column 'y': all sequences have 1; name another column in prepare.targets"),
        ((1.0, None, 1.0, 2.0), "long.csv, line 5, column 'y': missing; fill it in, or leave the row out"),
        ((1.0, "high", 1.0, 2.0), "long.csv, line 5, column 'y':"),
    ],
)
def test_a_number_that_says_nothing_or_is_none_is_refused(
    make_long_table: Table, make_long_prepare: MakePrepare, values: tuple[Any, ...], message: str
) -> None:
    table = make_long_table()
    table["y"] = table["name"].map(dict(zip(("a0", "b0", "a1", "b1"), values, strict=True)))
    with pytest.raises(InputError) as refused:
        clean(table, HERE, make_long_prepare(targets=["y"]), None, is_number=True)
    assert str(refused.value).startswith(message)
