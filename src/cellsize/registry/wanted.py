"""What a served model says to somebody who has sent no rows: which rows it wants."""

from collections.abc import Sequence

from cellsize.data import sequence_rows
from cellsize.models.forecaster import Forecaster
from cellsize.models.saved import Model
from cellsize.registry.example import raw_columns

NO_ROWS = "no rows; send "
LISTED = 8  # columns that the line names


def no_rows(model: Model) -> str:
    """The answer to a request without rows, of a model of whichever task.

    Args:
        model: The model that was asked.

    Returns:
        One line: how many rows, of what, and in which columns of the raw table.
    """
    if isinstance(model, Forecaster):
        window, schema = model.window, model.schema
        rows = f"the last {window.steps_seen} steps or more of each series"
        if schema.known_future_covariates:
            rows += f", and rows for the {window.horizon} steps to be predicted with the targets left empty"
        return f"{NO_ROWS}{rows}{_named(raw_columns(schema))}"
    rows = "a row for each text" if model.schema.text is not None else "a row for each step of each sequence"
    return f"{NO_ROWS}{rows}{_named(sequence_rows.columns(model.schema))}"


def _named(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - LISTED:,} more" if len(columns) > LISTED else ""
    return f", in the columns {', '.join(repr(name) for name in columns[:LISTED])}{more}"
