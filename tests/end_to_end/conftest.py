"""One small project, run once through every stage with real DVC, Ray and MLflow; the tests share it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Project:
    """A folder with its own data, parameters, registry and DVC cache."""

    folder: Path

    def edit(self, **changes: Any) -> None:
        """Sets keys of params.yaml; `search__compute__trials=1` is search.compute.trials: 1."""
        yaml = YAML()
        path = self.folder / "params.yaml"
        content = yaml.load(path)
        for key, value in changes.items():
            *sections, last = key.split("__")
            target = content
            for section in sections:
                target = target[section]
            target[last] = value
        yaml.dump(content, path)

    def command(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs a command in the folder, with this environment's programs first."""
        return subprocess.run(
            words, cwd=self.folder, env=environment() | variables, capture_output=True, text=True, timeout=600
        )

    def repro(self) -> subprocess.CompletedProcess[str]:
        """Brings everything up to date."""
        return self.command("dvc", "repro")

    def read(self, name: str) -> str:
        """The text of a file."""
        return (self.folder / name).read_text(encoding="utf-8")


def environment() -> dict[str, str]:
    """The environment of a user's shell with the virtual environment active."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW", "DVC", "RAY"))}
    quiet = {"DVC_NO_ANALYTICS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "RAY_USAGE_STATS_ENABLED": "0"}
    return {**kept, **quiet, "PATH": path}


@contextmanager
def served(project: Project, model: str) -> Iterator[str]:
    """The address for requests of a real `mlflow models serve`.

    Args:
        project: Whose registry it is.
        model: As MLflow names it: `models:/small@champion`.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (project.folder / "serve.log").open("w")
    server = subprocess.Popen(
        ["mlflow", "models", "serve", "-m", model, "-h", "127.0.0.1", "-p", str(port), "--env-manager", "local"],
        cwd=project.folder, stdout=log, stderr=log, start_new_session=True,
        env={**environment(), "MLFLOW_TRACKING_URI": f"sqlite:///{project.folder}/mlflow.db"},
    )  # fmt: skip
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5)
                break
            except OSError:
                assert server.poll() is None, (project.folder / "serve.log").read_text()
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=60)


def make_project(folder: Path) -> Project:
    """A project with two short series that a linear model forecasts well, and a small grid."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "params.yaml", folder)
    yaml = YAML()
    content = yaml.load(ROOT / "dvc.yaml")
    for key in ("metrics", "params", "plots"):  # of the checkout's examples
        del content[key]
    yaml.dump(content, folder / "dvc.yaml")
    hours = np.arange(900)
    noise = np.random.default_rng(7).normal(0, 0.3, (2, hours.size))
    times = pd.date_range("2026-01-01", periods=hours.size, freq="h")
    parts = [
        pd.DataFrame({"when": times, "place": place, "load": 50 + 5 * np.sin(2 * np.pi * hours / 12) + noise[number]})
        for number, place in enumerate(("north", "south"))
    ]
    pd.concat(parts).to_csv(folder / "table.csv", index=False)
    project = Project(folder)
    project.edit(
        prepare__table="table.csv", prepare__time="when", prepare__series="place", prepare__targets=["load"],
        prepare__calendar=["hour"], prepare__linear_calendar=[], window__linear_lookback=None,
        window__lookback=12, window__horizon=3, split__folds=3,
        split__early_stopping__blocks=2, propose__layers=2, propose__samples="sequences", baseline__seasons=[12],
        baseline__classical="AutoTheta", baseline__origins=3, baseline__history=48,
        propose__mlp_units=[4], propose__network__skip=["none", "joint"], propose__network__head=["plain"],
        search__training__learning_rates=[0.01, 0.03], search__training__dropouts=[0.0],
        search__training__check_every=10, search__training__rungs=[10], search__training__steps=40,
        search__training__maximum_steps=40, search__training__patience=40, search__training__seeds=1,
        search__training__batch_size=64, search__compute__trials=2,
        search__minimum_units=2, search__patience=1, search__work_limit=1000.0, search__maximum_seeds=1,
        register__blocks=8,
        register__name="small", mlflow__experiment="small",
    )  # fmt: skip
    project.command("dvc", "init", "--no-scm", "-q")
    project.command("dvc", "config", "core.analytics", "false")
    return project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small project after its first run."""
    made = make_project(tmp_path_factory.mktemp("first") / "project")
    ran = made.repro()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return made


def assert_refitted(project: Project, added: pd.DataFrame) -> None:
    """A few new sequences behind the old ones: the same size, a second version, and no third."""
    before, path = project.read("reports/choice.json"), project.folder / "table.csv"
    pd.concat([pd.read_csv(path, keep_default_na=False), added]).to_csv(path, index=False)
    ran = project.command("cellsize", "retrain")
    assert ran.returncode in (10, 11), ran.stdout + ran.stderr
    assert project.read("reports/choice.json") == before, project.read("reports/retrain.md")
    assert "| new | 2 |" in project.read("reports/retrain.md")
    assert project.command("cellsize", "retrain").returncode == 0
