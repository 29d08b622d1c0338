"""The tutorial: its commands in order, in a folder of their own, as somebody types them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Project, environment
from tests.end_to_end.test_init_and_run import SMALL

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
SERVED = "## Serve it"

# With the shipped settings the search takes minutes: here the networks train for 40 steps, and few sizes are tried.
# The folds stay those that `init` has found.
QUICK = {key: value for key, value in SMALL.items() if key != "split__folds"}


def fences(text: str) -> list[tuple[str, str]]:
    """Language and content of each block that is run, in order."""
    return re.findall(r"```(console|python)\n(.*?)```", text, re.DOTALL)


def section(heading: str) -> str:
    return PAGE.partition(f"{heading}\n")[2].partition("\n## ")[0]


def shell(project: Project, command: str) -> str:
    ran = project.command("bash", "-euo", "pipefail", "-c", command)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def run_blocks(project: Project, text: str) -> None:
    """Runs the commands of some blocks; lines below a command have to be among what it says."""
    python = ""
    for language, block in fences(text):
        if language == "python":
            python += block  # a block knows what those before it have made
            ran = project.command("python", "-c", python)
            assert ran.returncode == 0, ran.stderr
            assert len(ran.stdout.splitlines()) == 4 * python.count("print(")
            continue
        for command in re.split(r"(?m)^\$ ", block)[1:]:
            words, *shown = command.rstrip("\n").split("\n")
            said = shell(project, words).splitlines()
            for line in shown:
                assert line in said, "\n".join(said)
            if words.startswith("cellsize init"):
                project.edit(**QUICK)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A folder in which all was done up to the served model."""
    project = Project(tmp_path_factory.mktemp("tutorial"))
    shutil.copy(ROOT / "data/raw/air-passengers.csv", project.folder)
    run_blocks(project, PAGE.partition(SERVED)[0])
    return project


@pytest.mark.end_to_end
def test_from_the_table_to_a_forecast_and_its_own_forecast_read_back(followed: Project) -> None:
    assert (followed.folder / "reports/index.html").is_file()
    assert "models:/air-passengers/1" in shell(followed, "cellsize answer")


def names(answer: str) -> list[str]:
    """What the lines of an answer are about, but for those that the size decides: adequate, with cells, note."""
    found = re.findall(r"(?m)^ {2,}([a-z]+)", answer)
    return [name for name in found if name in ("parameters", "score", "holdout", "intervals", "registered", "report")]


@pytest.mark.end_to_end
def test_the_answer_that_is_shown_has_the_lines_of_an_answer(followed: Project) -> None:
    shown = re.findall(r"```text\n(air-passengers: .*?)```", PAGE, re.DOTALL)[0]
    said = shell(followed, "cellsize answer")
    assert names(shown) == names(said)
    assert len(names(said)) == 6
    for words in ("mean of 3 trainings", "intervals of 90 % held"):
        assert words in shown
        assert words in said


@pytest.mark.end_to_end
@pytest.mark.slow
def test_the_served_model_takes_csv_and_refuses_what_is_too_short(followed: Project) -> None:
    text = section(SERVED)
    (command,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    log = (followed.folder / "serve.log").open("w")
    server = subprocess.Popen(
        ["bash", "-c", f"exec env {command.replace('5077', port)}"], cwd=followed.folder, env=environment(), stdout=log,
        stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        for _ in range(600):
            if followed.command("curl", "-s", f"http://127.0.0.1:{port}/ping").returncode == 0:
                break
            assert server.poll() is None, followed.read("serve.log")
            time.sleep(0.2)
        commands = [line.removeprefix("$ ").replace("5077", port) for line in re.findall(r"(?m)^\$ .*", text)]
        said = [shell(followed, line) for line in commands]
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)
    assert said[1].count('"time": "1961-0') == 3
    refusal = re.findall(r"```text\n… (.*)\n```", text)[-1]
    assert refusal in said[2]


@pytest.mark.end_to_end
def test_another_unit_makes_the_report_alone_and_git_takes_what_is_to_be_kept(followed: Project) -> None:
    text = section("## Change something")
    commands = re.findall(r"(?m)^\$ (.*)", text)
    said = [shell(followed, command) for command in commands]
    assert re.findall(r"Running stage '(\w+)'", said[-1])[-1] == "report"
    assert "Running stage 'search'" not in said[-1]
    run_blocks(followed, section("## In git and in CI"))
    assert shell(followed, "git status --porcelain --untracked-files=no") == ""
