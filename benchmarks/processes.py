"""Runs a command and watches its whole tree of processes: wall time, memory, and when it printed what."""

import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import data

EVERY = 0.02  # the command itself, which may make its largest array and be gone; its children less often
CHILDREN_EVERY = 0.1
SHARED_EVERY = 1.0


@dataclass(frozen=True)
class Watched:
    """What a command did.

    Attributes:
        seconds: Wall time.
        largest: Highest resident memory of any one of its processes, in bytes (the kernel's own high-water mark).
        together: Highest memory of all of them at one moment, in bytes, shared pages counted once.
        lines: What it printed, and when, in seconds since its start.
    """

    seconds: float
    largest: int
    together: int
    lines: list[tuple[float, str]]


def watched(command: Sequence[str], folder: Path, also: Mapping[str, str] | None = None) -> Watched:
    """Runs a command to its end.

    Args:
        command: Program and arguments.
        folder: Where it runs.
        also: Variables to set, besides this process's own.

    Raises:
        SystemExit: It failed; its last lines are printed.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=data.environment(also), text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
    )  # fmt: skip
    lines: list[tuple[float, str]] = []

    def read() -> None:
        assert process.stdout is not None
        lines.extend((time.monotonic() - began, line.rstrip()) for line in process.stdout)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    largest, together, tree, listed, added_up = 0, 0, [process.pid], -CHILDREN_EVERY, -SHARED_EVERY
    while process.poll() is None:
        watched_now = tree[:1]
        if time.monotonic() - listed >= CHILDREN_EVERY:
            watched_now = tree = list(_tree(process.pid)) or tree
            listed = time.monotonic()
        largest = max([largest, *(_field(pid, "status", "VmHWM:") for pid in watched_now)])
        if time.monotonic() - added_up >= SHARED_EVERY:
            together = max(together, sum(_field(pid, "smaps_rollup", "Pss:") for pid in tree))
            added_up = time.monotonic()
        time.sleep(EVERY)
    seconds = time.monotonic() - began
    reader.join(5.0)  # a process that outlives the command may keep its output open
    if process.returncode:
        print("\n".join(line for _, line in lines[-30:]))
        raise SystemExit(f"{' '.join(command)}: ended with {process.returncode}")
    return Watched(seconds, largest, max(together, largest), lines)


def _tree(root: int) -> Iterator[int]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(root)
        yield root
        for child in process.children(recursive=True):
            yield child.pid


def _field(pid: int, file: str, field: str) -> int:
    """A number of kB in /proc, in bytes; 0 if the process is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8").splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    return 0
