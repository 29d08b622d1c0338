"""The project's whole sizing of one example in one process: data stages, search, choice, refit, holdout.

What the other benchmarks compare themselves with: the functions of the stages in their order, without DVC.
"""

import argparse
import functools
import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import data
from cellsize import process
from cellsize.params import Mlflow, Params, Training
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.candidates import propose
from cellsize.sizing.choice import decide
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation
from cellsize.sizing.procedures import plan
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.walk import Plan
from cellsize.training.records import Result, Row, Work, frame


def size_it(name: str, bound: int | None, folder: Path, workers: int, smoke: bool) -> dict[str, Any]:
    """Searches, chooses, refits and evaluates.

    Args:
        name: The example.
        bound: Where its grid is cut; None leaves the one that its params.yaml gives.
        folder: For what the search keeps.
        workers: Trials at once.
        smoke: Whether to try the code on little data.
    """
    example, training = data.loaded_for(name, smoke)
    params = example.params
    candidates = propose(example.windows, example.folds, params.propose)
    if bound is not None or smoke:
        kept = set(data.cut(example, bound or 2, smoke))
        within = tuple(candidate for candidate in candidates.candidates if candidate.size in kept)
        candidates = candidates.model_copy(update={"candidates": within})
    results = search_it(example, training, candidates, folder, workers)
    trials, choice = chosen_from(results, candidates, params)
    evaluation = refitted(example, training, choice.recipe, params.refit.seed)
    chosen = next(tried for tried in choice.sizes if tried.size == choice.size)
    return {
        "size": str(choice.size),
        "recipe": choice.recipe.model_dump(),
        **chosen.model_dump(include={"parameters", "recurrent", "head", "linear"}),
        "holdout": evaluation.model.nmse,
        "mae": evaluation.model.mae,
        "baselines": {
            baseline: {"holdout": errors.nmse, "mae": errors.mae} for baseline, errors in evaluation.baselines.items()
        },
        "sizes": len(results),
        "trainings": len(trials),
        "core_seconds": sum(result.seconds for result in results),
    }


def refitted(example: data.Data, training: Training, recipe: Recipe, seed: int) -> Evaluation:
    """Trains what a recipe names on all but the holdout, and scores it and the baselines there."""
    # Only now: they load torch, and the driver of a search does without.
    from cellsize.evaluation import holdout
    from cellsize.models import baselines, stacked
    from cellsize.training.refit import refit

    baseline = data.changed(example.params.baseline, classical="none")
    forward = functools.partial(stacked.forward, engine=training.engine)
    with process.one_thread():  # what was loaded just now has brought threads of its own
        model = refit(example.work(training, seed=seed), recipe, example.schema, example.params.window)
        metric = example.params.choose.metric
        on_folds, _ = baselines.score_folds(example.windows, example.folds, baseline, metric)
        evaluation, _ = holdout.evaluate(
            example.windows, example.folds, [model], None, baseline, metric, on_folds, forward
        )
    return evaluation


def search_it(
    example: data.Data, training: Training, candidates: Candidates, folder: Path, workers: int
) -> list[Result]:
    """The search of one example with its store and its MLflow in a folder."""
    process.set_environment()  # before MLflow and Ray are imported, as a stage begins
    from cellsize.registry.runs import recorder
    from cellsize.search import driver, store
    from cellsize.search.versions import versions

    compute = data.changed(example.params.search.compute, trials=workers).model_dump()
    settings = data.changed(example.params.search, compute=compute, training=training.model_dump())
    work = example.work(training)
    mlflow = Mlflow(uri=f"sqlite:///{folder}/mlflow.db", experiment="sizing")
    with recorder(mlflow, store.key(work), settings, versions()) as record:
        return driver.run(
            work, plan(candidates, settings, example.params.choose), settings, folder / "store", record, data.say
        )


def search_alone(work: Work, plan: Plan, folder: Path) -> list[Result]:
    """The search of one process without Ray: every shard after the one before it; finished ones are read."""
    from cellsize.search.driver import up_to
    from cellsize.search.scheduler import Scheduler
    from cellsize.search.storage import opened
    from cellsize.search.store import Store
    from cellsize.training.train import train

    kept = Store(opened(None, folder))
    scheduler = Scheduler(plan, work, kept.finished(), lambda _: None, lambda _: None)
    while not scheduler.ended():
        shard = scheduler.next_shard()
        assert shard is not None
        result = train(work, shard.size, folds=shard.folds, more_seeds=scheduler.more_seeds(shard))
        kept.save(shard, result)
        scheduler.finish(shard, result)
    assert not scheduler.failure, scheduler.failure
    return up_to(scheduler.walk(), scheduler.results, work.training.seeds)


def chosen_from(results: list[Result], candidates: Candidates, params: Params) -> tuple[pd.DataFrame, Choice]:
    """The trials table of a search, and what is chosen from it."""
    trials = pd.concat([frame(result.rows, Row) for result in results], ignore_index=True)
    times = pd.DataFrame([{**vars(result.size), "milliseconds": result.milliseconds} for result in results])
    return trials, decide(trials, times, candidates, params.choose, params.split.folds, params.search)


def main() -> None:
    """Sizes one example and prints the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=list(data.PLACES))
    parser.add_argument("--bound", type=int)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    # One thread, as in the stages: the last digits are theirs.
    with tempfile.TemporaryDirectory() as folder, process.one_thread():
        print(json.dumps(size_it(given.name, given.bound, Path(folder), 2, given.smoke)))
    process.leave()  # as a stage ends


if __name__ == "__main__":
    main()
