"""The chosen size trained again on sequences with numbers: twins on all but the holdout, the served model on all."""

from collections.abc import Callable

from cellsize.data.sequence_schema import SequenceSchema
from cellsize.models.intervals import OrderStatistics
from cellsize.models.regressor import Regressor
from cellsize.params_data import Window
from cellsize.progress import unsaid
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit_sequences import fit, learned_from, of_twins, on_all


def twins(
    work: Work,
    recipe: Recipe,
    schema: SequenceSchema,
    window: Window,
    count: int,
    residuals: OrderStatistics | None,
    note: Callable[[str], None] = unsaid,
) -> list[Regressor]:
    """Trains what a recipe names without the holdout, once for each seed; see `refit.twins`.

    Args:
        work: Data and how to train.
        recipe: What is trained.
        schema: Meaning of the raw columns.
        window: The most steps that are read, and the transformation of the numbers.
        count: How many, if the size has memory cells.
        residuals: Of the recipe on the folds, for intervals.
        note: Is told what is done now.
    """
    return [refit(each, recipe, schema, window, residuals, note) for each in of_twins(work, recipe, count)]


def refit_on_all(
    work: Work,
    recipe: Recipe,
    schema: SequenceSchema,
    window: Window,
    residuals: OrderStatistics | None,
    note: Callable[[str], None] = unsaid,
) -> Regressor:
    """Trains it on every sequence, the holdout's too: what is served; see `refit.refit_on_all`."""
    return refit(on_all(work), recipe, schema, window, residuals, note)


def refit(
    work: Work,
    recipe: Recipe,
    schema: SequenceSchema,
    window: Window,
    residuals: OrderStatistics | None,
    note: Callable[[str], None] = unsaid,
) -> Regressor:
    """Trains it on the sequences before the holdout; see `refit.refit`."""
    fitted, network = fit(work, recipe, note)
    names = learned_from(work)
    return Regressor(
        recipe.size, schema, window, work.network, fitted, network, work.samples.lookback, names, residuals
    )
