"""The architecture, held to its word: one direction of dependency, and a dvc.yaml that tells the truth."""

import ast
import re
import shlex
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cellsize.params import Params
from cellsize.registry import versions
from cellsize.search import driver

ROOT = Path(__file__).parents[1]
SOURCE, PIPELINE = ROOT / "src" / "cellsize", ROOT / "pipeline"
STAGES = [
    "prepare", "window", "split", "propose", "baseline", "search", "choose", "refit", "evaluate", "register", "report",
]  # fmt: skip
NOT_STAGES = {"answer", "__init__"}


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def first_party(file: Path) -> set[Path]:
    found = {ROOT / "src" / Path(*name.split(".")).with_suffix(".py") for name in imported(file)}
    return {path for path in found if path.is_file()}


def closure(file: Path) -> set[Path]:
    seen: set[Path] = set()
    pending = [file]
    while pending:
        new = first_party(pending.pop()) - seen
        seen |= new
        pending += new
    return seen


def stages() -> dict[str, dict[str, list[object]]]:
    content: dict[str, dict[str, dict[str, list[object]]]] = YAML(typ="safe").load(ROOT / "dvc.yaml")
    return content["stages"]


def paths(entries: list[object]) -> list[str]:
    return [str(next(iter(entry))) if isinstance(entry, dict) else str(entry) for entry in entries]


def modules() -> list[Path]:
    found = sorted(SOURCE.rglob("*.py"))
    assert len(found) > 25
    return found


def test_dvc_yaml_has_the_stages_in_the_order_of_the_sentence() -> None:
    assert list(stages()) == STAGES
    assert {path.stem for path in PIPELINE.glob("*.py")} - NOT_STAGES == set(STAGES)


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_exactly_the_modules_it_imports(name: str) -> None:
    deps = [path.removeprefix("${root}/") for path in paths(stages()[name]["deps"]) if path.startswith("${root}/")]
    code = {str(path.relative_to(ROOT)) for path in closure(PIPELINE / f"{name}.py")} | {f"pipeline/{name}.py"}
    if name == "register":  # MLflow is given this file by its path
        code.add("src/cellsize/registry/served.py")
    assert {path for path in deps if path.endswith(".py")} == code
    assert len(deps) == len(set(deps))


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_declares_exactly_the_params_sections_it_reads(name: str) -> None:
    source = (PIPELINE / f"{name}.py").read_text(encoding="utf-8")
    read = {found.rstrip("_") for found in re.findall(r"\bparams\.([a-z_]+)", source)}
    assert read <= {field.alias or key for key, field in Params.model_fields.items()}
    # prepare.table is read by dvc.yaml itself, as a path of its command.
    assert set(paths(stages()[name]["params"])) == read


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_gets_every_path_it_declares(name: str) -> None:
    stage = stages()[name]
    command = shlex.split(str(stage["cmd"]))
    assert command[:3] == ["python", "-m", f"pipeline.{name}"]
    declared = [path for path in paths(stage["deps"]) if not path.startswith("${root}")]
    for key in ("outs", "metrics", "plots"):
        declared += paths(stage.get(key, []))
    folders = [word for word in command[3:] if word in ("build", "reports")]
    for path in declared:
        assert path in command[3:] or any(path.startswith(f"{folder}/") for folder in folders)
    for word in command[3:]:
        assert word in declared or word in folders


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_script_is_thin_and_imports_no_other(name: str) -> None:
    source = (PIPELINE / f"{name}.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) < 30
    assert not any(found.startswith("pipeline") for found in imported(PIPELINE / f"{name}.py"))


def test_ray_mlflow_torch_and_lightning_are_imported_where_the_design_says() -> None:
    allowed = {
        "ray": {"search.py"},
        "mlflow": {"registry/runs.py", "registry/served.py", "registry/store.py", "registry/versions.py"},
        "pytorch_lightning": {"joint.py", "training.py"},
        "numba": {"recurrence.py"},
        "torch": {
            "feed.py", "forecaster.py", "forecasting.py", "joint.py", "members.py", "network.py", "recurrence.py",
            "rows.py", "training.py",
        },
        "matplotlib": {"report/charts.py", "report/drawing.py"},
    }  # fmt: skip
    for library, places in allowed.items():
        found = {
            str(path.relative_to(SOURCE))
            for path in modules()
            if any(name.split(".")[0] == library for name in imported(path))
        }
        assert found == places, library


def test_training_and_pure_modules_reach_neither_ray_nor_mlflow() -> None:
    reached = closure(SOURCE / "training.py") | {SOURCE / "training.py"}
    assert not any(name.split(".")[0] in ("ray", "mlflow") for path in reached for name in imported(path))
    heavy = ("torch", "pytorch_lightning")
    for pure in ("scores", "choice", "procedures", "bound", "windows", "folds", "sizes", "linear", "decision"):
        reached = closure(SOURCE / f"{pure}.py") | {SOURCE / f"{pure}.py"}
        assert not any(name.split(".")[0] in heavy for path in reached for name in imported(path))


def test_no_module_depends_on_itself_in_a_circle() -> None:
    for path in modules():
        assert path not in closure(path), path


def test_the_search_fingerprint_covers_every_module_that_trains() -> None:
    reached = closure(SOURCE / "training.py") | {SOURCE / "training.py"}
    assert {path.stem for path in reached} == set(driver.TRAINED_BY)


def test_every_file_fits_in_a_head() -> None:
    for path in modules():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 330, path


def test_a_served_model_is_told_of_every_library_it_imports() -> None:
    served = SOURCE / "registry" / "served.py"
    names = set().union(*(imported(path) for path in closure(served) | {served}))
    libraries = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"cellsize"}
    assert libraries == {name.split(".")[0] for name in versions.REQUIREMENTS}
