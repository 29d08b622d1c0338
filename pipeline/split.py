"""split: window index → the holdout, and folds that share no raw row."""

from pathlib import Path

import pandas as pd

from cellsize import files, stage
from cellsize.data import folds
from cellsize.data.windows import Windows
from cellsize.params import Params


def main(params: Params, indexed: Path, divided: Path) -> None:
    """Reads the index; writes who learns from which window."""
    made = folds.split(Windows.load(indexed), params.split)
    files.write_parquet(divided, pd.DataFrame(folds.save_labels(made)))
    print(f"split: {made.development.sum():,} windows in {len(made.labels)} folds, {made.holdout.sum():,} held out")


if __name__ == "__main__":
    stage.run(main)
