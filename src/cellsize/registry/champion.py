"""The model that is champion now, with its twins and its recipe, to be compared with a new one."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import TypeVar

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from safetensors import SafetensorError

from cellsize.errors import InputError
from cellsize.evaluation.by_task import AnyChampion
from cellsize.evaluation.rivals import Champion
from cellsize.models import saved, twins
from cellsize.models.classifier import Classifier
from cellsize.models.regressor import Regressor
from cellsize.params import Mlflow
from cellsize.registry.store import connect, reached
from cellsize.sizing.recipe import Recipe

T = TypeVar("T")
CHAMPION, CHALLENGER = "champion", "challenger"
CUT = "cellsize.cut"  # tag of a version: what its twins have learned from
# What reading a model raises that is gone, broken, or of another version of cellsize.
UNREADABLE = (
    InputError, MlflowException, OSError, AttributeError, KeyError, TypeError, ValueError, RuntimeError,
    UnpicklingError, SafetensorError,
)  # fmt: skip


def load(settings: Mlflow, name: str, version: str | None = None) -> AnyChampion:
    """The current champion, or None if there is none.

    A version that was registered before there were twins has none, and its recipe if its `choice.json` names it.

    Args:
        settings: Where models are kept.
        name: Of the model.
        version: The one that was champion when somebody looked; None: the one that is now.

    Raises:
        InputError: It is not where the registry says, or is not a model of this version of cellsize.
    """
    client, _ = connect(settings)
    with reached(settings):
        version = version or current_version(client, name)
    if version is None:
        return None
    try:
        with tempfile.TemporaryDirectory() as kept:  # from a server MLflow would leave a copy in a folder of its own
            folder = mlflow.artifacts.download_artifacts(f"models:/{name}/{version}", dst_path=kept)
            model = saved.load(Path(folder) / "artifacts" / "model")
    except UNREADABLE as error:
        raise InputError(
            f"register.name: the champion of {name!r}, version {version}, cannot be read "
            f"({_what(error)}); set evaluate.champion: false until a new version is champion, or give another "
            "register.name"
        ) from None
    known = client.get_model_version(name, version)
    with tempfile.TemporaryDirectory() as kept:
        recipe = _recipe(client, str(known.run_id), Path(kept))
        cut = known.tags.get(CUT)
        if isinstance(model, Classifier):
            of_classes = _twins(client, str(known.run_id), Path(kept), twins.load_classifiers)
            return Champion(version, model, recipe, of_classes, cut)
        if isinstance(model, Regressor):
            of_numbers = _twins(client, str(known.run_id), Path(kept), twins.load_regressors)
            return Champion(version, model, recipe, of_numbers, cut)
        of_forecasts = _twins(client, str(known.run_id), Path(kept), twins.load)
        return Champion(version, model, recipe, of_forecasts, cut)


def _recipe(client: MlflowClient, run: str, folder: Path) -> Recipe | None:
    """The recipe in the run's `choice.json`; None if there is none that this version of cellsize understands."""
    try:
        content = json.loads(Path(client.download_artifacts(run, "choice.json", str(folder))).read_bytes())
        return Recipe.model_validate({key: content[key] for key in Recipe.model_fields if key in content})
    except UNREADABLE:
        return None


def _twins(client: MlflowClient, run: str, folder: Path, load: Callable[[Path], list[T]]) -> tuple[T, ...]:
    """The twins that the run keeps; none if it has none that can be read."""
    try:
        return tuple(load(Path(client.download_artifacts(run, "twins", str(folder)))))
    except UNREADABLE:
        return ()


def _what(error: Exception) -> str:
    """What is wrong, in a line; of our own messages without the remedy, which is another one here."""
    if isinstance(error, InputError):
        return str(error).partition("; ")[0]
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def newest_version(client: MlflowClient, name: str) -> str | None:
    """The last version that was registered, or None if there is none."""
    versions = [int(each.version) for each in client.search_model_versions(f"name = '{name}'")]
    return str(max(versions)) if versions else None


def current_version(client: MlflowClient, name: str) -> str | None:
    """Version of the champion, or None if there is none."""
    try:
        return str(client.get_model_version_by_alias(name, CHAMPION).version)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise
