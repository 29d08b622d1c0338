"""baseline: folds → scores of the models without memory cells."""

from pathlib import Path

from cellsize import files, stage
from cellsize.data import folds
from cellsize.data.windows import Windows
from cellsize.models import baselines
from cellsize.params import Params


def main(params: Params, indexed: Path, divided: Path, scored: Path) -> None:
    """Reads index and folds; writes each baseline's score on each fold."""
    scores = baselines.score_folds(Windows.load(indexed), folds.load(divided), params.baseline)
    files.write_json(scored, scores)
    print("baseline: " + ", ".join(f"{name} {sum(by) / len(by):.4f}" for name, by in scores["all"].items()))


if __name__ == "__main__":
    stage.run(main)
