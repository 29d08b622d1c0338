"""What a user would fit instead of networks: gradient-boosted trees on the same inputs, whole in one process.

The third column of the comparisons. Data stages, the iterations chosen by the early-stopping set of every fold, the
trees fitted on all that comes before the holdout and scored there, as the stages `baseline` and `evaluate` do it.
"""

import argparse
import json
from typing import Any

import numpy as np

from benchmarks import data
from cellsize import process
from cellsize.data.batches import truth
from cellsize.data.scaling import fit_scaling
from cellsize.models import boosted_trees


def boosted(name: str, smoke: bool) -> dict[str, Any]:
    """Fits and scores the trees of one example."""
    example, _ = data.loaded_for(name, smoke)
    windows, seasons = example.windows, example.params.baseline.seasons
    loss = boosted_trees.LOSSES[example.params.choose.metric]
    chosen = [
        boosted_trees.fit_chosen(windows, fit_scaling(windows, fold.train), fold, seasons, loss).iterations
        for fold in example.folds.all()
    ]
    iterations = tuple(int(np.median(of_target)) for of_target in zip(*chosen, strict=True))
    development, holdout = np.flatnonzero(example.folds.development), np.flatnonzero(example.folds.holdout)
    scaling = fit_scaling(windows, development)
    trees = boosted_trees.fit(windows, scaling, development, seasons, iterations, loss)
    right = truth(windows, scaling, holdout).astype(np.float64)
    difference = boosted_trees.predict(windows, scaling, trees, holdout) - right
    return {
        "holdout": float(np.nanmean(np.square(difference))),
        "mae": float(np.nanmean(np.abs(difference)) * scaling.std[0]),
        "iterations": list(iterations),
    }


def main() -> None:
    """Fits the trees of one example and prints the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=list(data.PLACES))
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    with process.one_thread():
        print(json.dumps(boosted(given.name, given.smoke)))


if __name__ == "__main__":
    main()
