"""The files of a project are written all or none, and what is there stays."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellsize.errors import InputError
from cellsize.project import folder, template

CHANGES: dict[str, template.Value] = {"prepare.table": "sales.csv"}
FILES = [".dvc", ".dvcignore", ".github", ".gitignore", "dvc.yaml", "params.yaml", "requirements.txt"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with a file of somebody's."""
    top = tmp_path / "repository"
    top.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=top, check=True)
    (top / "README").write_text("ours\n")
    return top


def everything(below: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(below.rglob("*")):
        if path.is_file() and ".git/" not in f"{path.relative_to(below)}/":
            yield str(path.relative_to(below)), path.read_bytes()


def test_a_folder_outside_of_git_is_kept_by_dvc_alone(tmp_path: Path) -> None:
    made = tmp_path / "a b" / "project"
    folder.write(made, CHANGES)
    assert sorted(path.name for path in made.iterdir()) == FILES
    assert "no_scm = True" in (made / ".dvc/config").read_text()
    assert (made / "params.yaml").read_text() == template.params(CHANGES)
    assert (made / ".github/workflows/cellsize.yml").is_file()


def test_the_top_of_a_repository_is_kept_with_git(repository: Path) -> None:
    folder.write(repository, CHANGES)
    assert "no_scm" not in (repository / ".dvc/config").read_text()
    assert 'working-directory: "."' in (repository / ".github/workflows/cellsize.yml").read_text()


def test_in_a_folder_of_a_repository_the_workflow_stands_at_the_top_where_github_reads_it(repository: Path) -> None:
    made = repository / "models/my sales"
    folder.write(made, CHANGES)
    assert sorted(path.name for path in made.iterdir()) == [name for name in FILES if name != ".github"]
    text = (repository / ".github/workflows/cellsize-models-my-sales.yml").read_text()
    assert 'working-directory: "models/my sales"' in text
    assert (repository / "README").read_text() == "ours\n"


def test_a_folder_below_one_that_dvc_keeps_needs_no_other(repository: Path) -> None:
    folder.write(repository, CHANGES)
    folder.write(repository / "second", CHANGES)
    assert not (repository / "second/.dvc").exists()


@pytest.mark.parametrize("name", ["params.yaml", "dvc.yaml"])
def test_a_project_is_never_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine\n")
    with pytest.raises(InputError, match=rf"{name}: exists and is left as it is;.*--into"):
        folder.write(tmp_path, CHANGES)
    assert list(everything(tmp_path)) == [(name, b"mine\n")]


def test_lines_are_added_to_what_git_ignores_and_other_files_are_left(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.tmp\n/build/\n")
    (tmp_path / "requirements.txt").write_text("flask\n")
    said = folder.write(tmp_path, CHANGES)
    lines = (tmp_path / ".gitignore").read_text().splitlines()
    assert lines[:2] == ["*.tmp", "/build/"]
    assert lines.count("/build/") == 1
    assert "/mlruns/" in lines
    assert (tmp_path / "requirements.txt").read_text() == "flask\n"
    assert f"{tmp_path / 'requirements.txt'}: exists and is left as it is" in said


@pytest.mark.parametrize("there", [True, False])
def test_what_fails_leaves_nothing(repository: Path, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    made = repository / "project"
    if there:
        made.mkdir()
        (made / ".gitignore").write_text("*.tmp\n")
    before = list(everything(repository))

    def fail(_: object) -> str:
        raise OSError(28, "No space left on device", "params.yaml")

    monkeypatch.setattr(template, "params", fail)
    with pytest.raises(InputError, match="No space left"):
        folder.write(made, CHANGES)
    assert list(everything(repository)) == before
    assert made.exists() == there
    assert not (repository / ".github").exists()


def staged(top: Path) -> str:
    return subprocess.run(["git", "ls-files"], cwd=top, check=True, capture_output=True, text=True).stdout


def test_a_file_in_place_of_a_folder_is_refused_and_git_has_nothing_staged(repository: Path) -> None:
    with pytest.raises(InputError, match="README: a file; name a folder with --into"):
        folder.write(repository / "README/foo", CHANGES)
    (repository / ".github").mkdir()
    (repository / ".github/workflows").write_text("mine\n")
    before = list(everything(repository))
    with pytest.raises(InputError, match="choose another folder with --into"):
        folder.write(repository, CHANGES)
    assert list(everything(repository)) == before
    assert not (repository / ".dvc").exists()
    assert staged(repository) == ""


def test_what_dvc_stages_is_said(repository: Path) -> None:
    said = folder.write(repository, CHANGES)
    assert said[0].endswith("and has staged .dvc/.gitignore, .dvc/config, .dvcignore for the next commit")
    assert staged(repository).split() == [".dvc/.gitignore", ".dvc/config", ".dvcignore"]


def test_the_table_is_named_from_the_folder_whatever_signs_are_in_its_name(tmp_path: Path) -> None:
    assert folder.table_from(tmp_path / "project", tmp_path / "data/my sales ü.csv") == "../data/my sales ü.csv"
    assert folder.table_from(tmp_path, tmp_path / "sales.csv") == "sales.csv"
    assert folder.table_from(tmp_path, tmp_path / "$(touch x).csv") == "$(touch x).csv"
    # DVC would ask a server for it.
    assert folder.table_from(tmp_path, tmp_path / "http:sales.csv") == "./http:sales.csv"
