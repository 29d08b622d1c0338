"""The one look at the holdout, by the task of the samples."""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data.sequences import Sequences
from cellsize.errors import InputError
from cellsize.evaluation import class_gate, classes, holdout, numbers, sequence_comparison
from cellsize.evaluation import gate as of_forecasts
from cellsize.evaluation.rivals import Champion
from cellsize.evaluation.rivals import rivals as rivals_of_forecasts
from cellsize.models import stacked
from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.models.twins import load, load_classifiers, load_regressors
from cellsize.params import Baseline, Metric, Refit, Register, Search
from cellsize.sizing.any_evaluation import AnyEvaluation
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.class_records import ClassBaselines, ClassEvaluation
from cellsize.sizing.number_records import NumberBaselines, NumberEvaluation
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work, load_work

AnyChampion = Champion[Forecaster] | Champion[Classifier] | Champion[Regressor] | None
OTHER_TASK = "is a model of another task; give another register.name"


def evaluate(
    windows: Path,
    folds: Path,
    recipe: Path,
    twins: Path,
    baselines: Path,
    champion: Callable[[], AnyChampion],
    search: Search,
    baseline: Baseline,
    metric: Metric,
    gate: Register,
    refit: Refit,
    note: Callable[[str], None],
) -> tuple[AnyEvaluation, pd.DataFrame, str]:
    """The content of `evaluation.json`, a table of predictions and truth, and what to say.

    Args:
        windows: npz file that `window` wrote.
        folds: Parquet file that `split` wrote.
        recipe: What was trained.
        twins: Folder that `refit` wrote.
        baselines: JSON file that `baseline` wrote.
        champion: Loads the current champion, or None.
        search: How its recipe is trained again, and which kernels run the networks.
        baseline: What is fitted to be compared.
        metric: What is scored.
        gate: Margin and blocks.
        refit: Seed and number of the champion's twins, where these have to be trained.
        note: Is told what is done now.

    Raises:
        InputError: The champion is a model of another task.
    """
    task = _task(windows)
    forward = functools.partial(stacked.forward, engine=search.training.engine)
    beaten, how = champion(), (search, baseline.penalties, metric, refit.seed)
    if task == "regress":
        regressors, scored = load_regressors(twins), NumberBaselines.read(baselines)
        work = load_work(windows, folds, regressors[0].network, *how)
        with_numbers = sequence_comparison.rivals_with_numbers(
            _of_numbers(beaten, gate.name), regressors, Recipe.read(recipe), work, gate, refit.twins, note
        )
        of_numbers, table = numbers.evaluate(
            _sequences(work), work.folds, regressors, with_numbers, baseline, metric, scored, forward
        )
        return of_numbers, table, numbers.in_words(of_numbers)
    if task == "classify":
        classifiers = load_classifiers(twins)
        work = load_work(windows, folds, classifiers[0].network, *how)
        rivals = sequence_comparison.rivals(
            _of_classes(beaten, gate.name), classifiers, Recipe.read(recipe), work, gate, refit.twins, note
        )
        of_folds = ClassBaselines.read(baselines)
        found, table = classes.evaluate(_sequences(work), work.folds, classifiers, rivals, metric, of_folds, forward)
        return found, table, classes.in_words(found)
    trained = load(twins)
    work = load_work(windows, folds, trained[0].network, *how)
    both = rivals_of_forecasts(
        _of_forecasts(beaten, gate.name), trained, Recipe.read(recipe), work, gate, refit.twins, note
    )
    errors, forecasts = holdout.evaluate(
        work.windows, work.folds, trained, both, baseline, metric, Baselines.read(baselines), forward
    )
    return errors, forecasts, holdout.in_words(errors)


def _task(windows: Path) -> str:
    """The task of the samples in a file, without their arrays: these come with the work, and would be held twice."""
    with np.load(windows, allow_pickle=False) as content:
        return str(content["task"]) if "task" in content else "forecast"


def _sequences(work: Work) -> Sequences:
    """The samples of a task that is no forecast."""
    assert isinstance(work.samples, Sequences)
    return work.samples


def opens(
    evaluation: AnyEvaluation, register: Register, champion: str | None = None, look: int = 1
) -> tuple[bool, str]:
    """Whether a model is good enough to become champion, and why; see `gate.judge`."""
    if isinstance(evaluation, ClassEvaluation | NumberEvaluation):
        return class_gate.gate(evaluation, register, champion, look)
    return of_forecasts.gate(evaluation, register, champion, look)


def compared_with_trees(evaluation: AnyEvaluation) -> tuple[bool, str]:
    """Whether boosted trees are better on the holdout, and both errors in words."""
    if isinstance(evaluation, ClassEvaluation | NumberEvaluation):
        return class_gate.compared_with_trees(evaluation)
    return of_forecasts.compared_with_trees(evaluation)


def _of_classes(champion: AnyChampion, name: str) -> Champion[Classifier] | None:
    """A champion that labels sequences.

    Raises:
        InputError: It is a model of another task.
    """
    if champion is None:
        return None
    if not isinstance(champion.model, Classifier):
        raise InputError(f"register.name: the champion of {name!r} {OTHER_TASK}")
    return champion


def _of_numbers(champion: AnyChampion, name: str) -> Champion[Regressor] | None:
    """A champion that gives sequences their numbers; see `_of_classes`."""
    if champion is None:
        return None
    if not isinstance(champion.model, Regressor):
        raise InputError(f"register.name: the champion of {name!r} {OTHER_TASK}")
    return champion


def _of_forecasts(champion: AnyChampion, name: str) -> Champion[Forecaster] | None:
    """A champion that forecasts; see `_of_classes`."""
    if champion is None:
        return None
    if not isinstance(champion.model, Forecaster):
        raise InputError(f"register.name: the champion of {name!r} {OTHER_TASK}")
    return champion
