"""The project's whole sizing of one example in one process: data stages, search, choice, refit, holdout.

What the other benchmarks compare themselves with: the functions of the stages in their order, without DVC.
"""

import argparse
import gc
import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks import data
from cellsize.params import Mlflow, Params, Training
from cellsize.registry import runs
from cellsize.search import driver, plans
from cellsize.sizing import choice
from cellsize.sizing.candidates import propose
from cellsize.sizing.sizes import Size
from cellsize.training.records import Result, Row, frame


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
    results = search_it(found, training, candidates, folder, workers)
    trials, choice = chosen_from(results, candidates, params)
    errors = refitted(found, training, choice, params.refit.seed)
    size = Size(choice["layers"], choice["units"])
    line = next(one for one in choice["sizes"] if Size(one["layers"], one["units"]) == size)
    return {
        "size": str(size),
        "recipe": choice.recipe(choice),
        **{key: line[key] for key in ("parameters", "recurrent", "head", "linear")},
        "holdout": errors["model"]["nmse"],
        "mae": errors["model"]["mae"],
        "baselines": {name: {"holdout": of["nmse"], "mae": of["mae"]} for name, of in errors["baselines"].items()},
        "sizes": len(results),
        "trainings": len(trials),
        "core_seconds": sum(result.seconds for result in results),
    }


def refitted(found: data.Data, training: Training, recipe: dict[str, Any], seed: int) -> dict[str, Any]:
    """Trains what a recipe names on all but the holdout, and scores it there beside the baselines."""
    import torch  # only now: the driver of a search does without

    from cellsize.evaluation import holdout
    from cellsize.training.refit import refit

    torch.set_num_threads(1)
    baseline = data.changed(found.params.baseline, classical="none")
    with threadpool_limits(limits=1):  # what was loaded just now has brought threads of its own
        model = refit(found.work(training, seed=seed), recipe, found.schema, found.params.window)
        errors, _ = holdout.evaluate(found.windows, found.folds, model, None, baseline)
    return errors


def search_it(
    found: data.Data, training: Training, candidates: dict[str, Any], folder: Path, workers: int
) -> list[Result]:
    """The search of one example with its store and its MLflow in a folder."""
    settings = data.changed(found.params.search, workers=workers, training=training.model_dump())
    work = found.work(training)
    store = Mlflow(uri=f"sqlite:///{folder}/mlflow.db", experiment="sizing")
    with runs.recorder(store, driver.fingerprint(work), settings.model_dump()) as record:
        return driver.run(work, plans.plan(candidates, settings), settings, folder / "store", record, data.say)


def chosen_from(
    results: list[Result], candidates: dict[str, Any], params: Params
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The trials table of a search, and what is chosen from it."""
    trials = pd.concat([frame(result.rows, Row) for result in results], ignore_index=True)
    times = pd.DataFrame([{**vars(result.size), "milliseconds": result.milliseconds} for result in results])
    procedure = params.search.procedure
    return trials, choice.decide(trials, times, candidates, params.choose, params.split.folds, procedure)


def main() -> None:
    """Sizes one example and prints the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=list(data.PLACES))
    parser.add_argument("--bound", type=int)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    # One thread, as in the stages: the last digits are theirs.
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        print(json.dumps(size_it(given.name, given.bound, Path(folder), 2, given.smoke)))
    gc.freeze()  # as a stage ends


if __name__ == "__main__":
    main()
