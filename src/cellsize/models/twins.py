"""The twins of a model, same recipe and other seeds, trained without the holdout, as files."""

from collections.abc import Sequence
from pathlib import Path

from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor


def save(twins: Sequence[Forecaster | Classifier | Regressor], folder: Path) -> None:
    """Writes each twin into a folder of its own, named by its place from 0."""
    for number, twin in enumerate(twins):
        twin.save(folder / str(number))


def load(folder: Path) -> list[Forecaster]:
    """Reads what `save` wrote, in the same order.

    Raises:
        InputError: Another version of cellsize wrote it.
    """
    return [Forecaster.load(path) for path in sorted(folder.iterdir(), key=lambda path: int(path.name))]


def load_classifiers(folder: Path) -> list[Classifier]:
    """The same of labelled sequences."""
    return [Classifier.load(path) for path in sorted(folder.iterdir(), key=lambda path: int(path.name))]


def load_regressors(folder: Path) -> list[Regressor]:
    """The same of sequences with numbers."""
    return [Regressor.load(path) for path in sorted(folder.iterdir(), key=lambda path: int(path.name))]
