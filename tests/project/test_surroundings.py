"""What a version was made with, and the commands that bring it back."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import cellsize
from cellsize.project import surroundings, template
from cellsize.registry.provenance import Kept, environment_text
from tests.report.conftest import choice, evaluation

# A Python that makes an environment of itself, and writes down what it is asked and what pip reads.
PYTHON = """#!/usr/bin/env bash
echo "$*" >> "$ASKED"
case "$*" in
    "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python;;
    "-m pip install -r /dev/stdin") cat >> "$ASKED";;
    *./.code*) cat .code/src/cellsize/__init__.py >> "$ASKED";;
esac
"""
GIT = ["git", "-c", "user.name=me", "-c", "user.email=me@example.org"]
OTHERS = "# Python 3.9.2\ncellsize==0.0.1\nnumpy==1.0\nscipy==1.1\ntorch==1.2+cpu\nzzz==9\n"


def made_with(environment: str, commit: str = "") -> Kept:
    return Kept("", "", environment, choice(), evaluation(), {}, commit, None)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A repository of cellsize in place of this one; commits a version of its code, and returns the commit."""
    folder = tmp_path / "my checkout"
    (folder / "src/cellsize").mkdir(parents=True)
    (folder / "pyproject.toml").write_text("", encoding="utf-8")
    monkeypatch.setattr(template, "CHECKOUT", folder)
    subprocess.run([*GIT, "init", "-q"], cwd=folder, check=True)

    def commit(content: str) -> str:
        (folder / "src/cellsize/__init__.py").write_text(content, encoding="utf-8")
        subprocess.run([*GIT, "add", "."], cwd=folder, check=True)
        subprocess.run([*GIT, "commit", "-qm", "another"], cwd=folder, check=True)
        ran = subprocess.run([*GIT, "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
        return ran.stdout.strip()

    return commit


def carried_out(lines: list[str], folder: Path) -> list[str]:
    """What the commands ask of Python, and what pip reads then."""
    tools = folder / "tools"
    tools.mkdir()
    for name in ("python3.9", "python3", f"python3.{sys.version_info.minor}"):
        (tools / name).write_text(PYTHON, encoding="utf-8")
        (tools / name).chmod(0o755)
    project = folder / "again"
    project.mkdir()
    (project / "requirements.txt").write_text(OTHERS, encoding="utf-8")
    env = os.environ | {"ASKED": str(folder / "asked"), "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    end = 'command -v python >> "$ASKED"'
    ran = subprocess.run(
        ["bash", "-e"], input="\n".join([*lines, end]), cwd=project, env=env, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert sorted(path.name for path in project.iterdir()) == [".venv", "requirements.txt"]
    return (folder / "asked").read_text(encoding="utf-8").splitlines()


def test_where_nothing_differs_nothing_is_to_be_done() -> None:
    same = made_with(environment_text())
    assert surroundings.commands(same) == []
    assert surroundings.said(same) == [
        f"# made with Python {platform.python_version()}; here all packages of requirements.txt are the same"
    ]


@pytest.mark.parametrize(
    ("old", "new"), [(platform.python_version(), f"{platform.python_version()}9"), ("\n", "+cpu\n")]
)
def test_a_patch_of_python_and_another_build_of_a_package_are_no_difference(old: str, new: str) -> None:
    head, _, rest = environment_text().partition("\n")
    text = f"{head.replace(old, new)}\n{rest.replace(old, new)}"
    assert text != environment_text()
    assert surroundings.commands(made_with(text)) == []


def test_what_differs_is_named_three_packages_of_it(checkout: Callable[..., str]) -> None:
    assert surroundings.said(made_with(OTHERS, "0123abc, with changes that were not committed")) == [
        "# its project was at commit 0123abc, with changes that were not committed",
        "# made with Python 3.9.2; not the same here: Python 3.9.2, cellsize 0.0.1, numpy 1.0 and 3 more; as below, or "
        "the last digits may differ",
    ]


def test_packages_go_into_an_environment_of_the_folder_and_cellsize_after_them(tmp_path: Path) -> None:
    asked = carried_out(surroundings.commands(made_with(OTHERS)), tmp_path)
    assert asked == [
        "-m venv .venv", "-m pip install -r /dev/stdin", "# Python 3.9.2", "numpy==1.0", "scipy==1.1", "torch==1.2",
        "zzz==9", "-m pip install --no-deps cellsize==0.0.1", str(tmp_path / "again/.venv/bin/python"),
    ]  # fmt: skip


def test_of_the_version_that_is_here_the_checkout_is_installed(checkout: Callable[..., str], tmp_path: Path) -> None:
    version = made_with(OTHERS.replace("0.0.1", cellsize.__version__), "0123abc")  # a commit of the project's own
    assert carried_out(surroundings.commands(version), tmp_path)[-2] == (
        f"-m pip install --no-deps {tmp_path}/my checkout"
    )


def test_files_of_another_commit_of_the_checkout_are_taken_out_of_git(
    checkout: Callable[..., str], tmp_path: Path
) -> None:
    first, second = checkout("first\n"), checkout("second\n")
    assert surroundings.commands(made_with(environment_text(), second)) == []  # these are here
    version = made_with(environment_text(), f"{first}, with changes that were not committed")
    assert surroundings.said(version)[1] == "# cellsize's own files of that commit are not those here"
    assert carried_out(surroundings.commands(version), tmp_path)[-3:] == [
        "-m pip install --no-deps ./.code", "first", str(tmp_path / "again/.venv/bin/python"),
    ]  # fmt: skip


def test_of_a_version_from_before_python_was_kept_that_is_said(checkout: Callable[..., str]) -> None:
    old = made_with("torch==1.2\n")
    assert surroundings.said(old) == [
        "# made with a Python that was not kept; not the same here: torch 1.2; as below, or the last digits may differ"
    ]
    assert surroundings.commands(old)[0] == "python3 -m venv .venv"
