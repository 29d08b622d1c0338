"""What an LSTM would seem to know if equal sequences lay in different folds, beside what it does know.

    python -m benchmarks.leak FOLDER LAYERS UNITS

FOLDER has a params.yaml and `build/`, such as `examples/first-names` after `make example NAME=first-names`. One size is
trained as the search trains it, on folds that keep equal sequences together and on folds that spread them as they come;
logistic regression too. Nothing of the holdout is read. Results: `benchmarks/results/leak-<folder>.json`.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.machine import machine
from cellsize import params_file
from cellsize.data import folds as parts
from cellsize.data import stratified
from cellsize.data.folds import Folds
from cellsize.data.sequences import Sequences
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import Work, load_work
from cellsize.training.train import train

RESULTS = Path(__file__).parent / "results"


def measured(work: Work, size: Size) -> dict[str, float]:
    """Accuracy and normalised log loss on the validation sets, where the residuals say what was most probable."""
    found = train(work, size)
    scores = [row.score for row in found.rows if row.status == "ok" and row.score is not None]
    target = work.task.truth(work.task.fit_scaling(found.residual_windows), found.residual_windows)
    said = (target - found.residuals)[:, 0].argmax(axis=1)
    return {"accuracy": float((said == target[:, 0].argmax(axis=1)).mean()), "score": float(np.mean(scores))}


def of_both(work: Work, sizes: dict[str, Size], count: int, fraction: float) -> dict[str, dict[str, dict[str, float]]]:
    """Name of a size → grouped and spread → what was measured; of the sequences before the holdout.

    Args:
        work: Samples, their folds, and how to train.
        sizes: What is trained, by name.
        count: Folds.
        fraction: Of the early-stopping sets.
    """
    assert isinstance(work.samples, Sequences)
    development, result = np.flatnonzero(work.folds.development), dict[str, dict[str, dict[str, float]]]()
    for name, size in sizes.items():
        result[name] = {}
        for how in ("grouped", "spread"):
            labels = work.folds.labels if how == "grouped" else np.zeros((count, work.task.count), np.int8)
            if how == "spread":
                for row, validation in zip(
                    labels, stratified.parts(work.samples, development, count, "", 0), strict=True
                ):
                    rest = np.setdiff1d(development, validation)
                    row[rest] = parts.TRAIN
                    row[stratified.parts(work.samples, rest, round(1 / fraction), "", 1)[0]] = parts.EARLY_STOPPING
                    row[validation] = parts.VALIDATION
            folds = Folds(labels, work.folds.holdout, work.folds.development)
            result[name][how] = measured(replace(work, folds=folds), size)
            print(f"{name}, {how}: {result[name][how]}", flush=True)
    return result


def main(folder: Path, size: Size) -> None:
    """Measures both, and writes them."""
    params = params_file.load(folder / "params.yaml")
    work = load_work(
        folder / "build/searched_windows.npz", folder / "build/searched_folds.parquet", params.propose.network,
        params.search, params.baseline.penalties, params.choose.metric,
    )  # fmt: skip
    sizes = {"logistic regression": ZERO, str(size): size}
    found = of_both(work, sizes, params.split.folds, params.split.early_stopping.fraction)
    content = json.dumps({"machine": machine(), "models": found}, indent=2) + "\n"
    (RESULTS / f"leak-{folder.resolve().name}.json").write_text(content, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("layers", type=int)
    parser.add_argument("units", type=int)
    given = parser.parse_args()
    main(given.folder, Size(given.layers, given.units))
