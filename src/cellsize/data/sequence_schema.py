"""What the columns of a long table of sequences mean: written by `prepare`, read by everything after it."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from cellsize.data.sequences import TASK
from cellsize.data.windows import Ints

LabelType = Literal["text", "integer", "boolean"]

# Columns of the clean rows, beside the features.
SEQUENCE, LABEL, GROUP, HELD_OUT = "_sequence", "_label", "_group", "_held_out"


@dataclass(frozen=True)
class SequenceSchema:
    """The columns of the raw table.

    Attributes:
        sequence: Names the sequence of a row.
        step: Orders the rows of a sequence, by number; None: as they are in the table.
        features: Numbers of each step.
        label: The class, the same in all rows of a sequence.
        group: What a sequence belongs to, likewise; None: each is alone.
        classes: Names of the classes, sorted.
        label_type: What a label is in the table: a model gives back what it was given.
    """

    sequence: str
    step: str | None
    features: tuple[str, ...]
    label: str
    group: str | None
    classes: tuple[str, ...]
    label_type: LabelType = "text"

    def labels(self, codes: Ints) -> pd.Series:
        """Positions in `classes` as labels of the type that they have in the table, shape (n,)."""
        names = np.array(self.classes, object)[codes]
        if self.label_type == "integer":
            return pd.Series([int(name) for name in names], dtype="int64")
        if self.label_type == "boolean":
            return pd.Series(names == "True", dtype="bool")
        return pd.Series(names, dtype="str")

    def save(self, path: Path) -> None:
        """Writes JSON."""
        path.write_text(json.dumps({"task": TASK, **asdict(self)}, indent=2) + "\n", encoding="utf-8")

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


def label_type(values: pd.Series, names: tuple[str, ...], is_text_file: bool) -> LabelType:
    """What the labels of a raw column are.

    Args:
        values: The column.
        names: Its distinct values, as `table.labels` writes them.
        is_text_file: Whether it comes from a file that knows no types: what is written as a whole number is one there.
    """
    kind = values.cat.categories.dtype if isinstance(values.dtype, pd.CategoricalDtype) else values.dtype
    if pd.api.types.is_bool_dtype(kind):
        return "boolean"
    if not is_text_file and not pd.api.types.is_numeric_dtype(kind):
        return "text"
    return "integer" if all(re.fullmatch(r"0|-?[1-9]\d{0,17}", name) for name in names) else "text"
