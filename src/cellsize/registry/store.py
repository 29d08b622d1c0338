"""Where MLflow keeps runs and models: opened, out of reach, and what a killed run has left there."""

import hashlib
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from cellsize import params_file, process
from cellsize.errors import InputError, is_disk_full
from cellsize.params import Mlflow
from cellsize.registry import conflicts

PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]*@")
PARAMS, DATABASE = Path("params.yaml"), Path("mlflow.db")  # what a project has, and what may be all that is there
CLONE = "cellsize.clone"  # tag of the runs that one project began; see `clone`
# MLflow's defaults try for minutes to reach a server that is down, and print two lines for each run that ends.
CLIENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}  # fmt: skip
# How MLflow's client begins when no answer came, or none but that of a server that is starting or going.
UNREACHED = "API request to"


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
    uri, root = address(settings)
    try:
        with conflicts.making(uri):
            client = _client(uri)
            experiment = client.get_experiment_by_name(settings.experiment)
    except (MlflowException, SQLAlchemyError, ImportError, OSError) as error:
        if is_disk_full(error):
            raise
        raise out_of_reach(settings, error) from None
    if experiment is not None and experiment.lifecycle_stage == "deleted":
        raise InputError(
            f"mlflow.experiment: {settings.experiment!r} was deleted; restore it (mlflow experiments restore "
            f"--experiment-id {experiment.experiment_id}) or give another name"
        )
    if experiment is not None:
        return client, str(experiment.experiment_id)
    # A database keeps no files: they are in a folder next to it. A server has its own place.
    location = (root / "mlartifacts" / _inside(settings.experiment)).as_uri() if uri.startswith("sqlite:") else None
    try:
        return client, str(client.create_experiment(settings.experiment, artifact_location=location))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.get_experiment_by_name(settings.experiment)  # by another project, since we looked
    assert made is not None
    return client, str(made.experiment_id)


def _inside(name: str) -> Path:
    """The folder of an experiment; a name with slashes or dots leads to no other place."""
    parts = [part for part in Path(name).parts if part not in ("/", "..")]
    return Path(*parts) if parts else Path("_")


def _client(uri: str) -> MlflowClient:
    process.set_environment()  # no pickle is loaded, whoever calls
    process.quiet("mlflow", "alembic")
    for key, value in CLIENT.items():
        os.environ.setdefault(key, value)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def find(uri: str | None) -> MlflowClient:
    """Opens the store that somebody means: the one named, else `MLFLOW_TRACKING_URI`'s, else that of this folder.

    Raises:
        InputError: None is named, and the folder has none; or see `open_registry`.
    """
    named = uri or os.environ.get("MLFLOW_TRACKING_URI")
    if not named and PARAMS.is_file():
        named = params_file.load(PARAMS).mlflow.uri
    elif not named and DATABASE.is_file():
        named = f"sqlite:///{DATABASE}"
    if not named:
        raise InputError(
            f"no registry is named, and neither {PARAMS} nor {DATABASE} is here: set MLFLOW_TRACKING_URI, such as to "
            f"sqlite:////srv/{DATABASE}, or go to the folder of a project"
        )
    return open_registry(named)


def open_registry(uri: str) -> MlflowClient:
    """Opens a store that exists.

    Raises:
        InputError: It is a folder or out of reach; or there is no such SQLite file, which reading must not make.
    """
    whole, _ = _whole(uri)
    path = Path(whole.removeprefix("sqlite:///"))
    if whole.startswith("sqlite:///") and not path.is_file():
        raise InputError(
            f"{path}: no such file; give the address of a registry that exists, or run cellsize run, which makes one"
        )
    try:
        with conflicts.making(whole):  # which also says at once that a password is wrong: MLflow tries for two minutes
            client = _client(whole)
            client.search_experiments(max_results=1)
    except (MlflowException, SQLAlchemyError, ImportError, OSError) as error:
        raise unreachable(whole, error) from None
    return client


def require_model(client: MlflowClient, name: str) -> None:
    """Refuses a name that the registry does not have.

    Raises:
        InputError: It names those that it has.
    """
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        there = ", ".join(sorted(model.name for model in client.search_registered_models(max_results=20)))
        raise InputError(f"{name}: no such model in this registry, which has {there or 'none'}") from None


def address(settings: Mlflow) -> tuple[str, Path]:
    """The store's URI, an SQLite path in full, and the folder that such a path is in.

    Raises:
        InputError: It is a folder.
    """
    return _whole(os.environ.get("MLFLOW_TRACKING_URI") or settings.uri)


def _whole(uri: str) -> tuple[str, Path]:
    root = Path.cwd()
    if "://" not in uri or uri.startswith("file:"):
        raise InputError(
            f"mlflow.uri: {uri!r} is a folder; use sqlite:///mlflow.db, postgresql+psycopg://… or http://…"
        )
    if uri.startswith("sqlite:///") and not uri.startswith("sqlite:////"):
        path = (root / uri.removeprefix("sqlite:///")).resolve()
        root, uri = path.parent, f"sqlite:///{path}"
    return uri, root


def is_out_of_reach(error: BaseException) -> bool:
    """Whether a server gave no answer, or a database could not be opened: nothing was wrong with what was asked."""
    if isinstance(error, MlflowException):
        return str(error).startswith(UNREACHED) or error.error_code == "TEMPORARILY_UNAVAILABLE"
    # What the client of a server raises is an OSError too, as is a file that is missing here.
    is_http = type(error).__module__.partition(".")[0] in ("requests", "urllib3")
    return is_http or isinstance(error, (SQLAlchemyError, ConnectionError, TimeoutError))


def out_of_reach(settings: Mlflow, error: BaseException) -> InputError:
    """That the store of these settings cannot be reached."""
    return unreachable(address(settings)[0], error)


def unreachable(uri: str, error: BaseException) -> InputError:
    """That a store cannot be reached, in one line without a password."""
    what = " ".join(f"{type(error).__name__}: {error}".split())
    uri, message = (PASSWORD.sub(r"\1***@", text) for text in (uri, what))
    return InputError(
        f"mlflow.uri: {uri} is not reachable ({message[:160]}…); start that server, make the folder, or install its "
        "driver, then run again: what is finished is kept"
    )


@contextmanager
def reached(settings: Mlflow) -> Iterator[None]:
    """Says in one line that the store went out of reach.

    Raises:
        InputError: A call within did not reach it.
    """
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        if is_disk_full(error) or not is_out_of_reach(error):
            raise
        raise out_of_reach(settings, error) from None


def clone() -> str:
    """Names this folder of this machine: a store may be shared, and runs of another project are not ours to end."""
    return hashlib.sha256(f"{platform.node()}\0{Path.cwd().resolve()}".encode()).hexdigest()[:16]


def end_abandoned(client: MlflowClient, experiment: str) -> None:
    """Ends the runs that a killed process of this folder left running; only one search or registration runs in it."""
    for run in client.search_runs([experiment], f"tags.`{CLONE}` = '{clone()}' and attributes.status = 'RUNNING'"):
        with suppress(MlflowException):  # somebody has deleted it
            client.set_terminated(run.info.run_id, "KILLED")
