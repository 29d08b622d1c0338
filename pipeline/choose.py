"""choose: trials → the smallest adequate size, and the reason in words."""

from pathlib import Path

import pandas as pd

from cellsize import files, stage
from cellsize.params import Params
from cellsize.sizing import choice


def main(params: Params, trials: Path, timings: Path, proposed: Path, choice: Path, recipe: Path) -> None:
    """Reads trials and candidates; writes the choice, and of it what the refit trains."""
    made = choice.decide(
        pd.read_csv(trials), pd.read_csv(timings), files.read_json(proposed), params.choose, params.split.folds,
        params.search.procedure,
    )  # fmt: skip
    files.write_json(choice, made)
    files.write_json(recipe, choice.recipe(made))
    print(f"choose: {made['reason']}")


if __name__ == "__main__":
    stage.run(main)
