"""MLPs on the holdouts of the shipped forecasts: whether it is memory that earns its place, and not curvature.

The pipeline compares MLPs with memory cells on the folds, and scores the chosen size alone on the holdout. Here the
MLPs that were tried are trained as a choice would be, by their own recipe and the seeds of the twins, and scored on the
same holdout windows. No size is chosen by it. It reads `build/` and `reports/` of a run (`make example NAME=…`).
"""

import argparse
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import data
from benchmarks.machine import machine
from cellsize import files, params_file, process
from cellsize.data.batches import truth
from cellsize.data.schema import Schema
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.choice import recipe_of
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation
from cellsize.tasks import schemas
from cellsize.training.records import load_work
from cellsize.training.refit import twins

EXAMPLES = {"bay-area-traffic": data.ROOT, **{name: data.ROOT / "examples" / name for name in
            ("new-york-weather", "beijing-air", "santa-fe-laser")}}  # fmt: skip


def scored(place: Path) -> list[dict[str, Any]]:
    """The holdout's nmse of each MLP that was tried, and of what the run chose."""
    params, build, reports = params_file.load(place / "params.yaml"), place / "build", place / "reports"
    trials, choice = pd.read_csv(build / "trials.csv"), Choice.read(reports / "choice.json")
    network = Candidates.read(build / "candidates.json").network
    metric, seed = params.choose.metric, params.refit.seed
    how = (network, params.search, params.baseline.penalties, metric, seed)
    work, schema = load_work(build / "windows.npz", build / "folds.parquet", *how), schemas.load(build / "schema.json")
    assert isinstance(schema, Schema)
    windows, holdout = work.windows, np.flatnonzero(work.folds.holdout)
    evaluation, rows = Evaluation.read(reports / "evaluation.json"), []
    for tried in choice.sizes:
        if tried.size.layers or not tried.size.units:
            continue
        recipe = recipe_of(trials, tried.size)
        models = twins(work, recipe, schema, params.window, params.refit.twins, data.say)
        right = truth(windows, models[0].fitted.scaling, holdout).astype(np.float64)
        errors = [float(np.nanmean(np.square(model.predict(windows, holdout) - right))) for model in models]
        rows.append({"size": str(tried.size), "folds": tried.score, "holdout": statistics.mean(errors), "each": errors})
    errors = [twin.nmse for twin in evaluation.twins]
    chosen = {"size": str(choice.size), "folds": choice.score, "holdout": evaluation.model.nmse, "each": errors}
    others = {name: errors.nmse for name, errors in evaluation.baselines.items()}
    return [*rows, chosen, *({"size": name, "holdout": nmse} for name, nmse in others.items())]


def main() -> None:
    """Trains the MLPs of each example that has results, and writes `mlps.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=list(EXAMPLES), choices=list(EXAMPLES))
    given, path = parser.parse_args(), data.result("mlps")
    content: dict[str, Any] = files.read_json(path) if path.is_file() else {}
    with process.one_thread():
        for name in given.only:
            if not (EXAMPLES[name] / "reports/evaluation.json").is_file():
                raise SystemExit(f"{name} has no results here: run make run or make example NAME={name} first")
            rows = scored(EXAMPLES[name])
            print(f"\n{name}")
            data.show([{key: value for key, value in row.items() if key != "each"} for row in rows])
            content[name] = {"machine": machine(), "sizes": rows}
            data.write("mlps", content, smoke=False)


if __name__ == "__main__":
    main()
