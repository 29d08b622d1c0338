"""What a table of sequences would be for the stages, before any of them runs: nothing is written. See `arrival`."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data import searched_sequences, sequence_arrays, sequence_table, stratified, table
from cellsize.data.folds import Folds
from cellsize.data.sequence_history import SequenceHistory
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.errors import InputError
from cellsize.params import Params


@dataclass(frozen=True)
class SequenceArrival:
    """A table as it lies there.

    Attributes:
        frame: Clean sequences.
        schema: Meaning of their columns.
        samples: Base arrays and index of all sequences.
        folds: Holdout and folds of all of them.
    """

    frame: pd.DataFrame
    schema: SequenceSchema
    samples: Sequences
    folds: Folds


def read(params: Params) -> SequenceArrival:
    """Reads the table that `prepare.table` names, as `prepare`, `window` and `split` do.

    Raises:
        InputError: One of these stages would refuse it.
    """
    raw, part = Path(params.prepare.table), params.split.holdout_part
    rows = table.read(raw, sequence_table.texts(params.prepare, part), params.prepare.csv)
    frame, schema = sequence_table.clean(rows, raw, params.prepare, part)
    samples = sequence_arrays.build(frame, schema, params.window)
    return SequenceArrival(frame, schema, samples, stratified.split(samples, params.split))


def kept(arrived: SequenceArrival, history: SequenceHistory, params: Params) -> SequenceArrival:
    """The same with the holdout of a refit, in which nothing is that the size was searched on.

    Args:
        arrived: All sequences.
        history: What the champion has learned from.
        params: Of the project.
    """
    split = params.split.model_copy(update={"searched_until": history.searched_until})
    try:
        return replace(arrived, folds=stratified.split(arrived.samples, split))
    except InputError:  # of other sequences, which are said
        return arrived


def until(arrived: SequenceArrival, said: str, params: Params) -> SequenceArrival:
    """The same of the first sequences; see `searched_sequences.sequences_until`.

    Raises:
        InputError: There are too few of them.
    """
    frame = searched_sequences.sequences_until(arrived.frame, said)
    samples = sequence_arrays.build(frame, arrived.schema, params.window)
    split = params.split.model_copy(update={"searched_until": None})
    return SequenceArrival(frame, arrived.schema, samples, stratified.split(samples, split))


def holds_searched(arrived: SequenceArrival, history: SequenceHistory) -> bool:
    """Whether the holdout may have sequences that the size was searched on: where new ones stand before such."""
    count = int(history.searched_until)
    return tuple(history.sequences)[:count] != arrived.samples.names[:count]


def new_in(arrived: SequenceArrival, learned: np.ndarray) -> tuple[np.ndarray, int]:
    """Positions of the sequences of new groups, and how many of these groups are in the holdout.

    Args:
        arrived: All sequences.
        learned: Positions of those that a model has learned from.
    """
    groups = arrived.samples.group
    new = np.flatnonzero(~np.isin(groups, groups[learned]))
    return new, len(np.unique(groups[new[arrived.folds.holdout[new]]]))
