"""What the registry asks of a task: the rows that show a model, its errors, and whether it becomes champion."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from cellsize.data import history, series, table, times
from cellsize.data.history import History
from cellsize.evaluation import gate as of_forecasts
from cellsize.models import answers
from cellsize.models.classifier import Classifier
from cellsize.params import Register
from cellsize.params_data import Prepare
from cellsize.registry import callers, example
from cellsize.registry.callers import Shown
from cellsize.sizing.class_records import ClassEvaluation
from cellsize.sizing.evaluation_records import Comparison, Evaluation, Registration

AnyEvaluation = Evaluation | ClassEvaluation


def read_evaluation(path: Path) -> AnyEvaluation:
    """Reads `evaluation.json`, of whichever task."""
    of_classes = "task" in json.loads(path.read_text(encoding="utf-8"))
    return ClassEvaluation.read(path) if of_classes else Evaluation.read(path)


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
    if isinstance(served, Classifier):
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
    twins = [evaluation.error(twin) for twin in evaluation.twins]
    return {"metric": f"n{evaluation.metric}", "mean": evaluation.error(evaluation.model), "twins": twins}


def said_of_holdout(evaluation: AnyEvaluation) -> dict[str, Any]:
    """What the model was measured on."""
    if isinstance(evaluation, ClassEvaluation):
        return {"sequences": evaluation.sequences}
    return {"from": evaluation.rows_from, "until": evaluation.rows_until, "windows": evaluation.windows,
            "series": evaluation.series}  # fmt: skip


def comparison(evaluation: AnyEvaluation) -> Comparison | None:
    """What a model was compared with the champion on; None if it was not."""
    return None if isinstance(evaluation, ClassEvaluation) else evaluation.comparison


def gate(evaluation: AnyEvaluation, register: Register, champion: str | None, look: int) -> tuple[bool, str]:
    """Whether a model becomes champion, and why; see `evaluation.gate.gate`."""
    if isinstance(evaluation, ClassEvaluation):
        return _plain(evaluation, register, champion)
    return of_forecasts.gate(evaluation, register, champion, look)


def compared_with_trees(evaluation: AnyEvaluation) -> str | None:
    """Whether boosted trees would be better, in words; None where there are none."""
    return None if isinstance(evaluation, ClassEvaluation) else of_forecasts.compared_with_trees(evaluation)[1]


def _plain(evaluation: ClassEvaluation, register: Register, champion: str | None) -> tuple[bool, str]:
    """Opens to a model of the smallest log loss where there is no champion yet."""
    if champion is not None:
        return False, (
            f"version {champion} is champion, and nobody measured both on the same sequences; cellsize promote "
            f"{register.name} VERSION --why REASON promotes by hand"
        )
    lost = [name for name in register.beat if evaluation.baselines[name].log_loss < evaluation.model.log_loss]
    if lost:
        return False, f"not better on the holdout than {', '.join(lost)}"
    return True, f"no worse on the holdout than {', '.join(register.beat) or 'no baseline asked for'}"


def written(record: Registration, path: Path) -> str:
    """Writes what became of a model, and says it."""
    record.write(path)
    return f"{record.name} version {record.version}, {record.alias or 'no alias'}: {record.reason}"
