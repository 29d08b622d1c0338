"""The rows that a registered model is shown with: its input example."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellsize.data import sequence_rows, series, usable
from cellsize.data import table as tables
from cellsize.data.schema import TIME, Schema
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import forecast_rows

CLASSES = 5  # of so many a sequence each is shown
FIRST = 3  # so many sequences are shown where there are no classes


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
    arrays = usable.build(frame, schema, window, source)
    moments = series.line_of_instants(table, source, schema)
    names = tables.names(table, schema.series)
    # A forecast begins after the last observed target: windows that see a filled one last are no requests.
    begins = np.isfinite(arrays.target[arrays.first + arrays.lookback - 1]).all(axis=1)
    arrays = replace(arrays, first=arrays.first[begins])
    if not arrays.first.size:
        raise InputError(
            f"{source}: the model can forecast no series of it: the last target that a window sees is filled in each; "
            "give more rows, or set prepare.frequency to the step of the observed targets"
        )
    # For all series at once: a few operations of pandas for each of many take long.
    last_first = np.full(len(arrays.names), -1)
    np.maximum.at(last_first, arrays.series[arrays.first], arrays.first)
    codes = pd.Index(arrays.names).get_indexer(pd.Index(names))
    first = np.where(codes >= 0, last_first[codes], -1)  # of each row of the table
    held = np.flatnonzero(first >= 0)
    first, own = first[held], moments.iloc[held].reset_index(drop=True)
    begin, end, last = (
        frame[TIME].iloc[first + ahead].reset_index(drop=True) for ahead in (0, arrays.lookback - 1, arrays.span - 1)
    )
    shown = ((own >= begin) & (own <= (last if schema.known_future_covariates else end))).to_numpy()
    order = np.flatnonzero(shown)[np.lexsort((own[shown].rank(), codes[held[shown]]))]
    rows = table.loc[held[order], raw_columns(schema)]
    if schema.known_future_covariates:
        rows = rows.astype(dict.fromkeys(schema.targets, "float64"))
        rows.loc[(own > end).to_numpy()[order], list(schema.targets)] = None
    borders = np.flatnonzero(np.diff(codes[held[order]])) + 1
    parts = [rows.iloc[begin:end] for begin, end in pairwise([0, *borders, len(rows)])]
    accepted = _accepted(forecaster, parts)
    if isinstance(accepted, str):
        raise InputError(f"{source}: the model can forecast no series of it: {accepted}")
    return accepted


def of_each_class(table: pd.DataFrame, schema: SequenceSchema) -> pd.DataFrame:
    """The first sequence of each class of a raw table, of a few classes at most, in the columns that a model reads.

    Args:
        table: The raw table, as it was trained on.
        schema: Meaning of its columns.
    """
    names, labels = tables.labels(table[schema.sequence]), tables.labels(table[schema.label])
    first = names[~labels.duplicated()].head(CLASSES)
    # A row of a text is all of it, and equal texts are called the same.
    of_first = names.index.isin(first.index) if schema.text is not None else names.isin(first)
    return _shown(table, schema, of_first)


def of_first(table: pd.DataFrame, schema: SequenceSchema) -> pd.DataFrame:
    """The first few sequences of a raw table, in the columns that a model reads; see `of_each_class`."""
    names = tables.labels(table[schema.sequence])
    return _shown(table, schema, names.isin(names.drop_duplicates().head(FIRST)))


def _shown(table: pd.DataFrame, schema: SequenceSchema, chosen: Any) -> pd.DataFrame:
    """Some rows, by a mask, as a model is sent them."""
    rows = table.loc[chosen, list(sequence_rows.columns(schema))].reset_index(drop=True)
    return rows.assign(**{schema.sequence: tables.labels(rows[schema.sequence])})


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
