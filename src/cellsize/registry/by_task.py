"""What the registry asks of a task: the rows that show a model, its errors, and whether it becomes champion."""

from pathlib import Path
from typing import Any

import pandas as pd

from cellsize.data import history, sequence_history, sequence_table, series, table, times
from cellsize.data.history import History
from cellsize.data.names import score_name
from cellsize.data.sequence_history import SequenceHistory
from cellsize.models import saved
from cellsize.models.classifier import Classifier
from cellsize.models.regressor import Regressor
from cellsize.params_data import Prepare
from cellsize.registry import callers, example
from cellsize.registry.callers import Shown
from cellsize.sizing.any_evaluation import AnyEvaluation
from cellsize.sizing.class_records import ClassEvaluation
from cellsize.sizing.evaluation_records import Registration
from cellsize.sizing.number_records import NumberEvaluation

AnyHistory = History | SequenceHistory


def rows_shown(prepare: Prepare, model: Path) -> pd.DataFrame:
    """The rows that a version is shown with; see `example`.

    Args:
        prepare: The raw table, and the meaning of its columns.
        model: Folder of the model that is served.
    """
    served, raw = saved.load(model), Path(prepare.table)
    if isinstance(served, Classifier):
        rows = table.read(raw, sequence_table.texts(prepare, None), prepare.csv)
        return example.of_each_class(rows, served.schema)
    if isinstance(served, Regressor):
        return example.of_first(table.read(raw, sequence_table.texts(prepare, None, True), prepare.csv), served.schema)
    rows = table.read(raw, series.texts(prepare), prepare.csv, times.columns_of(prepare))
    return example.recent_rows(rows, raw, model)


def known_rows(clean: Path, model: Path, searched_until: str | None) -> AnyHistory:
    """What a version has learned from, in a few digits.

    Args:
        clean: Rows that `prepare` wrote.
        model: Folder of the model that is served.
        searched_until: `split.searched_until`.
    """
    served, frame = saved.load(model), pd.read_parquet(clean)
    if isinstance(served, Classifier | Regressor):
        return sequence_history.history_of(frame, served.schema, searched_until)
    return history.history_of(frame, served.schema, searched_until)


def read_history(text: str) -> AnyHistory:
    """Reads the text of a history, of whichever task."""
    return SequenceHistory.read(text) if sequence_history.is_history(text) else History.read(text)


def shown(model: Path, rows: pd.DataFrame) -> Shown:
    """A model as callers see it.

    Args:
        model: Its folder.
        rows: Rows that it can answer.
    """
    served = saved.load(model)
    if isinstance(served, Classifier):
        return callers.of_classifier(served, rows)
    if isinstance(served, Regressor):
        return callers.of_regressor(served, rows)
    return callers.of_forecaster(served, rows)


def errors(evaluation: AnyEvaluation) -> dict[str, float]:
    """Errors of the model on the holdout by name, for its run."""
    return {
        key: value
        for key, value in evaluation.model.model_dump(exclude={"by_step", "below"}, exclude_none=True).items()
        if isinstance(value, float)
    }


def said_of_errors(evaluation: AnyEvaluation) -> dict[str, Any]:
    """The error that opens the gate, and that of each twin."""
    if isinstance(evaluation, ClassEvaluation):
        twins = [twin.log_loss for twin in evaluation.twins]
        accuracy = evaluation.model.accuracy
        return {"metric": "log_loss", "mean": evaluation.model.log_loss, "twins": twins, "accuracy": accuracy}
    if isinstance(evaluation, NumberEvaluation):
        scores = [twin.score for twin in evaluation.twins]
        return {"metric": score_name(evaluation.metric), "mean": evaluation.model.score, "twins": scores}
    twins = [evaluation.error(twin) for twin in evaluation.twins]
    return {"metric": score_name(evaluation.metric), "mean": evaluation.error(evaluation.model), "twins": twins}


def said_of_holdout(evaluation: AnyEvaluation) -> dict[str, Any]:
    """What the model was measured on."""
    if isinstance(evaluation, ClassEvaluation | NumberEvaluation):
        return {"sequences": evaluation.sequences}
    return {"from": evaluation.rows_from, "until": evaluation.rows_until, "windows": evaluation.windows,
            "series": evaluation.series}  # fmt: skip


def written(record: Registration, path: Path) -> str:
    """Writes what became of a model, and says it."""
    record.write(path)
    return f"{record.name} version {record.version}, {record.alias or 'no alias'}: {record.reason}"
