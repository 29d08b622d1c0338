"""baseline: folds → scores of the models without memory cells."""

from pathlib import Path
from statistics import fmean, stdev

from cellsize import files
from cellsize.data.folds import load
from cellsize.data.names import score_name
from cellsize.models.by_task import score_folds
from cellsize.params import Params
from cellsize.progress import lines
from cellsize.sizing.figures import rounded
from cellsize.tasks import samples


def main(params: Params, windows: Path, folds: Path, baselines: Path, timings: Path) -> None:
    """Reads index and folds; writes each baseline's score on each fold, and how long it took."""
    with lines("baseline") as note:
        scores, seconds = score_folds(samples.load(windows), load(folds), params.baseline, params.choose.metric, note)
    scores.write(baselines)
    files.write_csv(timings, seconds)
    means = ", ".join(f"{name} {rounded(fmean(by), stdev(by) / len(by) ** 0.5)}" for name, by in scores.all.items())
    print(f"baseline: {score_name(scores.metric)} of {means}")
