"""The architecture, held to its word: floors that import downwards only, and a dvc.yaml that tells the truth."""

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cellsize import stage
from cellsize.params import Params, Search
from cellsize.registry import logged
from cellsize.sizing.class_records import ClassMetrics
from cellsize.sizing.evaluation_records import Metrics
from cellsize.sizing.number_records import NumberMetrics

ROOT = Path(__file__).parents[1]
SOURCE, PIPELINE, TESTS = ROOT / "src" / "cellsize", ROOT / "pipeline", ROOT / "tests"

# Each imports only from those before it.
FLOORS = [
    "data", "tasks", "sizing", "models", "inspection", "training", "search", "evaluation", "registry", "report",
    "lifecycle", "stages", "project",
]  # fmt: skip
# Above the floors: the command, and what `python -m cellsize` runs; no module imports them.
TOP = {"cli", "__main__"}
# Beside the floors; they import from no floor.
BESIDE = {
    "errors",
    "files",
    "lineage",
    "params",
    "params_data",
    "params_file",
    "params_task",
    "process",
    "progress",
    "stage",
}

STAGES = [
    "prepare", "window", "split", "inspect", "propose", "baseline", "search", "choose", "refit", "evaluate",
    "register", "report",
]  # fmt: skip
# The last lines of `make run`; what all stages depend on; `make plan`; what `make retrain` decides by; whether a search
# has where to run.
NO_STAGES = {"answer", "champion", "code", "plan", "look", "reach"}


def imported(file: Path) -> set[str]:
    """Names of the modules that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def libraries(file: Path) -> set[str]:
    """The packages of others that a file imports."""
    return {name.split(".")[0] for name in imported(file)} - set(sys.stdlib_module_names) - {"cellsize"}


def modules() -> list[Path]:
    paths = sorted(path for path in SOURCE.rglob("*.py") if path.name != "__init__.py")
    assert len(paths) > 50
    return paths


def floor(path: Path) -> str:
    """The folder of a module; empty for those beside the floors."""
    return "" if path.parent == SOURCE else path.relative_to(SOURCE).parts[0]


def module_name(path: Path) -> str:
    return ".".join(["cellsize", *path.relative_to(SOURCE).with_suffix("").parts])


# --- floors ---------------------------------------------------------------------------------------------------------


def test_the_floors_are_the_folders_and_nothing_else_stands_beside_them_than_what_is_named() -> None:
    assert {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(FLOORS)
    assert {path.stem for path in SOURCE.glob("*.py")} == {"__init__", *BESIDE, *TOP}
    assert (SOURCE / "py.typed").is_file()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_imports_only_from_its_own_floor_and_those_before_it(path: Path) -> None:
    allowed = FLOORS[: FLOORS.index(floor(path)) + 1] if floor(path) else []
    if floor(path) == "" and path.stem in TOP:
        allowed = [*FLOORS, *TOP]
    for other in {name.split(".")[1] for name in imported(path) if name.startswith("cellsize.")}:
        assert other in allowed or other in BESIDE, f"{path.name} imports {other}"


# What there is one of for each task: who asks which of them something is asks for the task.
BY_TASK = {
    "Forecasting", "Classification", "Regression", "Windows", "Sequences", "Schema", "SequenceSchema", "Forecaster",
    "Classifier", "Regressor", "History", "SequenceHistory", "SequenceArrival", "Evaluation", "ClassEvaluation",
    "NumberEvaluation", "Baselines", "ClassBaselines", "Metrics", "ClassMetrics", "NumberMetrics",
}  # fmt: skip
TASKS = {"forecast", "classify", "regress"}
DOORS = {
    # What is made before there is a task.
    "params_task.py", "project/asked.py", "project/recognise.py",
    "tasks/samples.py", "tasks/schemas.py", "tasks/preparing.py", "tasks/windowing.py", "tasks/splitting.py",
    # What stands beside a task: how it is counted, its model without cells, the models and evaluations that are kept.
    "sizing/bound.py", "sizing/any_evaluation.py", "models/zero_cells.py", "models/saved.py",
    # What a floor does in another way for each.
    *(f"{name}/by_task.py" for name in ("models", "inspection", "training", "evaluation", "registry", "report")),
    "lifecycle/by_task.py", "report/answered.py", "registry/champion.py",
    # What a model answers, here and as an exported file.
    "models/answers.py", "models/onnx_file.py", "models/onnx_sequences.py", "models/onnx_sequence_sheet.py",
    "registry/exported.py", "registry/wanted.py",
}  # fmt: skip
# Above `data` and `tasks`: who sees from what is empty whether sequences have classes or numbers, steps or characters;
# and that two classes are one output.
SEES_FROM_CLASSES = {
    "project/examine_sequences.py", "lifecycle/by_task.py", "lifecycle/new_sequences.py", "models/onnx_sequences.py",
    "models/logistic.py", "sizing/bound.py",
}  # fmt: skip
SEES_FROM_CHARACTERS = {
    "params_data.py", "params_task.py", "project/asked.py", "project/examine_texts.py", "project/recognise.py",
    "project/text_columns.py", "models/logistic.py", "models/onnx_sequences.py", "models/onnx_texts.py",
    "models/row_labels.py", "models/summary_trees.py", "registry/example.py", "lifecycle/new_sequences.py",
    "lifecycle/sequence_reference.py", "registry/wanted.py",
}  # fmt: skip


def strings(node: ast.AST) -> set[object]:
    """The constants in an expression."""
    return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}


def asks_for_the_task(tree: ast.AST) -> bool:
    """Whether a module asks which task something is of: by its class, by the task's name, or by a key of a file."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, kind]):
                found = bool({part.id for part in ast.walk(kind) if isinstance(part, ast.Name)} & BY_TASK)
            case ast.MatchClass(cls=ast.Name(id=name)):
                found = name in BY_TASK
            case ast.MatchValue(value=value):
                found = bool(strings(value) & TASKS)
            case ast.Compare(left=left):
                found = bool(strings(node) & TASKS) or strings(left) == {"task"}
            case ast.Dict(keys=keys):
                found = len(set().union(*(strings(key) for key in keys if key)) & TASKS) > 1
            case _:
                found = False
        if found:
            return True
    return False


def conditions(tree: ast.AST) -> list[ast.expr]:
    """What is taken for true or false in a module, or compared with a constant."""
    found = list[ast.expr]()
    for node in ast.walk(tree):
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Assert(test=test):
                found.append(test)
            case ast.BoolOp(values=values):
                found += values
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                found.append(operand)
            case ast.comprehension(ifs=tests):
                found += tests
            case ast.Call(func=ast.Name(id="bool"), args=[value]):
                found.append(value)
            case ast.Compare(left=left, comparators=[ast.Constant()]):
                found.append(left)
    return found


def sees_from(tree: ast.AST, *names: str) -> bool:
    """Whether a module does something else where one of these attributes is empty, or where its length is another."""
    counted = [each.args[0] for each in conditions(tree) if isinstance(each, ast.Call) and len(each.args) == 1]
    return any(isinstance(each, ast.Attribute) and each.attr in names for each in (*conditions(tree), *counted))


def trees() -> dict[str, ast.Module]:
    return {str(path.relative_to(SOURCE)): ast.parse(path.read_text(encoding="utf-8")) for path in modules()}


def test_which_task_it_is_is_asked_at_the_doors_alone() -> None:
    # Else the next task would be a case in dozens of modules: what is computed of samples asks `tasks.task.Task`.
    assert {name for name, tree in trees().items() if asks_for_the_task(tree)} == DOORS
    no_door = {"training", "search", "inspection", "evaluation", "sizing"}
    assert not {name for name in DOORS if name.split("/")[0] in no_door} - {
        "sizing/bound.py", "sizing/any_evaluation.py",
        *(f"{floor}/by_task.py" for floor in ("training", "inspection", "evaluation")),
    }  # fmt: skip


def test_the_page_names_the_doors() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").partition("\n### Doors\n")[2]
    named = set[str]()
    for row in re.findall(r"(?m)^\| (`.*?`.*?) \|", page.partition("\nModules that have")[0]):
        words = re.findall(r"`([\w/.]+)`", row)
        folders = [word for word in words if not word.endswith(".py")]
        folder = ""
        for word in (word for word in words if word.endswith(".py")):
            folder = word.rpartition("/")[0] or folder
            named |= {f"{each}/{word}" for each in folders} or {f"{folder}/{Path(word).name}".lstrip("/")}
    assert named == DOORS


def test_what_a_sequence_has_is_seen_from_what_is_empty_in_the_modules_that_are_named_alone() -> None:
    above = {name: tree for name, tree in trees().items() if not name.startswith(("data/", "tasks/"))}
    asks = {name for name, tree in above.items() if sees_from(tree, "classes")}
    assert asks == SEES_FROM_CLASSES
    assert {name for name, tree in above.items() if sees_from(tree, "characters", "text")} == SEES_FROM_CHARACTERS


def test_the_kinds_that_are_looked_for_are_there() -> None:
    classes = {node.name for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert classes >= BY_TASK


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("isinstance(model, Classifier | Regressor)", True),
        ("isinstance(value, str)", False),
        ("params.task != 'forecast'", True),
        ("found.task in ('classify', 'regress')", True),
        ("'task' in content", True),
        ("'classify' in made.task", True),
        ("{'classify': a, 'regress': b}[task]", True),
        ("{'task': 'classify'}", False),
        ("match samples:\n    case Windows():\n        pass", True),
        ("match task:\n    case 'regress':\n        pass", True),
        ("task.loss(outputs)", False),
    ],
)
def test_a_question_for_the_task_is_found_in_each_of_its_forms(text: str, expected: bool) -> None:
    assert asks_for_the_task(ast.parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a if sequences.classes else b", True),
        ("if not schema.classes:\n    pass", True),
        ("width = len(schema.classes) or 1", True),
        ("', of each' * bool(sequences.classes)", True),
        ("[a for a in b if a.classes]", True),
        ("model.schema.classes is not None and other", True),
        ("few = len(samples.classes) == 2", True),
        ("columns = list(schema.classes)", False),
        ("shape = (len(schema.classes), 1)", False),
        ("enumerate(sequences.classes)", False),
    ],
)
def test_a_look_at_what_is_empty_is_found_in_each_of_its_forms(text: str, expected: bool) -> None:
    assert sees_from(ast.parse(text), "classes") == expected


def test_no_module_depends_on_itself_in_a_circle() -> None:
    for path in modules():
        for name in imported(path):
            assert path not in stage.closure(name), path


def test_packages_hold_no_code() -> None:
    # So that the hash of a stage's code may leave them out.
    packages = [*SOURCE.rglob("__init__.py"), PIPELINE / "__init__.py"]
    assert len(packages) == len(FLOORS) + 2
    for path in packages:
        statements = ast.parse(path.read_text(encoding="utf-8")).body
        assert all(isinstance(node, ast.Expr | ast.Assign) for node in statements), path


def test_every_module_has_its_own_tests_in_the_folder_of_its_name() -> None:
    # What the stages do in a line or two is tested by running them, end to end.
    wanted = {path.relative_to(SOURCE) for path in modules() if floor(path) != "stages" and path.stem != "__main__"}
    missing = [path for path in wanted if not (TESTS / path.parent / f"test_{path.name}").is_file()]
    assert missing == []
    across = {"bad_input", "leaks", "structure"}
    for test in TESTS.glob("*/test_*.py"):
        if test.parent.name in FLOORS:
            assert (SOURCE / test.parent.name / test.name.removeprefix("test_")).is_file(), test
    assert {test.stem.removeprefix("test_") for test in TESTS.glob("test_*.py")} == BESIDE | across | {"cli"}


def test_heavy_libraries_are_imported_where_the_design_says() -> None:
    files = {"ray": {"search/tune.py", "search/cluster.py", "search/nodes.py", "search/distributed.py"},
             "numba": {"models/fused_lstm.py"},
             "rich": {"search/display.py", "registry/listing.py"}, "typer": {"cli.py"}}  # fmt: skip
    for library, places in files.items():
        assert {str(path.relative_to(SOURCE)) for path in modules() if library in libraries(path)} == places
    floors = {
        "mlflow": {"registry"}, "torch": {"models", "training"}, "pytorch_lightning": {"training"},
        "matplotlib": {"report"}, "statsforecast": {"models"}, "jinja2": {"report"},
    }  # fmt: skip
    for library, names in floors.items():
        assert {floor(path) for path in modules() if library in libraries(path)} == names, library


def tasks_of_ray(source: str) -> list[str]:
    """What a module hands to `ray.remote` that is no class of its own."""
    tree = ast.parse(source)
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    found = []
    for node in ast.walk(tree):
        given = list(node.decorator_list) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []
        found += [ast.unparse(each) for each in given if ast.unparse(each).startswith("ray.remote")]
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "ray.remote":
            found += [ast.unparse(each) for each in node.args if ast.unparse(each) not in classes]
        if isinstance(node, ast.ImportFrom) and node.module == "ray":  # else it would have another name
            found += [alias.name for alias in node.names if alias.name == "remote"]
    return found


def test_ray_is_given_actors_and_no_bare_tasks() -> None:
    # After a network was cut Ray gives up an actor, where a task may hang for ever.
    uses = {path: path.read_text(encoding="utf-8") for path in modules() if "ray" in libraries(path)}
    assert any("ray.remote(" in source for source in uses.values())
    assert {path.name: tasks_of_ray(source) for path, source in uses.items() if tasks_of_ray(source)} == {}
    for source in (
        "import ray\n@ray.remote\ndef f(): ...", "import ray\n@ray.remote(num_cpus=0)\ndef f(): ...",
        "import ray\ndef f(): ...\nray.remote(f).remote()", "from ray import remote",
    ):  # fmt: skip
        assert tasks_of_ray(source), source


@pytest.mark.parametrize("name", ["data", "sizing"])
def test_pure_floors_reach_neither_torch_nor_ray_nor_mlflow(name: str) -> None:
    reached = stage.closure(*(module_name(path) for path in modules() if floor(path) == name))
    assert len(reached) > 5
    heavy = {"torch", "pytorch_lightning", "ray", "mlflow", "numba"}
    assert not any(heavy & libraries(path) for path in reached)


def test_training_reaches_neither_ray_nor_mlflow() -> None:
    reached = stage.closure(*(module_name(path) for path in modules() if floor(path) == "training"))
    assert not any({"ray", "mlflow"} & libraries(path) for path in reached)


def test_a_served_model_is_told_of_every_library_it_imports_and_needs_no_compiler() -> None:
    reached = set().union(*(libraries(path) for path in stage.closure("cellsize.registry.served")))
    assert reached == {name.split(".")[0] for name in logged.REQUIREMENTS}
    assert "numba" not in reached


def declared_packages(lines: list[str]) -> set[str]:
    return {re.split(r"[\[>=]", line)[0].lower() for line in lines}


def packages_of(*folders: Path) -> dict[str, set[str]]:
    """For each library that some folders import, the packages that bring it."""
    names = set().union(*(libraries(path) for folder in folders for path in folder.rglob("*.py")))
    bring = packages_distributions()
    ours = {"pipeline", "tests", "benchmarks", "docs"}
    return {name: {package.lower() for package in bring[name]} for name in names - ours - {"neuralforecast"}}


def test_every_imported_package_is_declared_and_none_is_declared_in_vain() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = declared_packages(project["dependencies"])
    development = declared_packages(project["optional-dependencies"]["dev"])
    extra = set().union(
        *(declared_packages(project["optional-dependencies"][name]) for name in ("onnx", "sequences", "server"))
    )
    assert extra <= development  # the tests need what a user may leave out
    shipped, others = packages_of(SOURCE, PIPELINE), packages_of(TESTS, ROOT / "benchmarks")
    assert [name for name, packages in shipped.items() if not packages & (declared | extra)] == []
    assert [name for name, packages in others.items() if not packages & (declared | development)] == []
    commands = {"dvc", "mypy", "pandas-stubs", "pre-commit", "psycopg", "pytest-xdist", "ruff", "zizmor"}
    assert declared | development == commands | (declared | development) & set().union(
        *shipped.values(), *others.values()
    )


# --- dvc.yaml -------------------------------------------------------------------------------------------------------


def stages() -> dict[str, dict[str, list[object]]]:
    content: dict[str, dict[str, dict[str, list[object]]]] = YAML(typ="safe").load(ROOT / "dvc.yaml")
    return content["stages"]


def paths(entries: list[object]) -> list[str]:
    return [str(next(iter(entry))) if isinstance(entry, dict) else str(entry) for entry in entries]


def body(name: str) -> str:
    return (SOURCE / "stages" / f"{name}.py").read_text(encoding="utf-8")


def test_dvc_yaml_has_the_stages_in_the_order_of_the_sentence() -> None:
    assert list(stages()) == ["code", *STAGES]
    assert len((ROOT / "dvc.yaml").read_text(encoding="utf-8").splitlines()) < 200
    for folder in (PIPELINE, SOURCE / "stages"):
        assert {path.stem for path in folder.glob("*.py")} == {"__init__", *STAGES, *NO_STAGES}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_the_hash_of_its_code_and_on_no_list_of_modules(name: str) -> None:
    deps = paths(stages()[name]["deps"])
    assert deps[0] == f"build/code/{name}"
    assert not any(path.endswith(".py") or "src/" in path for path in deps)
    assert len(deps) == len(set(deps))


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_declares_exactly_the_params_that_it_reads(name: str) -> None:
    read = {key.replace("register_", "register") for key in re.findall(r"\bparams\.([a-z_.]+)", body(name))}
    if "search" in read:  # where it runs is no reason to search again
        read |= {f"search.{key}" for key in Search.model_fields if key != "compute"} | {"search.compute.precision"}
        read -= {"search"}
    read = {key for key in read if not key.startswith("search.compute") or key == "search.compute.precision"}
    assert {key.split(".")[0] for key in read} <= {field.alias or key for key, field in Params.model_fields.items()}
    declared = set()
    for entry in stages()[name]["params"]:
        declared |= set(entry["params.yaml"]) if isinstance(entry, dict) else {str(entry)}
    assert all(any(f"{key}.".startswith(f"{section}.") for section in declared) for key in read)
    assert all(any(f"{key}.".startswith(f"{section}.") for key in read) for section in declared)


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_gets_every_path_it_declares(name: str) -> None:
    declared_stage = stages()[name]
    command = shlex.split(str(declared_stage["cmd"]))
    assert command[:3] == ["python", "-m", f"pipeline.{name}"]
    # A shell would read a $ or a " in the path of the table: the stage has it from params.yaml.
    assert "${" not in str(declared_stage["cmd"])
    declared = [path for path in paths(declared_stage["deps"]) if not path.startswith(("build/code/", "${"))]
    for key in ("outs", "metrics", "plots"):
        declared += paths(declared_stage.get(key, []))
    folders = [word for word in command[3:] if word in ("build", "reports")]
    for path in declared:
        assert path in command[3:] or any(path.startswith(f"{folder}/") for folder in folders)
    for word in command[3:]:
        assert word in declared or word in folders


@pytest.mark.parametrize("name", [*STAGES, *sorted(NO_STAGES)])
def test_a_stage_is_thin_imports_no_other_and_its_command_is_three_lines(name: str) -> None:
    assert len(body(name).splitlines()) < 35
    assert not any("stages" in module for module in imported(SOURCE / "stages" / f"{name}.py"))
    command = ast.parse((PIPELINE / f"{name}.py").read_text(encoding="utf-8")).body
    assert len(command) == 3  # the docstring, an import, a call
    assert ast.get_docstring(ast.parse(body(name))) == ast.literal_eval(command[0].value)  # type: ignore[attr-defined]


def test_the_results_in_git_are_those_of_these_stages() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    folders = sorted(name.removesuffix("params.yaml") for name in tracked if name.endswith("params.yaml"))
    assert len(folders) >= 4
    for folder in folders:
        assert {f"{folder}reports/{name}" for name in ("metrics.json", "sizes.csv", "curves.csv")} <= set(tracked)
        task = YAML(typ="safe").load(ROOT / folder / "params.yaml")["task"]
        of_tasks: dict[str, Callable[[Path], object]] = {
            "classify": ClassMetrics.read, "regress": NumberMetrics.read, "forecast": Metrics.read,
        }  # fmt: skip
        of_tasks[task](ROOT / folder / "reports/metrics.json")
        lock = YAML(typ="safe").load(ROOT / folder / "dvc.lock")
        assert set(lock["stages"]) == {"code", *STAGES}
        assert not any("src/" in dep["path"] for stage in lock["stages"].values() for dep in stage.get("deps", []))


def test_the_examples_are_listed_for_dvc_metrics_params_and_plots() -> None:
    content = YAML(typ="safe").load(ROOT / "dvc.yaml")
    # Those in git: a user's own stand beside them.
    listed = subprocess.run(["git", "ls-files", "examples/*/params.yaml"], cwd=ROOT, check=True, capture_output=True)
    examples = sorted(Path(name).parent.name for name in listed.stdout.decode().split())
    assert len(examples) >= 2
    assert sorted(content["params"]) == sorted(f"examples/{name}/params.yaml" for name in examples)
    assert sorted(content["metrics"]) == sorted(f"examples/{name}/reports/metrics.json" for name in examples)
    assert sorted(paths(content["plots"])) == sorted(f"examples/{name}/reports/sizes.csv" for name in examples)


def test_the_workflow_runs_what_ci_runs_here() -> None:
    (job,) = YAML(typ="safe").load(ROOT / ".github/workflows/ci.yml")["jobs"].values()
    asked = [step["run"] for step in job["steps"] if "run" in step]
    here = [line for line in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines() if line.startswith("make ")]
    assert [line for line in asked if "postgresql" not in line] == here
    assert len(asked) == len(here) + 1
