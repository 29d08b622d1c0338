"""New sequences of a table as a model reads them, and which of them it has not learned from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import sequence_arrays, sequence_table, table, text_table
from cellsize.data.sequence_history import SequenceHistory
from cellsize.data.sequence_schema import GROUP, LABEL, SEQUENCE
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Ints
from cellsize.errors import InputError
from cellsize.models.classifier import Classifier
from cellsize.models.regressor import Regressor
from cellsize.params_data import Prepare


@dataclass(frozen=True)
class NewSequences:
    """New sequences as a model reads them.

    Attributes:
        sequences: Base arrays and index of all sequences of the file.
        new: Positions of those that it has not learned from, nor from their groups, shape (n,).
        has_label: Whether each of these has a label that the model knows, or a number, shape (n,).
        known: How many others it has learned from, or from their groups.
        unknown_labels: Label that it does not know → how many of the new ones have it.
        is_labelled: Whether the file has labels.
        taken_as_new: Whether all count as new because nothing says which ones it has learned from.
    """

    sequences: Sequences
    new: Ints
    has_label: npt.NDArray[np.bool_]
    known: int
    unknown_labels: dict[str, int]
    is_labelled: bool
    taken_as_new: bool


def read(path: Path, model: Classifier | Regressor, prepare: Prepare, history: SequenceHistory | None) -> NewSequences:
    """Reads a table that has new sequences, with labels or without; old ones among them do no harm.

    Args:
        path: A file that is written as the model's own table is.
        model: What labels them, or gives them their numbers.
        prepare: How its own table was read.
        history: What it has learned from; None: nobody knows.

    Raises:
        InputError: The file cannot be read, or no sequence of it is new. The message is for somebody who has no
            params.yaml.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; name another one with --data")
    try:
        rows = table.read(path, sequence_table.texts(prepare, None, not model.schema.classes), prepare.csv)
        return _new(path, rows, model, prepare, history)
    except InputError as error:
        raise InputError(error.for_caller) from None


def _new(
    path: Path, rows: pd.DataFrame, model: Classifier | Regressor, prepare: Prepare, history: SequenceHistory | None
) -> NewSequences:
    schema = model.schema
    is_labelled = schema.label in rows.columns and not rows[schema.label].isna().all()
    # The place of a label that is not there, or that the model does not know, is taken by another; nothing reads it.
    any_label = schema.classes[0] if schema.classes else 0
    if not is_labelled:
        rows = rows.assign(**{schema.label: any_label})
    clean = sequence_table.clean if schema.text is None else text_table.clean
    frame, _ = clean(rows, path, prepare, None, schema)
    of_each = frame.drop_duplicates(SEQUENCE)
    labels, groups = (tuple(of_each[column].astype(str)) for column in (LABEL, GROUP))
    knows = of_each[LABEL].isin(schema.classes).to_numpy() if schema.classes else np.ones(len(of_each), np.bool_)
    if schema.classes:
        frame[LABEL] = frame[LABEL].where(frame[LABEL].isin(schema.classes), any_label)
    sequences = sequence_arrays.build(frame, schema, model.window)
    is_new = np.ones(len(labels), np.bool_) if history is None else history.is_new(sequences.names, groups)
    new = np.flatnonzero(is_new)
    if not new.size:
        raise InputError(
            f"{path}: no sequence is new: the model has learned from all {len(labels):,}, or from others of their "
            "groups; give sequences with other names"
        )
    unknown = [labels[at] for at in new if not knows[at]]
    return NewSequences(
        sequences=sequences,
        new=new,
        has_label=knows[new] & is_labelled,
        known=len(labels) - len(new),
        unknown_labels={label: unknown.count(label) for label in dict.fromkeys(unknown)},
        is_labelled=is_labelled,
        taken_as_new=history is None,
    )
