"""Which windows are usable: the index over base arrays."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data.base_arrays import base, refuse_lost_digits
from cellsize.data.forecast import Forecast
from cellsize.data.schema import SERIES, Schema
from cellsize.data.windows import Ints, TooFewWindowsError, Windows
from cellsize.params_data import Window


def build(frame: pd.DataFrame, schema: Schema, window: Window, source: Path) -> Windows:
    """Makes base arrays and the index of all usable windows.

    A window is usable if its first row was observed, every input it sees has a value, and at least the fraction
    `window.observed` of the targets that it must predict was really observed. Gaps in what it sees are filled with the
    last value before them: targets over at most `window.fill` steps, covariates without limit (an indicator column says
    where). Targets to be predicted are never filled: missing ones are left out of loss and score.

    Args:
        frame: Clean series, as `series.clean` returns them.
        schema: Meaning of the columns, and the clock.
        window: Lookback, horizon, filling, transformation and normalisation.
        source: Where the series come from, for messages.

    Returns:
        The arrays and the index, with at least one window.

    Raises:
        TooFewWindowsError: Every series is shorter than one window, or no window is usable.
        InputError: A target cannot be transformed, or a series would lose its digits beside the others.
    """
    span = window.steps_seen + window.horizon
    lengths = frame.groupby(SERIES, sort=False).size()
    if lengths.max() < span:
        raise TooFewWindowsError(
            f"{source}, series {lengths.idxmax()!r}: {lengths.max()} rows, but a window needs {span} "
            f"(window.{'linear_' * (window.steps_seen > window.lookback)}lookback + window.horizon)",
            "give more rows or shorten the window",
        )
    arrays = base(frame, schema, window)
    refuse_lost_digits(arrays, frame, schema, source)
    begins = may_begin(frame, schema)
    usable = index_of(arrays, begins, window.observed)
    if not usable.size:
        raise TooFewWindowsError(
            f"{source}: no window of {span} steps has every value it needs", "give more data or shorten the window"
        )
    return replace(arrays, first=usable, may_begin=begins)


def index(arrays: Windows, frame: pd.DataFrame, schema: Schema, fraction: float) -> Ints:
    """First rows of the usable windows of some base arrays, ordered by time, then series; see `build`.

    Args:
        arrays: Base arrays.
        frame: The series they are made of.
        schema: Meaning of its columns.
        fraction: How many of the targets of its horizon a window must have.
    """
    return index_of(arrays, may_begin(frame, schema), fraction)


def may_begin(frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.bool_]:
    """True for the rows that were observed, shape (rows,).

    The first row of a window must be: a gap there would be filled from a row before the window, and a training window
    would so see a row of the validation set before it.
    """
    observed = np.ones(len(frame), np.bool_)
    for column in schema.past_columns:
        observed &= frame[column].notna().to_numpy()
    return observed


def index_of(arrays: Windows, begins: npt.NDArray[np.bool_], fraction: float) -> Ints:
    """First rows of the usable windows, of those that begin where they may; see `index`."""
    can_be_seen = np.asarray(np.isfinite(arrays.inputs).all(axis=1))
    usable = np.flatnonzero(seen(arrays, can_be_seen, begins) & predicted(arrays, fraction))
    if len(arrays.names) > 1:
        usable = usable[np.lexsort((arrays.series[usable], arrays.step[usable]))]
    return usable


def _before(mask: npt.NDArray[Any]) -> Ints:
    """Sums of what lies before each row: all rows of a stretch count if it grows by the length of the stretch."""
    sums: Ints = np.concatenate([[0], np.cumsum(mask, dtype=np.int32)], dtype=np.int32)
    return sums


def seen(
    arrays: Windows, can_be_seen: npt.NDArray[np.bool_], first_rows: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Whether a window that begins in a row lies in one series and sees values alone, shape (starts,)."""
    n_rows = len(arrays.step)
    n_starts = max(n_rows - arrays.span + 1, 0)
    sums = _before(can_be_seen)
    usable: npt.NDArray[np.bool_] = first_rows[:n_starts] & (
        arrays.series[:n_starts] == arrays.series[n_rows - n_starts :]
    )
    usable &= sums[arrays.lookback :][:n_starts] - sums[:n_starts] == arrays.lookback
    return usable


def predicted(arrays: Windows, fraction: float) -> npt.NDArray[np.bool_]:
    """Whether it has enough targets to predict, and all that is known in future, shape (starts,)."""
    n_starts, task = max(len(arrays.step) - arrays.span + 1, 0), Forecast.of(arrays)
    known = _before(np.asarray(np.isfinite(arrays.inputs[:, arrays.n_past :]).all(axis=1)))
    usable: npt.NDArray[np.bool_] = targets_of(arrays) >= task.fewest(fraction)
    usable &= known[arrays.span :][:n_starts] - known[arrays.lookback :][:n_starts] == arrays.horizon
    return usable


def targets_of(arrays: Windows) -> Ints:
    """How many targets a window that begins in a row has to predict, shape (starts,)."""
    n_starts = max(len(arrays.step) - arrays.span + 1, 0)
    sums = _before(Forecast.of(arrays).observed(arrays.target))
    counts: Ints = sums[arrays.span :][:n_starts] - sums[arrays.lookback :][:n_starts]
    return counts
