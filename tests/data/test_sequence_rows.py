"""Rows of a request as sequences."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.data.sequence_rows import columns, read
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.errors import InputError

HERE = Path("the rows given")
NOTHING = np.zeros(2)
Rows = Callable[[Sequences], pd.DataFrame]


def test_sequences_come_in_the_order_of_their_first_rows_and_steps_in_theirs(
    make_sequences: Callable[..., Sequences], sequence_schema: SequenceSchema, rows_of: Rows
) -> None:
    there = make_sequences()
    shuffled = rows_of(there).sample(frac=1, random_state=0)
    found = read(shuffled, HERE, sequence_schema, NOTHING)
    assert found.names == tuple(dict.fromkeys(shuffled["name"]))
    for at, name in enumerate(found.names):
        known = there.names.index(name)
        steps = slice(there.first[known], there.first[known] + there.length[known])
        np.testing.assert_array_equal(found.inputs[found.rows(np.array([at]))], there.inputs[steps])


def test_without_a_column_of_steps_rows_are_read_as_they_come(
    make_sequences: Callable[..., Sequences], sequence_schema: SequenceSchema, rows_of: Rows
) -> None:
    schema = replace(sequence_schema, step=None)
    backwards = rows_of(make_sequences())[::-1]
    found = read(backwards, HERE, schema, NOTHING)
    assert columns(schema) == ("name", "x", "z")
    assert found.inputs[found.rows(np.array([0]))][:, 1].tolist() == list(range(found.length[0]))[::-1]


def test_a_large_level_loses_no_digits(
    make_sequences: Callable[..., Sequences], sequence_schema: SequenceSchema, rows_of: Rows
) -> None:
    rows = rows_of(make_sequences())
    found = read(rows.assign(x=rows["x"] + 1e9), HERE, sequence_schema, np.array([1e9, 0.0]))
    np.testing.assert_allclose(found.inputs[:, 0], rows["x"], atol=1e-6)


BROKEN: list[tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = [
    (lambda rows: rows.drop(columns="z"), "no column 'z'; send it: the model reads name, step, x, z"),
    (lambda rows: rows.drop(columns="step"), "no column 'step'; send it: the model reads name, step, x, z"),
    (lambda rows: rows.drop(columns="name"), "no column 'name'; send it: the model reads name, step, x, z"),
    (lambda rows: rows.assign(x="high"), "row 0, column 'x': 'high' is not a number; send numbers with a decimal"),
    (
        lambda rows: rows.assign(x=rows["x"].where(rows.index != 3)),
        "row 3, column 'x': missing; send it in each",
    ),
    (lambda rows: rows.assign(x=np.nan), "column 'x': every value is missing; send its values"),
    (lambda rows: rows.assign(x=np.inf), "row 0, column 'x': infinite"),
    (lambda rows: rows.assign(name=rows["name"].where(rows.index != 2)), "row 2, column 'name': no value; send it"),
    (lambda rows: rows.assign(step=0), "row 1, column 'step': sequence 's0' has step 0 twice; send each step once"),
    (lambda rows: rows.assign(step=rows["step"].where(rows.index != 1)), "row 1, column 'step': no value"),
    (lambda rows: pd.concat([rows, rows[["x"]]], axis=1), "column 'x' is duplicated; send it once"),
    (
        lambda rows: rows.assign(x=pd.Series([[1.0]] * len(rows), dtype=object)),
        "row 0, column 'x': [1.0] is neither a number nor text",
    ),
]


@pytest.mark.parametrize(("broken", "said"), BROKEN, ids=[said[:30] for _, said in BROKEN])
def test_what_cannot_be_read_is_said_in_a_line_for_who_sends_rows(
    make_sequences: Callable[..., Sequences], sequence_schema: SequenceSchema, rows_of: Rows,
    broken: Callable[[pd.DataFrame], pd.DataFrame], said: str,
) -> None:  # fmt: skip
    with pytest.raises(InputError) as refused:
        read(broken(rows_of(make_sequences())), HERE, sequence_schema, NOTHING)
    assert said in refused.value.for_caller
    assert "params.yaml" not in refused.value.for_caller
    assert "prepare" not in refused.value.for_caller
