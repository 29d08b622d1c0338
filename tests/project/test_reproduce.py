"""A folder that rebuilds a version."""

import platform
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cellsize import params_file
from cellsize.errors import InputError
from cellsize.project import template
from cellsize.project.reproduce import commands, reproduce
from cellsize.registry.provenance import Kept, environment_text, md5
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation, Metrics
from tests.report.conftest import choice, evaluation

TABLE = b"when,y\n2026-01-01,1\n"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Kept]:
    """What the registry has of a version whose table is in this folder, as `table.csv`."""
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_bytes(TABLE)

    def make(path: str = "table.csv", **changes: Any) -> Kept:
        params = template.params({"mlflow.uri": "http://server:5000", "prepare.table": path, "search.patience": 3})
        stages = template.shipped("dvc.yaml")
        table = {"path": path, "md5": md5(Path("table.csv")), "bytes": len(TABLE)}
        plain = Kept(params, stages, environment_text(), choice(), evaluation(), table, "0123abc", None)
        return replace(plain, **changes)

    return make


def test_the_folder_holds_what_rebuilds_the_version_and_what_must_come_out(kept: Callable[..., Kept]) -> None:
    said = reproduce(kept(), Path("again"))
    folder = Path("again")
    params = params_file.load(folder / "params.yaml")
    assert params.search.patience == 3
    assert params.mlflow.uri == "sqlite:///mlflow.db"  # never the registry that serves
    assert (folder / params.prepare.table).read_bytes() == TABLE
    stages = YAML(typ="safe").load((folder / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert stages["refit"]["cmd"].startswith("python -m cellsize.stage refit ")
    assert (folder / "requirements.txt").read_text(encoding="utf-8") == environment_text()
    assert Choice.read(folder / "expected/choice.json") == choice()
    assert Evaluation.read(folder / "expected/evaluation.json") == evaluation()
    assert Metrics.read(folder / "expected/metrics.json").holdout_nmse == evaluation().model.nmse
    assert (folder / ".dvc/config").is_file()
    assert said == [
        "# its project was at commit 0123abc",
        f"# made with Python {platform.python_version()}; here all packages of requirements.txt are the same",
        "cd again", "env -u MLFLOW_TRACKING_URI cellsize run", "diff expected/choice.json reports/choice.json",
        "diff expected/metrics.json reports/metrics.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "inside"),
    [("table.csv", "table.csv"), ("deep/er/table.csv", "deep/er/table.csv"), ("../table.csv", "data/table.csv")],
)
def test_the_table_lies_where_it_was_if_that_is_inside_of_the_project(
    kept: Callable[..., Kept], path: str, inside: str
) -> None:
    reproduce(kept(path), Path("again"), Path("table.csv"))
    assert params_file.load(Path("again/params.yaml")).prepare.table == inside
    assert (Path("again") / inside).read_bytes() == TABLE


def test_a_table_is_found_in_the_cache_of_dvc_above(kept: Callable[..., Kept], monkeypatch: pytest.MonkeyPatch) -> None:
    version = kept()
    digest = str(version.table["md5"])
    cached = Path(".dvc/cache/files/md5") / digest[:2] / digest[2:]
    cached.parent.mkdir(parents=True)
    Path("table.csv").rename(cached)
    Path("inside").mkdir()
    monkeypatch.chdir("inside")
    assert not any(line.startswith("# needs") for line in reproduce(version, Path("again")))
    assert Path("again/table.csv").read_bytes() == TABLE


def test_a_table_that_is_not_found_is_named_with_its_hash(kept: Callable[..., Kept]) -> None:
    version = kept()
    Path("table.csv").write_bytes(TABLE.replace(b"1\n", b"2\n"))  # changed since
    said = reproduce(version, Path("again"))
    assert said[2] == (
        f"# needs again/table.csv: the table with MD5 {version.table['md5']}, 20 bytes; dvc pull in its project brings "
        "what DVC keeps, and --table names a copy"
    )
    assert not Path("again/table.csv").exists()


def test_another_table_and_a_folder_that_holds_something_are_refused(kept: Callable[..., Kept]) -> None:
    version = kept()
    Path("other.csv").write_bytes(b"when,y\n")
    with pytest.raises(InputError, match=r"^other.csv: not the table of this version, whose MD5 is [0-9a-f]{32}; name"):
        reproduce(version, Path("again"), Path("other.csv"))
    assert not Path("again").exists()
    Path("again").mkdir()
    Path("again/mine.txt").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=r"^again: exists and is left as it is; choose another folder with --into$"):
        reproduce(version, Path("again"))


def test_a_folder_with_a_space_is_one_word_of_the_command() -> None:
    assert commands(Path("my folder"))[0] == "cd 'my folder'"
