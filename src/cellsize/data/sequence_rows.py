"""Rows of a request as sequences: the columns that a model reads, without a label."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import sequence_features, text_table
from cellsize.data import table as tables
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats
from cellsize.errors import InputError


def read(rows: pd.DataFrame, path: Path, schema: SequenceSchema, offset: Floats) -> Sequences:
    """The sequences of some rows, in the order in which they come first.

    Args:
        rows: In any order, with any index; columns that the model does not read are left alone.
        path: Where they come from, for messages.
        schema: Meaning of the columns.
        offset: What is subtracted from each input before it becomes single: the mean of training, so that no digit is
            lost, whatever these few rows are like. Shape (n_inputs,).

    Raises:
        InputError: A column or a value is missing or unreadable, or a step is there twice.
            `InputError.for_caller` says what to send.
    """
    if schema.text is not None:
        return text_table.asked(rows, path, schema)
    rows = rows.reset_index(drop=True)
    tables.require(rows, path, columns(schema), "prepare")
    names = tables.labels(rows[schema.sequence])
    _refuse_missing(names.isna().to_numpy(), path, schema.sequence)
    codes, distinct = pd.factorize(names)
    made = sequence_features.columns(rows, path, schema)
    values = np.stack([made[column] for column in schema.input_columns], axis=1)
    step = np.zeros(len(rows)) if schema.step is None else _steps(rows, path, schema.step, names)
    order = np.lexsort((np.arange(len(rows)), step, codes))
    length = np.bincount(codes)
    return Sequences(
        inputs=np.ascontiguousarray(values[order] - offset, np.float32),
        offset=offset,
        first=np.cumsum(length) - length,
        length=length,
        target=np.zeros(len(length), np.int64),  # nobody knows it: it is what is asked for
        group=np.arange(len(length)),
        held_out=np.empty(0, np.bool_),
        names=tuple(map(str, distinct)),
        features=schema.input_columns,
        classes=schema.classes,
        longest=int(length.max()),
    )


def columns(schema: SequenceSchema) -> tuple[str, ...]:
    """The columns of the raw table that a model reads, each once."""
    named = [schema.sequence, *([schema.step] if schema.step else []), *schema.features, *schema.levels]
    return tuple(dict.fromkeys([*named, *schema.static_covariates]))


def _steps(rows: pd.DataFrame, path: Path, step: str, names: pd.Series) -> npt.NDArray[np.float64]:
    """What orders the rows of a sequence; each is there once."""
    steps = tables.numbers(rows, path, step)
    _refuse_missing(np.isnan(steps), path, step)
    again = np.flatnonzero(pd.DataFrame({"name": names, "step": steps}).duplicated().to_numpy())
    if again.size:
        row = int(again[0])
        raise InputError(
            f"{path}, {tables.line(path, row)}, column {step!r}: sequence {names[row]!r} has step {steps[row]:g} "
            "twice; send each step once"
        )
    return steps


def _refuse_missing(missing: npt.NDArray[np.bool_], path: Path, column: str) -> None:
    if missing.any():
        row = tables.line(path, int(np.argmax(missing)))
        raise InputError(f"{path}, {row}, column {column!r}: no value; send it in each row")
