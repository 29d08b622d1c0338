"""refit: choice → that size trained on everything but the holdout."""

from pathlib import Path

from cellsize import files, stage
from cellsize.data.schema import Schema
from cellsize.params import Params
from cellsize.training import refit
from cellsize.training.records import work_from


def main(params: Params, indexed: Path, divided: Path, schema: Path, proposed: Path, recipe: Path, model: Path) -> None:
    """Reads arrays, folds and recipe; writes the model."""
    network = files.read_json(proposed)["network"]
    work = work_from(indexed, divided, network, params.search, params.baseline.penalties, params.refit.seed)
    made = refit.refit_choice(work, files.read_json(recipe), Schema.load(schema), params.window)
    files.write(model, made.save)
    print(f"refit: {made.size} on {work.folds.development.sum():,} windows")


if __name__ == "__main__":
    stage.run(main)
