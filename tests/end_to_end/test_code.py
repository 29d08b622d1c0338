"""What a change of the code runs again, in a project whose code may be changed."""

import os
import shutil
from pathlib import Path

import pytest

from cellsize import stage
from tests.end_to_end.conftest import Project
from tests.end_to_end.test_pipeline import RESULTS, run_stages

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def copy(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small project after its first run, beside a copy of the package."""
    folder = tmp_path_factory.mktemp("code") / "project"
    shutil.copytree(project.folder, folder, ignore=shutil.ignore_patterns("mlruns"))
    shutil.copytree(stage.PACKAGE, folder / "src/cellsize", ignore=shutil.ignore_patterns("__pycache__"))
    return Project(folder)


def edit(project: Project, module: str, old: str, new: str) -> None:
    path = project.folder / "src/cellsize" / module
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def repro(project: Project, *targets: str) -> list[str]:
    """The stages that run with the project's own copy of the code."""
    ran = project.command("dvc", "repro", *targets, PYTHONPATH=str(project.folder / "src"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return run_stages(ran)


def outdated(project: Project) -> set[str]:
    """The stages that DVC would run again."""
    assert repro(project, "code") == ["code"]
    return {line.rstrip(":") for line in project.command("dvc", "status").stdout.splitlines() if line[:1].isalpha()}


def test_a_changed_comment_or_docstring_runs_nothing(copy: Project) -> None:
    edit(copy, "training/joint.py", '"""', '"""Another docstring. ')
    edit(copy, "training/records.py", "@dataclass", "# A comment.\n@dataclass")
    assert repro(copy) == ["code"]


def test_a_change_in_reading_tables_trains_nothing_where_the_arrays_are_the_same(copy: Project) -> None:
    before = {name: copy.read(name) for name in (*RESULTS, "build/trials.csv")}
    edit(copy, "data/table.py", "import numpy as np\n", "import numpy as np\n\nANOTHER = 1\n")
    run = repro(copy)
    assert run[:2] == ["code", "prepare"]
    assert not {"window", "search", "choose", "refit"} & set(run)
    assert {name: copy.read(name) for name in before} == before


def test_a_change_in_training_code_trains_again(copy: Project) -> None:
    edit(copy, "training/joint.py", "import torch\n", "import torch\n\nANOTHER = 1\n")
    assert {"search", "refit"} <= outdated(copy)
    assert not {"prepare", "window", "split", "propose", "baseline", "choose"} & outdated(copy)


def test_other_versions_are_no_change_for_dvc(project: Project, tmp_path: Path) -> None:
    # A laptop's cache must serve CI: versions name the unfinished shards, and are no dependency.
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.metadata as m\nreal = m.version\n"
        "m.version = lambda name: '0.0.1' if name in ('torch', 'numpy', 'numba', 'scipy') else real(name)\n",
        encoding="utf-8",
    )
    script = "from cellsize.search.versions import versions; print(versions()['cellsize.version.torch'])"
    # Before what is there: a worktree's own package may be found by it.
    first = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    changed = project.command("python", "-c", script, PYTHONPATH=first)
    assert changed.stdout.strip() == "0.0.1", changed.stderr
    ran = project.command("dvc", "repro", PYTHONPATH=first)
    assert ran.returncode == 0, ran.stderr
    assert run_stages(ran) == ["code"]
