"""A saved model of whichever task. Apart from `answers`: who measures a model reads no rows of a table."""

import json
from pathlib import Path

from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import MODEL, Forecaster
from cellsize.models.regressor import Regressor

Model = Forecaster | Classifier | Regressor


def load(folder: Path) -> Model:
    """Reads a model that was saved, of whichever task.

    Raises:
        InputError: The files have a format that this version of cellsize does not read.
    """
    task = json.loads((folder / MODEL).read_text(encoding="utf-8")).get("task")
    kinds: dict[str | None, type[Model]] = {"classify": Classifier, "regress": Regressor}
    return kinds.get(task, Forecaster).load(folder)
