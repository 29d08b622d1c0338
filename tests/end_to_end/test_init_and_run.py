"""From a table in an empty folder to the answer, with the command alone."""

import os
import pty
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from cellsize import stage
from tests.end_to_end.conftest import Project, environment

pytestmark = pytest.mark.end_to_end
ROOT = Path(__file__).parents[2]

# A search of seconds.
SMALL = {
    "split__folds": 3, "propose__layers": 1, "propose__mlp_units": [4], "propose__network__head": ["plain"],
    "baseline__origins": 3, "search__compute__trials": 1, "search__minimum_units": 2, "search__patience": 1,
    "search__maximum_seeds": 1, "search__training__learning_rates": [0.01], "search__training__dropouts": [0.0],
    "search__training__check_every": 10, "search__training__rungs": [10], "search__training__steps": 40,
    "search__training__maximum_steps": 40, "search__training__patience": 40, "search__training__seeds": 1,
    "search__training__batch_size": 64,
}  # fmt: skip


# What a shell, YAML and DVC's templates read otherwise than they are meant.
ODD = "Über $HOME 'x' [1] 100% `a` \"b\" #2: ${c} (a).csv"


def write_table(folder: Path, rows: int = 500, name: str = "sales.csv") -> None:
    hours = np.arange(rows)
    noise = np.random.default_rng(7).normal(0, 0.3, rows)
    when = pd.date_range("2026-01-01", periods=rows, freq="h")
    table = pd.DataFrame({"when": when, "load": 50 + 5 * np.sin(2 * np.pi * hours / 12) + noise})
    table.to_csv(folder / name, index=False)


def command(project: Project, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return project.command(sys.executable, "-m", "cellsize", *words, **variables)


def ok(ran: subprocess.CompletedProcess[str]) -> str:
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def init_and_run(folder: Path, name: str = "sales.csv") -> tuple[Project, str]:
    """A project after `init` and `run`, and what `run` said."""
    write_table(folder, name=name)
    project = Project(folder)
    ok(command(project, "init", name))
    project.edit(**SMALL)
    return project, ok(command(project, "run"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A project in a folder of a repository."""
    top = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q"], cwd=top, check=True)
    folder = top / "models/my sales"
    folder.mkdir(parents=True)
    return init_and_run(folder)


@pytest.mark.slow
def test_a_table_of_any_name_in_an_empty_folder_outside_of_git_goes_to_its_answer(tmp_path: Path) -> None:
    project, said = init_and_run(tmp_path, ODD)
    assert "models:/ber-HOME-x-1-100-a-b-2-c-a/1" in said
    assert said.endswith(ok(command(project, "answer")))


def test_a_table_in_a_folder_of_a_repository_goes_to_its_answer(ran: tuple[Project, str]) -> None:
    project, said = ran
    # Every stage ran, and the answer came last.
    stages = list(YAML(typ="safe").load(project.read("dvc.yaml"))["stages"])
    assert re.findall(r"Running stage '(\w+)'", said) == stages
    assert re.search(r"(?m)^sales: .*\.$", said)
    assert "models:/sales/1" in said
    for name in ("index.html", "summary.md", "metrics.json"):
        assert (project.folder / "reports" / name).is_file()
    answer = ok(command(project, "answer"))
    assert said.endswith(answer)


def test_a_second_run_does_nothing_and_says_the_same(ran: tuple[Project, str]) -> None:
    project, said = ran
    again = ok(command(project, "run"))
    assert again.startswith("Nothing changed since the last run: every result is up to date.\n")
    assert "Running stage" not in again
    assert said.endswith(again.partition("\n")[2])


def test_git_sees_what_is_to_be_kept_and_no_results(ran: tuple[Project, str]) -> None:
    project, _ = ran
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"], cwd=project.folder, capture_output=True, text=True
    )
    assert listed.returncode == 0
    names = set(listed.stdout.replace('"', "").splitlines())
    assert {"params.yaml", "dvc.yaml", "dvc.lock", "requirements.txt", "reports/metrics.json"} <= names
    assert not any(name.startswith(("build/", ".cache", "mlflow", "mlruns", "reports/index")) for name in names)


def test_the_plan_says_what_a_search_costs(ran: tuple[Project, str]) -> None:
    assert re.search(r"plan: .*\d+ sizes, .*core-minute", ok(command(ran[0], "plan")))


def test_bad_input_is_one_line_and_leaves_the_answer(ran: tuple[Project, str], tmp_path: Path) -> None:
    project = copied(ran[0], tmp_path / "copy")
    with (project.folder / "sales.csv").open("a") as file:
        file.write("2026-01-21 20:00:00,many\n")
    failed = command(project, "run")
    assert failed.returncode == 1
    errors = failed.stderr.splitlines()
    assert len(errors) == 1
    assert errors[0].startswith("error: sales.csv, line 502, column 'load': 'many'")
    assert ok(command(project, "answer"))


def test_an_upgrade_runs_what_it_changed(ran: tuple[Project, str], tmp_path: Path) -> None:
    project = copied(ran[0], tmp_path / "copy")
    other = tmp_path / "other/cellsize"
    shutil.copytree(stage.PACKAGE, other, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, other / "project/templates" / name)
    path = str(other.parent)
    assert "Nothing changed" in ok(command(project, "run", PYTHONPATH=path))
    (other / "report/answer.py").open("a").write("\nANOTHER = 1\n")
    (other / "report/page.py").open("a").write("\nANOTHER = 1\n")
    assert re.findall(r"Running stage '(\w+)'", ok(command(project, "run", PYTHONPATH=path)))[-1] == "report"


def copied(project: Project, top: Path, *left_out: str) -> Project:
    """The same project in a copy of its repository."""
    source = project.folder.parents[1]
    shutil.copytree(source, top, ignore=shutil.ignore_patterns(*left_out))
    return Project(top / project.folder.relative_to(source))


def processes(folder: Path) -> list[str]:
    """What runs in a folder."""
    found = list[str]()
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.readlink() == folder:
                found.append((link.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_ctrl_c_at_a_terminal_ends_all_says_how_to_resume_and_the_next_run_does(
    ran: tuple[Project, str], tmp_path: Path
) -> None:
    project = copied(ran[0], tmp_path / "copy", ".cache", "mlflow.db")
    project.edit(search__training__steps=100_000, search__training__maximum_steps=100_000,
                 search__training__patience=100_000)  # fmt: skip
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(project.folder)
        os.execvpe(
            sys.executable,
            [sys.executable, "-m", "cellsize", "run"],
            environment() | {"TERM": "xterm", "COLUMNS": "100"},
        )
    said, deadline = b"", time.monotonic() + 300
    typed = False
    while time.monotonic() < deadline:
        try:
            block = os.read(terminal, 1 << 16)
        except OSError:  # its other end is closed
            break
        if not block:
            break
        said += block
        if not typed and b"in training" in said and b" steps" in said.partition(b"in training")[2]:
            os.write(terminal, b"\x03")
            typed = True
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    text = said.decode(errors="replace")
    assert typed, text
    assert status == 130
    assert "interrupted; what is finished is kept, and this resumes there: cellsize run" in text
    assert "best so far" in text
    for _ in range(100):
        if not processes(project.folder):
            break
        time.sleep(0.1)
    assert processes(project.folder) == []
    project.edit(**SMALL)
    assert "sales: " in ok(command(project, "run"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a wheel, in an environment of its own that sees what is installed here, but for cellsize."""
    folder = tmp_path_factory.mktemp("wheel")
    (folder / "source").mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, folder / "source")
    shutil.copytree(ROOT / "src", folder / "source/src", ignore=shutil.ignore_patterns("__pycache__"))
    words = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(folder / "source")]
    built = subprocess.run(words, capture_output=True, text=True)
    if built.returncode and "hatchling" in built.stderr:
        pytest.skip("hatchling cannot be had here")
    assert built.returncode == 0, built.stderr
    shutil.rmtree(folder / "source")
    (wheel,) = folder.glob("cellsize-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    (site,) = (folder / "venv/lib").glob("python*/site-packages")
    words = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(words, check=True)
    # What is installed here, without the .pth files that would bring the checkout.
    (site / "shared.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    entry = site / "bin/cellsize"
    script = folder / "venv/bin/cellsize"
    script.write_text(f"#!{folder}/venv/bin/python\n" + entry.read_text().partition("\n")[2])
    script.chmod(0o755)
    return script


@pytest.mark.slow
def test_a_wheel_alone_goes_from_a_table_to_the_answer(installed: Path, tmp_path: Path) -> None:
    write_table(tmp_path)
    project = Project(tmp_path)
    plain = {"PYTHONPATH": "", "PATH": f"{installed.parent}{os.pathsep}{os.environ['PATH']}"}
    ok(project.command(str(installed), "init", "sales.csv", **plain))
    where = project.command(
        str(installed.parent / "python"), "-c", "import cellsize; print(cellsize.__file__)", **plain
    )
    assert where.stdout.startswith(str(installed.parents[1]))
    text = project.read("params.yaml")
    assert text.count("#") == (ROOT / "params.yaml").read_text().count("#")
    project.edit(**SMALL)
    said = ok(project.command(str(installed), "run", **plain))
    assert re.search(r"(?m)^sales: ", said)
    assert "Nothing changed" in ok(project.command(str(installed), "run", **plain))
