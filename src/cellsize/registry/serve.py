"""A registered model behind HTTP: MLflow's scoring app with a layer around it, in this process."""

import socket
from collections.abc import Callable

import mlflow
import pandas as pd
import uvicorn
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel, scoring_server

from cellsize import process
from cellsize.errors import InputError
from cellsize.registry import wanted
from cellsize.registry.bodies import NO_ROWS
from cellsize.registry.fetched import version_of
from cellsize.registry.layer import App, layer

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(name: str, version: str | None, alias: str, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serves a version until it is interrupted.

    Args:
        name: Of the registered model.
        version: Which version; None: that of the alias.
        alias: Name of a version.
        host: Address to listen on.
        port: Port to listen on; 0: one that is free.
        say: Is told where.

    Raises:
        InputError: There is no such model, or the port is taken.
    """
    found = version_of(name, version, alias)
    listening = listen(host, port)  # before the model is loaded: a port that is taken is said at once
    with process.one_thread(), listening:
        app = app_of(mlflow.pyfunc.load_model(f"models:/{name}/{found}"))
        at, number = listening.getsockname()[:2]
        say(f"serving models:/{name}/{found} on http://{f'[{at}]' if ':' in at else at}:{number}/invocations")
        if host not in LOOPBACK:
            say(f"  anyone who reaches {host} can ask it: there is no password")
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        uvicorn.Server(config).run(sockets=[listening])


def app_of(model: PyFuncModel) -> App:
    """The app that answers requests to a model."""
    schema = model.metadata.get_params_schema()  # type: ignore[no-untyped-call]
    names = [] if schema is None else [param.name for param in schema.params]
    app: App = scoring_server.init(model)
    return layer(app, names, no_rows=_of_no_rows(model))


def _of_no_rows(model: PyFuncModel) -> str:
    """What the model itself says of no rows; of a model that says nothing of them, no more than that there are none."""
    try:
        model.predict(pd.DataFrame())
    except Exception as error:  # a version of somebody else's may fail in any way: it is asked again with rows
        said = error.message if isinstance(error, MlflowException) else ""
        return said if said.startswith(wanted.NO_ROWS) else NO_ROWS
    return NO_ROWS


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Its protocol is named: asyncio sets TCP_NODELAY on those sockets alone, and without it each request on a connection
    that is kept waits 40 ms for the one before to be acknowledged.

    Raises:
        InputError: The address cannot be listened on.
    """
    made = None
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(128)
    except (OSError, OverflowError) as error:
        if made is not None:
            made.close()
        what = getattr(error, "strerror", None) or str(error)
        raise InputError(f"--host {host} --port {port}: {what.lower()}; give another one") from None
    return made
