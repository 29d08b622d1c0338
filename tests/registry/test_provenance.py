"""What a version says of where it comes from."""

import hashlib
import platform
import re
import subprocess
from pathlib import Path

import pytest

from cellsize.errors import InputError
from cellsize.params import Mlflow
from cellsize.registry.provenance import Source, environment, md5, read, tags, write
from cellsize.registry.runs import FINGERPRINT, SIZE
from cellsize.registry.store import connect
from tests.registry.test_versions import CHOICE, HISTORY, evaluation


@pytest.fixture
def source(settings: Mlflow, tmp_path: Path) -> Source:
    """A project with a table and its files."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "table.csv").write_bytes(b"when,y\n2026-01-01,1\n")
    (folder / "params.yaml").write_text("mlflow:\n  uri: postgresql+psycopg2://me:secret@host/db\n", encoding="utf-8")
    (folder / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    return Source(folder, "table.csv", "0123456789abcdef", "cut", HISTORY)


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_a_table_is_named_as_dvc_names_it(source: Source) -> None:
    path = source.folder / "table.csv"
    assert md5(path) == hashlib.md5(path.read_bytes()).hexdigest()


def test_a_project_in_git_has_a_commit_and_whether_something_was_changed_since(
    source: Source, settings: Mlflow
) -> None:
    client, experiment = connect(settings)
    outside = tags(client, experiment, source, CHOICE, evaluation(0.4))
    assert not {"cellsize.git_commit", "cellsize.git_changed"} & set(outside)
    git(source.folder, "init", "-q")
    (source.folder / "dvc.lock").write_text("schema: '2.0'\n", encoding="utf-8")
    git(source.folder, "add", ".")
    git(source.folder, "commit", "-qm", "first")
    (source.folder / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n", encoding="utf-8")  # by this very run
    (source.folder / "new.txt").write_text("", encoding="utf-8")
    clean = tags(client, experiment, source, CHOICE, evaluation(0.4))
    assert re.fullmatch("[0-9a-f]{40}", clean["cellsize.git_commit"])
    assert clean["cellsize.git_changed"] == "no"
    (source.folder / "dvc.yaml").write_text("stages: {a: b}\n", encoding="utf-8")
    assert tags(client, experiment, source, CHOICE, evaluation(0.4))["cellsize.git_changed"] == "yes"


def test_what_a_retraining_writes_is_no_change_and_all_else_is(source: Source, settings: Mlflow) -> None:
    client, experiment = connect(settings)

    def changed() -> str:
        return tags(client, experiment, source, CHOICE, evaluation(0.4))["cellsize.git_changed"]

    # In a repository of several projects, with a folder whose name is much like that of the results.
    git(source.folder.parent, "init", "-q")
    text = "split: {folds: 3, searched_until: null}\n"
    (source.folder / "params.yaml").write_text(text, encoding="utf-8")
    for folder in ("reports", "my_reports"):
        (source.folder / folder).mkdir()
        (source.folder / folder / "metrics.json").write_text("{}", encoding="utf-8")
    git(source.folder, "add", ".")
    git(source.folder, "commit", "-qm", "first")
    assert changed() == "no"
    (source.folder / "reports/metrics.json").write_text("{1: 1}", encoding="utf-8")
    (source.folder / "params.yaml").write_text(text.replace("null", "'2026-05-31'"), encoding="utf-8")
    assert changed() == "no"
    (source.folder / "my_reports/metrics.json").write_text("{1: 1}", encoding="utf-8")
    assert changed() == "yes"
    git(source.folder, "checkout", "my_reports")
    (source.folder / "params.yaml").write_text(text.replace("3", "4"), encoding="utf-8")
    assert changed() == "yes"


def test_the_search_is_found_by_its_fingerprint(source: Source, settings: Mlflow) -> None:
    client, experiment = connect(settings)
    assert "cellsize.search_run" not in tags(client, experiment, source, CHOICE, evaluation(0.4))
    parent = client.create_run(experiment, tags={FINGERPRINT: source.search, SIZE: "all"})
    client.create_run(experiment, tags={FINGERPRINT: "another", SIZE: "all"})
    assert tags(client, experiment, source, CHOICE, evaluation(0.4))["cellsize.search_run"] == parent.info.run_id


def test_the_files_of_the_project_are_kept_without_a_password(source: Source, tmp_path: Path) -> None:
    write(source, tmp_path / "kept")
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {
        "params.yaml", "dvc.yaml", "requirements.txt", "rows.json",
    }  # fmt: skip
    first, *packages = (tmp_path / "kept/requirements.txt").read_text(encoding="utf-8").splitlines()
    assert first == f"# Python {platform.python_version()}"
    assert packages == environment()
    text = (tmp_path / "kept/params.yaml").read_text(encoding="utf-8")
    assert text == "mlflow:\n  uri: postgresql+psycopg2://me:***@host/db\n"


def test_the_environment_names_what_is_needed_and_no_index() -> None:
    lines = environment()
    assert lines == sorted(lines)
    names = [line.partition("==")[0] for line in lines]
    assert {"torch", "mlflow", "ray", "numpy", "dvc", "pytorch-lightning", "sqlalchemy"} <= set(names)
    assert all(re.fullmatch(r"[a-z0-9-]+==\S+", line) for line in lines)
    assert not {"pytest", "ruff", "mypy"} & set(names)  # of those who change the program
    assert "://" not in "".join(lines)


def test_a_version_that_is_not_there_or_says_nothing_is_refused(settings: Mlflow) -> None:
    client, experiment = connect(settings)
    client.create_registered_model("toy")
    run = client.create_run(experiment)
    client.create_model_version("toy", f"{run.info.artifact_uri}/model", run.info.run_id)
    for version, words in (
        ("9", "toy: no version 9; see cellsize models toy"),
        ("x", "toy: no version x; see cellsize models toy"),
        ("1", "toy: version 1 was registered before cellsize kept what rebuilds a version"),
    ):
        with pytest.raises(InputError) as refused:
            read(client, "toy", version)
        assert str(refused.value) == words
