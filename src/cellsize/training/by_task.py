"""The last trainings, by the task of the samples."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from cellsize import files
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.models import intervals
from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.models.twins import save
from cellsize.params_data import Window
from cellsize.sizing.recipe import Recipe
from cellsize.tasks import schemas
from cellsize.training import refit, refit_numbers, refit_sequences
from cellsize.training.records import Work


def refit_all(
    work: Work,
    recipe: Recipe,
    schema: Path,
    window: Window,
    count: int,
    residuals: Path,
    twins: Path,
    model: Path,
    note: Callable[[str], None],
) -> tuple[int, int]:
    """Trains and writes the twins, which are evaluated, and the model to serve.

    Both before the gate: every version can be served, and no failed evaluation or registration costs a training.

    Args:
        work: Data and how to train.
        recipe: What is trained.
        schema: JSON file that `prepare` wrote.
        window: What a sample sees.
        count: How many twins, if the size has memory cells.
        residuals: Of a forecast, what its intervals are made of.
        twins: Folder to write.
        model: Folder to write.
        note: Is told what is done now.

    Returns:
        How many twins there are, and how many models, the one to serve among them, learnt too little in all attempts.
    """
    meaning = schemas.load(schema)
    if isinstance(meaning, SequenceSchema) and meaning.task == "regress":
        kept = intervals.of_recipe(residuals, str(recipe.size), recipe.skip != "none")
        of_numbers = refit_numbers.twins(work, recipe, meaning, window, count, kept, note)
        numbers = refit_numbers.refit_on_all(work, recipe, meaning, window, kept, note)
        files.write(twins, lambda folder: save(of_numbers, folder))
        files.write(model, numbers.save)
        return len(of_numbers), _short(work, recipe, (*of_numbers, numbers))
    if isinstance(meaning, SequenceSchema):
        of_sequences = refit_sequences.twins(work, recipe, meaning, window, count, note)
        labels = refit_sequences.refit_on_all(work, recipe, meaning, window, note)
        files.write(twins, lambda folder: save(of_sequences, folder))
        files.write(model, labels.save)
        return len(of_sequences), _short(work, recipe, (*of_sequences, labels))
    trained = refit.twins(work, recipe, meaning, window, count, note)
    served = refit.refit_on_all(work, recipe, meaning, window, note)
    kept = intervals.of_recipe(residuals, str(recipe.size), recipe.skip != "none")
    files.write(twins, lambda folder: save([replace(twin, residuals=kept) for twin in trained], folder))
    files.write(model, replace(served, residuals=kept).save)
    return len(trained), _short(work, recipe, (*trained, served))


def _short(work: Work, recipe: Recipe, models: Sequence[Forecaster | Classifier | Regressor]) -> int:
    """How many models have learnt much less than the search's trainings."""
    return sum(refit.fell_short(work, recipe, model.fitted, model.net) for model in models)
