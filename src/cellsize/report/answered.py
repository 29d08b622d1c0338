"""The answer, by the task of the results."""

import json
from pathlib import Path

from cellsize.errors import InputError
from cellsize.report import answer, classes


def lines(title: str, build: Path, reports: Path) -> str:
    """What `cellsize run` ends with; see `answer.lines`."""
    return classes.lines(title, build, reports) if is_of_classes(reports) else answer.lines(title, build, reports)


def is_of_classes(reports: Path) -> bool:
    """Whether `evaluation.json` is that of labelled sequences.

    Raises:
        InputError: It is not there, or is not JSON.
    """
    path = reports / "evaluation.json"
    try:
        return "task" in json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run `cellsize run`, which makes it") from None
    except ValueError:
        raise InputError(f"{path}: not JSON; remove the file and run `cellsize run`, which makes it again") from None
