"""Looks at labelled sequences and decides what `params.yaml` has to say for them; the holdout has no say.

Which sequences are held out follows from names and labels, as the stage `split` divides them, or from a column that
says so. Only rows of the others are looked at then; how long sequences are and what is missing is seen of all.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import sequence_arrays, sequence_features, sequence_remedies, sequence_table
from cellsize.data import table as tables
from cellsize.data.sequences import Sequences
from cellsize.data.stratified import TooFewSequencesError, split
from cellsize.params import Params
from cellsize.params_data import Csv, Prepare, Split
from cellsize.project import sequence_roles, template
from cellsize.project.asked import Asked
from cellsize.project.compared import LEAST_GROUPS, compared
from cellsize.project.sequence_columns import Columns

MOST_STEPS = 500  # that are read of a sequence, unless more are asked for: a training costs as many
BATCHES = 8  # in one pass through the training sequences, at least
BATCH_SIZES = (128, 64, 32, 16)
NETWORK = "network: it reads in both directions, and the label from the mean over the steps (propose.network)"
Values = dict[str, template.Value]
OF_CLASSES: Values = {
    "task": "classify",
    "baseline.penalties": [0.1, 1.0, 10.0],
    "choose.metric": "log_loss",
    "register.beat": ["majority_class", "logistic_regression"],
}
OF_NUMBERS: Values = {"task": "regress", "choose.metric": "mse", "register.beat": ["mean", "ridge_linear"]}


def examine(written: Csv, found: Columns, asked: Asked) -> tuple[Values, list[str]]:
    """Keys of `params.yaml` and their values, and a line for each thing that was found.

    Args:
        written: How the file is written.
        found: The columns with a role.
        asked: What is declared.

    Raises:
        InputError: A column cannot be read, or there are too few sequences.
    """
    changes = always(written, found, asked) | (OF_NUMBERS if asked.is_number else OF_CLASSES)
    features: Values = {"prepare.past_covariates": ["nothing is read of it yet"]}
    params = template.validated(changes | features)
    texts = sequence_table.texts(params.prepare, params.split.holdout_part, asked.is_number)
    table = tables.read(asked.table, texts, written)
    no_features = params.prepare.model_copy(update={"past_covariates": ()})
    sequences = _sequences(table, params, no_features, asked)
    # Without features all sequences of one length are equal: which really are is seen below.
    bare = params.split.model_copy(update={"duplicates": "spread"})
    held = split(sequences, fitting(sequences, bare, asked)).holdout
    while True:
        rows = pd.factorize(tables.labels(table[found.sequence]))[0]
        features, left_out = sequence_roles.roles_of(table, found, asked, ~held[rows])
        params = template.validated(changes | features)
        declared = tables.read(asked.table, (*texts, *sequence_features.texts(params.prepare)), written)
        sequences = _sequences(declared, params, params.prepare, asked)
        parts = fitting(sequences, params.split, asked)
        final = split(sequences, parts).holdout
        more = final & ~held
        if not more.any():
            break
        held |= more  # what has been seen is not what is held out: these have no say either
    chosen = decided(sequences, parts, held, params, asked)
    gate, comparable = gated(sequences, final, params)
    said = sequence_roles.said(table, found, asked, features)
    return changes | features | chosen | gate, [
        *said,
        *(f"left out: {name} ({why})" for name, why in left_out.items()),
        *_said(sequences, parts, held, int(final.sum()), found, asked),
        *comparable,
    ]


def always(written: Csv, found: Columns, asked: Asked) -> Values:
    """What does not depend on values."""
    part = None if found.part is None else found.part.model_dump()
    return {f"prepare.csv.{key}": value for key, value in written} | {
        "prepare.time": found.step,
        "prepare.series": found.sequence,
        "prepare.targets": [found.label],
        "prepare.group": asked.group,
        "prepare.frequency": "step",
        "prepare.time_format": None,
        "prepare.timezone": None,
        "prepare.holidays": None,
        "prepare.calendar": [],
        "prepare.linear_calendar": [],
        "window.lookback": asked.lookback or MOST_STEPS,
        "window.linear_lookback": None,
        "window.horizon": 1,
        "window.transform": "none",
        "window.normalise": "none",
        "window.scale": "global",
        "split.scheme": "stratified",
        "split.holdout_part": part,
        "propose.network.bidirectional": True,
        "propose.network.summary": "mean",
        "propose.network.head": ["plain"],
        "baseline.seasons": [1],
        "baseline.classical": "none",
    }


def _sequences(table: pd.DataFrame, params: Params, prepare: Prepare, asked: Asked) -> Sequences:
    """What the stages make of the table."""
    part, is_number = params.split.holdout_part, asked.is_number
    frame, schema = sequence_table.clean(table, asked.table, prepare, part, is_number=is_number)
    return sequence_arrays.build(frame, schema, params.window)


def fitting(sequences: Sequences, params: Split, asked: Asked) -> Split:
    """Folds that there are enough sequences for."""
    try:
        split(sequences, params)
    except TooFewSequencesError as error:
        found = sequence_remedies.fitting(sequences, params)
        if found is None:
            if not sequences.classes:
                raise
            name, count, least = sequence_remedies.needed(sequences)
            if count >= least:  # groups of unequal size: it is not their number
                raise
            what = "sequences" if asked.group is None else f"values of {asked.group!r}"
            raise TooFewSequencesError(
                f"{asked.table}: class {name!r} has {count} {what}"
                f"{' outside of the holdout' * (sequences.held_out.size > 0)}, but holdout, folds and early stopping "
                f"need {least} of each; give more of them, or leave the class out of the table"
            ) from error
        return found
    return params


def decided(sequences: Sequences, parts: Split, held: npt.NDArray[np.bool_], params: Params, asked: Asked) -> Values:
    """What depends on how many sequences there are, and how long they are."""
    training = int((~held).sum()) * (parts.folds - 1) / parts.folds * (1 - parts.early_stopping.fraction)
    size = next((size for size in BATCH_SIZES if BATCHES * size <= training), BATCH_SIZES[-1])
    return {
        "window.lookback": asked.lookback or int(sequences.length[~held].max()),
        "split.folds": parts.folds,
        "split.holdout": parts.holdout,
        "split.early_stopping.fraction": parts.early_stopping.fraction,
        "search.training.batch_size": min(size, params.search.training.batch_size),
    }


def gated(sequences: Sequences, held: npt.NDArray[np.bool_], params: Params) -> tuple[Values, list[str]]:
    """How many groups of sequences a comparison of models needs here, and a line on it.

    Equal sequences of the holdout are one group for the gate and several here: what they hold has no say yet.
    """
    return compared(
        len(np.unique(sequences.group[held])), params.register_.blocks, LEAST_GROUPS, "group", " of sequences"
    )


def _said(
    sequences: Sequences, parts: Split, held: npt.NDArray[np.bool_], count: int, found: Columns, asked: Asked
) -> list[str]:
    """Lines on steps, network, folds and holdout."""
    shown = sequences.length[~held]
    cut = int(sequences.length.max()) == MOST_STEPS and asked.lookback is None
    return [
        f"steps: {int(shown.min())} to {int(shown.max())}"
        + (f"; of longer sequences the last {MOST_STEPS} are read, --lookback takes more" if cut else ""),
        NETWORK,
        f"folds: {parts.folds}, {shared(sequences, held)}",
        f"holdout: {held_out(sequences, parts, found, 'sequences')}, {count:,} sequences; of it only names, labels, "
        "lengths and which values are missing had a say",
    ]  # fmt: skip


def held_out(sequences: Sequences, parts: Split, found: Columns, what: str) -> str:
    """What is held out, in words."""
    if found.part is not None:
        return f"the rows whose {found.part.column!r} is {found.part.value!r}"
    return f"{100 * parts.holdout:.0f} % of the {what}" + ", of each class alike" * bool(sequences.classes)


def shared(sequences: Sequences, held: npt.NDArray[np.bool_], what: str = "sequences") -> str:
    """What each fold has of the labels, in words."""
    if not sequences.classes:
        return "small and large numbers in each alike"
    counts = np.bincount(sequences.target[~held], minlength=len(sequences.classes))
    rarest = int(np.argmin(counts))
    return (
        f"each class in each alike; the rarest, {sequences.classes[rarest]!r}, has {counts[rarest]} {what} "
        "outside of the holdout"
    )
