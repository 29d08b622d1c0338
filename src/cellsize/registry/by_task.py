"""What the registry asks of a task: the rows that show a model, its errors, and whether it becomes champion."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from cellsize.data import history, series, table, times
from cellsize.data.history import History
from cellsize.evaluation import by_task as judged
from cellsize.models import answers
from cellsize.models.classifier import Classifier
from cellsize.models.regressor import Regressor
from cellsize.params import Register
from cellsize.params_data import Prepare
from cellsize.registry import callers, example
from cellsize.registry.callers import Shown
from cellsize.sizing.class_records import ClassEvaluation
from cellsize.sizing.evaluation_records import Comparison, Evaluation, Registration
from cellsize.sizing.number_records import NumberEvaluation
from cellsize.sizing.sequence_records import SequenceComparison

AnyEvaluation = Evaluation | ClassEvaluation | NumberEvaluation


def read_evaluation(path: Path) -> AnyEvaluation:
    """Reads `evaluation.json`, of whichever task."""
    task = json.loads(path.read_text(encoding="utf-8")).get("task")
    kinds: dict[str | None, type[AnyEvaluation]] = {"classify": ClassEvaluation, "regress": NumberEvaluation}
    return kinds.get(task, Evaluation).read(path)


def rows_shown(prepare: Prepare, clean: Path, model: Path) -> pd.DataFrame:
    """The rows that a version is shown with; see `example`.

    Args:
        prepare: The raw table, and the meaning of its columns.
        clean: Rows that `prepare` wrote.
        model: Folder of the model that is served.
    """
    served = answers.load(model)
    if isinstance(served, Classifier):
        return example.of_each_class(pd.read_parquet(clean), served.schema)
    if isinstance(served, Regressor):
        return example.of_first(pd.read_parquet(clean), served.schema)
    raw = Path(prepare.table)
    rows = table.read(raw, series.texts(prepare), prepare.csv, times.columns_of(prepare))
    return example.recent_rows(rows, raw, model)


def known_rows(clean: Path, model: Path, searched_until: str | None) -> History | None:
    """The rows that a version has learned from, in a few digits; None of sequences.

    Args:
        clean: Rows that `prepare` wrote.
        model: Folder of the model that is served.
        searched_until: `split.searched_until`.
    """
    served = answers.load(model)
    if isinstance(served, Classifier | Regressor):
        return None
    return history.history_of(pd.read_parquet(clean), served.schema, searched_until)


def shown(model: Path, rows: pd.DataFrame) -> Shown:
    """A model as callers see it.

    Args:
        model: Its folder.
        rows: Rows that it can answer.
    """
    served = answers.load(model)
    if isinstance(served, Classifier):
        return callers.of_classifier(served, rows)
    if isinstance(served, Regressor):
        return callers.of_regressor(served, rows)
    return callers.of_forecaster(served, rows)


def errors(evaluation: AnyEvaluation) -> dict[str, float]:
    """Errors of the model on the holdout by name, for its run."""
    return {
        key: value
        for key, value in evaluation.model.model_dump(exclude={"by_step"}, exclude_none=True).items()
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
        return {"metric": f"n{evaluation.metric}", "mean": evaluation.model.score, "twins": scores}
    twins = [evaluation.error(twin) for twin in evaluation.twins]
    return {"metric": f"n{evaluation.metric}", "mean": evaluation.error(evaluation.model), "twins": twins}


def said_of_holdout(evaluation: AnyEvaluation) -> dict[str, Any]:
    """What the model was measured on."""
    if isinstance(evaluation, ClassEvaluation | NumberEvaluation):
        return {"sequences": evaluation.sequences}
    return {"from": evaluation.rows_from, "until": evaluation.rows_until, "windows": evaluation.windows,
            "series": evaluation.series}  # fmt: skip


def comparison(evaluation: AnyEvaluation) -> Comparison | SequenceComparison | None:
    """What a model was compared with the champion on; None if it was not."""
    return evaluation.comparison


def gate(evaluation: AnyEvaluation, register: Register, champion: str | None, look: int) -> tuple[bool, str]:
    """Whether a model becomes champion, and why; see `evaluation.gate.judge`."""
    return judged.opens(evaluation, register, champion, look)


def compared_with_trees(evaluation: AnyEvaluation) -> str:
    """Whether boosted trees would be better, in words."""
    return judged.compared_with_trees(evaluation)[1]


def written(record: Registration, path: Path) -> str:
    """Writes what became of a model, and says it."""
    record.write(path)
    return f"{record.name} version {record.version}, {record.alias or 'no alias'}: {record.reason}"
