"""Settings that work, where there are too few labelled sequences for those that are declared."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from cellsize.data import stratified
from cellsize.data.folds import Folds
from cellsize.data.sequences import Sequences
from cellsize.data.stratified import TooFewSequencesError
from cellsize.params_data import Split

FOLDS = (5, 4, 3, 2)
LEAST = 3  # of a class outside of the holdout: one to validate with, one to stop early by, one to learn from
HOLDOUTS, EARLY_STOPPING = (0.2, 0.25, 0.34, 0.5), (0.2, 0.25, 0.34, 0.5)


def split(sequences: Sequences, params: Split) -> Folds:
    """What `stratified.split` returns, or a message with settings that work.

    Raises:
        TooFewSequencesError: As `stratified.split`.
    """
    try:
        return stratified.split(sequences, params)
    except TooFewSequencesError as error:
        found, fault = fitting(sequences, params), error
    if found is None:
        raise fault
    before, after = _values(params), _values(found)
    changed = [f"{key}: {value:g}" for key, value in after.items() if value != before[key]]
    raise TooFewSequencesError(f"{fault.fault}; set {' and '.join(changed)}, or {fault.remedy}")


def fitting(sequences: Sequences, params: Split) -> Split | None:
    """The settings that change least and work; None if none do."""
    for other in _others(params, sequences.held_out.size > 0):
        try:
            stratified.split(sequences, other)
        except TooFewSequencesError:
            continue
        return other
    return None


def needed(sequences: Sequences) -> tuple[str, int, int]:
    """The class with the fewest groups, how many it has, and how many are needed, of it outside of the holdout."""
    held = sequences.held_out if sequences.held_out.size else np.zeros(len(sequences.first), np.bool_)
    counts = [
        len(np.unique(sequences.group[(sequences.target == code) & ~held])) for code in range(len(sequences.classes))
    ]
    rarest = int(np.argmin(counts))
    return sequences.classes[rarest], counts[rarest], LEAST if held.any() else LEAST + 1


def _others(params: Split, is_declared: bool) -> Iterator[Split]:
    """Other settings, those that change least first."""
    folds = dict.fromkeys((params.folds, *(number for number in FOLDS if number < params.folds)))
    stopping = dict.fromkeys(
        (params.early_stopping.fraction, *(one for one in EARLY_STOPPING if one > params.early_stopping.fraction))
    )
    holdouts = dict.fromkeys((params.holdout, *(one for one in HOLDOUTS if one > params.holdout and not is_declared)))
    ranked = sorted(
        product(enumerate(folds), enumerate(stopping), enumerate(holdouts)),
        key=lambda one: sum(rank for rank, _ in one),
    )
    for (_, number), (_, fraction), (_, holdout) in ranked:
        early_stopping = params.early_stopping.model_copy(update={"fraction": fraction})
        yield params.model_copy(update={"folds": number, "early_stopping": early_stopping, "holdout": holdout})


def _values(params: Split) -> dict[str, float]:
    return {
        "split.folds": params.folds,
        "split.early_stopping.fraction": params.early_stopping.fraction,
        "split.holdout": params.holdout,
    }
