"""New rows of a table as windows of a model, and which of them it has not learned from."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data import base_arrays, series, table, usable
from cellsize.data.history import History, differs
from cellsize.data.scaling import Scaling, own_offsets, with_unknown
from cellsize.data.schema import SERIES, Schema
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import understood
from cellsize.params_data import Csv

ALL = 1 << 40  # steps of each series that count: every one
PLAIN = Csv(
    separator=",", decimal=".", thousands=None, comment=None, encoding="utf-8", units_row=False, total_row=False
)


@dataclass(frozen=True)
class NewRows:
    """New rows as a model reads them.

    Attributes:
        windows: Base arrays of all rows, with the index of those windows that predict only new ones.
        model: The model, with constants for series that it has not learned from.
        is_new: Which rows are newer than all that the model has learned from of their series, shape (rows,).
        unknown: Series that it has not learned from.
        taken_as_new: Whether rows count as new because nothing says when they are of.
        first: Time of the first new row.
        last: Time of the last one.
    """

    windows: Windows
    model: Forecaster
    is_new: np.ndarray[tuple[int], np.dtype[np.bool_]]
    unknown: tuple[str, ...]
    taken_as_new: bool
    first: str
    last: str


def read(path: Path, model: Forecaster, csv: Csv = PLAIN, history: History | None = None) -> NewRows:
    """Reads a table that has new rows, and as many old ones as a forecast looks back on.

    Args:
        path: A text or Parquet file with the columns, units and clock of the model's own table.
        model: What forecasts.
        csv: How a text file is written.
        history: The rows that the model has learned from; of use where rows are counted and have no time.

    Raises:
        InputError: The file cannot be read, or the model cannot forecast from it; or no row of it is new. The message
            is for somebody who has no params.yaml.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; name another one with --data")
    try:
        rows = table.read(path, _texts(model.schema), csv, model.schema.time)
        return _windows(path, rows, model, history)
    except InputError as error:
        raise InputError(error.for_caller) from None


def _texts(schema: Schema) -> tuple[str, ...]:
    """Columns that are read as they are written."""
    return (
        *schema.categorical_covariates,
        *schema.static_covariates,
        *([schema.series] if schema.series else []),
    )


def _windows(path: Path, rows: pd.DataFrame, model: Forecaster, history: History | None) -> NewRows:
    schema, window, scaling = model.schema, model.window, model.fitted.scaling
    rows, as_read = understood(model, rows)
    frame = series.clean(rows, path, as_read, recent=ALL)
    _refuse_other_steps(path, frame, schema)
    names = tuple(map(str, frame[SERIES].cat.categories))
    arrays = base_arrays.base(frame, schema, window, scaling.mean, own_offsets(scaling, names))
    scaling = _with_new_series(arrays, scaling)
    if is_counted(model):
        is_new, taken_as_new = _not_known(arrays, frame, as_read, history)
        unknown = tuple[str, ...]()
    else:
        is_new, unknown = _newer(arrays, model)
        taken_as_new = False
    if not is_new.any():
        until = max(model.learned_of.values(), key=arrays.stamp_of, default=model.learned_until)
        raise InputError(
            f"{path}: no row is newer than what the model has learned from, until {until}; give rows of after that"
        )
    usable_ones = usable.index(arrays, frame, schema, window.observed)
    kept = is_new[usable_ones + arrays.lookback]
    if not kept.any():
        raise InputError(
            f"{path}: no forecast can be compared with the truth: that takes {arrays.lookback} steps in a row without "
            f"a missing value and the {arrays.horizon} after them, which are new; {_remedy(arrays, is_new)}"
        )
    new = np.flatnonzero(is_new)
    return NewRows(
        windows=replace(arrays, first=usable_ones[kept], quantiles=model.quantiles),
        model=replace(model, fitted=replace(model.fitted, scaling=scaling)),
        is_new=is_new,
        unknown=unknown,
        taken_as_new=taken_as_new,
        first=arrays.said(int(new[np.argmin(arrays.stamp[new])])),
        last=arrays.said(int(new[np.argmax(arrays.stamp[new])])),
    )


def _remedy(arrays: Windows, is_new: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    """What to give where no window is usable."""
    longest = int(np.bincount(arrays.series).max())
    if longest < arrays.span:
        return f"the longest series has {longest} rows: put those from before the new ones into the same file"
    newest = int(np.bincount(arrays.series[is_new]).max())
    if newest < arrays.horizon:
        return f"no series has more than {newest} new rows: wait for more"
    return "fill in what is missing, or give more rows"


def _refuse_other_steps(path: Path, frame: pd.DataFrame, schema: Schema) -> None:
    """Refuses rows whose usual step is several of the model's.

    Raises:
        InputError: It names both.
    """
    there = np.flatnonzero(frame[list(schema.targets)].notna().any(axis=1).to_numpy())
    codes = frame[SERIES].cat.codes.to_numpy()[there]
    jumps = np.diff(there)[np.diff(codes) == 0]
    if jumps.size and np.median(jumps) > 1 and (jumps == 1).mean() < 0.1:
        raise InputError(
            f"{path}: the rows are {int(np.median(jumps))} × {schema.frequency!r} apart, and the model's step is "
            f"{schema.frequency!r}; give a row for each step"
        )


def _with_new_series(arrays: Windows, scaling: Scaling) -> Scaling:
    """The scaling with constants for series that it does not know, from all of their rows."""
    if arrays.n_own and not set(arrays.names) <= set(scaling.names):
        return with_unknown(arrays, scaling)
    return scaling


def is_counted(model: Forecaster) -> bool:
    """Whether its rows have no time, and are counted from 0 in each file."""
    return model.schema.clock.unit == "integer" and not model.schema.time


def _not_known(
    arrays: Windows, frame: pd.DataFrame, schema: Schema, history: History | None
) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], bool]:
    """Which counted rows are new, and whether some are taken for it: those of series that do not begin as before.

    A series that begins with all the rows that the model has learned from, by their digests, is that one. Of any other
    one nobody knows which rows are old.
    """
    is_new, taken_as_new = np.ones(len(arrays.step), np.bool_), False
    for code, name in enumerate(arrays.names):
        past = None if history is None else history.series.get(name)
        if history is None or past is None or differs(replace(history, series={name: past}), frame, schema) is not None:
            taken_as_new = True
            continue
        # Rows without a target that follow the digested ones are new.
        of_it = arrays.series == code
        is_new[of_it] = arrays.stamp[of_it] > arrays.stamp_of(past.end)
    return is_new, taken_as_new


def _newer(arrays: Windows, model: Forecaster) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], tuple[str, ...]]:
    """Which rows are new, and the series that the model has not learned from: all rows of these are new."""
    newer, unknown = np.ones(len(arrays.step), np.bool_), list[str]()
    for code, name in enumerate(arrays.names):
        learned, of_it = model.learned_of.get(name), arrays.series == code
        if learned is None and model.schema.series is not None:
            unknown.append(name)
            continue
        newer[of_it] = arrays.stamp[of_it] > arrays.stamp_of(learned or model.learned_until)
    return newer, tuple(unknown)
