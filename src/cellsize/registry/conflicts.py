"""Several processes that write to one store at once: kept apart where it has a lock, made good where it has none.

A SQLite file and a PostgreSQL database that is opened directly have one; a tracking server has none.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec

from mlflow.exceptions import MlflowException
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

P = ParamSpec("P")
TIMES = 5
MAKING, MOVING = "cellsize: the tables are made", "cellsize: an alias is moved"


@contextmanager
def making(uri: str) -> Iterator[None]:
    """Keeps other processes from making the same new database at the same time, which would destroy it.

    Args:
        uri: The store's, a path in full.
    """
    folder = Path(uri.removeprefix("sqlite:///")).parent
    if not uri.startswith("sqlite:///") or not folder.is_dir():
        with _locked_in_postgresql(uri, MAKING):
            yield
        return
    handle = os.open(folder, os.O_RDONLY)  # the database's own file is not there yet
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def moving(uri: str) -> Iterator[bool]:
    """Keeps others from moving an alias, where the store has a lock; the lock ends with the process.

    Yields:
        Whether it has one.
    """
    if not uri.startswith("sqlite:///"):
        with _locked_in_postgresql(uri, MOVING) as locked:
            yield locked
        return
    path = Path(uri.removeprefix("sqlite:///"))
    with path.with_name(f"{path.name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield True


@contextmanager
def _locked_in_postgresql(uri: str, what: str) -> Iterator[bool]:
    """Takes a lock of the database, which ends with the connection; whether it is one of PostgreSQL."""
    if not uri.startswith("postgresql"):
        yield False
        return
    key = int.from_bytes(hashlib.sha256(what.encode()).digest()[:8], signed=True)
    with create_engine(uri, poolclass=NullPool).connect() as connection:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": key})
        yield True


def repeated(write: Callable[P, None], *arguments: P.args, **named: P.kwargs) -> None:
    """Sets or deletes a tag or an alias, once more if another process did the same in this moment.

    MLflow looks whether it is there, and then inserts it. Of two at once the second's insert is refused, and the server
    says no more than that the request was bad.

    Args:
        write: May be called again: it does the same.
        *arguments: Its arguments.
        **named: The same.
    """
    for left in reversed(range(TIMES)):
        try:
            write(*arguments, **named)
            return
        except MlflowException as error:
            if error.error_code != "BAD_REQUEST" or not left:
                raise
