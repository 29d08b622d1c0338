"""The model that is champion now: its version, and the model itself, to be compared with a new one."""

from pathlib import Path
from pickle import UnpicklingError

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from safetensors import SafetensorError

from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.params import Mlflow
from cellsize.registry.store import connect, reached

CHAMPION = "champion"
# What reading a model raises that is gone, broken, or of another version of cellsize.
UNREADABLE = (
    InputError, MlflowException, OSError, AttributeError, KeyError, TypeError, ValueError, RuntimeError,
    UnpicklingError, SafetensorError,
)  # fmt: skip


def load(settings: Mlflow, name: str) -> tuple[str, Forecaster] | None:
    """Version and model of the current champion, or None if there is none.

    Raises:
        InputError: It is not where the registry says, or is not a model of this version of cellsize.
    """
    client, _ = connect(settings)
    with reached(settings):
        version = current_version(client, name)
    if version is None:
        return None
    try:
        folder = mlflow.artifacts.download_artifacts(f"models:/{name}/{version}")
        return version, Forecaster.load(Path(folder) / "artifacts" / "model")
    except UNREADABLE as error:
        raise InputError(
            f"register.name: the champion of {name!r}, version {version}, cannot be read "
            f"({_what(error)}); set evaluate.champion: false until a new version is champion, or give another "
            "register.name"
        ) from None


def _what(error: Exception) -> str:
    """What is wrong, in a line; of our own messages without the remedy, which is another one here."""
    if isinstance(error, InputError):
        return str(error).partition("; ")[0]
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def current_version(client: MlflowClient, name: str) -> str | None:
    """Version of the champion, or None if there is none."""
    try:
        return str(client.get_model_version_by_alias(name, CHAMPION).version)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise
