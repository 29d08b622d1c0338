"""Where MLflow keeps runs and models."""

import os
import re
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from cellsize import process
from cellsize.errors import InputError
from cellsize.params import Mlflow

PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]*@")


def connect(settings: Mlflow) -> tuple[MlflowClient, str]:
    """Opens the store, and makes the experiment if it does not exist.

    The store is made here, once, before any trial begins: several processes that make a new
    database at once destroy it.

    Args:
        settings: The URI (a relative SQLite path starts in the current folder) and the experiment.

    Returns:
        The client and the experiment's id.

    Raises:
        InputError: The URI is a folder (MLflow no longer keeps a registry in files), the store cannot be opened, or
            the experiment was deleted.
    """
    process.set_environment()  # no pickle is loaded, whoever calls
    process.quiet("mlflow", "alembic")
    uri = os.environ.get("MLFLOW_TRACKING_URI") or settings.uri
    if "://" not in uri or uri.startswith("file:"):
        raise InputError(
            f"mlflow.uri: {uri!r} is a folder; use sqlite:///mlflow.db, postgresql+psycopg2://… or http://…"
        )
    root = Path.cwd()
    if uri.startswith("sqlite:///") and not uri.startswith("sqlite:////"):
        path = (root / uri.removeprefix("sqlite:///")).resolve()
        root, uri = path.parent, f"sqlite:///{path}"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        experiment = client.get_experiment_by_name(settings.experiment)
    except (MlflowException, SQLAlchemyError, ImportError, OSError) as error:
        message = PASSWORD.sub(r"\1***@", f"{uri} cannot be opened ({type(error).__name__}: {error}")
        raise InputError(
            f"mlflow.uri: {' '.join(message.split())[:300]}); start that server, make the folder, or install its driver"
        ) from None
    if experiment is not None and experiment.lifecycle_stage == "deleted":
        raise InputError(
            f"mlflow.experiment: {settings.experiment!r} was deleted; restore it (mlflow experiments restore "
            f"--experiment-id {experiment.experiment_id}) or give another name"
        )
    if experiment is not None:
        return client, str(experiment.experiment_id)
    # A database keeps no files: they are in a folder next to it. A server has its own place.
    location = (root / "mlartifacts" / settings.experiment).as_uri() if uri.startswith("sqlite:") else None
    return client, str(client.create_experiment(settings.experiment, artifact_location=location))
