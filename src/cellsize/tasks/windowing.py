"""The stage `window` by task: clean rows → samples."""

from pathlib import Path
from typing import Any

import pandas as pd

from cellsize.data import collection, remedies, sequence_arrays
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.params_data import Split, Window
from cellsize.tasks import schemas


def window(clean: Path, schema: Path, params: Window, split: Split, samples: Path) -> list[str]:
    """Reads clean rows; writes base arrays and the index of the samples.

    Args:
        clean: Parquet file that `prepare` wrote.
        schema: JSON file that `prepare` wrote.
        params: What a sample sees.
        split: Of a forecast, is asked for a remedy alone: a window that fits, and is then too long for the folds, is
            none.
        samples: npz file to write.

    Returns:
        Lines to say.
    """
    # Column by column out of Arrow's hands: both copies of a long table at once would be this stage's largest.
    options: Any = {"split_blocks": True, "self_destruct": True}
    frame, meaning = pd.read_parquet(clean, to_pandas_kwargs=options), schemas.load(schema)
    if isinstance(meaning, SequenceSchema):
        sequences = sequence_arrays.build(frame, meaning, params)
        sequences.save(samples)
        shortest = int(sequences.length.min())
        return [f"{len(sequences.first):,} sequences of {shortest} to {sequences.longest} steps, "
                f"{sequences.n_inputs} inputs a step"]  # fmt: skip
    arrays = remedies.build(frame, meaning, params, split, clean)
    arrays.save(samples)
    out = collection.left_out(arrays)
    said = [f"{len(arrays.first):,} windows of {arrays.span} steps, {arrays.n_inputs} inputs a step"]
    return said + ([collection.sentence(out, len(out), len(arrays.names))] if out else [])
