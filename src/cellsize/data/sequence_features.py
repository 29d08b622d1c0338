"""What networks read of each step: numbers, levels of texts, what is constant in a sequence, and what is missing.

A number may be missing: then an indicator says so, and the number itself is the mean of the training steps. A text that
is missing, or that training has not seen, has 0 in all of its indicators.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import static
from cellsize.data import table as tables
from cellsize.data.schema import MISSING
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.errors import InputError
from cellsize.params_data import Prepare

MOST_LEVELS = 50


@dataclass(frozen=True)
class Described:
    """What is found out about the columns of the features; see `SequenceSchema`."""

    levels: dict[str, tuple[str, ...]]
    static_covariates: dict[str, tuple[str, ...]]
    flagged: tuple[str, ...]


def texts(prepare: Prepare) -> tuple[str, ...]:
    """Features that are read as they are written."""
    return (*prepare.categorical_covariates, *prepare.static_covariates)


def describe(table: pd.DataFrame, path: Path, prepare: Prepare) -> Described:
    """Levels of the texts, and which numbers are ever missing.

    Args:
        table: Raw rows.
        path: Where they come from, for messages.
        prepare: Roles of the columns.

    Raises:
        InputError: A column is missing, is of another kind, tells nothing, or has the name of one that is made.
    """
    given = (*prepare.past_covariates, *texts(prepare))
    tables.require(table, path, given, "prepare")
    levels = {name: _levels(table[name], path, name) for name in prepare.categorical_covariates}
    flagged = tuple(name for name in prepare.past_covariates if np.isnan(tables.numbers(table, path, name)).any())
    made = {f"{name}{MISSING}" for name in flagged}
    taken = sorted(made & set(given))
    if taken:
        raise InputError(f"{path}, column {taken[0]!r}: this name is reserved for a column of ours; rename yours")
    return Described(levels, static.levels(table, path, prepare), flagged)


def _levels(values: pd.Series, path: Path, name: str) -> tuple[str, ...]:
    found = tuple(sorted(tables.labels(values).dropna().unique()))
    if not 2 <= len(found) <= MOST_LEVELS:
        raise InputError(
            f"{path}, column {name!r}: {len(found)} levels; a categorical covariate has 2 to {MOST_LEVELS}; join rare "
            "ones, or remove it from prepare.categorical_covariates"
        )
    return found


def columns(table: pd.DataFrame, path: Path, schema: SequenceSchema) -> dict[str, npt.NDArray[np.float64]]:
    """`schema.input_columns` by name, each of shape (rows,), NaN where a number is missing.

    Args:
        table: Raw rows, of training or of a request, in any order.
        path: Where they come from, for messages.
        schema: Meaning of the columns.

    Raises:
        InputError: A column is missing, or holds what is not a number; a number is missing that never was in training.
    """
    table = table.reset_index(drop=True)
    raw = (*schema.features, *schema.levels, *schema.static_covariates)
    tables.require(table, path, raw, "prepare")
    found = dict[str, npt.NDArray[np.float64]]()
    for name in schema.features:
        nothing = name in schema.flagged and bool(table[name].isna().all())
        values = found[name] = np.full(len(table), np.nan) if nothing else tables.numbers(table, path, name)
        missing = np.flatnonzero(np.isnan(values))
        if missing.size and name not in schema.flagged:
            raise InputError(
                f"{path}, {tables.line(path, int(missing[0]))}, column {name!r}: missing; fill it in, or leave the row "
                "out",
                "send it in each row: the model has seen no sequence in which it is missing",
            )
    constant = static.of_series(table, path, schema)
    for name, of_each in static.columns(tables.names(table, schema.sequence), constant, schema):
        found[name] = of_each.astype(np.float64)
    for name, levels in schema.levels.items():
        text = tables.labels(table[name])
        for level in levels:
            found[f"{name}={level}"] = np.asarray(text == level, np.float64)
    found |= {f"{name}{MISSING}": np.isnan(found[name]).astype(np.float64) for name in schema.flagged}
    return found
