"""A table with a column of texts, a row for each, as clean sequences of characters."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data import characters, sequence_table
from cellsize.data import table as tables
from cellsize.data.sequence_schema import SEQUENCE, SequenceSchema
from cellsize.errors import InputError
from cellsize.params_data import HoldoutPart, Prepare, Text


def clean(
    table: pd.DataFrame, path: Path, prepare: Prepare, part: HoldoutPart | None
) -> tuple[pd.DataFrame, SequenceSchema]:
    """Checks the rows, and makes a row of each character.

    Args:
        table: Raw rows: each is a sequence.
        path: Where they come from, for messages.
        prepare: `text` names the column, `targets` the label, `series` what a row is called, or None: its number.
        part: The column and value that declare the holdout, or None.

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
        rows[name] = np.arange(len(rows)).astype(str)
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
    frame, schema = sequence_table.clean(rows, path, as_one_step, part)
    long = frame.loc[np.repeat(np.arange(len(frame)), [len(text) for text in texts])].reset_index(drop=True)
    long[prepare.text.column] = np.concatenate([[ord(sign) for sign in text] for text in texts]).astype(np.float64)
    return long, replace(schema, sequence=prepare.series, step=None, text=prepare.text)


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
