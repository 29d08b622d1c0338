"""The stage `window` by task: clean rows → samples, of all rows and of those that are searched on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from cellsize.data import collection, remedies, searched_sequences, sequence_arrays
from cellsize.data.schema import TIME
from cellsize.data.searched import in_words, last_searched, rows_until
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.params_data import Split, Window
from cellsize.tasks import schemas


def window(
    clean: Path, schema: Path, params: Window, split: Split, samples: Path, searched: Path,
    quantiles: tuple[float, ...] = (),
) -> list[str]:  # fmt: skip
    """Reads clean rows; writes base arrays and the index of the samples, and the same of the rows that are searched on.

    Args:
        clean: Parquet file that `prepare` wrote.
        schema: JSON file that `prepare` wrote.
        params: What a sample sees.
        split: Until when is searched. It is asked for a remedy too: a window that fits, and is then too long for the
            folds, is none.
        samples: npz file to write.
        searched: Another one; of sequences, which have no time, the first so many.
        quantiles: Of a forecast, the levels that are forecast; none: values alone.

    Returns:
        Lines to say.
    """
    # Column by column out of Arrow's hands: both copies of a long table at once would be this stage's largest.
    options: Any = {"split_blocks": True, "self_destruct": True}
    frame, meaning = pd.read_parquet(clean, to_pandas_kwargs=options), schemas.load(schema)
    said = list[str]()
    if isinstance(meaning, SequenceSchema):
        sequences = sequence_arrays.build(frame, meaning, params)
        sequences.save(samples)
        first = searched_sequences.sequences_until(frame, searched_sequences.last_searched(frame, split.searched_until))
        (sequences if len(first) == len(frame) else sequence_arrays.build(first, meaning, params)).save(searched)
        if split.searched_until is not None:
            said.append(f"sizes are searched on the first {split.searched_until} sequences (split.searched_until)")
        shortest = int(sequences.length.min())
        return [*said, f"{len(sequences.first):,} sequences of {shortest} to {sequences.longest} steps, "
                       f"{sequences.n_inputs} inputs a step"]  # fmt: skip
    arrays = replace(remedies.build(frame, meaning, params, split, clean), quantiles=quantiles)
    arrays.save(samples)
    until = last_searched(frame, meaning, split.searched_until)
    if until == in_words(frame[TIME].max()):
        arrays.save(searched)
    else:
        earlier = remedies.build(rows_until(frame, meaning, until), meaning, params, split, clean)
        replace(earlier, quantiles=quantiles).save(searched)
    if split.searched_until is not None:
        said.append(f"sizes are searched on rows until {split.searched_until} (split.searched_until)")
    said.append(f"{len(arrays.first):,} windows of {arrays.span} steps, {arrays.n_inputs} inputs a step")
    out = collection.left_out(arrays)
    return said + ([collection.sentence(out, len(out), len(arrays.names))] if out else [])
