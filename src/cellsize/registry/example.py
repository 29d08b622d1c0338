"""The rows that a registered model is shown with: its input example."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data import series, windows
from cellsize.data import table as tables
from cellsize.data.schema import TIME, Schema
from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import forecast_rows


def recent_rows(table: pd.DataFrame, source: Path, model: Path) -> pd.DataFrame:
    """The last rows of each series of a raw table that the model can forecast from.

    Args:
        table: The raw table.
        source: Where it comes from, for messages.
        model: Folder of the refitted model.

    Returns:
        For each series that holds a whole usable window the rows of its last one; where covariates are known in future
        also those of the horizon, with the targets left empty.

    Raises:
        InputError: The model can forecast none of them.
    """
    forecaster = Forecaster.load(model)
    schema, window = forecaster.schema, forecaster.window
    table = table.reset_index(drop=True)
    frame = series.clean(table, source, schema)
    arrays = windows.build(frame, schema, window, source)
    moments = series.line_of_instants(table, source, schema)
    names = tables.names(table, schema.series)
    rows = names.groupby(names).indices
    parts = []
    # A forecast begins after the last observed target: windows that see a filled one last are no requests.
    begins = np.isfinite(arrays.target[arrays.first + arrays.lookback - 1]).all(axis=1)
    arrays = replace(arrays, first=arrays.first[begins])
    series_of = arrays.series[arrays.first]
    for code in np.unique(series_of):
        first = arrays.first[series_of == code].max()
        begin, end, last = frame[TIME].iloc[[first, first + arrays.lookback - 1, first + arrays.span - 1]]
        own = moments.iloc[rows[arrays.names[code]]].sort_values()
        chosen = own.index[(own >= begin) & (own <= (last if schema.known_future_covariates else end))]
        part = table.loc[chosen, raw_columns(schema)]
        if schema.known_future_covariates:
            part = part.astype(dict.fromkeys(schema.targets, "float64"))
            part.loc[moments[part.index] > end, list(schema.targets)] = None
        parts.append(part)
    accepted = _accepted(forecaster, parts)
    if isinstance(accepted, str):
        raise InputError(f"{source}: the model can forecast no series of it: {accepted}")
    return accepted


def _accepted(forecaster: Forecaster, parts: list[pd.DataFrame]) -> pd.DataFrame | str:
    """The rows of the series that the model accepts, or why it accepts none.

    All are asked for at once, halves only where a series is refused: a call for each of many takes long.
    """
    rows = pd.concat(parts, ignore_index=True)
    try:
        forecast_rows(forecaster, rows)
    except InputError as error:
        if len(parts) == 1:
            return str(error)
    else:
        return rows
    middle = len(parts) // 2
    halves = [_accepted(forecaster, half) for half in (parts[:middle], parts[middle:])]
    accepted = [half for half in halves if isinstance(half, pd.DataFrame)]
    return pd.concat(accepted, ignore_index=True) if accepted else str(halves[-1])


def raw_columns(schema: Schema) -> list[str]:
    """The columns of the raw table that the model reads, each once."""
    named = [*schema.time, *([schema.series] if schema.series else []), *schema.targets, *schema.past_covariates]
    named += [*schema.categorical_covariates, *schema.known_future_covariates, *schema.static_covariates]
    return list(dict.fromkeys(named))
