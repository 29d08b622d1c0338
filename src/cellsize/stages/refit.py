"""refit: choice → twins of that size trained without the holdout, and the model to serve, trained on everything."""

from dataclasses import replace
from pathlib import Path

from cellsize import files
from cellsize.data.schema import Schema
from cellsize.models import intervals
from cellsize.models.twins import save
from cellsize.params import Params
from cellsize.progress import lines
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.rules import describe
from cellsize.training.records import load_work
from cellsize.training.refit import refit_on_all
from cellsize.training.refit import twins as twins_of


def main(params: Params, windows: Path, folds: Path, schema: Path, candidates: Path, recipe: Path, residuals: Path,
         twins: Path, model: Path) -> None:  # fmt: skip
    """Reads arrays, folds, recipe and its residuals; writes the twins, which are evaluated, and the model to serve."""
    network, penalties, metric = Candidates.read(candidates).network, params.baseline.penalties, params.choose.metric
    work = load_work(windows, folds, network, params.search, penalties, metric, params.refit.seed)
    chosen, meaning = Recipe.read(recipe), Schema.load(schema)
    # Both before the gate: every version can be served, and no failed evaluation or registration costs a training.
    with lines("refit") as note:
        trained = twins_of(work, chosen, meaning, params.window, params.refit.twins, note)
        served = refit_on_all(work, chosen, meaning, params.window, note)
    kept = intervals.of_recipe(residuals, str(chosen.size), chosen.skip != "none")
    files.write(twins, lambda folder: save([replace(twin, residuals=kept) for twin in trained], folder))
    files.write(model, replace(served, residuals=kept).save)
    print(f"refit: {describe(served.size)} on {len(work.windows.first):,} windows; {len(trained)} without the holdout")
