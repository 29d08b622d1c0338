"""The chosen size trained again on labelled sequences: twins on all but the holdout, and the model on everything."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cellsize.data.folds import Folds
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.models.classifier import Classifier
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
    count = 1 if recipe.size == ZERO else count
    return [refit(replace(work, seed=work.seed + number), recipe, schema, window, note) for number in range(count)]


def refit_on_all(
    work: Work, recipe: Recipe, schema: SequenceSchema, window: Window, note: Callable[[str], None] = unsaid
) -> Classifier:
    """Trains what a recipe names on every sequence, the holdout's too: what is served; see `refit.refit_on_all`."""
    every = np.ones(work.task.count, np.bool_)
    folds = Folds(work.folds.labels, holdout=~every, development=every)
    return refit(replace(work, folds=folds), recipe, schema, window, note)


def refit(
    work: Work, recipe: Recipe, schema: SequenceSchema, window: Window, note: Callable[[str], None] = unsaid
) -> Classifier:
    """Trains what a recipe names on the sequences before the holdout; see `refit.refit`."""
    setting = Setting(recipe.learning_rate, recipe.dropout, recipe.weight_decay, recipe.skip, recipe.head)
    fitted, network = refit_size(work, recipe.size, setting, recipe.penalty, recipe.steps, note)
    learned_from = tuple(work.samples.names[at] for at in np.flatnonzero(work.folds.development))
    longest = work.samples.lookback
    return Classifier(recipe.size, schema, window, work.network, fitted, network, longest, learned_from)
