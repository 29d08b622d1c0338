"""window: clean series → base arrays and the index of usable windows."""

from pathlib import Path
from typing import Any

import pandas as pd

from cellsize.data import collection, remedies
from cellsize.data.schema import Schema
from cellsize.params import Params


def main(params: Params, clean: Path, schema: Path, windows: Path) -> None:
    """Reads series and schema; writes arrays and index."""
    # Column by column out of Arrow's hands: both copies of a long table at once would be this stage's largest.
    options: Any = {"split_blocks": True, "self_destruct": True}
    frame = pd.read_parquet(clean, to_pandas_kwargs=options)
    # The split is asked for a remedy alone: a window that fits, and is then too long for the folds, is none.
    arrays = remedies.build(frame, Schema.load(schema), params.window, params.split, clean)
    arrays.save(windows)
    print(f"window: {len(arrays.first):,} windows of {arrays.span} steps, {arrays.n_inputs} inputs a step")
    out = collection.left_out(arrays)
    if out:
        print(f"window: {collection.sentence(out, len(out), len(arrays.names))}")
