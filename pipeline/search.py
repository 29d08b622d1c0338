"""search: candidates, folds → one row for each training; Ray Tune runs them, MLflow keeps a run for each size."""

from pathlib import Path

from cellsize import files, stage
from cellsize.params import Params
from cellsize.registry import runs
from cellsize.search import driver, plans
from cellsize.training.records import work_from


def main(params: Params, indexed: Path, divided: Path, proposed: Path, trials: Path, curves: Path, timings: Path,
         residuals: Path) -> None:  # fmt: skip
    """Reads arrays, folds and candidates; writes the trials, their curves, times and residuals."""
    candidates = files.read_json(proposed)
    work = work_from(indexed, divided, candidates["network"], params.search, params.baseline.penalties)
    with runs.recorder(params.mlflow, driver.fingerprint(work), params.search.model_dump()) as record:
        found = driver.run(work, plans.plan(candidates, params.search), params.search, Path(".cache/search"), record)
    plans.write(found, trials, curves, timings, residuals)


if __name__ == "__main__":
    stage.run(main)
