"""window: clean series → base arrays and the index of usable windows, of all rows and of those that are searched on."""

from pathlib import Path
from typing import Any

import pandas as pd

from cellsize.data import collection, remedies
from cellsize.data.schema import TIME, Schema
from cellsize.data.searched import in_words, last_searched, rows_until
from cellsize.params import Params


def main(params: Params, clean: Path, schema: Path, windows: Path, searched: Path) -> None:
    """Reads series and schema; writes arrays and index, and the same of the rows that are searched on."""
    # Column by column out of Arrow's hands: both copies of a long table at once would be this stage's largest.
    options: Any = {"split_blocks": True, "self_destruct": True}
    frame, meaning = pd.read_parquet(clean, to_pandas_kwargs=options), Schema.load(schema)
    # The split is asked for a remedy alone: a window that fits, and is then too long for the folds, is none.
    arrays = remedies.build(frame, meaning, params.window, params.split, clean)
    arrays.save(windows)
    until = last_searched(frame, meaning, params.split.searched_until)
    if until == in_words(frame[TIME].max()):
        arrays.save(searched)
    else:
        remedies.build(rows_until(frame, meaning, until), meaning, params.window, params.split, clean).save(searched)
    if params.split.searched_until is not None:
        print(f"window: sizes are searched on rows until {params.split.searched_until} (split.searched_until)")
    print(f"window: {len(arrays.first):,} windows of {arrays.span} steps, {arrays.n_inputs} inputs a step")
    out = collection.left_out(arrays)
    if out:
        print(f"window: {collection.sentence(out, len(out), len(arrays.names))}")
