"""Data and results through a remote of DVC, as docs/operations.md shows: another clone trains nothing."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest

from benchmarks.faults import Disturbed
from cellsize import files

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8")
PUSH, PULL = re.findall(r"```sh\n(.*?)```", PAGE.partition("\n## Data and cache\n")[2], re.DOTALL)[:2]
SOMEBODY = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


def shell(project: Disturbed, script: str) -> str:
    """Runs commands in a project; what they print."""
    ran = subprocess.run(
        ["bash", "-euc", script], cwd=project.folder, env=project.environment(), capture_output=True, text=True,
        timeout=600,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def as_checkout(folder: Path) -> None:
    """Makes a project by `cellsize init` one whose stages are those of the folder `pipeline/`, as in this checkout."""
    for name in ("dvc.yaml", "dvc.lock"):
        path = folder / name
        path.write_text(path.read_text().replace("python -m cellsize.stage ", "python -m pipeline."))
    (folder / "requirements.txt").unlink()


@pytest.mark.parametrize("kind", ["init", "checkout"])
def test_a_clone_that_pulls_trains_nothing_and_finds_the_same_version(
    copied: Callable[..., Disturbed], tmp_path: Path, kind: str
) -> None:
    registry = f"sqlite:///{tmp_path}/team.db"
    place = tmp_path / "one"
    one = copied("register", place, MLFLOW_TRACKING_URI=registry, REMOTE=str(tmp_path / "remote"), **SOMEBODY)
    if kind == "checkout":
        as_checkout(place)
    # It was made outside of git.
    shell(one, "git init --quiet; dvc config --unset core.no_scm")
    said = shell(one, PUSH)
    assert "Running stage 'register'" in said
    tracked = shell(one, "git ls-files").split()
    assert {"dvc.lock", "table.csv.dvc", "reports/metrics.json"} <= set(tracked)
    assert "table.csv" not in tracked

    subprocess.run(["git", "clone", "--quiet", str(place), str(tmp_path / "two")], check=True)
    two = Disturbed(tmp_path / "two", one.temporary, one.variables)
    assert not (two.folder / "table.csv").exists()
    said = shell(two, PULL if kind == "init" else PULL.replace("cellsize run", "dvc repro"))
    ran = [name for name in re.findall(r"Running stage '(?:dvc.yaml:)?(\w+)'", said) if name != "code"]
    assert ran == ["register"]  # and finds the same version, so that the report is up to date
    assert not (two.folder / ".cache/search").exists()  # nothing was even looked up there
    assert two.answers() == one.answers()
    registrations = [files.read_json(project.folder / "reports/registration.json") for project in (one, two)]
    assert registrations[0] == registrations[1]
    assert (registrations[0]["version"], registrations[0]["promoted"]) == ("1", True)
    assert len(mlflow.MlflowClient(registry, registry).search_model_versions()) == 1
    assert shell(two, "git status --porcelain") == ""  # the lock of the first holds for the second
    assert "Nothing changed since the last run" in shell(two, "cellsize run")
