"""evaluate: the model's twins → errors on the untouched holdout, compared with the baselines' and the champion's."""

import functools
from pathlib import Path

from cellsize import files
from cellsize.evaluation.holdout import evaluate, in_words
from cellsize.evaluation.rivals import rivals
from cellsize.models import stacked
from cellsize.models.twins import load
from cellsize.params import Params
from cellsize.progress import lines
from cellsize.registry import champion as registered
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import load_work


def main(params: Params, windows: Path, folds: Path, recipe: Path, twins: Path, baselines: Path, evaluation: Path,
         forecasts: Path) -> None:  # fmt: skip
    """Reads twins and holdout; writes the errors, and a table of forecasts and truth."""
    champion = registered.load(params.mlflow, params.register_.name) if params.evaluate.champion else None
    trained, metric = load(twins), params.choose.metric
    network, penalties = trained[0].network, params.baseline.penalties
    work = load_work(windows, folds, network, params.search, penalties, metric, params.refit.seed)
    forward = functools.partial(stacked.forward, engine=params.search.training.engine)
    with lines("evaluate") as note:
        both = rivals(champion, trained, Recipe.read(recipe), work, params.register_, params.refit.twins, note)
        errors, table = evaluate(work.windows, work.folds, trained, both, params.baseline, metric,
                                 Baselines.read(baselines), forward)  # fmt: skip
    errors.write(evaluation)
    files.write_parquet(forecasts, table)
    print(f"evaluate: {in_words(errors)}")
