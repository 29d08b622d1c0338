"""Lines of the workflows in bash as GitHub runs them; programs that they call are ones that only write down the call.

With the real programs they run in `test_workflows.py` beside this.
"""

import os
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
WRITES_DOWN = '#!/usr/bin/env bash\nprintf "%s %s\\n" "$(basename "$0")" "$*" >> "$CALLED"\nexit "${STATUS:-0}"\n'


def line(workflow: str, part: str) -> str:
    """The script of the one step of a workflow of ours that has these words in its script or as its name."""
    (job,) = YAML(typ="safe", pure=True).load(ROOT / ".github/workflows" / workflow)["jobs"].values()
    (found,) = (step["run"] for step in job["steps"] if part in (step.get("name"), *step.get("run", "").split()))
    return str(found)


def run(script: str, folder: Path, **variables: str) -> tuple[int, list[str]]:
    """Status of a script, and what it called of `cellsize`, `sudo` and `apt-get`."""
    tools, called = folder / "tools", folder / "called"
    tools.mkdir(exist_ok=True)
    for name in ("cellsize", "sudo", "apt-get"):
        (tools / name).write_text(WRITES_DOWN, encoding="utf-8")
        (tools / name).chmod(0o755)
    github = {"GITHUB_STEP_SUMMARY": str(folder / "summary"), "GITHUB_OUTPUT": str(folder / "output")}
    env = os.environ | github | {"CALLED": str(called), "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"} | variables
    ran = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=folder, env=env, capture_output=True,
        text=True,
    )  # fmt: skip
    assert ran.stderr == ""
    return ran.returncode, called.read_text(encoding="utf-8").splitlines() if called.exists() else []


# As a schedule, a person who chose nothing, and one who asked for a whole sizing leave it.
@pytest.mark.parametrize(
    ("full", "called"), [("", "cellsize retrain"), ("false", "cellsize retrain"), ("true", "cellsize retrain --full")]
)
def test_a_whole_sizing_is_asked_for_by_who_chose_it_alone(tmp_path: Path, full: str, called: str) -> None:
    assert run(line("retrain.yml", "Retrain"), tmp_path, FULL=full) == (0, [called])


@pytest.mark.parametrize("full", ["", "true"])
@pytest.mark.parametrize(("status", "of_job"), [(0, 0), (10, 0), (11, 0), (12, 12), (1, 1), (2, 2), (130, 130)])
def test_the_job_fails_where_somebody_has_to_look_and_says_what_there_is_to_say_in_each_case(
    tmp_path: Path, full: str, status: int, of_job: int
) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/retrain.md").write_text("## small: refused\n", encoding="utf-8")
    found, called = run(line("retrain.yml", "Retrain"), tmp_path, FULL=full, STATUS=str(status))
    assert (found, len(called)) == (of_job, 1)
    assert (tmp_path / "summary").read_text(encoding="utf-8") == "## small: refused\n"
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"status={status}\n"


def test_a_retraining_that_wrote_no_page_leaves_the_summary_empty(tmp_path: Path) -> None:
    assert run(line("retrain.yml", "Retrain"), tmp_path, FULL="", STATUS="1")[0] == 1
    assert not (tmp_path / "summary").exists()


@pytest.mark.parametrize("there", [True, False])
def test_postgresql_is_installed_where_it_is_missing(tmp_path: Path, there: bool) -> None:
    script = line("ci.yml", "postgresql;")
    assert script.count("/usr/lib/postgresql") == 1
    if there:
        (tmp_path / "postgresql").mkdir()
    status, called = run(script.replace("/usr/lib/postgresql", str(tmp_path / "postgresql")), tmp_path)
    assert status == 0
    assert called == ([] if there else ["sudo apt-get update -q", "sudo apt-get install -qy postgresql"])
