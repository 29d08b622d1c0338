"""What becomes of a model in the registry, by its task: labelled sequences have no served model yet."""

import json
from pathlib import Path

from cellsize.models.forecaster import MODEL
from cellsize.sizing.evaluation_records import Registration

NOT_YET = "not registered: task classify has no served model yet; build/model holds the trained one"


def not_yet(name: str, model: Path) -> Registration | None:
    """The record of a model that cannot be registered; None of a forecaster, which can.

    Args:
        name: Name in the registry.
        model: Folder that `refit` wrote.
    """
    if "task" not in json.loads((model / MODEL).read_text(encoding="utf-8")):
        return None
    return Registration(name=name, version="", alias=None, registered=False, promoted=False, reason=NOT_YET)
