"""What an ONNX file is fed with, in words and names, for somebody who has nothing else: the JSON beside it."""

from typing import Any

from cellsize.data.schema import HOLIDAY, MISSING
from cellsize.models.forecaster import Forecaster
from cellsize.models.onnx_graph import CALENDAR, FORECAST, KNOWN, PAST, QUANTILES, SERIES

CYCLES = {
    "hour": "(hour + minute / 60) / 24", "weekday": "weekday / 7, Monday 0", "month": "(month + day / 31) / 12",
}  # fmt: skip
LEVELS = {
    "hour_of_week": "weekday · 24 + hour, Monday 0 (of finer steps: which step of the week, of up to 400)",
    "hour_of_day": "hour (of finer steps: which step of the day)",
    "day_of_week": "weekday, Monday 0",
    "day_of_year": "day of the year, from 0",
    "day_of_month": "day of the month, from 0",
    "month_of_year": "month, from 0",
}


def sheet(model: Forecaster, name: str, version: str) -> dict[str, Any]:
    """The content of the JSON.

    Args:
        model: The model.
        name: Of the registered model.
        version: Its version.
    """
    schema, window = model.schema, model.window
    lookback, span = window.steps_seen, window.steps_seen + window.horizon
    inputs: dict[str, Any] = {
        PAST: {
            "type": "double", "shape": ["n", lookback, len(schema.past_columns)],
            "rows": f"the last {lookback} steps up to the last observed target, oldest first; no value is missing",
            "columns": {column: _past(column, model) for column in schema.past_columns},
        }
    }  # fmt: skip
    if schema.known_future_columns:
        inputs[KNOWN] = {
            "type": "double", "shape": ["n", span, len(schema.known_future_columns)],
            "rows": f"the same steps and the {window.horizon} to be predicted",
            "columns": {column: _known(column, model) for column in schema.known_future_columns},
        }  # fmt: skip
    if schema.linear_calendar:
        inputs[CALENDAR] = {
            "type": "int64", "shape": ["n", len(schema.linear_calendar)],
            "rows": "of the first step to be predicted",
            "columns": {feature: _level(feature) for feature in schema.linear_calendar},
        }  # fmt: skip
    if model.fitted.scaling.own_mean is not None:
        inputs[SERIES] = {"type": "int64", "shape": ["n"], "positions": list(model.fitted.scaling.names)}
    outputs: dict[str, Any] = {
        FORECAST: {
            "type": "double", "shape": ["n", window.horizon, len(schema.targets)], "columns": list(schema.targets),
            "rows": f"the {window.horizon} steps after the last observed target, in units of the table",
        }
    }  # fmt: skip
    if model.quantiles:
        outputs[QUANTILES] = {
            "type": "double", "shape": ["n", window.horizon, len(schema.targets), len(model.quantiles)],
            "columns": list(schema.targets), "levels": list(model.quantiles),
            "rows": f"the same steps; of each target its levels in rising order; {FORECAST} is the median",
        }  # fmt: skip
    return {
        "model": name,
        "version": version,
        "learned_until": model.learned_until,
        "made_by_the_caller": "filling of gaps, indicators of levels and of missing values, calendar features",
        "inside": "transformation, scaling, clipping, normalisation, linear part, network; none of the intervals",
        "step": schema.frequency,
        "clock": schema.timezone or "that of the table",
        "inputs": inputs,
        "outputs": outputs,
    }


def _past(column: str, model: Forecaster) -> str:
    schema = model.schema
    if column in schema.targets:
        return "target, in units of the table"
    if column in schema.past_covariates:
        filled = "; where missing, the last value before it" if column in schema.flagged else ""
        return f"covariate, in units of the table{filled}"
    if column.removesuffix(MISSING) in schema.flagged and column.endswith(MISSING):
        return f"1 where {column.removesuffix(MISSING)} was missing, else 0"
    name, _, level = column.partition("=")
    return f"1 where {name} is {level}, else 0"


def _known(column: str, model: Forecaster) -> str:
    schema = model.schema
    if column in schema.known_future_covariates:
        return "covariate, in units of the table"
    if column == HOLIDAY and schema.holidays is not None:
        return f"1 on public holidays of {schema.holidays}, else 0"
    if column in schema.static_columns:
        name, equals, level = column.partition("=")
        return f"1 where {name} is {level}, else 0; the same in all rows" if equals else "the same in all rows"
    if column == "weekend":
        return "1 on Saturday and Sunday, else 0"
    name, _, function = column.rpartition("_")
    return f"{function} of 2π · {CYCLES[name]}, on the clock of the place"


def _level(feature: str) -> str:
    kind = {"harmonics_of_week": "hour_of_week", "harmonics_of_day": "hour_of_day"}.get(feature, feature)
    return LEVELS[kind]
