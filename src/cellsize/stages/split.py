"""split: window index → the holdout, and folds that share no raw row."""

from pathlib import Path

import pandas as pd

from cellsize import files
from cellsize.data.folds import save_labels
from cellsize.params import Params
from cellsize.tasks import samples, splitting


def main(params: Params, windows: Path, folds: Path) -> None:
    """Reads the index; writes who learns from which window."""
    parts, lines = splitting.split(samples.load(windows), params.split, params.window)
    files.write_parquet(folds, pd.DataFrame(save_labels(parts)))
    for line in lines:
        print(f"split: {line}")
