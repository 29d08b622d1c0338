"""Tables that would hold labelled sequences but for a few rows."""

import numpy as np
import pandas as pd

from cellsize.data import table as tables
from cellsize.data.time_formats import plain_value
from cellsize.errors import InputError
from cellsize.project.asked import Asked
from cellsize.project.sequence_columns import MOST_CLASSES, NAMED_LABEL, NAMED_STEP, coded

FEW = 0.01  # of the rows, which may be wrong; one may be in any case
SEQUENCES = 2  # of each of two labels, at least: a fault that is there once is no class


def refuse_few(table: pd.DataFrame, asked: Asked) -> None:
    """Refuses the few rows that keep a table with steps and a label of text from being one of labelled sequences.

    Raises:
        InputError: There are some; it names the first.
    """
    codes = coded(table)
    labels = [
        name
        for name, code in codes.items()
        if NAMED_LABEL.fullmatch(name.strip()) and 1 <= code.max() < MOST_CLASSES
        and not pd.api.types.is_numeric_dtype(table[name])
    ]  # fmt: skip
    able = [name for name in codes if pd.api.types.is_numeric_dtype(table[name])]
    steps = [name for name in able if NAMED_STEP.fullmatch(name.strip())]
    if len(labels) != 1 or len(steps) != 1 or asked.targets not in ((), tuple(labels)):
        return
    label, step = codes[labels[0]], codes[steps[0]]
    if step.max() + 1 > len(table) / 2:  # it counts all rows, and those of no sequence
        return
    for name, of in codes.items():
        if name in (labels[0], steps[0]) or (asked.series or name) != name or of.min() < 0:
            continue
        if not 2 <= of.max() + 1 <= len(of) / 2 or pd.DataFrame({"of": of, "step": step}).duplicated().any():
            continue
        counts = np.zeros((of.max() + 1, label.max() + 1), np.int32)
        np.add.at(counts, (of[label >= 0], label[label >= 0]), 1)
        usual = counts.argmax(axis=1)
        other = (label != usual[of]) & (label >= 0)
        kept = np.bincount(usual[counts.max(axis=1) == counts.sum(axis=1)])
        if 0 < other.sum() <= max(1, FEW * len(of)) and (kept >= SEQUENCES).sum() >= 2:
            row = int(np.flatnonzero(other)[0])
            raise InputError(
                f"{asked.table}, {tables.line(asked.table, row)}, column {labels[0]!r}: "
                f"{plain_value(table[labels[0]].iloc[row])!r}, but most other rows of {name!r} "
                f"{plain_value(table[name].iloc[row])!r} have another label; fix it, or --task forecast if no labelled "
                "sequences are meant"
            )
