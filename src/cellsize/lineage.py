"""Who started this process, and whether they still run: what a killed run has left ends by itself. Linux's /proc only.

A SIGKILL reaches one process. DVC would go on to the next stage, and a search would train for hours, for a run that is
no more, while the next run begins beside it.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

# Names the run to all that it starts, Ray's processes included: they inherit the environment.
RUN = "CELLSIZE_RUN"
EVERY = 1.0  # seconds between two looks
PATIENCE = 8.0  # seconds to put away what is begun
INTERRUPTED = 130  # what a shell calls the end by Ctrl-C
PROC = Path("/proc")
LONGEST = 38  # characters of a folder
ORPHANED = "the run that started this stage was killed; what is finished is kept, and the next run resumes there"


def name(process: int) -> str:
    """Names a process so that no later one has the name: a number is used again, its time of start is not.

    Args:
        process: Its number.

    Returns:
        `NUMBER:TICKS`, or an empty text if it is gone; one that is dead and not yet waited for is gone too.
    """
    fields = _status(process)
    return f"{process}:{fields[19]}" if fields and fields[0] not in "ZX" else ""


def ancestors(environment: Mapping[str, str]) -> list[str]:
    """Names of the processes without which this one has nothing to do, from its parent up to the run that began it.

    Whoever calls a stage by hand, in a terminal that may be closed, is none of them: DVC is, and `cellsize run`.

    Args:
        environment: Has the run's name under `CELLSIZE_RUN`, if it is `cellsize run`.

    Returns:
        Names; an empty one stands for a run that is gone already.
    """
    run, found, process = environment.get(RUN, ""), list[str](), os.getppid()
    while process > 0 and (own := name(process)):  # of others' processes nothing is to be seen under hidepid
        found.append(own)
        if own == run or (not run and is_dvc(process)):
            return found
        fields = _status(process)
        process = int(fields[1]) if fields else 0
    return [""] if run else []


def is_dvc(process: int) -> bool:
    """Whether a process is a command of DVC."""
    return any(Path(word).name == "dvc" for word in arguments(process)[:3])


def arguments(process: int) -> list[str]:
    """The command of a process in words; none if it is gone."""
    try:
        return (PROC / str(process) / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def descendants(run: str) -> list[int]:
    """Numbers of the processes that carry a run's name; those of other users cannot be looked at, and are not ours."""
    mark, found = f"{RUN}={run}".encode(), list[int]()
    for folder in PROC.glob("[0-9]*"):
        try:
            carries = mark in (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if carries and name(int(folder.name)):
            found.append(int(folder.name))
    return [process for process in found if process != os.getpid()]


def temporary() -> str | None:
    """Where Ray may keep logs and sockets so that they go with the run; None: in its usual place, where they stay.

    A socket's path has 107 characters at most, and Ray's part of it is 70.
    """
    folder = os.environ.get("TMPDIR", "")
    return f"{folder}/ray" if RUN in os.environ and 0 < len(folder) < LONGEST else None


@contextmanager
def ended_with_its_run() -> Iterator[None]:
    """Interrupts this process as Ctrl-C would once its run is gone; after `PATIENCE` ends it in any case."""
    watched, done = ancestors(os.environ), threading.Event()
    thread = threading.Thread(target=_watch, args=(watched, done), daemon=True)
    if watched:
        thread.start()
    try:
        yield
    finally:
        done.set()


def _watch(watched: Sequence[str], done: threading.Event) -> None:
    while all(own and name(int(own.partition(":")[0])) == own for own in watched):
        if done.wait(EVERY):
            return
    print(f"error: {ORPHANED}", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGINT)  # nothing happens where Ctrl-C is ignored, as after nohup
    time.sleep(PATIENCE)
    os._exit(INTERRUPTED)


def _status(process: int) -> list[str]:
    """Fields of a process from its state on, as proc(5) has them: state 0, parent 1, start 19; none if it is gone."""
    try:
        text = (PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()  # the name before it may hold blanks and brackets
