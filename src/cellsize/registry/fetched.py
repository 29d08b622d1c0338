"""A version of a registered model, found and fetched for somebody who has the registry and nothing else."""

import tempfile
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from cellsize.errors import InputError
from cellsize.models import saved
from cellsize.models.saved import Model
from cellsize.registry.store import find, require_model, unreachable


def version_of(name: str, version: str | None, alias: str) -> str:
    """The number of a version, after MLflow was told where the registry is; nothing is made there.

    Args:
        name: Of the registered model.
        version: Which version; None: that of the alias.
        alias: Name of a version.

    Raises:
        InputError: There is no registry, no such model, or no such version.
    """
    client = find(None)
    try:
        return number_of(client, name, version, alias)
    except (MlflowException, SQLAlchemyError, ImportError, OSError) as error:
        raise unreachable(str(client.tracking_uri), error) from None


def number_of(client: MlflowClient, name: str, version: str | None, alias: str) -> str:
    """The number of a version of a registry that is open; see `version_of`.

    Raises:
        InputError: There is no such model, or no such version.
    """
    try:
        if version is None:
            return str(client.get_model_version_by_alias(name, alias).version)
        return str(client.get_model_version(name, version).version)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        raise InputError(_missing(client, name, version, alias)) from None


def kept(client: MlflowClient, name: str, version: str, what: str, folder: Path) -> Path | None:
    """Fetches a folder that the run of a version keeps; None if it keeps none of this name.

    Args:
        client: Of the registry.
        name: Of the registered model.
        version: Its number.
        what: Name of the folder.
        folder: Where to put it.
    """
    run = str(client.get_model_version(name, version).run_id)
    try:
        if what not in {entry.path for entry in client.list_artifacts(run)}:
            return None
        return Path(client.download_artifacts(run, what, str(folder)))
    except (MlflowException, OSError):  # the run was deleted, or its files were
        return None


def _missing(client: MlflowClient, name: str, version: str | None, alias: str) -> str:
    """What is not there of a model that is, and what is."""
    require_model(client, name)
    versions = sorted(int(each.version) for each in client.search_model_versions(f"name = '{name}'"))
    listed = ", ".join(map(str, versions)) or "none"
    if version is not None:
        return f"model {name!r} has no version {version!r}; there are: {listed}"
    aliases = client.get_registered_model(name).aliases
    return f"model {name!r} has no alias {alias!r}; aliases: {', '.join(sorted(aliases)) or 'none'}; versions: {listed}"


def fetch(name: str, version: str) -> Model:
    """The model of a version; see `version_of`.

    Raises:
        InputError: Its files are not there, or were not written by cellsize.
    """
    try:
        with tempfile.TemporaryDirectory() as kept:  # from a server MLflow would leave a copy in a folder of its own
            folder = mlflow.artifacts.download_artifacts(f"models:/{name}/{version}", dst_path=kept)
            return saved.load(Path(folder) / "artifacts" / "model")
    except (MlflowException, OSError, KeyError) as error:
        what = " ".join(str(error).split())[:200]
        raise InputError(
            f"model {name!r}, version {version}: its files cannot be read ({what}); work where they "
            "are, or register the model again"
        ) from None
