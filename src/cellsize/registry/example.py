"""The rows that a registered model is shown with: its input example."""

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
    parts, refusal = [], ""
    series_of = arrays.series[arrays.first]
    for code in np.unique(series_of):
        first = arrays.first[series_of == code].max()
        begin, end, last = frame[TIME].iloc[[first, first + arrays.lookback - 1, first + arrays.span - 1]]
        own = moments.iloc[rows[arrays.names[code]]].sort_values()
        chosen = own.index[(own >= begin) & (own <= (last if schema.known_future_covariates else end))]
        part = table.loc[chosen, _columns(schema)]
        if schema.known_future_covariates:
            part = part.astype(dict.fromkeys(schema.targets, "float64"))
            part.loc[moments[part.index] > end, list(schema.targets)] = None
        try:
            forecast_rows(forecaster, part)
        except InputError as error:
            refusal = str(error)
        else:
            parts.append(part)
    if not parts:
        raise InputError(f"{source}: the model can forecast no series of it: {refusal}")
    example: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return example


def _columns(schema: Schema) -> list[str]:
    """The columns of the raw table that the model reads, each once."""
    named = [*schema.time, *([schema.series] if schema.series else []), *schema.targets, *schema.past_covariates]
    named += [*schema.categorical_covariates, *schema.known_future_covariates, *schema.static_covariates]
    return list(dict.fromkeys(named))
