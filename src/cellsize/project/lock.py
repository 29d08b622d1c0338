"""One run at a time in a project: the lock of its folder, which vanishes with the process that holds it."""

import fcntl
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cellsize import lineage
from cellsize.errors import InputError
from cellsize.project import leftovers

LOCK = Path(".cache/run.lock")
PREFIX = "cellsize-"  # of the folder for temporary files
SHORT = 1.5  # seconds for what a run has left that did not come to its end: somebody waits for the prompt


@dataclass(frozen=True)
class Holder:
    """Who holds the lock.

    Attributes:
        process: Its name; see `lineage.name`.
        host: The machine.
        since: When it began, as a clock there showed it.
        temporary: Its folder for temporary files, which goes with it.
    """

    process: str
    host: str
    since: str
    temporary: str

    @property
    def number(self) -> str:
        """The process's number."""
        return self.process.partition(":")[0]


@contextmanager
def held(folder: Path) -> Iterator[Holder]:
    """Holds a project's lock, and tidies up after a run that was killed.

    It is the kernel's lock on an open file: a killed process holds nothing, and what the file says of it is not asked.

    Args:
        folder: The project's.

    Yields:
        This process, with a folder for temporary files that is removed in the end.

    Raises:
        InputError: Another run holds it, or DVC works in the folder, or its file system has no locks.
    """
    path = folder / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(_busy(folder, _read(path))) from None
        except OSError as error:  # some network file systems have none, or their server does not answer
            raise InputError(
                f"{path.absolute()}: cannot be locked ({os.strerror(error.errno or 0)}), so that two runs could work "
                "here at once; put the project on a local disk, or mount this one with locks"
            ) from None
        before = _read(path)
        if before is not None and before.host == platform.node():
            leftovers.end(before.process, leftovers.PATIENCE)  # nobody waits for a prompt here
            _remove_temporary(before)
        leftovers.tidy(folder, killed=before is not None)
        own = Holder(
            lineage.name(os.getpid()), platform.node(), time.strftime("%Y-%m-%d %H:%M:%S"),
            tempfile.mkdtemp(prefix=PREFIX),
        )  # fmt: skip
        before_it, patience = dict(os.environ), SHORT
        try:
            file.truncate(0)
            file.write(json.dumps(asdict(own)))
            file.flush()
            os.environ.update(environment(own))
            yield own
            leftovers.forget_lock(folder)
            file.truncate(0)  # it came to its end: the next run has nothing to look for
            patience = leftovers.END
        finally:
            os.environ.clear()
            os.environ.update(before_it)
            leftovers.end(own.process, patience)
            _remove_temporary(own)


def _busy(folder: Path, holder: Holder | None) -> str:
    """That another run works in a folder: which, since when, and what to do."""
    if holder is None:  # it has the lock, and has not written yet who it is
        return f"{folder.absolute()}: another cellsize run works here; wait for it, or end it"
    where = "" if holder.host == platform.node() else f" on {holder.host}"
    return (
        f"{folder.absolute()}: another cellsize run works here, process {holder.number} on {holder.host} since "
        f"{holder.since}; wait for it, or end it{where}: kill {holder.number}"
    )


def _read(path: Path) -> Holder | None:
    """What a lock's file says; None if it says nothing, or only a part since the disk was full."""
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _remove_temporary(holder: Holder) -> None:
    """Removes a run's folder for temporary files; a lock's file that names another folder is not believed."""
    if Path(holder.temporary).name.startswith(PREFIX):
        shutil.rmtree(holder.temporary, ignore_errors=True)


def environment(holder: Holder) -> dict[str, str]:
    """What a run's processes are told: whose they are, and where their temporary files belong.

    Ray's `auto` finds a cluster by a file in the temporary folder of the machine, so Ray is left there; a cluster of
    the run's own is put into the run's folder by `search.tune`.
    """
    machine = {"RAY_TMPDIR": os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()}
    return {lineage.RUN: holder.process, "TMPDIR": holder.temporary, **machine}
