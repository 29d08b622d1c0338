"""What the columns of a long table of sequences mean: written by `prepare`, read by everything after it."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from cellsize.data.schema import MISSING
from cellsize.data.sequences import REGRESS, TASK
from cellsize.data.windows import Ints
from cellsize.params_data import Text

LabelType = Literal["text", "integer", "boolean", "number"]

# Columns of the clean rows, beside the features.
SEQUENCE, LABEL, GROUP, HELD_OUT = "_sequence", "_label", "_group", "_held_out"


@dataclass(frozen=True)
class SequenceSchema:
    """The columns of the raw table.

    Attributes:
        sequence: Names the sequence of a row; of texts without a name the column of the text.
        step: Orders the rows of a sequence, by number; None: as they are in the table.
        features: Numbers of each step.
        label: The class or the number, the same in all rows of a sequence.
        group: What a sequence belongs to, likewise; None: each is alone.
        classes: Names of the classes, sorted; empty where the label is a number.
        label_type: What a label is in the table: a model gives back what it was given.
        levels: Text column that may change from step to step → its levels, an indicator each.
        static_covariates: Column that is constant in each sequence → its levels, or no level if it is a number.
        flagged: Features that have missing values, each with an indicator.
        text: How a column of texts is read, whose characters are the steps: its name is that of the only feature, and
            that holds code points. None: features are numbers.
    """

    sequence: str
    step: str | None
    features: tuple[str, ...]
    label: str
    group: str | None
    classes: tuple[str, ...]
    label_type: LabelType = "text"
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    static_covariates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    flagged: tuple[str, ...] = ()
    text: Text | None = None

    @property
    def characters(self) -> int:
        """Different characters that a model may know; 0: features are numbers."""
        return 0 if self.text is None else self.text.characters

    @property
    def series(self) -> str:
        """What `static` calls it: a sequence is a series there."""
        return self.sequence

    @property
    def series_levels(self) -> tuple[str, ...]:
        """Sequences with an indicator each: none, since a new one is to be labelled."""
        return ()

    @property
    def input_columns(self) -> tuple[str, ...]:
        """Columns of the clean rows that are inputs of each step, in the order of `Sequences.inputs`."""
        indicators = [f"{name}={level}" for name, levels in self.levels.items() for level in levels]
        constant = [
            column
            for name, levels in self.static_covariates.items()
            for column in ([f"{name}={level}" for level in levels] or [name])
        ]
        return (*self.features, *constant, *indicators, *(f"{name}{MISSING}" for name in self.flagged))

    def labels(self, codes: Ints) -> pd.Series:
        """Positions in `classes` as labels of the type that they have in the table, shape (n,)."""
        names = np.array(self.classes, object)[codes]
        if self.label_type == "integer":
            return pd.Series([int(name) for name in names], dtype="int64")
        if self.label_type == "boolean":
            return pd.Series(names == "True", dtype="bool")
        return pd.Series(names, dtype="str")

    @property
    def task(self) -> Literal["classify", "regress"]:
        """What the labels say that it is."""
        return TASK if self.classes else REGRESS

    def save(self, path: Path) -> None:
        """Writes JSON."""
        path.write_text(json.dumps({"task": self.task, **self.content()}, indent=2) + "\n", encoding="utf-8")

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
        tuples = {key: tuple(content[key]) for key in ("features", "classes", "flagged")}
        of_each = {
            key: {name: tuple(levels) for name, levels in content[key].items()}
            for key in ("levels", "static_covariates")
        }
        text = content.get("text")
        return cls(**content | tuples | of_each | {"text": None if text is None else Text(**text)})


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
