"""search: candidates, folds → one row for each training; Ray Tune runs them, MLflow keeps a run for each size."""

from pathlib import Path

from cellsize.params import Choose, Params
from cellsize.registry.runs import recorder
from cellsize.search import driver, store, tables
from cellsize.search.display import display
from cellsize.search.estimate import estimate, sentence
from cellsize.search.versions import versions
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.procedures import plan
from cellsize.training.records import load_work


def main(params: Params, windows: Path, folds: Path, candidates: Path, trials: Path, curves: Path, timings: Path,
         residuals: Path) -> None:  # fmt: skip
    """Reads arrays, folds and candidates; writes the trials, their curves, times and residuals."""
    grid = Candidates.read(candidates)
    work = load_work(windows, folds, grid.network, params.search, params.baseline.penalties, params.choose.metric)
    work = driver.located(work, params.search.compute, lambda line: print(line, flush=True))
    print(f"search: {sentence(estimate(grid, params.search, work))}, unless finished before", flush=True)
    # What says which sizes are undecided; the rest of the section must not make this stage run again.
    undecided = Choose.model_construct(
        rule=params.choose.rule, margin=params.choose.margin, least_margin=params.choose.least_margin,
        probability=params.choose.probability,
    )  # fmt: skip
    tags = {**versions(), "cellsize.metric": work.metric}
    sizes, shown = plan(grid, params.search, undecided), display(grid, params.search)
    with recorder(params.mlflow, store.key(work), params.search, tags) as record, shown as (say, show):
        results = driver.run(work, sizes, params.search, Path(".cache/search"), record, say, show)
    tables.write(results, trials, curves, timings, residuals)
