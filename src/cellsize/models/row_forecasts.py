"""Forecasts from rows in the user's own columns and units: what a served model is asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data import calendar, series, windows
from cellsize.data.batches import clipped_columns, original
from cellsize.data.schema import SERIES, TIME
from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster


def forecast_rows(forecaster: Forecaster, rows: pd.DataFrame) -> pd.DataFrame:
    """Forecasts what follows the last observed target of each series.

    Args:
        forecaster: The model.
        rows: Recent history in the raw table's columns and units, any number of series, at least
            `window.steps_seen` steps each. Known-future covariates need rows for the horizon too, with the
            targets left empty.

    Returns:
        `window.horizon` rows for each series: its id, the time, and a column for each target.

    Raises:
        InputError: A column is missing or unreadable, or a series is too short.
    """
    return forecast_and_clipped(forecaster, rows)[0]


def forecast_and_clipped(forecaster: Forecaster, rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """What `forecast_rows` returns, and how many values were clipped for it; see `batches.clipped_columns`."""
    schema, scaling = forecaster.schema, forecaster.fitted.scaling
    frame = series.clean(rows, Path("the rows given"), schema)
    extended = [_extend(forecaster, history) for _, history in frame.groupby(SERIES, sort=True, observed=True)]
    # Around the mean of training no digit is lost, whatever these few rows are like.
    arrays = windows.base(pd.concat(extended, ignore_index=True), schema, forecaster.window, scaling.mean)
    chosen = np.arange(len(extended))
    arrays = replace(arrays, first=chosen * arrays.span)
    forecasts = original(arrays, scaling, forecaster.predict(arrays, chosen))
    future = pd.concat([history.iloc[arrays.lookback :] for history in extended], ignore_index=True)
    result = pd.DataFrame({schema.series or SERIES: future[SERIES], "time": future[TIME]})
    for column, target in enumerate(schema.targets):
        result[target] = forecasts[:, :, column].reshape(-1)
    return result, clipped_columns(arrays, scaling, chosen, schema.input_columns)


def _extend(forecaster: Forecaster, history: pd.DataFrame) -> pd.DataFrame:
    """One series cut to the last window that can be forecast: lookback rows seen, horizon rows to come."""
    schema, window = forecaster.schema, forecaster.window
    lookback, horizon, clock = window.steps_seen, window.horizon, schema.clock
    name, targets = history[SERIES].iloc[0], list(schema.targets)
    observed = np.flatnonzero(history[targets].notna().all(axis=1).to_numpy())
    origin = int(observed[-1]) if observed.size else -1
    if origin + 1 < lookback:
        raise InputError(
            f"series {name!r}: {origin + 1} rows up to the last observed target, but the model looks back "
            f"{lookback}; send more history"
        )
    # Gaps are filled from before, so the fill sees all the history that came along.
    filled = history.copy(deep=False)
    for column, values in windows.fill(history, schema, window):
        filled[column] = values
    seen = filled.iloc[origin + 1 - lookback : origin + 1]
    # Now, since the base arrays would fill what is left from what was filled here.
    if seen[[*schema.past_columns, *schema.known_future_columns]].isna().any(axis=None):
        raise InputError(
            f"series {name!r}: values are missing among the last {lookback} steps before the forecast; fill them in"
        )
    one = np.zeros(len(history), np.int64)
    following = clock.places(history[TIME], one)[origin] + 1 + np.arange(horizon)
    to_come = clock.times(following, clock.phases(history[TIME], one)[0], history[TIME])
    future = history.set_index(TIME).reindex(to_come.rename(TIME)).reset_index()
    future[SERIES] = name
    future[targets] = np.nan
    for column, feature in calendar.known_future(future[TIME], schema):
        future[column] = feature
    missing = [column for column in schema.known_future_covariates if future[column].isna().any()]
    if missing:
        when = future.loc[future[missing[0]].isna(), TIME].iloc[0]
        raise InputError(
            f"series {name!r}, column {missing[0]!r}: not given for {when}; it is known in future, so send rows "
            f"for the {horizon} steps to be predicted with the targets left empty"
        )
    return pd.concat([seen, future[seen.columns]], ignore_index=True)
