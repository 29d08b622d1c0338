"""Holdout and folds of labelled sequences: each class in each part in the same proportion, groups never divided.

Of numbers, each tenth of their values has the part of a class, or fewer and larger parts where there are few sequences:
no class that a part may lack, but scores of folds that differ less by chance.
"""

import warnings

import numpy as np
import numpy.typing as npt

from cellsize.data import growing
from cellsize.data.folds import EARLY_STOPPING, TRAIN, VALIDATION, Folds
from cellsize.data.searched_sequences import count_of
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Ints
from cellsize.errors import InputError
from cellsize.params_data import Split

MOST_STRATA = 10


def split(sequences: Sequences, params: Split) -> Folds:
    """Divides sequences into a holdout and folds; all that are not held out are in each fold.

    Args:
        sequences: Labels and groups; and the holdout, where the table declares one.
        params: Fraction of the holdout, number of folds, fraction of the early-stopping sets; and how many sequences
            are searched on, none of which gets into the holdout. With the scheme `shuffled` numbers are not looked at.

    Returns:
        The labels. No group is in two sets of a fold, or in the holdout and elsewhere.

    Raises:
        InputError: A class has too few sequences or groups, or none outside of the holdout.
    """
    count, by_label = len(sequences.first), params.scheme == "stratified"
    holdout = np.zeros(count, np.bool_)
    if sequences.held_out.size:
        holdout = sequences.held_out.copy()
        _refuse_declared(sequences, holdout)
    else:
        kept, parts = count_of(params.searched_until, count), round(1 / params.holdout)
        holdout[_parts(sequences, np.arange(kept), parts, "split.holdout", 2, by_label)[0]] = True
        holdout = growing.held_out(sequences, holdout[:kept], kept, params.holdout)
    development = np.flatnonzero(~holdout)
    labels = np.zeros((params.folds, count), np.int8)
    for number, validation in enumerate(_parts(sequences, development, params.folds, "split.folds", 0, by_label)):
        learnable = np.setdiff1d(development, validation)
        fraction = params.early_stopping.fraction
        parts = round(1 / fraction)
        stopping = _parts(sequences, learnable, parts, "split.early_stopping.fraction", 1, by_label)[0]
        labels[number, learnable] = TRAIN
        labels[number, stopping] = EARLY_STOPPING
        labels[number, validation] = VALIDATION
        _require_classes(sequences, np.flatnonzero(labels[number] == TRAIN), number)
    return Folds(labels, holdout, ~holdout)


def _parts(sequences: Sequences, chosen: Ints, count: int, key: str, seed: int, by_label: bool) -> list[Ints]:
    """The chosen sequences in so many parts, each class in equal proportion."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold  # a second that other tasks do not need

    target, group = sequences.target[chosen], sequences.group[chosen]
    is_grouped = len(np.unique(group)) < len(group)
    what = "groups" if is_grouped else "sequences"
    for code in range(len(sequences.classes)):
        of_class = target == code
        there = len(np.unique(group[of_class])) if is_grouped else int(of_class.sum())
        if there < count:
            raise InputError(
                f"{key}: class {sequences.classes[code]!r} has {there} {what}, and {count} parts are asked for; "
                "give more of them, fewer parts (a larger fraction), or leave the class out"
            )
    if not sequences.classes:
        there = len(np.unique(group))
        if there < count:
            raise InputError(
                f"{key}: there are {there} {what}, too few for {count} parts; give more of them, or fewer parts (a "
                "larger fraction)"
            )
        target = _strata(target, count if by_label else len(target))
    kind = StratifiedGroupKFold if is_grouped else StratifiedKFold
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of classes with few members: refused above
        found = kind(count, shuffle=True, random_state=seed).split(np.zeros(len(chosen)), target, group)
        return [chosen[of_part] for _, of_part in found]


def _strata(numbers: npt.NDArray[np.floating], count: int) -> Ints:
    """Numbers in order as up to `MOST_STRATA` equal parts, each of at least so many: the part of each, shape (n,)."""
    strata = max(1, min(MOST_STRATA, len(numbers) // count))
    ranks = np.empty(len(numbers), np.int64)
    ranks[np.argsort(numbers, kind="stable")] = np.arange(len(numbers))
    found: Ints = ranks * strata // len(numbers)
    return found


def _refuse_declared(sequences: Sequences, holdout: npt.NDArray[np.bool_]) -> None:
    """Refuses a declared holdout that is all there is, shares a group with the rest, or has a class of its own."""
    if holdout.all():
        raise InputError("split.holdout_part: it declares every sequence as holdout; declare another one")
    shared = np.intersect1d(sequences.group[holdout], sequences.group[~holdout])
    if shared.size:
        name = sequences.names[int(np.flatnonzero(sequences.group == shared[0])[0])]
        raise InputError(
            f"split.holdout_part: the group of sequence {name!r} (prepare.group) is in the holdout and outside of it; "
            "set prepare.group: null, or declare another holdout"
        )
    if not sequences.classes:
        return
    alone = np.setdiff1d(sequences.target[holdout], sequences.target[~holdout])
    if alone.size:
        raise InputError(
            f"split.holdout_part: class {sequences.classes[alone[0]]!r} is in the holdout alone, and nothing can learn "
            "it; leave its sequences out, or declare another holdout"
        )


def _require_classes(sequences: Sequences, train: Ints, number: int) -> None:
    """Refuses a training set without some class."""
    if not sequences.classes:
        return
    lacking = np.setdiff1d(np.arange(len(sequences.classes)), sequences.target[train])
    if lacking.size:
        raise InputError(
            f"split.folds: class {sequences.classes[lacking[0]]!r} is not in the training set of fold {number + 1}; "
            "give more groups with it, fewer folds, or leave the class out"
        )
