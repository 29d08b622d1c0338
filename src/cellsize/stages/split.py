"""split: window index → the holdout, and folds that share no raw row, of all rows and of those that are searched on."""

from pathlib import Path

import pandas as pd

from cellsize import files
from cellsize.data import collection, constant_targets, remedies
from cellsize.data.folds import save_labels
from cellsize.data.windows import Windows
from cellsize.params import Params


def main(params: Params, searched: Path, windows: Path, searched_folds: Path, folds: Path) -> None:
    """Reads both indexes; writes who learns from which window."""
    for index, labels in ((searched, searched_folds), (windows, folds)):
        arrays = Windows.load(index)
        parts = remedies.split(arrays, params.split, params.window)
        constant_targets.refuse(arrays, parts, params.split)
        files.write_parquet(labels, pd.DataFrame(save_labels(parts)))
    out = collection.left_out(arrays, parts)
    if len(out) > len(collection.left_out(arrays)):
        print(f"split: {collection.sentence(out, len(out), len(arrays.names))}")
    unscored = collection.unscored(arrays, parts)
    if unscored:
        print(f"split: {collection.unscored_sentence(unscored)}")
    print(f"split: {parts.development.sum():,} windows in {len(parts.labels)} folds, {parts.holdout.sum():,} held out")
