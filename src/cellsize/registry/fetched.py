"""A version of a registered model, found and fetched for somebody who has the registry and nothing else."""

import os
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from cellsize import params_file, process
from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.params import Mlflow
from cellsize.registry.store import address, out_of_reach

PARAMS, DATABASE = Path("params.yaml"), Path("mlflow.db")
WHERE = "set MLFLOW_TRACKING_URI to the registry's address, or work in the folder of the project"


def version_of(name: str, version: str | None, alias: str) -> str:
    """The number of a version, after MLflow was told where the registry is; nothing is made there.

    Args:
        name: Of the registered model.
        version: Which version; None: that of the alias.
        alias: Name of a version.

    Raises:
        InputError: There is no registry, no such model, or no such version.
    """
    settings = _settings()
    process.set_environment()
    process.quiet("mlflow", "alembic")
    uri, _ = address(settings)
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).is_file():
        raise InputError(f"{uri}: no such registry; {WHERE}")
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        if version is None:
            return str(client.get_model_version_by_alias(name, alias).version)
        return str(client.get_model_version(name, version).version)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise out_of_reach(settings, error) from None
        raise InputError(_missing(client, name, version, alias)) from None
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise out_of_reach(settings, error) from None


def _settings() -> Mlflow:
    """Where the registry is: the environment's, else that of the project in this folder."""
    if os.environ.get("MLFLOW_TRACKING_URI"):
        return Mlflow(uri=os.environ["MLFLOW_TRACKING_URI"], experiment="")
    if PARAMS.is_file():
        return params_file.load(PARAMS).mlflow
    if DATABASE.is_file():
        return Mlflow(uri=f"sqlite:///{DATABASE}", experiment="")
    raise InputError(f"no registry: neither MLFLOW_TRACKING_URI nor a {PARAMS} or {DATABASE} here; {WHERE}")


def _missing(client: MlflowClient, name: str, version: str | None, alias: str) -> str:
    """What is not there, and what is."""
    names = sorted(model.name for model in client.search_registered_models())
    if name not in names:
        return f"no registered model {name!r}; there are: {', '.join(names) or 'none'}"
    versions = sorted(int(each.version) for each in client.search_model_versions(f"name = '{name}'"))
    listed = ", ".join(map(str, versions)) or "none"
    if version is not None:
        return f"model {name!r} has no version {version!r}; there are: {listed}"
    aliases = client.get_registered_model(name).aliases
    return f"model {name!r} has no alias {alias!r}; aliases: {', '.join(sorted(aliases)) or 'none'}; versions: {listed}"


def fetch(name: str, version: str) -> Forecaster:
    """The model of a version; see `version_of`.

    Raises:
        InputError: Its files are not there, or were not written by cellsize.
    """
    try:
        folder = mlflow.artifacts.download_artifacts(f"models:/{name}/{version}")
        return Forecaster.load(Path(folder) / "artifacts" / "model")
    except (MlflowException, OSError, KeyError) as error:
        what = " ".join(str(error).split())[:200]
        raise InputError(f"model {name!r}, version {version}: its files cannot be read ({what}); {WHERE}") from None
