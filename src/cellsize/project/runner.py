"""Runs a project's stages with DVC: everything that is not up to date, or what a search would cost."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cellsize import lineage, params_file, process
from cellsize.errors import FULL, InputError, disk_full, masked
from cellsize.project import leftovers, lock

BUILD, REPORTS = "build", "reports"
# Of `search.compute`: address, storage, GPUs and cores of a trial that asks for nothing but a core of this machine.
PLAIN = ("local", None, 0.0, 1)
BEFORE_TRIALS = ("prepare", "window", "split", "propose", "search")  # the search, and what it is made of
# Seconds from a signal to the end of all that was started: one deadline for all waits, which with `lock.SHORT` is less
# than the 10 seconds that are promised.
PATIENCE = 8.0
# Until so many of them are left a stage is waited for after each signal; then the next one. What it has not put away by
# then is made good by the next run.
STEPS = ((signal.SIGINT, 3.0), (signal.SIGTERM, 2.5), (signal.SIGKILL, 2.0))
LOOK = 0.2  # seconds between two looks
# What DVC adds to a stage's own message, which says it all.
ECHO = re.compile(r"ERROR: failed to reproduce '.*': failed to run: .*, exited with \d+$")
# MLflow's own lines; the answer names model and version.
REGISTERED = re.compile(r"(Successfully registered model|Created version '\d+' of model) '[^']*'\.$")
# What a stage says as it ends by Ctrl-C: whoever waits for the whole run says it, with the command that resumes.
ENDED = re.compile(r"interrupted; what is finished is kept, and the next run resumes there$")


class Interrupted(Exception):  # noqa: N818 (not an error: somebody wished it)
    """A run was ended from outside."""


def run(folder: Path, say: Callable[[str], None] = print) -> None:
    """Brings every result of a project up to date, then says the answer.

    Args:
        folder: Where `params.yaml` and `dvc.yaml` are.
        say: Prints a line.

    Raises:
        InputError: The folder is no project, `params.yaml` or its table is wrong, or another run works there.
        SystemExit: A stage failed; it has said why.
        Interrupted: Ctrl-C, or another signal to end.
    """
    stages = check(folder)
    with lock.held(folder):
        if "code" in stages:
            dvc(folder, "repro", "dvc.yaml:code", silent=True)
        others = [f"dvc.yaml:{name}" for name in stages if name != "code"]
        if "code" in stages and dvc(folder, "status", "--quiet", *others, may_fail=True) == 0:
            say("Nothing changed since the last run: every result is up to date.")
        else:
            reach(folder, stages)
            dvc(folder, "repro", "dvc.yaml")
        answer(folder)


def plan(folder: Path) -> None:
    """Says what the search would cost, and trains nothing; see `run`."""
    check(folder)
    with lock.held(folder):
        dvc(folder, "repro", "dvc.yaml:propose", silent=True)
        searched = (f"{BUILD}/searched_windows.npz", f"{BUILD}/searched_folds.parquet")
        stage(folder, "plan", *searched, f"{BUILD}/candidates.json")


def reach(folder: Path, stages: list[str]) -> None:
    """Asks the machines of `search.compute` for what it asks for, if the search has to run, before any other stage.

    Args:
        folder: The project.
        stages: Its stages.

    Raises:
        SystemExit: They have not got it; it was said.
    """
    compute = params_file.load(folder / "params.yaml").search.compute
    is_plain = (compute.address, compute.storage, compute.gpus_per_trial, compute.cpus_per_trial) == PLAIN
    if is_plain and compute.devices_per_trial in (None, 1):
        return  # one trial fits on this machine's cores, and Ray takes seconds
    needed = [f"dvc.yaml:{name}" for name in stages if name in BEFORE_TRIALS]
    if dvc(folder, "status", "--quiet", *needed, may_fail=True) != 0:
        stage(folder, "reach")


def answer(folder: Path) -> None:
    """Says the answer of the last run; see `run`."""
    stage(folder, "answer", BUILD, REPORTS)


def require_a_run(folder: Path) -> None:
    """Refuses a project that has no answer yet.

    Raises:
        InputError: No run came to its end.
    """
    choice = folder / REPORTS / "choice.json"
    if not choice.is_file():
        where = "" if folder == Path() else f" {folder}"
        raise InputError(f"{choice}: no such file, since there is no run yet: cellsize run{where}")


def check(folder: Path) -> list[str]:
    """The stages of a project, after what DVC would say in its own words is checked.

    Raises:
        InputError: The folder is no project, or `params.yaml` or its table is wrong.
    """
    if folder.is_file():
        raise InputError(
            f"{folder}: a file; name the folder of a project, or make one of this table: cellsize init {folder}"
        )
    for name in ("params.yaml", "dvc.yaml"):
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: no such file; make a project with cellsize init TABLE --into {folder}")
    table = params_file.load(folder / "params.yaml").prepare.table
    if not (folder / table).is_file():
        raise InputError(f"{folder / table}: no such file; set prepare.table in {folder / 'params.yaml'}")
    try:
        stages = YAML(typ="safe", pure=True).load((folder / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
        return list(stages)
    except (YAMLError, UnicodeDecodeError, KeyError, TypeError):
        raise InputError(f"{folder / 'dvc.yaml'}: no stages; write it anew: cellsize init in another folder") from None


def dvc(folder: Path, *words: str, may_fail: bool = False, silent: bool = False) -> int:
    """Runs a command of DVC in a folder.

    Args:
        folder: The project.
        words: The command.
        may_fail: Whether a status other than 0 is returned, rather than ending this process too.
        silent: Whether only errors are said. DVC's own `--quiet` would leave these out as well.
    """
    return _run([sys.executable, "-m", "dvc", *words], folder, may_fail, silent)


def stage(folder: Path, name: str, *paths: str) -> None:
    """Runs what is no stage of `dvc.yaml` in a project's folder: `answer`, `plan`, `look`."""
    _run([sys.executable, "-m", "cellsize.stage", name, *paths], folder, may_fail=False)


def environment() -> dict[str, str]:
    """The environment of a run: nothing phones home, and `python` is this one, wherever the shell has another."""
    process.set_environment()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    # A file calendar.py in somebody's project is not Python's own.
    return {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1", "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}


def _run(words: list[str], folder: Path, may_fail: bool, silent: bool = False) -> int:
    """Runs a command to its end, in a session of its own: one signal then reaches all that it has started.

    DVC turns a deaf ear to Ctrl-C while a stage runs, and whoever ends this process alone would leave a search behind.
    """
    with _ended_by_signals() as ended:
        running = subprocess.Popen(
            words, cwd=folder, env=environment(), stdout=subprocess.DEVNULL if silent else None,
            stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        assert running.stderr is not None
        echo = threading.Thread(target=_pass_on, args=(running.stderr, folder), daemon=True)
        echo.start()
        status = _wait(running, ended, folder)
        until = time.monotonic() + PATIENCE
        if status is None:
            status = _end(running, until)
    if ended.is_set() and (own := lineage.name(os.getpid())) == os.environ.get(lineage.RUN):
        leftovers.end(own, max(0.0, until - time.monotonic()))  # Ray's processes have a session of their own
    # Not for ever: whatever a killed run has left may hold the other end.
    echo.join(timeout=max(LOOK, min(2.0, until - time.monotonic())))
    if ended.is_set():
        raise Interrupted
    if status and not may_fail:
        raise SystemExit(status if 0 < status < 128 else 1)
    return status


def _wait(running: subprocess.Popen[str], ended: threading.Event, folder: Path) -> int | None:
    """The status of a process, or None as soon as `ended` is set."""
    seen = 0
    while not ended.is_set():
        seen = leftovers.keep_lock(folder, seen)
        try:
            return running.wait(timeout=LOOK)
        except subprocess.TimeoutExpired:
            continue
    return None


def _end(running: subprocess.Popen[str], until: float) -> int:
    """Asks a process's whole session to end, and then makes it; its status."""
    for number, left in STEPS:
        _signal(running.pid, number)
        try:
            status = running.wait(timeout=max(0.0, until - left - time.monotonic()))
        except subprocess.TimeoutExpired:
            continue
        _signal(running.pid, signal.SIGKILL)  # whatever did not end with its parent
        return status
    return lineage.INTERRUPTED


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


@contextmanager
def _ended_by_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C, a polite kill or the end of the terminal sets; the first one counts."""
    ended = threading.Event()

    def note(_: int, __: FrameType | None) -> None:
        ended.set()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    caught = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}  # nohup
    for number in caught:
        signal.signal(number, note)
    try:
        yield ended
    finally:
        for number, handler in caught.items():
            signal.signal(number, handler)


def _pass_on(lines: IO[str], folder: Path) -> None:
    """Passes lines on as they come, but for what says a second time that a stage failed or was interrupted.

    DVC and Ray say in many ways that the disk is full; it is said once, as a stage says it.
    """
    full = False
    for line in lines:
        text = line.rstrip()
        if ECHO.search(text) or ENDED.match(text) or REGISTERED.match(text):
            continue
        if FULL.search(text):
            if full:
                continue
            full, line = True, line if text.startswith("error: ") else f"error: {disk_full(str(folder.absolute()))}\n"
        sys.stderr.write(masked(line))
        sys.stderr.flush()
