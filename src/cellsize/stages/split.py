"""split: window index → the holdout, and folds that share no raw row, of all rows and of those that are searched on."""

from pathlib import Path

import pandas as pd

from cellsize import files
from cellsize.data.folds import save_labels
from cellsize.params import Params
from cellsize.progress import lines
from cellsize.tasks import samples, splitting


def main(params: Params, searched: Path, windows: Path, searched_folds: Path, folds: Path) -> None:
    """Reads both indexes; writes who learns from which window."""
    with lines("split"):
        for index, labels in ((searched, searched_folds), (windows, folds)):
            parts, found = splitting.split(samples.load(index), params.split, params.window)
            files.write_parquet(labels, pd.DataFrame(save_labels(parts)))
    for line in found:
        print(f"split: {line}")
