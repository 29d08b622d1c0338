"""The answer, by the task of the results."""

import json
from pathlib import Path
from typing import Any

from cellsize.errors import InputError
from cellsize.report import answer, classes, numbers


def lines(title: str, build: Path, reports: Path) -> str:
    """What `cellsize run` ends with; see `answer.lines`."""
    task = task_of(reports)
    if task == "regress":
        return numbers.lines(title, build, reports)
    return classes.lines(title, build, reports) if task == "classify" else answer.lines(title, build, reports)


def task_of(reports: Path) -> str:
    """The task that `evaluation.json` names; one without a name is that of a forecast.

    Raises:
        InputError: It is not there, or is not JSON.
    """
    path = reports / "evaluation.json"
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return str(content.get("task", "forecast"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run `cellsize run`, which makes it") from None
    except ValueError:
        raise InputError(f"{path}: not JSON; remove the file and run `cellsize run`, which makes it again") from None
