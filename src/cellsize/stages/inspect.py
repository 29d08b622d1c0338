"""inspect: training parts → what a window should show, measured in seconds by ridge; advice, nothing is changed."""

from pathlib import Path
from typing import Any

import pandas as pd

from cellsize.data.folds import load
from cellsize.data.schema import Schema
from cellsize.inspection import advice, wording
from cellsize.params import Params
from cellsize.progress import lines


def main(params: Params, clean: Path, schema: Path, folds: Path, inspection: Path) -> None:
    """Reads series and folds; writes what each option is worth, and prints what to change."""
    options: Any = {"split_blocks": True, "self_destruct": True}  # as in `window`: no second copy of a long table
    frame = pd.read_parquet(clean, to_pandas_kwargs=options)
    with lines("inspect") as note:
        found = advice.inspect(
            frame, Schema.load(schema), params.window, load(folds), params.baseline.seasons, params.choose.metric, note
        )
    found.write(inspection)
    print(wording.printed(found))
