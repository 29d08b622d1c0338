"""refit: choice → that size trained on everything but the holdout."""

from dataclasses import replace
from pathlib import Path

from cellsize import files
from cellsize.data.schema import Schema
from cellsize.models import intervals
from cellsize.params import Params
from cellsize.progress import lines
from cellsize.sizing.artefacts import Candidates, Recipe
from cellsize.sizing.rules import describe
from cellsize.training.records import load_work
from cellsize.training.refit import refit


def main(params: Params, windows: Path, folds: Path, schema: Path, candidates: Path, recipe: Path, residuals: Path,
         model: Path) -> None:  # fmt: skip
    """Reads arrays, folds, recipe and its residuals; writes the model."""
    chosen = Recipe.read(recipe)
    network = Candidates.read(candidates).network
    work = load_work(
        windows, folds, network, params.search, params.baseline.penalties, params.choose.metric, params.refit.seed
    )
    with lines("refit") as note:
        forecaster = refit(work, chosen, Schema.load(schema), params.window, note)
    kept = intervals.of_recipe(residuals, str(chosen.size), chosen.skip != "none")
    files.write(model, replace(forecaster, residuals=kept).save)
    print(f"refit: {describe(forecaster.size)} on {work.folds.development.sum():,} windows")
