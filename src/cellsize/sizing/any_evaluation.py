"""`evaluation.json` of whichever task."""

import json
from pathlib import Path

from cellsize.sizing.class_records import ClassEvaluation
from cellsize.sizing.evaluation_records import Evaluation
from cellsize.sizing.number_records import NumberEvaluation

AnyEvaluation = Evaluation | ClassEvaluation | NumberEvaluation


def read(path: Path) -> AnyEvaluation:
    """Reads what the stage `evaluate` wrote.

    Raises:
        InputError: The file is not there, or another version of cellsize wrote it.
    """
    try:
        task = json.loads(path.read_text(encoding="utf-8")).get("task")
    except (FileNotFoundError, ValueError):
        task = None  # what is wrong with the file is said below
    kinds: dict[str | None, type[AnyEvaluation]] = {"classify": ClassEvaluation, "regress": NumberEvaluation}
    return kinds.get(task, Evaluation).read(path)
