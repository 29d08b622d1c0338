"""Looks at a table of texts and decides what `params.yaml` has to say for it; the holdout has no say.

Which texts are held out follows from labels, and from which texts are equal, as the stage `split` divides them. Only
the others are looked at then: their length, and how many characters they have.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import characters, sequence_arrays, sequence_table, text_table
from cellsize.data import table as tables
from cellsize.data.sequences import Sequences
from cellsize.data.stratified import split
from cellsize.params import Params
from cellsize.params_data import Csv, Split
from cellsize.project import examine_sequences, sequence_roles, template
from cellsize.project.asked import Asked
from cellsize.project.examine_sequences import MOST_STEPS, OF_CLASSES, Values
from cellsize.project.sequence_columns import Columns

MOST_CHARACTERS = 256  # that are known, unless params.yaml says more: each is an input of every step
OF_TEXTS: Values = {
    "prepare.past_covariates": [],
    "prepare.categorical_covariates": [],
    "prepare.known_future_covariates": [],
    "prepare.static_covariates": [],
    "split.duplicates": "group",
}


def examine(written: Csv, found: Columns, asked: Asked) -> tuple[Values, list[str]]:
    """Keys of `params.yaml` and their values, and a line for each thing that was found.

    Args:
        written: How the file is written.
        found: The columns with a role.
        asked: What is declared.

    Raises:
        InputError: A text or a label is missing, or there are too few texts.
    """
    assert found.text is not None
    how: dict[str, object] = {"column": found.text, "characters": MOST_CHARACTERS, "case": "lower"}
    changes = examine_sequences.always(written, found, asked) | OF_CLASSES | OF_TEXTS
    changes |= {"prepare.series": asked.series, "prepare.text": how}
    params = template.validated(changes)
    table = tables.read(asked.table, sequence_table.texts(params.prepare, params.split.holdout_part), written)
    held = np.zeros(len(table), np.bool_)
    while True:
        sequences = _sequences(table, params, asked)
        parts = examine_sequences.fitting(sequences, params.split, asked)
        final = split(sequences, parts).holdout
        if not (final & ~held).any():
            break
        # Texts that were cut may be equal, and be held out for it: then these have no say either.
        held |= final
        decided = examine_sequences.decided(sequences, parts, held, params, asked)
        how["characters"] = _known(sequences, held)
        changes |= decided | {"prepare.text": dict(how)}
        params = template.validated(changes)
    gate, comparable = examine_sequences.gated(sequences, final, params)
    return changes | gate, [
        *_said_of_columns(table, found, asked),
        *_said(sequences, parts, held, int(final.sum()), found, params),
        *comparable,
    ]


def _sequences(table: pd.DataFrame, params: Params, asked: Asked) -> Sequences:
    """What the stages make of the table."""
    frame, schema = text_table.clean(table, asked.table, params.prepare, params.split.holdout_part)
    return sequence_arrays.build(frame, schema, params.window)


def _known(sequences: Sequences, held: npt.NDArray[np.bool_]) -> int:
    """How many characters stand in several texts before the holdout; others are unknown in training too."""
    shown = np.flatnonzero(~held)
    points = sequences.inputs[sequences.rows(shown), 0].astype(np.int64)
    of_text = np.repeat(shown, sequences.length[shown])
    of_each = np.unique(np.stack([points, of_text]), axis=1)[0]
    counts = np.unique(of_each, return_counts=True)[1]
    return min(max(int((counts >= characters.SHOWN).sum()), 1), MOST_CHARACTERS)


def _said_of_columns(table: pd.DataFrame, found: Columns, asked: Asked) -> list[str]:
    """Lines on the columns and what they are for."""
    assert found.text is not None
    classes = sorted(map(str, table[found.label].unique()))
    lines = [
        f"texts: {len(table):,}, in {found.text!r}, of which {table[found.text].nunique():,} are different; equal ones "
        "stay together (split.duplicates: group)",
        f"label: {found.label!r}, {len(classes)} classes: {sequence_roles.listed(classes)}",
    ]
    if asked.group:
        lines.append(f"group: texts of one {asked.group!r} stay together ({table[asked.group].nunique()} of them)")
    read = {*found.taken, asked.group, asked.series}
    return [
        *lines,
        *(f"left out: {name} (only the text is read)" for name in map(str, table.columns) if name not in read),
    ]


def _said(
    sequences: Sequences, parts: Split, held: npt.NDArray[np.bool_], count: int, found: Columns, params: Params
) -> list[str]:
    """Lines on characters, network, folds and holdout."""
    assert params.prepare.text is not None
    shown, most = sequences.length[~held], params.window.lookback
    return [
        f"characters: {params.prepare.text.characters} may be known, in lower case (prepare.text); a fold learns which",
        f"steps: texts of {int(shown.min())} to {int(shown.max())} characters; of a longer one the last {most} are read"
        + (", --lookback takes more" if most == MOST_STEPS else ""),
        examine_sequences.NETWORK,
        f"folds: {parts.folds}, {examine_sequences.shared(sequences, held, 'texts')}",
        f"holdout: {examine_sequences.held_out(sequences, parts, found, 'texts')}, {count:,} texts; of it only labels, "
        "and which texts are equal, had a say",
    ]  # fmt: skip
