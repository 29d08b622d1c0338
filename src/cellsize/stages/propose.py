"""propose: shapes and fold sizes → the bounds and the grid of sizes."""

from pathlib import Path

from cellsize.data.folds import load
from cellsize.params import Params
from cellsize.sizing.candidates import propose
from cellsize.tasks import samples


def main(params: Params, windows: Path, folds: Path, candidates: Path) -> None:
    """Reads index and folds; writes the candidates."""
    grid = propose(samples.load(windows), load(folds), params.propose)
    grid.write(candidates)
    print(f"propose: {len(grid.candidates)} sizes, at most {grid.bound.units} units by the rule, and one past it")
