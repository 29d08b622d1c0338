"""A registered model as callers see it: rows that it answers, types of its answer, and what they have to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from mlflow.types import ColSpec, DataType, ParamSpec, Schema

from cellsize.data import sequence_rows
from cellsize.models.answers import answer
from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.models.row_forecasts import with_times_as_text
from cellsize.models.row_labels import probability_columns
from cellsize.registry.example import raw_columns


@dataclass(frozen=True)
class Shown:
    """What a version shows.

    Attributes:
        sent: Rows that the model answers: its input example.
        columns: Names and types of the columns of its answer.
        params: Parameters of a request; none if it has none.
        reads: What a caller has to know of the rows, as the metadata of the registered model.
    """

    sent: pd.DataFrame
    columns: Schema
    params: tuple[ParamSpec, ...]
    reads: Mapping[str, Any]


def of_forecaster(model: Forecaster, rows: pd.DataFrame) -> Shown:
    """What a version that forecasts shows; the rows are recent history."""
    return Shown(with_times_as_text(rows), typed(answer(model, rows).table), (_levels(),), reads(model))


def of_classifier(model: Classifier, rows: pd.DataFrame) -> Shown:
    """What a version that labels sequences shows."""
    schema = model.schema
    about = {"probabilities": dict(zip(schema.classes, probability_columns(schema), strict=True))}
    return Shown(rows, typed(answer(model, rows).table), (), _reads_sequences(model) | about)


def of_regressor(model: Regressor, rows: pd.DataFrame) -> Shown:
    """What a version that gives sequences their numbers shows."""
    return Shown(rows, typed(answer(model, rows).table), (_levels(),), _reads_sequences(model))


def _reads_sequences(model: Classifier | Regressor) -> dict[str, Any]:
    """What a caller has to know of the sequences that a model is sent."""
    schema = model.schema
    return {
        "task": schema.task,
        "reads": list(sequence_rows.columns(schema)),
        "sequence": schema.sequence,
        "step": schema.step,
        "features": [*schema.features, *schema.levels, *schema.static_covariates],
        "may_be_missing": list(schema.flagged),
        "reads_steps": model.longest,
        "label": schema.label,
    }


def _levels() -> ParamSpec:
    """The parameter of a request that asks for intervals."""
    return ParamSpec("levels", DataType.double, np.array([], np.float64), shape=(-1,))


def reads(forecaster: Forecaster) -> dict[str, Any]:
    """What a caller has to know of the rows that a model is sent, as the metadata of the registered model."""
    schema, window = forecaster.schema, forecaster.window
    return {
        "reads": list(raw_columns(schema)),
        "series": schema.series,
        "time": list(schema.time),
        "time_format": schema.time_format,
        "clock": schema.frequency,
        "timezone": schema.timezone,
        "times_have_offset": not schema.is_naive,
        "targets": list(schema.targets),
        "known_in_future": list(schema.known_future_covariates),
        "looks_back": window.steps_seen,
        "horizon": window.horizon,
    }


def typed(table: pd.DataFrame) -> Schema:
    """Names and types of the columns of an answer: text, numbers, whole numbers, true and false."""
    return Schema([ColSpec(_kind(table[name]), str(name), required=True) for name in table.columns])


def _kind(values: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_integer_dtype(values):
        return "long"
    return "double" if pd.api.types.is_numeric_dtype(values) else "string"
