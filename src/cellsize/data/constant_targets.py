"""Targets that never change where something is learnt: any network forecasts them, and no score means anything."""

import numpy as np

from cellsize.data.folds import Folds, row_mask, split
from cellsize.data.schema import without_target
from cellsize.data.windows import Ints, Windows
from cellsize.errors import InputError
from cellsize.params_data import Split


def refuse(windows: Windows, folds: Folds, params: Split) -> None:
    """Refuses a target that is constant before the holdout, or in the training set of a fold.

    A table in which a target changes in the holdout alone once gave a score of 0 and "no memory cells". Covariates that
    are constant in training are no trouble: scaling makes them 0.

    Args:
        windows: All windows.
        folds: What `split` made of them.
        params: The section `split`, for a number of folds that would do.

    Raises:
        InputError: The message names the column, the fold, and what to do.
    """
    column = _constant(windows, np.flatnonzero(folds.development))
    if column is not None:
        raise InputError(
            f"split.holdout: column {column!r}: the target never changes before the holdout; "
            f"{without_target(windows.targets, column)}, or give a longer table"
        )
    bad = _bad_fold(windows, folds)
    if bad is None:
        return
    index, column = bad
    others = sorted(range(2, 2 * params.folds + 1), key=lambda number: (abs(number - params.folds), number))
    better = next((number for number in others if number != params.folds and _does(windows, params, number)), None)
    remedy = "" if better is None else f"set split.folds: {better}, or "
    raise InputError(
        f"split.folds: column {column!r}: the target never changes in the training set of fold {index + 1} of "
        f"{params.folds}; {remedy}{without_target(windows.targets, column)}"
    )


def are_none(windows: Windows, folds: Folds) -> bool:
    """Whether `refuse` refuses nothing."""
    return _constant(windows, np.flatnonzero(folds.development)) is None and _bad_fold(windows, folds) is None


def _constant(windows: Windows, chosen: Ints) -> str | None:
    """The first target that never changes in the rows of the chosen windows, or None."""
    values = windows.target[row_mask(windows, chosen)]
    if not len(values):
        return None
    # Lowest and highest without a copy; a column of NaN alone is constant too.
    same = ~(np.fmin.reduce(values) < np.fmax.reduce(values))
    return windows.targets[int(np.flatnonzero(same)[0])] if same.any() else None


def _bad_fold(windows: Windows, folds: Folds) -> tuple[int, str] | None:
    """The first fold whose training set has a constant target, and the target."""
    for index, fold in enumerate(folds.all()):
        column = _constant(windows, fold.train)
        if column is not None:
            return index, column
    return None


def _does(windows: Windows, params: Split, number: int) -> bool:
    """Whether so many folds can be made, none of them with a constant target."""
    try:
        return _bad_fold(windows, split(windows, params.model_copy(update={"folds": number}))) is None
    except InputError:
        return False
