"""What a process is set to before it works: environment, threads, garbage collection. Importing this sets nothing."""

import ctypes
import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

# Each is read by its library when that is imported or first used; what a user has set comes first.
ENVIRONMENT = {
    # Nothing phones home.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    "DO_NOT_TRACK": "1",
    # Ray has it on where it starts itself, and off on clusters: whoever reaches a port could run code there.
    "RAY_AUTH_MODE": "token",
    # A model from a registry is data, not code.
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # A trial that asks for no GPU would hide the GPUs from its process, and reused processes keep that.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # Results are files of our own: Ray Tune's loggers and its table of trials would write them twice.
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    # Arrow's own pool keeps what a table no longer needs: 30 MB of a table of a million rows.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
# glibc's name of a setting, and bytes from which a freed array goes back to the system.
M_MMAP_THRESHOLD, LARGE = -3, 1 << 21


def set_environment() -> None:
    """Sets what the libraries read; call it before MLflow or Ray is imported."""
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)


@contextmanager
def importing() -> Iterator[None]:
    """Imports without garbage collection.

    What is imported is no garbage, and looking for some among it takes a quarter of the time of an import.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # it stays, and is not looked through again
        gc.enable()


def return_memory() -> None:
    """Has freed large arrays go back to the system; for processes that hold whole tables and train nothing.

    glibc raises the size from which it does so with each one that is freed, up to 32 MB. What is smaller stays with the
    process, in pieces: 90 MB of a table of a million rows. A training makes and frees such arrays at every step, and
    had to ask for each of them. Elsewhere than with glibc nothing is set.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE)


@contextmanager
def one_thread() -> Iterator[None]:
    """Computes with one thread, whatever the machine grants.

    Sums over several threads end in other last digits than over one, and a training amplifies them: with one thread
    the results are the same bytes whatever the number of cores.
    """
    if torch := sys.modules.get("torch"):  # counts its threads itself, at its first use; not every stage loads it
        torch.set_num_threads(1)
    with threadpool_limits(limits=1):
        yield


def take_buffers() -> None:
    """Has both copies of OpenBLAS take their memory now, before a training.

    A batch system may limit what a process asks for. Where the first buffer is refused, scipy's copy asks for it for
    ever, and numpy's ends the process. torch raises an error.
    """
    import numpy as np
    from scipy.linalg import cho_factor

    np.linalg.cholesky(np.eye(1))
    cho_factor(np.eye(1))


def quiet(*loggers: str) -> None:
    """Leaves only errors of some loggers: what is left is for a user to read."""
    for name in loggers:
        logging.getLogger(name).setLevel(logging.ERROR)


def leave() -> None:
    """Ends without a last look for garbage: among all of torch's objects it takes a second."""
    gc.freeze()
