"""refit: choice → twins of that size trained without the holdout, and the model to serve, trained on everything."""

from pathlib import Path

from cellsize.params import Params
from cellsize.progress import lines
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.rules import describe
from cellsize.training.by_task import refit_all
from cellsize.training.records import load_work
from cellsize.training.refit import ATTEMPTS


def main(params: Params, windows: Path, folds: Path, schema: Path, candidates: Path, recipe: Path, residuals: Path,
         twins: Path, model: Path) -> None:  # fmt: skip
    """Reads arrays, folds, recipe and its residuals; writes the twins, which are evaluated, and the model to serve."""
    network, penalties, metric = Candidates.read(candidates).network, params.baseline.penalties, params.choose.metric
    work = load_work(windows, folds, network, params.search, penalties, metric, params.refit.seed)
    chosen = Recipe.read(recipe)
    with lines("refit") as note:
        count, short = refit_all(work, chosen, schema, params.window, params.refit.twins, residuals, twins, model, note)
    print(f"refit: {describe(chosen.size)} on {work.task.count:,} {work.task.samples}; {count} without the holdout")
    if short:
        print(
            f"refit: {short} of these {count + 1} models learnt much less than the trainings of the search, whatever "
            f"weights they began with ({ATTEMPTS} attempts); the errors on the holdout are those of the twins"
        )
