"""Tables that would hold labelled sequences but for a few rows."""

import numpy as np
import pandas as pd

from cellsize.data import table as tables
from cellsize.data.time_formats import plain_value
from cellsize.errors import InputError
from cellsize.project.asked import Asked
from cellsize.project.sequence_columns import MOST_CLASSES, NAMED_LABEL, NAMED_STEP, coded

FEW = 0.01  # of the rows, which may be wrong; one may be in any case


def refuse_few(table: pd.DataFrame, asked: Asked) -> None:
    """Refuses the few rows that keep a table with steps and a label from being one of labelled sequences.

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
    steps = [
        name for name in codes if NAMED_STEP.fullmatch(name.strip()) and pd.api.types.is_numeric_dtype(table[name])
    ]
    if len(labels) != 1 or len(steps) != 1 or asked.targets not in ((), tuple(labels)):
        return
    label = pd.Series(codes[labels[0]])
    for name, of in codes.items():
        if name in (labels[0], steps[0]) or not 2 <= of.max() + 1 <= len(of) / 4 or of.min() < 0:
            continue
        if pd.DataFrame({"of": of, "step": codes[steps[0]]}).duplicated().any():
            continue
        usual = label.groupby(of).agg(lambda each: each.mode()[0]).to_numpy()
        other = (label.to_numpy() != usual[of]) & (label.to_numpy() >= 0)
        if 0 < other.sum() <= max(1, FEW * len(of)):
            row = int(np.flatnonzero(other)[0])
            raise InputError(
                f"{asked.table}, {tables.line(asked.table, row)}, column {labels[0]!r}: "
                f"{plain_value(table[labels[0]].iloc[row])!r}, but all other rows of {name!r} "
                f"{plain_value(table[name].iloc[row])!r} have another label; fix it, or --task forecast if no labelled "
                "sequences are meant"
            )
