"""Clean rows of sequences → base arrays and the index."""

import numpy as np
import pandas as pd

from cellsize.data.offsets import offset_of
from cellsize.data.sequence_schema import GROUP, HELD_OUT, LABEL, SEQUENCE, SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.params_data import Window


def build(frame: pd.DataFrame, schema: SequenceSchema, window: Window) -> Sequences:
    """Base arrays and the index of all sequences; of one longer than `window.lookback` its last steps.

    Args:
        frame: As `sequence_table.clean` returns it.
        schema: Meaning of its columns.
        window: Says the most steps.
    """
    codes, names = pd.factorize(frame[SEQUENCE])
    frame = frame[(np.bincount(codes)[codes] - frame.groupby(codes).cumcount()) <= window.lookback]
    codes = pd.factorize(frame[SEQUENCE])[0]
    length = np.bincount(codes)
    first = np.cumsum(length) - length
    of_each = frame.iloc[first]
    values = frame[list(schema.input_columns)].to_numpy(np.float64)
    # Code points are names, not numbers: nothing is subtracted from them.
    offset = np.array([0.0 if schema.characters else offset_of(column) for column in values.T])
    held_out = of_each[HELD_OUT].to_numpy(np.bool_)
    return Sequences(
        inputs=np.ascontiguousarray(values - offset, np.float32),
        offset=offset,
        first=first,
        length=length,
        target=np.searchsorted(schema.classes, of_each[LABEL].to_numpy(str)),
        group=pd.factorize(of_each[GROUP])[0],
        held_out=held_out if held_out.any() else np.empty(0, np.bool_),
        names=tuple(map(str, names)),
        features=schema.input_columns,
        classes=schema.classes,
        longest=int(length.max()),
        characters=schema.characters,
    )
