"""split: window index → the holdout, and folds that share no raw row, of all rows and of those that are searched on."""

from pathlib import Path

import pandas as pd

from cellsize import files
from cellsize.data.folds import save_labels
from cellsize.params import Params
from cellsize.tasks import samples, splitting


def main(params: Params, searched: Path, windows: Path, searched_folds: Path, folds: Path) -> None:
    """Reads both indexes; writes who learns from which window."""
    for index, labels in ((searched, searched_folds), (windows, folds)):
        parts, lines = splitting.split(samples.load(index), params.split, params.window)
        files.write_parquet(labels, pd.DataFrame(save_labels(parts)))
    for line in lines:
        print(f"split: {line}")
