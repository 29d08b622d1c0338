"""Every stage enters by one door, and its code has a hash."""

import errno
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cellsize import stage

# As wide as the ridge-linear model of the default data: two threads sum in another order there.
SCRIPT = """
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from scipy import linalg
from threadpoolctl import threadpool_info

from cellsize import stage


def threads():
    return [pool["num_threads"] for pool in threadpool_info()]


def main(params, out: Path):
    inputs = np.random.default_rng(0).normal(size=(512, 169))
    gram = inputs.T @ inputs
    solved = linalg.cho_solve(linalg.cho_factor(gram + np.eye(169)), inputs.T @ inputs[:, :24])
    torch.ones(64, 64) @ torch.ones(64, 64)
    digest = hashlib.sha256(gram.tobytes() + solved.tobytes()).hexdigest()
    out.write_text(json.dumps([before, threads(), torch.get_num_threads(), digest]))


before = threads()
stage.enter(main)
"""


def test_a_stage_computes_with_one_thread_whatever_it_is_granted(
    tmp_path: Path, write_params: Callable[[dict[str, Any]], Path], params_content: Callable[[], dict[str, Any]]
) -> None:
    write_params(params_content())
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    found = {}
    for granted in ("1", "2"):
        subprocess.run(
            [sys.executable, "script.py", f"{granted}.json"],
            cwd=tmp_path,
            env={"OMP_NUM_THREADS": granted, "OPENBLAS_NUM_THREADS": granted, "MKL_NUM_THREADS": granted, "PATH": ""},
            check=True,
        )
        found[granted] = json.loads((tmp_path / f"{granted}.json").read_text(encoding="utf-8"))
    assert 2 in found["2"][0]
    for _, within, of_torch, digest in found.values():
        assert set(within) == {1}
        assert of_torch == 1
        assert digest == found["1"][-1]


def test_too_few_paths_are_one_line_with_what_is_expected(
    tmp_path: Path, write_params: Callable[[dict[str, Any]], Path], params_content: Callable[[], dict[str, Any]]
) -> None:
    write_params(params_content())
    ran = subprocess.run(
        [sys.executable, "-m", "pipeline.split", "windows.npz"], cwd=tmp_path, capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert ran.stderr == "error: split.py: expects SEARCHED WINDOWS SEARCHED_FOLDS FOLDS; run it through cellsize run\n"


def test_a_missing_input_is_one_line(
    tmp_path: Path, write_params: Callable[[dict[str, Any]], Path], params_content: Callable[[], dict[str, Any]]
) -> None:
    write_params(params_content())
    ran = subprocess.run(
        [sys.executable, "-m", "pipeline.split", "s.npz", "windows.npz", "s.parquet", "folds.parquet"], cwd=tmp_path,
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr == "error: s.npz: no such file; run cellsize run, which makes it\n"


# --- the hash of code -----------------------------------------------------------------------------------------------

TOY = '''"""A module."""

import math


def half(x: float, name: str = "x") -> str:
    """Half of it."""
    # Why.
    value = x / 2  # here too

    return f"{name!r}: {value:.{2}f} {"'"}"
'''
TOY = TOY.replace('{"\'"}', "{math.pi}")


def test_comments_docstrings_and_blank_lines_do_not_count() -> None:
    bare = """import math
def half(x: float, name: str = "x") -> str:
    value = x / 2
    return f"{name!r}: {value:.{2}f} {math.pi}"
"""
    assert stage.tokens(TOY) == stage.tokens(bare)


def test_every_python_gives_the_same_tokens() -> None:
    # From 3.12 on an f-string is taken apart: the workflow runs this on each.
    assert stage.tokens(TOY).split("\n") == [
        "import", "math", "", "def", "half", "(", "x", ":", "float", ",", "name", ":", "str", "=", '"x"', ")", "->",
        "str", ":", "", "INDENT", "value", "=", "x", "/", "2", "", "return",
        'f"{name!r}: {value:.{2}f} {math.pi}"', "", "DEDENT",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x / 2", "x / 3"),
        ('"x"', '"y"'),
        ("import math", "import cmath as math"),
        (":.{2}f", ":.{3}f"),
        ("    return", "return"),
    ],
)
def test_a_change_of_what_runs_counts(old: str, new: str) -> None:
    assert stage.tokens(TOY.replace(old, new)) != stage.tokens(TOY)


def test_a_string_over_several_lines_counts_whole() -> None:
    text = 'value = f"""a\n{x}\nb"""\n'
    assert stage.tokens(text) == 'value\n=\nf"""a\n{x}\nb"""\n'


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of this package, whose code may be changed."""
    copy = tmp_path / "cellsize"
    shutil.copytree(stage.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(stage, "PACKAGE", copy)
    stage._named.cache_clear()
    yield copy
    stage._named.cache_clear()


def changed(package: Path, module: str, edit: Callable[[str], str]) -> set[str]:
    """The stages whose hash changes with a module."""
    before = {name: stage.code_of(name) for name in stage.names()}
    path = package / module
    text = path.read_text(encoding="utf-8")
    path.write_text(edit(text), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    stage._named.cache_clear()
    return {name for name, code in before.items() if stage.code_of(name) != code}


def with_code(text: str) -> str:
    return text + "\n\nANOTHER = 1\n"


def with_a_comment(text: str) -> str:
    return text.replace('"""', '"""Another docstring. ', 1) + "\n# A comment.\n"


@pytest.mark.parametrize("module", ["training/joint.py", "data/table.py", "stage.py", "report/page.py"])
def test_a_changed_comment_or_docstring_changes_no_hash(package: Path, module: str) -> None:
    assert changed(package, module, with_a_comment) == set()


def test_reading_tables_is_no_part_of_what_trains(package: Path) -> None:
    stages = changed(package, "data/table.py", with_code)
    assert "prepare" in stages
    assert not stages & {"window", "split", "propose", "baseline", "search", "choose", "refit", "evaluate"}
    stages = changed(package, "data/series.py", with_code)
    assert "prepare" in stages
    assert not stages & {"window", "split", "propose", "baseline", "search", "choose", "refit", "evaluate"}


def test_training_is_part_of_what_trains_or_names_a_training_alone(package: Path) -> None:
    # evaluate trains the champion's recipe, and register names the search by its code. look and champion, which read
    # the champion, and reach, which asks for what a search needs, are no stages of dvc.yaml.
    stages = changed(package, "training/joint.py", with_code) - {"look", "champion", "reach"}
    assert stages == {"search", "refit", "evaluate", "register"}


def test_what_is_only_named_counts_too(package: Path) -> None:
    assert changed(package, "report/page.html.jinja", lambda text: text + "<p>") == {"report", "answer"}
    assert "register" in changed(package, "registry/served.py", with_code)


def test_what_a_process_is_set_to_is_part_of_every_stage(package: Path) -> None:
    assert changed(package, "process.py", with_code) == set(stage.names())


@pytest.mark.parametrize("module", ["params.py", "errors.py", "stage.py"])
def test_a_new_key_for_one_stage_or_another_word_for_a_fault_runs_nothing(package: Path, module: str) -> None:
    before = stage.code_hash("cellsize.training.train")
    assert changed(package, module, with_code) == set()
    assert stage.code_hash("cellsize.training.train") == before


def test_a_project_elsewhere_has_the_same_hashes(tmp_path: Path) -> None:
    script = "from cellsize import stage; print([stage.code_of(name) for name in stage.names()])"
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == str([stage.code_of(name) for name in stage.names()])


# --- from the package -----------------------------------------------------------------------------------------------


def test_a_stage_is_entered_from_the_package_by_its_name(
    write_params: Callable[[dict[str, Any]], Path], params_content: Callable[[], dict[str, Any]]
) -> None:
    folder = write_params(params_content()).parent
    words = [sys.executable, "-m", "cellsize.stage"]
    ran = subprocess.run([*words, "code", "build/code"], cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert {path.name for path in (folder / "build/code").iterdir()} == set(stage.names())
    for wrong in ([], ["cook"]):
        ran = subprocess.run([*words, *wrong], cwd=folder, capture_output=True, text=True)
        assert ran.returncode == 1
        assert ran.stderr.startswith("error: python -m cellsize.stage: expects one of answer, baseline, ")
        assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device", "build/x.csv"), RuntimeError("database or disk is full")]
)
def test_a_full_disk_is_one_line(
    tmp_path: Path,
    write_params: Callable[[dict[str, Any]], Path],
    params_content: Callable[[], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    def main(params: object) -> None:
        raise error

    write_params(params_content())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["stage"])
    with pytest.raises(SystemExit) as ended:
        stage.enter(main)
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path}")
    assert line.endswith("the disk is full; make space there, then run again: what is finished is kept")
