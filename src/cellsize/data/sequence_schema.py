"""What the columns of a long table of sequences mean: written by `prepare`, read by everything after it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cellsize.data.sequences import TASK
from cellsize.params_data import Text

# Columns of the clean rows, beside the features.
SEQUENCE, LABEL, GROUP, HELD_OUT = "_sequence", "_label", "_group", "_held_out"


@dataclass(frozen=True)
class SequenceSchema:
    """The columns of the raw table.

    Attributes:
        sequence: Names the sequence of a row; None: a row is a sequence, named by its number.
        step: Orders the rows of a sequence, by number; None: as they are in the table.
        features: Numbers of each step.
        label: The class, the same in all rows of a sequence.
        group: What a sequence belongs to, likewise; None: each is alone.
        classes: Names of the classes, sorted.
        text: How a column of texts is read, whose characters are the steps: its name is that of the only feature, and
            that holds code points. None: features are numbers.
    """

    sequence: str | None
    step: str | None
    features: tuple[str, ...]
    label: str
    group: str | None
    classes: tuple[str, ...]
    text: Text | None = None

    @property
    def characters(self) -> int:
        """Different characters that a model may know; 0: features are numbers."""
        return 0 if self.text is None else self.text.characters

    def save(self, path: Path) -> None:
        """Writes JSON."""
        path.write_text(json.dumps({"task": TASK, **self.content()}, indent=2) + "\n", encoding="utf-8")

    def content(self) -> dict[str, Any]:
        """Its fields as plain values, which `of` reads."""
        return asdict(self) | {"text": None if self.text is None else self.text.model_dump()}

    @classmethod
    def load(cls, path: Path) -> "SequenceSchema":
        """Reads what `save` wrote."""
        content = json.loads(path.read_text(encoding="utf-8"))
        content.pop("task")
        return cls.of(content)

    @classmethod
    def of(cls, content: dict[str, Any]) -> "SequenceSchema":
        """From its fields, lists for tuples."""
        text = content.get("text")
        tuples = {key: tuple(content[key]) for key in ("features", "classes")}
        return cls(**content | tuples | {"text": None if text is None else Text(**text)})
