"""What is odd about the data and should be said: nothing is changed by it.

All is measured before the holdout, but for which covariates are missing at the end of the table: there a forecast would
begin now. What a covariate gives away is fitted on training sets and scored on early-stopping sets, so that no
validation block is read either.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from cellsize.data.collection import left_out, unscored
from cellsize.data.folds import EARLY_STOPPING, TRAIN, Folds, row_mask
from cellsize.data.schema import SERIES
from cellsize.data.windows import Floats, Ints
from cellsize.inspection.measurement import Material, covered
from cellsize.sizing.inspection_records import GivenAway, NeverThere, Remarks, SeriesLeftOut

GIVEN_AWAY = 0.99  # of the variance of a target that known-future covariates of its own step explain
OF_DIFFERENCES = 0.9  # of the variance of its steps too: a trend explains much of the values, and nothing of these
MOST_ROWS = 20_000
MOSTLY = 0.5
MOST_VALUES = 20
ROWS_EACH = 10  # so many rows for each value, else few rows have few values


class Rows(NamedTuple):
    """Rows that a fold may read: those fitted and those scored, shape (n,) each, ascending."""

    fitted: Ints
    scored: Ints


def collect(content: Material, folds: Folds) -> Remarks:
    """All remarks on the rows before the holdout.

    Args:
        content: Targets, covariates and folds.
        folds: Who learns from which of the declared windows.
    """
    arrays, schema = content.arrays(content.window.transform), content.schema
    before = ~row_mask(arrays, np.flatnonzero(folds.holdout))
    covariates = content.frame[list(schema.known_future_covariates)].to_numpy(np.float64)
    parts = [
        Rows(*(_predicted(content, labels == label) for label in (TRAIN, EARLY_STOPPING)))
        for labels in (content.labels if covariates.shape[1] else ())
    ]
    told, missing, few, zero = [], {}, {}, {}
    for column, name in enumerate(schema.targets):
        target = content.raw[:, column]
        found = given_away(target, covariates, parts)
        if found is not None:
            names = tuple(schema.known_future_covariates[at] for at in found[0])
            told.append(GivenAway(target=name, covariates=names, explained=found[1]))
        if (absent := float(np.isnan(target[before]).mean())) > MOSTLY:
            missing[name] = absent
        values, zeros = few_values(target[before])
        if values:
            few[name] = values
        if zeros > MOSTLY:
            zero[name] = zeros
    out = left_out(arrays, folds)
    return Remarks(
        series=len(arrays.names),
        left_out=len(out),
        series_left_out=tuple(SeriesLeftOut(series=each.series, reason=each.reason) for each in out),
        unscored={name: tuple(numbers) for name, numbers in unscored(arrays, folds).items()},
        given_away=tuple(told),
        never_there=never_there(content),
        mostly_missing=missing,
        few_values=few,
        mostly_zero=zero,
    )


def never_there(content: Material) -> tuple[NeverThere, ...]:
    """Covariates that a forecast made at the end of the table would be without, in every series with a window.

    One of the past, such as a measurement that is delivered days later, is missing in all of the last rows that a
    window sees. One that is known in future is not given for all of the steps to come, where the table has rows of
    these. Only which values are missing is looked at.
    """
    frame, schema, window = content.frame, content.schema, content.window
    codes = pd.factorize(frame[SERIES])[0]
    observed = frame[list(schema.targets)].notna().all(axis=1).to_numpy()
    ends = np.flatnonzero(np.diff(codes, append=-1))
    begins = np.append(0, ends[:-1] + 1)
    last = begins - 1
    np.maximum.at(last, np.searchsorted(ends, np.flatnonzero(observed)), np.flatnonzero(observed))
    taken = np.isin(codes[begins], codes[content.origins])
    begins, last, ends = begins[taken], last[taken], ends[taken]
    seen, ahead = list[Ints](), list[Ints]()
    for begin, now, end in zip(begins.tolist(), last.tolist(), ends.tolist(), strict=True):
        seen.append(np.arange(max(begin, now + 1 - window.steps_seen), now + 1))
        if now < end:
            ahead.append(np.arange(now + 1, min(now + window.horizon, end) + 1))
    found = list[NeverThere]()
    past = {name: name for name in schema.past_covariates if name in schema.flagged}
    past |= {name: f"{name}={levels[0]}" for name, levels in schema.categorical_covariates.items()}
    for name, column in past.items():
        missing = frame[column].isna().to_numpy()
        if all(missing[rows].all() for rows in seen):
            found.append(NeverThere(covariate=name, known_future=False, steps=window.steps_seen))
    for name in schema.known_future_covariates:
        missing = frame[name].isna().to_numpy()
        if ahead and all(missing[rows].any() for rows in ahead):
            found.append(NeverThere(covariate=name, known_future=True, steps=window.horizon))
    return tuple(found)


def _predicted(content: Material, chosen: npt.NDArray[np.bool_]) -> Ints:
    """The rows that some windows predict, ascending."""
    rows = covered(content.origins[chosen], 0, content.window.horizon, len(content.raw))
    return np.flatnonzero(rows).astype(np.int32)  # of all folds at once


def given_away(
    target: npt.NDArray[np.float64], covariates: npt.NDArray[np.float64], folds: Sequence[Rows]
) -> tuple[tuple[int, ...], float] | None:
    """Which covariates of the same step tell a target, and how much of its variance they explain; None if they do not.

    Args:
        target: Shape (rows,), NaN where unobserved.
        covariates: Shape (rows, columns).
        folds: It has to be so in each.

    Returns:
        Columns, a single one if it is enough, and the least fraction of all folds.
    """
    if not covariates.shape[1] or not folds:
        return None
    alone = [((column,), _least(target, covariates[:, [column]], folds)) for column in range(covariates.shape[1])]
    best = max(alone, key=lambda each: each[1])
    if best[1] > GIVEN_AWAY:
        return best
    every = tuple(range(covariates.shape[1])), _least(target, covariates, folds)
    return every if every[1] > GIVEN_AWAY else None


def few_values(target: npt.NDArray[np.float64]) -> tuple[tuple[float, ...], float]:
    """The values of a target if they are few, else none, and the fraction of zeros.

    Args:
        target: Shape (rows,), NaN where unobserved.
    """
    there = target[np.isfinite(target)]
    values = np.unique(there)
    few = len(values) <= min(MOST_VALUES, len(there) / ROWS_EACH)
    return tuple(map(float, values)) if few else (), float((there == 0).mean()) if there.size else 0.0


def _least(target: npt.NDArray[np.float64], covariates: npt.NDArray[np.float64], folds: Sequence[Rows]) -> float:
    """The least of all folds, 0 as soon as one fold shows that the target is not given away."""
    least = 1.0
    for fold in folds:
        fitted, scored = (_usable(target, covariates, rows) for rows in fold)
        if len(fitted) <= 2 * covariates.shape[1] + 2 or len(scored) < 3:
            return 0.0
        of_values = _explained(target, covariates, fitted, scored)
        values, inputs = target[scored], covariates[scored]
        if of_values <= GIVEN_AWAY and inputs.shape[1] == 1 and np.ptp(values) and np.ptp(inputs):
            # A function that rises or falls with the target gives it away too.
            values, inputs = rankdata(values), rankdata(inputs, axis=0)
            of_values = float(np.corrcoef(values, inputs[:, 0])[0, 1] ** 2)
        following = np.diff(scored) == 1
        steps, moves = np.diff(values)[following], np.diff(inputs, axis=0)[following]
        if len(steps) < 3 or not np.ptp(steps):
            return 0.0
        slopes = np.linalg.lstsq(moves, steps, rcond=None)[0]
        of_steps = 1 - float(np.square(steps - moves @ slopes).sum() / np.square(steps - steps.mean()).sum())
        if of_values <= GIVEN_AWAY or of_steps <= OF_DIFFERENCES:
            return 0.0
        least = min(least, of_values)
    return least


def _usable(target: Floats, covariates: Floats, rows: Ints) -> Ints:
    usable = rows[np.isfinite(target[rows]) & np.isfinite(covariates[rows]).all(axis=1)]
    return usable[-MOST_ROWS:]  # in a row: their differences are looked at


def _explained(target: Floats, covariates: Floats, fitted: Ints, scored: Ints) -> float:
    """R² on the scored rows of least squares on the fitted ones."""
    centre, width = covariates[fitted].mean(axis=0), covariates[fitted].std(axis=0)
    fitted_inputs, scored_inputs = (
        (covariates[rows] - centre) / np.where(width > 0, width, 1.0) for rows in (fitted, scored)
    )
    mean = target[fitted].mean()
    weights = np.linalg.lstsq(fitted_inputs, target[fitted] - mean, rcond=None)[0]
    errors = target[scored] - mean - scored_inputs @ weights
    total = np.square(target[scored] - target[scored].mean()).sum()
    return 1 - float(np.square(errors).sum() / total) if total > 0 else 0.0
