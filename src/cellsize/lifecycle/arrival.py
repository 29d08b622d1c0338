"""What a table would be for the stages, before any of them runs: nothing is written."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data import constant_targets, remedies, series, table, times
from cellsize.data.folds import Folds, row_mask
from cellsize.data.forecast import Forecast
from cellsize.data.schema import Schema
from cellsize.data.searched import rows_until
from cellsize.data.windows import Ints, Windows
from cellsize.params import Params


@dataclass(frozen=True)
class Arrival:
    """A table as it lies there.

    Attributes:
        frame: Clean series.
        schema: Meaning of their columns.
        windows: Base arrays and index of all rows.
        folds: Holdout and folds of all rows.
    """

    frame: pd.DataFrame
    schema: Schema
    windows: Windows
    folds: Folds

    @property
    def samples(self) -> Windows:
        """The same as `windows`."""
        return self.windows


def read(params: Params) -> Arrival:
    """Reads the table that `prepare.table` names, as `prepare`, `window` and `split` do.

    Raises:
        InputError: One of these stages would refuse it.
    """
    prepare, raw = params.prepare, Path(params.prepare.table)
    rows = table.read(raw, series.texts(prepare), prepare.csv, times.columns_of(prepare))
    schema = series.describe(rows, raw, prepare)
    frame = series.clean(rows, raw, schema)
    return _arrival(frame, schema, params)


def until(arrived: Arrival, said: str, params: Params) -> Arrival:
    """The same of the rows until a time; see `searched.rows_until`.

    Raises:
        InputError: There are too few of them.
    """
    return _arrival(rows_until(arrived.frame, arrived.schema, said), arrived.schema, params)


def holds_searched(arrived: Arrival, searched: Arrival) -> bool:
    """Whether the holdout predicts a row that sizes were searched on: no error there would be untouched.

    In time it lies behind them as long as rows come at the end. A new series with a longer past, or sequences that are
    drawn anew, may move it.

    Args:
        arrived: All rows.
        searched: Those until the champion's size was searched.
    """
    rows = np.flatnonzero(row_mask(searched.windows, np.flatnonzero(searched.folds.development)))
    held = Forecast.of(arrived.windows).target_rows(arrived.windows.first[arrived.folds.holdout])
    return bool(_named(arrived.windows, np.unique(held)).isin(_named(searched.windows, rows)).any())


def _named(windows: Windows, rows: Ints) -> pd.MultiIndex:
    """Series and time of some rows."""
    return pd.MultiIndex.from_arrays([np.asarray(windows.names)[windows.series[rows]], windows.stamp[rows]])


def _arrival(frame: pd.DataFrame, schema: Schema, params: Params) -> Arrival:
    windows = remedies.build(frame, schema, params.window, params.split, Path(params.prepare.table))
    windows = replace(windows, quantiles=params.choose.quantiles or ())
    folds = remedies.split(windows, params.split, params.window)
    constant_targets.refuse(windows, folds, params.split)
    return Arrival(frame, schema, windows, folds)
