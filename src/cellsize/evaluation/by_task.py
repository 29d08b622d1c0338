"""The one look at the holdout, by the task of the samples."""

import functools
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cellsize.data import folds as folding
from cellsize.data.sequences import Sequences
from cellsize.evaluation import classes, holdout, numbers
from cellsize.evaluation.rivals import Champion, rivals
from cellsize.models import stacked
from cellsize.models.twins import load, load_classifiers, load_regressors
from cellsize.params import Baseline, Metric, Refit, Register, Search
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.class_records import ClassEvaluation
from cellsize.sizing.evaluation_records import Evaluation
from cellsize.sizing.number_records import NumberEvaluation
from cellsize.sizing.recipe import Recipe
from cellsize.tasks import samples
from cellsize.training.records import load_work


def evaluate(
    windows: Path,
    folds: Path,
    recipe: Path,
    twins: Path,
    baselines: Path,
    champion: Callable[[], Champion | None],
    search: Search,
    baseline: Baseline,
    metric: Metric,
    gate: Register,
    refit: Refit,
    note: Callable[[str], None],
) -> tuple[Evaluation | ClassEvaluation | NumberEvaluation, pd.DataFrame, str]:
    """The content of `evaluation.json`, a table of predictions and truth, and what to say.

    Args:
        windows: npz file that `window` wrote.
        folds: Parquet file that `split` wrote.
        recipe: What was trained.
        twins: Folder that `refit` wrote.
        baselines: JSON file that `baseline` wrote.
        champion: Loads the current champion of a forecast, or None.
        search: How its recipe is trained again, and which kernels run the networks.
        baseline: What is fitted to be compared.
        metric: What is scored.
        gate: Margin and blocks.
        refit: Seed and number of the champion's twins, where these have to be trained.
        note: Is told what is done now.
    """
    arrays, parts = samples.load(windows), folding.load(folds)
    forward = functools.partial(stacked.forward, engine=search.training.engine)
    if isinstance(arrays, Sequences) and arrays.task == "regress":
        regressors, scored = load_regressors(twins), Baselines.read(baselines)
        of_numbers, table = numbers.evaluate(arrays, parts, regressors, baseline, metric, scored, forward)
        return of_numbers, table, numbers.in_words(of_numbers)
    if isinstance(arrays, Sequences):
        found, table = classes.evaluate(arrays, parts, load_classifiers(twins), baseline, metric, forward)
        return found, table, classes.in_words(found)
    beaten, trained = champion(), load(twins)
    work = load_work(windows, folds, trained[0].network, search, baseline.penalties, metric, refit.seed)
    both = rivals(beaten, trained, Recipe.read(recipe), work, gate, refit.twins, note)
    errors, forecasts = holdout.evaluate(
        arrays, parts, trained, both, baseline, metric, Baselines.read(baselines), forward
    )
    return errors, forecasts, holdout.in_words(errors)
