"""The project's whole sizing of one example in one process: data stages, search, choice, refit, holdout.

What the other benchmarks compare themselves with: the functions of the stages in their order, without DVC.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import data
from cellsize import decision, evaluation, plans, search
from cellsize.candidates import propose
from cellsize.params import Mlflow
from cellsize.refitting import refit_choice
from cellsize.registry import runs
from cellsize.sizes import Size
from cellsize.trials import Row, frame


def size_it(name: str, bound: int | None, folder: Path, workers: int, smoke: bool) -> dict[str, Any]:
    """Searches, chooses, refits and evaluates.

    Args:
        name: The example.
        bound: Where its grid is cut; None leaves the one that its params.yaml gives.
        folder: For what the search keeps.
        workers: Trials at once.
        smoke: Whether to try the code on little data.
    """
    found, training = data.loaded_for(name, smoke)
    params = found.params
    candidates = propose(found.windows, found.folds, params.propose)
    if bound is not None or smoke:
        kept = set(data.cut(found, bound or 2, smoke))
        chosen = [one for one in candidates["candidates"] if Size(one["layers"], one["units"]) in kept]
        candidates = {**candidates, "candidates": chosen}
    settings = data.changed(params.search, workers=workers, training=training.model_dump())
    work = found.work(training)
    record = runs.recorder(
        Mlflow(uri=f"sqlite:///{folder}/mlflow.db", experiment=name), search.fingerprint(work), settings.model_dump()
    )
    results = search.run(work, plans.plan(candidates, settings), settings, folder / "store", record, data.say)
    trials = pd.concat([frame(result.rows, Row) for result in results], ignore_index=True)
    times = pd.DataFrame([{**vars(result.size), "milliseconds": result.milliseconds} for result in results])
    choice = decision.decide(trials, times, candidates, params.choose, params.split.folds, settings.procedure)
    model = refit_choice(found.work(training, seed=params.refit.seed), choice, found.schema, params.window)
    baseline = data.changed(params.baseline, classical="none")
    errors, _ = evaluation.evaluate(found.windows, found.folds, model, None, baseline, choice["penalty"])
    size = Size(choice["layers"], choice["units"])
    line = next(one for one in choice["sizes"] if Size(one["layers"], one["units"]) == size)
    return {
        "size": str(size),
        **{key: line[key] for key in ("parameters", "recurrent", "head", "linear")},
        "holdout": errors["model"]["mse_scaled"],
        "mae": errors["model"]["mae"],
        "baselines": {
            name: {"holdout": of["mse_scaled"], "mae": of["mae"]} for name, of in errors["baselines"].items()
        },
        "sizes": len(results),
        "trainings": len(trials),
    }


def main() -> None:
    """Sizes one example and prints the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=list(data.PLACES))
    parser.add_argument("--bound", type=int)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(size_it(given.name, given.bound, Path(folder), 2, given.smoke)))


if __name__ == "__main__":
    main()
