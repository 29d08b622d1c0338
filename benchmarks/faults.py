"""A tiny project to be disturbed: how it is made and run, who can be killed in it, and what must hold afterwards."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from ruamel.yaml import YAML

from benchmarks import data

ANSWERS = ("reports/choice.json", "reports/evaluation.json")
MARK = "CELLSIZE_DISTURBED"  # set for all processes of a project, whatever the program itself sets
STAGES = (
    "code", "prepare", "window", "split", "inspect", "propose", "baseline", "search", "choose", "refit", "evaluate",
    "register", "report",
)  # fmt: skip
# Of what an undisturbed run leaves there nobody knows beforehand: DVC and MLflow have files of their own.
OF_OTHERS = (".dvc/tmp", "mlruns", "mlartifacts")
IDS = re.compile(r"[0-9a-f]{32}")  # of runs and models of MLflow, drawn anew each time
# A search of seconds, in which memory cells win: another rule, and refit would train nothing.
SMALL: Mapping[str, object] = {
    "split.folds": 3, "propose.layers": 1, "propose.mlp_units": [4], "propose.network.skip": ["none"],
    "propose.network.head": ["plain"], "baseline.classical": "none", "search.procedure": "grid",
    "search.compute.trials": 2, "search.minimum_units": 2, "search.patience": 1, "search.maximum_seeds": 1,
    "search.training.learning_rates": [0.03], "search.training.dropouts": [0.0], "search.training.check_every": 10,
    "search.training.rungs": [10], "search.training.steps": 60, "search.training.maximum_steps": 60,
    "search.training.patience": 60, "search.training.seeds": 1, "search.training.batch_size": 64,
    "choose.rule": "best", "register.beat": ["naive"],
}  # fmt: skip


@dataclass(frozen=True)
class Disturbed:
    """A project, and where its temporary files go: a new folder, in which nothing else is.

    Attributes:
        folder: The project's.
        temporary: In place of the system's folder for temporary files; short, since Ray's sockets lie in it.
        variables: More of the environment.
    """

    folder: Path
    temporary: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The environment of its commands."""
        own = {MARK: str(self.folder), "TMPDIR": str(self.temporary), "OMP_NUM_THREADS": "1", **self.variables}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        source = f"{data.ROOT / 'src'}{os.pathsep}{data.ROOT}"
        return {**data.environment(own), "PATH": path, "PYTHONPATH": source}

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """Begins a command, in a session of its own; see `log`."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "cellsize", *(words or ("run",))], cwd=self.folder, env=self.environment(),
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def run(self, *words: str) -> int:
        """Runs a command to its end; its status."""
        return self.begin(*words).wait(timeout=1800)

    @property
    def log(self) -> Path:
        """Where the output of all commands is: on no disk of the project's, which may be full."""
        return self.temporary.with_name(f"{str(self.folder).replace('/', '_')}.log")

    def said(self) -> str:
        """What was printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.is_file() else ""

    def edit(self, changes: Mapping[str, object]) -> None:
        """Sets keys of params.yaml."""
        yaml, path = YAML(), self.folder / "params.yaml"
        content = yaml.load(path)
        for key, value in changes.items():
            *sections, last = key.split(".")
            section = content
            for name in sections:
                section = section[name]
            section[last] = value
        yaml.dump(content, path)

    def answers(self) -> list[bytes]:
        """The bytes of choice and evaluation; empty ones if there are none."""
        files = [self.folder / name for name in ANSWERS]
        return [file.read_bytes() if file.is_file() else b"" for file in files]

    def shards(self) -> dict[str, tuple[int, int]]:
        """Each finished shard's inode and time: both are others once it is written again."""
        found = {path.name: path.stat() for path in self.folder.glob(".cache/search/*/*.npz")}
        return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}

    def processes(self) -> list[psutil.Process]:
        """What runs for the project."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == str(self.folder):
                    found.append(process)
        return found

    def stage(self) -> str:
        """The stage that runs, or ran last."""
        return str(["", *re.findall(r"Running stage '(\w+)'", self.said())][-1])


@dataclass(frozen=True)
class Stored:
    """What MLflow's store holds.

    Attributes:
        running: Runs that say that they resume.
        versions: Versions of the registered model.
        aliases: The version that each alias points to.
    """

    running: int
    versions: list[int]
    aliases: dict[str, int]


def make(place: Path, temporary: Path, **variables: str) -> Disturbed:
    """A project of a chaotic series, before its first run.

    Args:
        place: Its folder, which is made.
        temporary: Where temporary files go.
        **variables: More of the environment.
    """
    place.mkdir(parents=True)
    temporary.mkdir(parents=True, exist_ok=True)
    value, values = 0.4, []
    for _ in range(400):  # the logistic map: the next value follows from the last one, and not linearly
        values.append(value)
        value = 3.8 * value * (1 - value)
    when = pd.date_range("2026-01-01", periods=len(values), freq="h")
    pd.DataFrame({"when": when, "load": np.round(values, 6)}).to_csv(place / "table.csv", index=False)
    made = Disturbed(place, temporary, variables)
    status = made.run("init", "table.csv", "--lookback", "6", "--horizon", "1", "--yes")
    if status:
        raise SystemExit(made.said())
    made.edit(SMALL)
    return made


def victims(project: Disturbed) -> dict[str, list[psutil.Process]]:
    """Who can be killed now, by kind."""
    found: dict[str, list[psutil.Process]] = {}
    for process in project.processes():
        with suppress(psutil.Error):
            words = process.cmdline()
            if kind := _kind(words):
                found.setdefault(kind, []).append(process)
    return found


def _kind(words: Sequence[str]) -> str:
    line = " ".join(words[:5])
    if line.startswith("ray::"):
        return "" if "Agent" in line or "IDLE" in line else "worker"
    if words and Path(words[0]).name in ("gcs_server", "raylet"):
        return Path(words[0]).name
    patterns = {"run": r" -m cellsize run$", "dvc": r" -m dvc ", "stage": r" -m cellsize\.stage "}
    return next((kind for kind, pattern in patterns.items() if re.search(pattern, line)), "")


def kill(processes: Sequence[psutil.Process], number: signal.Signals = signal.SIGKILL) -> list[psutil.Process]:
    """Sends a signal to processes; those that were alive to get it."""
    hit = list[psutil.Process]()
    for process in processes:
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                process.send_signal(number)
                hit.append(process)
    return hit


def dead(process: psutil.Process, patience: float = 60.0) -> bool:
    """Waits until a process has died; its parent may not have looked after it yet."""
    deadline = time.monotonic() + patience
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
    return True


def gone(project: Disturbed, patience: float = 300.0) -> float:
    """Seconds until nothing of a project runs any more; infinite if something still does after `patience`."""
    began = time.monotonic()
    while project.processes():
        if time.monotonic() - began > patience:
            return float("inf")
        time.sleep(0.2)
    return time.monotonic() - began


def mess(project: Disturbed, undisturbed: Disturbed) -> list[str]:
    """What a run should not leave: halves of files, saved epochs, temporary files, and what no run leaves there.

    Args:
        project: The project.
        undisturbed: One like it that nobody disturbed, after its run.
    """
    patterns = (".*.partial", ".reached-*", ".*.old", "*.ckpt", "*.tmp", "dvc.lock")
    left = {
        str(path.relative_to(project.folder))
        for name in ("build", "reports", ".cache")
        for pattern in patterns
        for path in (project.folder / name).rglob(pattern)
    }
    usual = set(_left(undisturbed).values())
    left |= {path for path, name in _left(project).items() if name not in usual}
    return sorted(left) + sorted(f"TMPDIR/{path.name}" for path in project.temporary.iterdir())


def _left(project: Disturbed) -> dict[str, str]:
    """What is at the project's root and where DVC and MLflow keep files: path → the same without ids."""
    found = [*project.folder.iterdir(), *(path for name in OF_OTHERS for path in (project.folder / name).rglob("*"))]
    paths = [str(path.relative_to(project.folder)) for path in found]
    return {path: IDS.sub("*", path) for path in paths}


def registry(project: Disturbed) -> Stored:
    """What MLflow's store holds."""
    with closing(sqlite3.connect(project.folder / "mlflow.db")) as store:
        statuses = [row[0] for row in store.execute("select status from runs where lifecycle_stage = 'active'")]
        versions = [row[0] for row in store.execute("select version from model_versions order by version")]
        aliases = dict(store.execute("select alias, version from registered_model_aliases"))
    return Stored(statuses.count("RUNNING"), versions, aliases)


def rewound(project: Disturbed, place: Path, stage: str) -> Disturbed:
    """A copy of a project that has run, as it was before a stage: without its registry, and what is trained for it.

    Args:
        project: One that has run.
        place: The copy's folder.
        stage: The first stage that is to run again.
    """
    left_out = shutil.ignore_patterns("mlflow.db*", "mlartifacts", "runs", ".cache")
    shutil.copytree(project.folder, place, ignore=left_out)
    yaml = YAML()
    stages = yaml.load(place / "dvc.yaml")["stages"]
    locked = yaml.load(place / "dvc.lock")
    for name in from_on(stage):
        locked["stages"].pop(name, None)
        for kind in ("outs", "metrics", "plots"):
            for entry in stages[name].get(kind, []):
                path = place / (entry if isinstance(entry, str) else next(iter(entry)))
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    yaml.dump(locked, place / "dvc.lock")
    return Disturbed(place, project.temporary, project.variables)


def from_on(stage: str) -> Sequence[str]:
    """A stage and all after it."""
    return STAGES[STAGES.index(stage) :]
