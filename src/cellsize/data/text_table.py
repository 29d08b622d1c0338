"""A table with a column of texts, a row for each, as clean sequences of characters."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data import characters, sequence_table
from cellsize.data import table as tables
from cellsize.data.sequence_schema import SEQUENCE, SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats
from cellsize.errors import InputError
from cellsize.params_data import HoldoutPart, Prepare, Text

SHOWN = 60  # characters of a text that a sequence without a name is called by, behind the number of its row


def clean(
    table: pd.DataFrame,
    path: Path,
    prepare: Prepare,
    part: HoldoutPart | None,
    known: SequenceSchema | None = None,
) -> tuple[pd.DataFrame, SequenceSchema]:
    """Checks the rows, and makes a row of each character.

    Args:
        table: Raw rows: each is a sequence.
        path: Where they come from, for messages.
        prepare: `text` names the column, `targets` the label, `series` what a row is called, or None: by its number and
            the text.
        part: The column and value that declare the holdout, or None.
        known: What the columns mean to a model that is asked; None: that is found out.

    Returns:
        As `sequence_table.clean` returns them; the only feature has the name of the text's column, and its values are
        code points.

    Raises:
        InputError: A text is missing, empty or no text, a name is there twice, or as of other sequences.
    """
    assert prepare.text is not None
    table, named = table.reset_index(drop=True), sequence_table.texts(prepare, part)
    tables.require(table, path, named, "prepare")
    texts = read(table, path, prepare.text)
    rows, name = table[list(named)].copy(), prepare.series or SEQUENCE
    if prepare.series is None:
        rows[name] = [f"{row}: {text[:SHOWN]}" for row, text in enumerate(texts)]
    else:
        again = np.flatnonzero(tables.labels(rows[name]).duplicated().to_numpy())
        if again.size:
            raise InputError(
                f"{path}, {tables.line(path, int(again[0]))}, column {name!r}: {rows[name][int(again[0])]!r} is in an "
                "earlier row too, and each row is a text of its own; set prepare.series: null to name them by row"
            )
    # Checked as a long table of one step each, so that messages name the rows of the table; then made longer.
    rows[prepare.text.column] = 0
    as_one_step = prepare.model_copy(update={"series": name, "past_covariates": (prepare.text.column,)})
    one_step = None if known is None else replace(known, sequence=name, text=None)
    frame, schema = sequence_table.clean(rows, path, as_one_step, part, one_step)
    long = frame.loc[np.repeat(np.arange(len(frame)), [len(text) for text in texts])].reset_index(drop=True)
    long[prepare.text.column] = points(texts)
    return long, replace(schema, sequence=prepare.series or prepare.text.column, step=None, text=prepare.text)


def read(table: pd.DataFrame, path: Path, how: Text) -> list[str]:
    """The texts of a table as they are read, none of them empty; see `characters.normalised`."""
    column = how.column
    tables.require(table, path, (column,), "prepare.text")
    values = table[column]
    missing = np.flatnonzero(values.isna().to_numpy())
    if missing.size:
        raise InputError(
            f"{path}, {tables.line(path, int(missing[0]))}, column {column!r}: missing; leave the row out",
            "send a text, or leave the row out",
        )
    other = np.flatnonzero([not isinstance(value, str) for value in values])
    if other.size:
        raise InputError(
            f"{path}, {tables.line(path, int(other[0]))}, column {column!r}: {values.tolist()[int(other[0])]!r} is no "
            "text; name a column of texts in prepare.text",
            "send texts",
        )
    texts = [characters.normalised(value, how) for value in values]
    empty = next((row for row, text in enumerate(texts) if not text), None)
    if empty is not None:
        raise InputError(
            f"{path}, {tables.line(path, empty)}, column {column!r}: an empty text; leave the row out",
            "send a text, or leave the row out",
        )
    return texts


def asked(rows: pd.DataFrame, path: Path, schema: SequenceSchema) -> Sequences:
    """The texts of a request, each a sequence of its own, in their order; equal ones and equal names too.

    Args:
        rows: With any index; columns that the model does not read are left alone.
        path: Where they come from, for messages.
        schema: Meaning of the columns.
    """
    assert schema.text is not None
    rows = rows.reset_index(drop=True)
    tables.require(rows, path, (schema.sequence, schema.text.column), "prepare")
    texts = read(rows, path, schema.text)
    length = np.array([len(text) for text in texts])
    return Sequences(
        inputs=points(texts).astype(np.float32)[:, None],
        offset=np.zeros(1),
        first=np.cumsum(length) - length,
        length=length,
        target=np.zeros(len(length), np.int64),  # nobody knows it: it is what is asked for
        group=np.arange(len(length)),
        held_out=np.empty(0, np.bool_),
        names=tuple(tables.labels(rows[schema.sequence]).fillna("")),
        features=schema.input_columns,
        classes=schema.classes,
        longest=int(length.max()),
        characters=schema.characters,
    )


def points(texts: list[str]) -> Floats:
    """The code points of all characters of some texts, one text after another."""
    return np.array([ord(sign) for text in texts for sign in text], np.float64)
