"""The last trainings, by task."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from cellsize.data.sequence_schema import SequenceSchema
from cellsize.models.classifier import Classifier
from cellsize.models.regressor import Regressor
from cellsize.models.twins import load_classifiers, load_regressors
from cellsize.params_data import Window
from cellsize.progress import unsaid
from cellsize.sizing.recipe import Recipe
from cellsize.training.by_task import refit_all
from cellsize.training.records import Work


def test_of_labelled_sequences_classifiers_are_written(
    make_class_work: Callable[..., Work], sequence_schema: SequenceSchema, make_window: Callable[..., Window],
    tmp_path: Path,
) -> None:  # fmt: skip
    recipe = Recipe(
        layers=1, units=2, learning_rate=0.05, dropout=0.0, weight_decay=0.0, skip="joint", head="plain", steps=3,
        penalty=1.0,
    )  # fmt: skip
    sequence_schema.save(tmp_path / "schema.json")
    work = make_class_work(network={"skip": ["joint"]})
    twins, model = tmp_path / "twins", tmp_path / "model"
    window = make_window(horizon=1)
    count = refit_all(work, recipe, tmp_path / "schema.json", window, 2, tmp_path / "no.npz", twins, model, unsaid)
    assert count == len(load_classifiers(twins)) == 2
    assert Classifier.load(model).size == recipe.size


def test_of_sequences_with_numbers_regressors_are_written_with_the_residuals_of_their_folds(
    make_number_work: Callable[..., Work], number_schema: SequenceSchema, make_window: Callable[..., Window],
    tmp_path: Path,
) -> None:  # fmt: skip
    recipe = Recipe(
        layers=0, units=0, learning_rate=0.0, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=0,
        penalty=1.0,
    )  # fmt: skip
    number_schema.save(tmp_path / "schema.json")
    size, residuals = str(recipe.size), np.arange(30.0).reshape(-1, 1, 1)
    np.savez(tmp_path / "residuals.npz", **{size: residuals, f"{size}.skips": np.arange(30) % 2 == 0})
    twins, model, window = tmp_path / "twins", tmp_path / "model", make_window(horizon=1)
    work = make_number_work()
    refit_all(work, recipe, tmp_path / "schema.json", window, 2, tmp_path / "residuals.npz", twins, model, unsaid)
    assert len(load_regressors(twins)) == 1
    kept = Regressor.load(model).residuals
    assert kept is not None
    assert kept.values.ravel().tolist() == list(range(1, 30, 2))
