"""Numbers of sequences from rows in the user's own columns and units: what a served model is asked for."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cellsize.data import sequence_rows
from cellsize.errors import InputError
from cellsize.models.intervals import AGAIN, checked_levels, columns
from cellsize.models.regressor import Regressor
from cellsize.models.row_labels import ROWS, remarks


def number_rows(regressor: Regressor, rows: pd.DataFrame, levels: Sequence[float] = ()) -> pd.DataFrame:
    """Gives each sequence of some rows its number.

    What is accepted is what `row_labels.label_rows` accepts.

    Args:
        regressor: The model.
        rows: A row for each step, in the raw table's columns and units.
        levels: Probabilities of the intervals that are wanted.

    Returns:
        A row for each sequence, in the order in which they come first: its name as text, its number in the unit of the
        table, and for each level the ends of its interval; see `intervals.columns`.

    Raises:
        InputError: A column or a value is missing or unreadable, a step is there twice, or there are too few residuals
            for a level. `InputError.for_caller` says what to send.
    """
    return numbers_and_remarks(regressor, rows, levels)[0]


def numbers_and_remarks(
    regressor: Regressor, rows: pd.DataFrame, levels: Sequence[float] = ()
) -> tuple[pd.DataFrame, list[str]]:
    """What `number_rows` returns, and what of the rows was not read as it was sent, for a log."""
    schema, scaling, wanted = regressor.schema, regressor.fitted.scaling, checked_levels(levels)
    if wanted and regressor.residuals is None:
        raise InputError(f"levels: this model has no residuals to make intervals of; {AGAIN}")
    if rows.empty:
        raise InputError("no rows; send a row for each step of each sequence")
    sequences = sequence_rows.read(rows, ROWS, schema, np.asarray(scaling.mean, np.float64))
    outputs = regressor.outputs(sequences, np.arange(len(sequences.first)))
    table = pd.DataFrame({schema.sequence: pd.Series(sequences.names, dtype="str")})
    table[schema.label] = regressor.original(outputs)
    for level in wanted:
        for name, end in zip(columns(schema.label, level), regressor.interval(outputs, level), strict=True):
            table[name] = end
    return table, remarks(sequences, scaling, regressor.longest)
