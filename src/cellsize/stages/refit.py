"""refit: choice → that size trained on everything but the holdout."""

from pathlib import Path

from cellsize import files
from cellsize.data.schema import Schema
from cellsize.params import Params
from cellsize.progress import lines
from cellsize.sizing.artefacts import Candidates, Recipe
from cellsize.sizing.rules import describe
from cellsize.training.records import load_work
from cellsize.training.refit import refit


def main(params: Params, windows: Path, folds: Path, schema: Path, candidates: Path, recipe: Path, model: Path) -> None:
    """Reads arrays, folds and recipe; writes the model."""
    network = Candidates.read(candidates).network
    work = load_work(
        windows, folds, network, params.search, params.baseline.penalties, params.choose.metric, params.refit.seed
    )
    with lines("refit") as note:
        forecaster = refit(work, Recipe.read(recipe), Schema.load(schema), params.window, note)
    files.write(model, forecaster.save)
    print(f"refit: {describe(forecaster.size)} on {work.folds.development.sum():,} windows")
