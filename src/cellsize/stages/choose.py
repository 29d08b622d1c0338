"""choose: trials → the smallest adequate size, and the reason in words."""

from pathlib import Path

import pandas as pd

from cellsize.params import Params
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.choice import decide


def main(params: Params, trials: Path, timings: Path, candidates: Path, choice: Path, recipe: Path) -> None:
    """Reads trials and candidates; writes the choice, and of it what the refit trains."""
    decided = decide(
        pd.read_csv(trials), pd.read_csv(timings), Candidates.read(candidates), params.choose, params.split.folds,
        params.search,
    )  # fmt: skip
    decided.write(choice)
    decided.recipe.write(recipe)
    print(f"choose: {decided.reason}")
