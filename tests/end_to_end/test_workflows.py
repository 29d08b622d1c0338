"""The workflow that retrains: each of its `run:` lines in a clone, with a bare repository and a folder as remotes."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from cellsize.project import template
from tests.end_to_end.conftest import ROOT, Project, environment

ROWS, NEW = 900, 240
GH = '#!/usr/bin/env bash\nprintf "%s\\n" "$*" >> "$GH_LOG"\n'
WHO = ["-c", "user.name=me", "-c", "user.email=me@example.org"]


def table(rows: int) -> pd.DataFrame:
    """That of the small project, with more hours; it was written unrounded."""
    hours = np.arange(rows)
    first = np.random.default_rng(7).normal(0, 0.3, (2, ROWS))
    noise = np.hstack([first, np.random.default_rng(8).normal(0, 0.3, (2, NEW))])[:, :rows]
    times = pd.date_range("2026-01-01", periods=rows, freq="h")
    parts = [
        pd.DataFrame({"when": times, "place": place, "load": 50 + 5 * np.sin(2 * np.pi * hours / 12) + noise[number]})
        for number, place in enumerate(("north", "south"))
    ]
    return pd.concat(parts)


def steps() -> list[dict[str, Any]]:
    content = YAML(typ="safe", pure=True).load(template.workflow(".", "table.csv"))
    found: list[dict[str, Any]] = content["jobs"]["retrain"]["steps"]
    return found


@dataclass
class Runner:
    """A machine that a workflow runs on: a clone, and what GitHub gives it."""

    folder: Path
    values: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)

    def step(self, name: str, **values: str) -> subprocess.CompletedProcess[str]:
        """Runs the script of a step as GitHub does, with other values of its expressions."""
        (step,) = (each for each in steps() if each.get("name") == name)
        job = YAML(typ="safe", pure=True).load(template.workflow(".", "table.csv"))["jobs"]["retrain"]
        known = self.values | values
        env = {key: self._value(text, known) for key, text in {**job["env"], **step.get("env", {})}.items()}
        tools, log = self.folder.parent / "tools", self.folder.parent / "gh.log"
        own = environment() | env | {
            "GITHUB_OUTPUT": str(self.folder.parent / "output"), "GH_LOG": str(log), "PIP_NO_INDEX": "1",
            "GITHUB_STEP_SUMMARY": str(self.folder.parent / "summary.md"), "PIP_DRY_RUN": "1",
        }  # fmt: skip
        own["PATH"] = os.pathsep.join([str(tools), own["PATH"]])
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], cwd=self.folder, env=own,
            capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        path = self.folder.parent / "output"
        if path.is_file():
            self.outputs |= dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines())
        return ran

    def _value(self, text: str, known: dict[str, str]) -> str:
        return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: known[found[1]], str(text))


def git(folder: Path, *words: str) -> str:
    ran = subprocess.run(["git", *WHO, *words], cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def ok(ran: subprocess.CompletedProcess[str]) -> str:
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def team(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small project in git, its table and results kept by DVC in a remote: all that a clone needs."""
    top = tmp_path_factory.mktemp("team")
    first = Project(top / "first")
    shutil.copytree(project.folder, first.folder, ignore=shutil.ignore_patterns("dvc.log", ".cache"))
    ok(first.command("dvc", "config", "--unset", "core.no_scm"))
    (first.folder / ".gitignore").write_text("\n".join(template.ignored(".gitignore")) + "\n", encoding="utf-8")
    (first.folder / "requirements.txt").write_text(template.requirements(), encoding="utf-8")
    git(top, "init", "-q", "--bare", "-b", "main", "origin.git")
    git(first.folder, "init", "-q", "-b", "main")
    git(first.folder, "remote", "add", "origin", str(top / "origin.git"))
    ok(first.command("dvc", "remote", "add", "--default", "store", str(top / "store")))
    ok(first.command("dvc", "add", "table.csv"))
    git(first.folder, "add", ".")
    git(first.folder, "commit", "-qm", "The first sizing")
    ok(first.command("dvc", "push", "--run-cache"))
    git(first.folder, "push", "-q", "origin", "main")
    tools = top / "tools"
    tools.mkdir()
    (tools / "gh").write_text(GH, encoding="utf-8")
    (tools / "gh").chmod(0o755)
    return first


def deliver(team: Project, content: pd.DataFrame, message: str) -> None:
    """Another table, as whoever has it pushes it."""
    content.to_csv(team.folder / "table.csv", index=False)
    ok(team.command("dvc", "add", "table.csv"))
    ok(team.command("dvc", "push", "table.csv.dvc"))
    git(team.folder, "commit", "-qam", message, "--allow-empty")  # it may have been delivered before
    git(team.folder, "push", "-q", "origin", "main")


def machine(team: Project, name: str) -> Runner:
    """A clone on a new machine, whose registry is a server's: of a file here, for both."""
    top = team.folder.parent / name
    top.mkdir()
    shutil.copytree(team.folder.parent / "tools", top / "tools")
    git(top, "clone", "-q", str(team.folder.parent / "origin.git"), "clone")
    values = {
        "github.ref_name": "main", "github.run_id": "77", "github.run_attempt": "1", "github.token": "none",
        "inputs.full": "", "secrets.MLFLOW_TRACKING_URI": f"sqlite:///{team.folder}/mlflow.db",
    }  # fmt: skip
    return Runner(top / "clone", values)


def test_the_workflow_of_this_repository_is_that_of_a_project() -> None:
    ours = (ROOT / ".github/workflows/retrain.yml").read_text(encoding="utf-8")
    install = "python -m pip install -c constraints.txt -e ."
    expected = template.workflow(".", "data/raw/bay-area-traffic.parquet", install, "retrain")
    for pattern, ours_in_place in (
        (r'python-version: ".*"', 'python-version: "3.12"'), (r'"requirements.txt"', '"constraints.txt"')
    ):  # fmt: skip
        expected = re.sub(pattern, ours_in_place, expected)
    assert ours == expected


@pytest.mark.slow
@pytest.mark.end_to_end
def test_the_line_that_installs_this_checkout_leaves_a_command_that_runs_its_files(tmp_path: Path) -> None:
    """What it needs is here, and seen from an environment of its own; the wheel is built and installed in earnest."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "params.yaml", "dvc.yaml", "constraints.txt"):
        shutil.copy(ROOT / name, checkout)
    for name in ("src", "pipeline"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (site,) = (venv / "lib").glob("python*/site-packages")
    (site / "shared.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    env = environment() | {"PYTHONPATH": ""}
    env["PATH"] = os.pathsep.join([str(venv / "bin"), env["PATH"]])
    job = YAML(typ="safe", pure=True).load(ROOT / ".github/workflows/retrain.yml")["jobs"]["retrain"]
    (script,) = (step["run"] for step in job["steps"] if step.get("name") == "Install")
    ran = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=checkout, env=env, capture_output=True,
        text=True, timeout=600,
    )  # fmt: skip
    if ran.returncode and "hatchling" in ran.stderr:
        pytest.skip("hatchling cannot be had here")
    ok(ran)
    asked = [str(venv / "bin/python"), "-c", "import cellsize; print(cellsize.__file__)"]
    where = subprocess.run(asked, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert Path(ok(where).strip()) == checkout / "src/cellsize/__init__.py"
    ok(subprocess.run([str(venv / "bin/cellsize"), "--version"], cwd=tmp_path, env=env, capture_output=True, text=True))


@pytest.mark.slow
@pytest.mark.end_to_end
def test_a_machine_lacks_a_server_or_a_remote_and_is_told_in_a_line(team: Project) -> None:
    lacking = machine(team, "lacking")
    said = lacking.step("Say whether the server is missing", **{"secrets.MLFLOW_TRACKING_URI": ""})
    assert (said.returncode, said.stdout.count("\n")) == (1, 1)
    assert said.stdout.startswith("::error::the secret MLFLOW_TRACKING_URI is missing")
    assert lacking.step("Say whether the server is missing").returncode == 0
    assert lacking.step("Say whether the remote is missing").returncode == 0
    (lacking.folder / ".dvc/config").write_text("", encoding="utf-8")
    said = lacking.step("Say whether the remote is missing")
    assert (said.returncode, said.stdout.count("\n")) == (1, 1)
    assert said.stdout.startswith("::error::DVC has no remote")


@pytest.mark.slow
@pytest.mark.end_to_end
def test_new_rows_are_refitted_without_a_search_and_all_of_it_reaches_whoever_clones_next(team: Project) -> None:
    deliver(team, table(ROWS + NEW), "Ten days more")
    here = machine(team, "second")
    executed = []
    for step in steps():
        if "run" not in step:
            continue
        ran = here.step(step["name"])
        executed.append(step["name"])
        said = ok(ran)
        if step["name"] == "Retrain":
            assert "retrain: refit: the champion's size and settings, trained on all rows" in said
            assert re.findall(r"Running stage '(\w+)'", said)[:1] != ["search"]
            assert "Running stage 'search'" not in said
            assert "Running stage 'refit'" in said
            assert here.outputs["status"] in ("10", "11")
    assert executed == [
        "Say whether the server is missing", "Install", "Say whether the remote is missing", "Pull", "Retrain",
        "Push what is new",
    ]  # fmt: skip
    page = (here.folder / "reports/retrain.md").read_text(encoding="utf-8")
    assert (here.folder.parent / "summary.md").read_text(encoding="utf-8") == page
    assert page.startswith("## small: ")
    setup, pull_request = (here.folder.parent / "gh.log").read_text(encoding="utf-8").splitlines()
    assert setup == "auth setup-git"
    assert pull_request.startswith("pr create --base main --head cellsize-77-1 --title small: ")
    changed = git(team.folder.parent / "origin.git", "diff", "--name-only", "main", "cellsize-77-1").split()
    assert {"params.yaml", "dvc.lock", "reports/metrics.json"} <= set(changed)
    assert not any(name.startswith(("build", ".cache", "mlflow")) for name in changed)
    # Somebody else has all results, and nothing to train.
    other = machine(team, "third")
    git(other.folder, "switch", "-q", "cellsize-77-1")
    ok(other.step("Pull"))
    clone = Project(other.folder)
    ok(clone.command("dvc", "repro", "-q", "dvc.yaml:code"))  # hashes of the code are made anew everywhere
    trained = ("window", "split", "propose", "search", "choose", "refit", "evaluate")
    status = clone.command("dvc", "status", "--json", *(f"dvc.yaml:{name}" for name in trained))
    assert json.loads(status.stdout) == {}, status.stdout
    # What was just done is not done again; and a delivery without its end is refused.
    again = other.step("Retrain")
    assert (again.returncode, other.outputs["status"]) == (0, "0"), again.stdout + again.stderr
    log = other.folder.parent / "gh.log"
    assert ok(other.step("Push what is new")) == ""  # nothing differs from what is in git
    assert not log.exists()
    table(ROWS + NEW - 5 * 24).groupby("place").head(ROWS - 100).to_csv(other.folder / "table.csv", index=False)
    broken = other.step("Retrain")
    assert (broken.returncode, other.outputs["status"]) == (12, "12")
    assert "rows fewer than before" in (other.folder.parent / "summary.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.end_to_end
def test_who_chose_to_measure_anew_gets_a_whole_sizing_where_new_rows_ask_for_a_refit_alone(team: Project) -> None:
    deliver(team, table(ROWS + NEW), "Ten days more")
    here = machine(team, "anew")
    ok(here.step("Pull"))
    said = ok(here.step("Retrain", **{"inputs.full": "true"}))
    assert "retrain: resize: a whole sizing; --full asks for it" in said
    assert "Running stage 'search'" in said
    assert here.outputs["status"] in ("0", "10", "11")  # 0: the sizing came to the model that is registered already
    assert YAML(typ="safe").load(here.folder / "params.yaml")["split"]["searched_until"] is None
