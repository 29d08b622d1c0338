"""What a killed run has left: processes, halves of files, DVC's lists of who reads and writes what."""

import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cellsize import files, lineage
from cellsize.errors import InputError

PATIENCE = 15.0  # seconds for a stage whose DVC was killed, which ends by itself, and for all of a killed run
END = 4.0  # seconds for all that a run has left: a quarter of it to end in peace
BETWEEN, FEWEST_LOOKS = 0.1, 5
FOLDERS = ("build", "reports", ".cache/search")  # and no other of .cache, which may hold environments
PARTIAL, OLD = ".partial", ".old"  # of `files.write`
KEPT = Path(".cache/dvc.lock")


def end(run: str, patience: float = END) -> None:
    """Ends what still runs of a run, and waits until it has: first in peace, then by force.

    Args:
        run: Its name; see `lineage.name`.
        patience: Seconds until this returns in any case: the kernel ends no process that waits for a disk.
    """
    began, told = time.monotonic(), dict[int, str]()
    for number, part in ((signal.SIGTERM, 0.25), (signal.SIGKILL, 1.0)):
        told |= {process: lineage.name(process) for process in lineage.descendants(run)}
        for process in _alive(told):
            _signal(process, number)
        deadline, looks = began + part * patience, 0
        # A machine that stood still, as a virtual one may, has had no time to end anything, whatever its clock says.
        while (_alive(told) or lineage.descendants(run)) and (time.monotonic() < deadline or looks < FEWEST_LOOKS):
            time.sleep(BETWEEN)
            looks += 1


def _alive(told: Mapping[int, str]) -> list[int]:
    """Those of some processes that run still; one that is about to end carries the name of its run no more."""
    return [process for process, own in told.items() if own and lineage.name(process) == own]


def _signal(process: int, number: signal.Signals) -> None:
    try:
        os.kill(process, number)
    except (ProcessLookupError, PermissionError):
        return


def tidy(folder: Path, killed: bool) -> None:
    """Puts a project in order before a run: halves of files are removed, DVC's lists of dead processes are mended.

    Args:
        folder: The project's.
        killed: Whether the run before did not come to its end.

    Raises:
        InputError: DVC works in it, or a stage that somebody called by hand.
    """
    top = next((path for path in (folder.absolute(), *folder.absolute().parents) if (path / ".dvc").is_dir()), None)
    if top is not None:
        _mend_list(folder.resolve(), top / ".dvc/tmp")
    _wait_for_stages(folder.resolve())
    for ending in (PARTIAL, OLD):
        left = [path for name in FOLDERS for path in (folder / name).rglob(f".*{ending}")]
        for path in sorted([*left, *(folder / KEPT).parent.glob(f".*{ending}")]):
            _put_right(path)
    _mend_lock(folder, killed)


def _put_right(path: Path) -> None:
    """Removes a half of a file or folder; one that stepped aside and was not replaced is put back."""
    ending = OLD if path.name.endswith(OLD) else PARTIAL
    whole = path.with_name(path.name.removeprefix(".").removesuffix(ending))
    if ending == OLD and not whole.exists():
        path.rename(whole)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _wait_for_stages(folder: Path) -> None:
    """Waits for stages whose DVC was killed: they see it within seconds.

    Raises:
        InputError: One does not end.
    """
    deadline = time.monotonic() + PATIENCE
    while running := _stages(folder):
        if time.monotonic() > deadline:
            words = " ".join(lineage.arguments(running[0])[1:4])
            raise InputError(f"{folder}: process {running[0]} ({words}) works here; wait for it, or end it")
        time.sleep(BETWEEN)


def _stages(folder: Path) -> list[int]:
    """The processes that run a stage in a folder."""
    found = list[int]()
    for link in lineage.PROC.glob("[0-9]*/cwd"):
        try:
            here = link.readlink() == folder
        except OSError:
            continue
        module = lineage.arguments(int(link.parent.name))[2:3] if here else []
        if any(word == "cellsize.stage" or word.startswith("pipeline.") for word in module):
            found.append(int(link.parent.name))
    return found


def _mend_list(folder: Path, temporary: Path) -> None:
    """Takes killed processes out of DVC's list of who reads and writes what, and removes a list that is cut off.

    DVC writes it in place, so that a kill may leave the half of it, on which every later command fails. And it takes a
    process of another program that was given the number of a killed one for DVC.

    Raises:
        InputError: A living command of DVC works in the folder.
    """
    path = temporary / "rwlock"
    if not path.is_file():
        return
    with _guard(temporary / "rwlock.lock") as alone:
        if not alone:
            return  # DVC is writing it this moment
        try:
            content: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
            users = [
                (place, entry["pid"])
                for kind in content.values()
                for place, entries in kind.items()
                for entry in (entries if isinstance(entries, list) else [entries])
            ]
        except (ValueError, AttributeError, KeyError, TypeError):
            path.unlink()
            return
        living = [(place, process) for place, process in users if lineage.is_dvc(process)]
        if not living:
            path.unlink()
    for place, process in living:
        if Path(place).is_relative_to(folder):
            raise InputError(f"{folder}: dvc works here, process {process}; wait for it, or end it: kill {process}")


@contextmanager
def _guard(path: Path) -> Iterator[bool]:
    """DVC's own lock of its list, if nobody has it; it is the kernel's, too."""
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def keep_lock(folder: Path, seen: int) -> int:
    """Keeps a copy of `dvc.lock` if it changed: DVC writes it in place, and a kill or a full disk leaves a part.

    Without it DVC would run every stage again; `evaluate` would then compare the model with itself, if it is champion.

    Args:
        folder: The project's.
        seen: What this returned the last time; 0 at first.

    Returns:
        When the file was last changed.
    """
    path = folder / "dvc.lock"
    try:
        changed = path.stat().st_mtime_ns
        if changed != seen:
            text = path.read_text(encoding="utf-8")
            if not _stages_of(text):
                return seen  # DVC is writing it
            files.write_text(folder / KEPT, text)
    except (OSError, UnicodeDecodeError):  # not there yet; or the disk is full, and the copy of before stays
        return seen
    return changed


def forget_lock(folder: Path) -> None:
    """Removes the copy: DVC came to its end."""
    (folder / KEPT).unlink(missing_ok=True)


def _mend_lock(folder: Path, killed: bool) -> None:
    """Puts the copy in place of a `dvc.lock` that is cut off; without a copy removes it."""
    path, copy = folder / "dvc.lock", folder / KEPT
    kept = copy.read_text(encoding="utf-8") if killed and copy.is_file() else ""
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except UnicodeDecodeError:
        text = ""
    # A part that ends with a line is YAML too, and lacks stages.
    if _stages_of(text) and _stages_of(text) >= _stages_of(kept):
        return
    if kept:
        files.write_text(path, kept)
    else:
        path.unlink(missing_ok=True)


def _stages_of(text: str) -> set[str]:
    """The stages of a `dvc.lock`; none if it is cut off."""
    try:
        content = YAML(typ="safe", pure=True).load(text)
        return set(content["stages"]) if text.endswith("\n") else set()
    except (YAMLError, KeyError, TypeError):
        return set()
