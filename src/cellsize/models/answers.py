"""What a served model answers, by its task."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from cellsize.models.classifier import Classifier
from cellsize.models.regressor import Regressor
from cellsize.models.row_forecasts import forecast_and_clipped, with_times_as_text
from cellsize.models.row_labels import labels_and_remarks
from cellsize.models.row_numbers import numbers_and_remarks
from cellsize.models.saved import Model


class Answer(NamedTuple):
    """An answer to some rows.

    Attributes:
        table: Its rows; times as text.
        remarks: What of the rows that were sent was not read as it was sent, for a log; no value of the caller's.
    """

    table: pd.DataFrame
    remarks: list[str]


def answer(model: Model, rows: pd.DataFrame, levels: Sequence[float] = ()) -> Answer:
    """Asks a model.

    Args:
        model: The model.
        rows: In the columns and units of the model's own table.
        levels: Of a forecast or a number, the intervals that are wanted.

    Raises:
        InputError: They cannot be answered; see `row_forecasts.forecast_rows` and `row_labels.label_rows`.
    """
    if isinstance(model, Classifier):
        return Answer(*labels_and_remarks(model, rows))
    if isinstance(model, Regressor):
        return Answer(*numbers_and_remarks(model, rows, levels))
    forecasts, clipped = forecast_and_clipped(model, rows, levels)
    counts = ", ".join(f"{column} {count}" for column, count in clipped.items())
    said = [f"values beyond what training has shown were clipped: {counts}"] if counts else []
    return Answer(with_times_as_text(forecasts), said)
