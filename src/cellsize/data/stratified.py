"""Holdout and folds of labelled sequences: each class in each part in the same proportion, groups never divided.

Of numbers, each tenth of their values has the part of a class, or fewer and larger parts where there are few sequences:
no class that a part may lack, but scores of folds that differ less by chance.
"""

import warnings
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cellsize.data import growing
from cellsize.data.duplicates import contents, together
from cellsize.data.folds import EARLY_STOPPING, TRAIN, VALIDATION, Folds
from cellsize.data.searched_sequences import count_of
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Ints
from cellsize.errors import InputError
from cellsize.params_data import Split

MOST_STRATA = 10


class TooFewSequencesError(InputError):
    """A class has too few sequences for the parts that are asked for: fewer parts may do."""

    @property
    def fault(self) -> str:
        """What is wrong, without what to do."""
        return str(self).partition("; ")[0]

    @property
    def remedy(self) -> str:
        """What to do."""
        return str(self).partition("; ")[2]


def split(sequences: Sequences, params: Split) -> Folds:
    """Divides sequences into a holdout and folds; all that are not held out are in each fold.

    With `split.duplicates: group` equal sequences stay together as a group does. Those that equal one of a declared
    holdout are in no fold: nothing learns from what is tested, and the holdout stays what it was declared to be.

    Args:
        sequences: Labels and groups; and the holdout, where the table declares one.
        params: Fraction of the holdout, number of folds, fraction of the early-stopping sets; what becomes of equal
            sequences; and how many sequences are searched on, none of which gets into the holdout. With the scheme
            `shuffled` numbers are not looked at.

    Returns:
        The labels. No group is in two sets of a fold, or in the holdout and elsewhere.

    Raises:
        TooFewSequencesError: A class has too few sequences or groups.
        InputError: A class has none outside of the holdout.
    """
    count, is_given, by_label = len(sequences.first), sequences.held_out.size > 0, params.scheme == "stratified"
    holdout, left_out = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    if is_given:
        holdout = sequences.held_out.copy()
        _refuse_declared(sequences, holdout)
    kept = count_of(params.searched_until, count)
    first = growing.first_of(sequences, kept)
    if params.duplicates == "group":
        if is_given:
            left_out = _again(sequences, holdout)
        sequences, first = (replace(each, group=together(each)) for each in (sequences, first))
    if not is_given:
        held = parts(first, np.arange(kept), round(1 / params.holdout), "split.holdout", 2, by_label)[0]
        holdout, left_out = growing.held_out(sequences, np.isin(np.arange(kept), held), params.holdout)
    development = np.flatnonzero(~holdout & ~left_out)
    labels = np.zeros((params.folds, count), np.int8)
    for number, validation in enumerate(parts(sequences, development, params.folds, "split.folds", 0, by_label)):
        learnable = np.setdiff1d(development, validation)
        of_stopping = round(1 / params.early_stopping.fraction)
        stopping = parts(sequences, learnable, of_stopping, "split.early_stopping.fraction", 1, by_label)[0]
        labels[number, learnable] = TRAIN
        labels[number, stopping] = EARLY_STOPPING
        labels[number, validation] = VALIDATION
        require_classes(sequences, np.flatnonzero(labels[number] == TRAIN), f"fold {number + 1}")
    return Folds(labels, holdout, ~holdout & ~left_out)


def _again(sequences: Sequences, holdout: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """True for the sequences outside of a declared holdout that are equal to one in it."""
    content = contents(sequences)
    left_out: npt.NDArray[np.bool_] = ~holdout & np.isin(content, content[holdout])
    if (left_out | holdout).all():
        raise InputError(
            "split.holdout_part: every sequence outside of the holdout is equal to one in it, so that nothing is left "
            "to learn from; declare another holdout, or set split.duplicates: spread"
        )
    return left_out


def parts(sequences: Sequences, chosen: Ints, count: int, key: str, seed: int, by_label: bool = True) -> list[Ints]:
    """The chosen sequences in so many parts, each class in equal proportion."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold  # a second that other tasks do not need

    target, group = sequences.target[chosen], sequences.group[chosen]
    is_grouped = len(np.unique(group)) < len(group)
    what = "groups (equal sequences are one)" if is_grouped else "sequences"
    for code in range(len(sequences.classes)):
        of_class = target == code
        there = len(np.unique(group[of_class])) if is_grouped else int(of_class.sum())
        if there < count:
            raise TooFewSequencesError(
                f"{key}: class {sequences.classes[code]!r} has {there} {what}, and {count} parts are asked for; "
                "give more of them, fewer parts (a larger fraction), or leave the class out"
            )
    if not sequences.classes:
        there = len(np.unique(group))
        if there < count:
            raise TooFewSequencesError(
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


def require_classes(sequences: Sequences, train: Ints, where: str) -> None:
    """Refuses a training set without some class.

    Args:
        sequences: Base arrays and index.
        train: Positions of the sequences to learn from.
        where: What it is the training set of.

    Raises:
        TooFewSequencesError: A class is not in it.
    """
    if not sequences.classes:
        return
    lacking = np.setdiff1d(np.arange(len(sequences.classes)), sequences.target[train])
    if lacking.size:
        raise TooFewSequencesError(
            f"split.folds: class {sequences.classes[lacking[0]]!r} is not in the training set of {where}; "
            "give more groups with it, fewer folds, or leave the class out"
        )
