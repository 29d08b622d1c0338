"""The chosen size trained again on labelled sequences: twins on all but the holdout, and the model on everything."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cellsize.data.folds import Folds
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.models.classifier import Classifier
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold
from cellsize.models.sequence_files import digest
from cellsize.params_data import Window
from cellsize.progress import unsaid
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.sizes import ZERO
from cellsize.training.records import Setting, Work
from cellsize.training.refit import refit_size


def twins(
    work: Work, recipe: Recipe, schema: SequenceSchema, window: Window, count: int, note: Callable[[str], None] = unsaid
) -> list[Classifier]:
    """Trains what a recipe names without the holdout, once for each seed; see `refit.twins`."""
    return [refit(each, recipe, schema, window, note) for each in of_twins(work, recipe, count)]


def refit_on_all(
    work: Work, recipe: Recipe, schema: SequenceSchema, window: Window, note: Callable[[str], None] = unsaid
) -> Classifier:
    """Trains what a recipe names on every sequence, the holdout's too: what is served; see `refit.refit_on_all`."""
    return refit(on_all(work), recipe, schema, window, note)


def refit(
    work: Work, recipe: Recipe, schema: SequenceSchema, window: Window, note: Callable[[str], None] = unsaid
) -> Classifier:
    """Trains what a recipe names on the sequences before the holdout; see `refit.refit`."""
    fitted, network = fit(work, recipe, note)
    names = learned_from(work)
    return Classifier(recipe.size, schema, window, work.network, fitted, network, work.samples.lookback, names)


def of_twins(work: Work, recipe: Recipe, count: int) -> list[Work]:
    """What each twin is trained with: a seed of its own; one without memory cells, where seeds change nothing."""
    return [replace(work, seed=work.seed + number) for number in range(1 if recipe.size == ZERO else count)]


def on_all(work: Work) -> Work:
    """The same data without a holdout."""
    every = np.ones(work.task.count, np.bool_)
    return replace(work, folds=Folds(work.folds.labels, holdout=~every, development=every))


def fit(work: Work, recipe: Recipe, note: Callable[[str], None] = unsaid) -> tuple[FittedFold, Net | None]:
    """Trains what a recipe names; see `refit.refit_size`."""
    setting = Setting(recipe.learning_rate, recipe.dropout, recipe.weight_decay, recipe.skip, recipe.head)
    return refit_size(work, recipe.size, setting, recipe.penalty, recipe.steps, note, recipe)


def learned_from(work: Work) -> tuple[str, ...]:
    """Digests of the names of the sequences that are learned from."""
    return tuple(digest(work.samples.names[at]) for at in np.flatnonzero(work.folds.development))
