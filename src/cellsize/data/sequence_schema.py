"""What the columns of a long table of sequences mean: written by `prepare`, read by everything after it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from cellsize.data.sequences import REGRESS, TASK

# Columns of the clean rows, beside the features.
SEQUENCE, LABEL, GROUP, HELD_OUT = "_sequence", "_label", "_group", "_held_out"


@dataclass(frozen=True)
class SequenceSchema:
    """The columns of the raw table.

    Attributes:
        sequence: Names the sequence of a row.
        step: Orders the rows of a sequence, by number; None: as they are in the table.
        features: Numbers of each step.
        label: The class or the number, the same in all rows of a sequence.
        group: What a sequence belongs to, likewise; None: each is alone.
        classes: Names of the classes, sorted; empty where the label is a number.
    """

    sequence: str
    step: str | None
    features: tuple[str, ...]
    label: str
    group: str | None
    classes: tuple[str, ...]

    @property
    def task(self) -> Literal["classify", "regress"]:
        """What the labels say that it is."""
        return TASK if self.classes else REGRESS

    def save(self, path: Path) -> None:
        """Writes JSON."""
        path.write_text(json.dumps({"task": self.task, **asdict(self)}, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "SequenceSchema":
        """Reads what `save` wrote."""
        content = json.loads(path.read_text(encoding="utf-8"))
        content.pop("task")
        return cls.of(content)

    @classmethod
    def of(cls, content: dict[str, Any]) -> "SequenceSchema":
        """From its fields, lists for tuples."""
        return cls(**content | {key: tuple(content[key]) for key in ("features", "classes")})
