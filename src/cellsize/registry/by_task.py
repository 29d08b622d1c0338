"""What becomes of a model in the registry, by its task: whole sequences have no served model yet."""

import json
from pathlib import Path

from cellsize.models.forecaster import MODEL
from cellsize.sizing.evaluation_records import Registration

NOT_YET = "not registered: task {task} has no served model yet; build/model holds the trained one"


def is_left_out(name: str, model: Path, registration: Path) -> bool:
    """Whether a model cannot be registered; if so, its record is written and it is said why.

    Args:
        name: Name in the registry.
        model: Folder that `refit` wrote.
        registration: JSON file to write.
    """
    content = json.loads((model / MODEL).read_text(encoding="utf-8"))
    if "task" not in content:
        return False
    reason = NOT_YET.format(task=content["task"])
    Registration(name=name, version="", alias=None, registered=False, promoted=False, reason=reason).write(registration)
    print(f"register: {reason}")
    return True


def written(record: Registration, path: Path) -> str:
    """Writes what became of a model, and says it."""
    record.write(path)
    return f"{record.name} version {record.version}, {record.alias or 'no alias'}: {record.reason}"
