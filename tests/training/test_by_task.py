"""The last trainings, by task."""

from collections.abc import Callable
from pathlib import Path

from cellsize.data.sequence_schema import SequenceSchema
from cellsize.models.classifier import Classifier
from cellsize.models.twins import load_classifiers
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
