"""What the search will cost, before it begins: `make plan`. No stage of dvc.yaml."""

from pathlib import Path

from cellsize.params import Params
from cellsize.search.estimate import estimate, sentence
from cellsize.sizing.candidate_records import Candidates
from cellsize.training.records import load_work


def main(params: Params, windows: Path, folds: Path, candidates: Path) -> None:
    """Reads arrays, folds and candidates; prints the estimate."""
    grid = Candidates.read(candidates)
    work = load_work(windows, folds, grid.network, params.search, params.baseline.penalties, params.choose.metric)
    print(f"plan: {sentence(estimate(grid, params.search, work))}")
