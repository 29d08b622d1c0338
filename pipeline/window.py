"""window: clean series → base arrays and the index of usable windows."""

from pathlib import Path

import pandas as pd

from cellsize import files, stage, windows
from cellsize.params import Params
from cellsize.schema import Schema


def main(params: Params, clean: Path, schema: Path, indexed: Path) -> None:
    """Reads series and schema; writes arrays and index."""
    arrays = windows.build(pd.read_parquet(clean), Schema.load(schema), params.window, clean)
    files.write(indexed, arrays.save)
    print(f"window: {len(arrays.first):,} windows of {arrays.span} steps, {arrays.n_inputs} features a step")


if __name__ == "__main__":
    stage.run(main)
