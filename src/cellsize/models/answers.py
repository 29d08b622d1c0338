"""What a served model answers, by its task. Apart from `by_task`: whoever asks a model needs no compiler."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import MODEL, Forecaster
from cellsize.models.regressor import Regressor
from cellsize.models.row_forecasts import forecast_and_clipped, with_times_as_text
from cellsize.models.row_labels import labels_and_remarks
from cellsize.models.row_numbers import numbers_and_remarks

Model = Forecaster | Classifier | Regressor


class Answer(NamedTuple):
    """An answer to some rows.

    Attributes:
        table: Its rows; times as text.
        remarks: What of the rows that were sent was not read as it was sent, for a log; no value of the caller's.
    """

    table: pd.DataFrame
    remarks: list[str]


def load(folder: Path) -> Model:
    """Reads a model that was saved, of whichever task.

    Raises:
        InputError: The files have a format that this version of cellsize does not read.
    """
    task = json.loads((folder / MODEL).read_text(encoding="utf-8")).get("task")
    kinds: dict[str | None, type[Model]] = {"classify": Classifier, "regress": Regressor}
    return kinds.get(task, Forecaster).load(folder)


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
