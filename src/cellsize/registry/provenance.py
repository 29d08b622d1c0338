"""Where a version comes from: commit, data, parameters, search, environment, holdout."""

import hashlib
import importlib.metadata
import json
import platform
import re
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cellsize import files
from cellsize.errors import InputError
from cellsize.registry import by_task
from cellsize.registry.by_task import AnyHistory
from cellsize.registry.runs import FINGERPRINT, SIZE
from cellsize.registry.store import PASSWORD, require_model
from cellsize.sizing import any_evaluation
from cellsize.sizing.any_evaluation import AnyEvaluation
from cellsize.sizing.choice_records import Choice

PROJECT = ("params.yaml", "dvc.yaml", "dvc.lock")
ENVIRONMENT, ROWS = "requirements.txt", "rows.json"
PYTHON = "# Python "  # begins the first line of the environment; pip reads over it
TABLE, COMMIT, CHANGED, SEARCH = "cellsize.table", "cellsize.git_commit", "cellsize.git_changed", "cellsize.search_run"
HOLDOUT, ERRORS, REASON = "cellsize.holdout", "cellsize.errors", "cellsize.choice"
GATE = "cellsize.gate"
Tags = dict[str, str]


@dataclass(frozen=True)
class Source:
    """What a project was when a version was made of it.

    Attributes:
        folder: The project.
        table: The raw table, as `params.yaml` names it.
        search: Fingerprint of its search, by which its runs are found.
        cut: Names what the twins have learned from; see `training.refit.cut_of`.
        history: The rows of its table.
        reference: Writes what new rows are compared with later into a folder; see `lifecycle.reference`. None: nothing.
    """

    folder: Path
    table: str
    search: str
    cut: str
    history: AnyHistory
    reference: Callable[[Path], None] | None = None


def tags(client: MlflowClient, experiment: str, source: Source, choice: Choice, evaluation: AnyEvaluation) -> Tags:
    """What a version says of itself.

    Args:
        client: Of the store, which has the runs of the search too.
        experiment: Its id.
        source: The project.
        choice: The size, and why.
        evaluation: Errors on the holdout.
    """
    table = source.folder / source.table
    content = {"path": source.table, "md5": md5(table), "bytes": table.stat().st_size}
    return {
        **_git(source.folder),
        **_search(client, experiment, source.search),
        TABLE: json.dumps(content),
        HOLDOUT: json.dumps(by_task.said_of_holdout(evaluation)),
        ERRORS: json.dumps(by_task.said_of_errors(evaluation)),
        REASON: choice.reason[:4000],
    }  # fmt: skip


def md5(path: Path) -> str:
    """The MD5 of a file, by which DVC names it."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write(source: Source, folder: Path) -> None:
    """Writes what rebuilds a version: the project's files as they are, the environment, and digests of its rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PROJECT:
        if (source.folder / name).is_file():
            text = (source.folder / name).read_text(encoding="utf-8")
            files.write_text(folder / name, PASSWORD.sub(r"\1***@", text))  # of mlflow.uri
    files.write_text(folder / ENVIRONMENT, environment_text())
    files.write_text(folder / ROWS, source.history.text())


@dataclass(frozen=True)
class Kept:
    """What the registry keeps to rebuild a version.

    Attributes:
        params: Text of `params.yaml`.
        stages: Text of `dvc.yaml`.
        environment: Python as a comment, then packages, one a line.
        choice: The choice that it came to.
        evaluation: Errors of its twins.
        table: Path, MD5 and bytes of the raw table.
        commit: Of git, if it was made in a repository; with a word if files had changed since.
        history: The rows of its table; None of a version that was registered before these were kept.
        gate: What the gate said; None if the registration was ended before it was asked.
    """

    params: str
    stages: str
    environment: str
    choice: Choice
    evaluation: AnyEvaluation
    table: dict[str, Any]
    commit: str
    history: AnyHistory | None
    gate: str | None = None


def read(client: MlflowClient, name: str, version: str) -> Kept:
    """Reads what a version was made of.

    Raises:
        InputError: There is no such version, or it was registered before this was kept.
    """
    require_model(client, name)
    found = client.search_model_versions(f"name = '{name}' and version_number = {version}") if version.isdigit() else []
    if not found:
        raise InputError(f"{name}: no version {version}; see cellsize models {name}")
    known, run = dict(found[0].tags), str(found[0].run_id)
    if TABLE not in known:
        raise InputError(f"{name}: version {version} was registered before cellsize kept what rebuilds a version")
    with tempfile.TemporaryDirectory() as kept:
        project = Path(client.download_artifacts(run, "project", kept))
        params, stages, packages = (
            (project / file).read_text(encoding="utf-8") for file in ("params.yaml", "dvc.yaml", ENVIRONMENT)
        )
        rows = project / ROWS
        history = by_task.read_history(rows.read_text(encoding="utf-8")) if rows.is_file() else None
        choice = Choice.read(Path(client.download_artifacts(run, "choice.json", kept)))
        evaluation = any_evaluation.read(Path(client.download_artifacts(run, "evaluation.json", kept)))
    changed = ", with changes that were not committed" if known.get(CHANGED) == "yes" else ""
    commit = known[COMMIT] + changed if COMMIT in known else ""
    return Kept(
        params, stages, packages, choice, evaluation, json.loads(known[TABLE]), commit, history, known.get(GATE)
    )


def environment_text() -> str:
    """Python's version as a comment, then every package, as `requirements.txt` has them."""
    return "\n".join([PYTHON + platform.python_version(), *environment()]) + "\n"


def environment() -> list[str]:
    """Every package that cellsize needs, with those that they need, as `name==version`; no index is named."""
    wanted, found = ["cellsize"], {}
    while wanted:
        name = wanted.pop()
        try:
            there = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:  # of another platform, or run from its source alone
            continue
        key = re.sub(r"[-_.]+", "-", there.name).lower()
        if key not in found:
            found[key] = f"{key}=={there.version}"
            for line in there.requires or ():
                requirement, _, marker = line.partition(";")
                needed = re.match(r"[\w.-]+", requirement.strip())
                if needed and "extra" not in marker:
                    wanted.append(needed[0])
    return sorted(found.values())


def _git(folder: Path) -> Tags:
    """The commit, and whether something in the project has changed since; nothing outside of git."""
    commit = _output(folder, "git", "rev-parse", "HEAD")
    if not commit:
        return {}
    changed = _output(folder, "git", "diff", "--name-only", "--relative", "HEAD", "--", ".").splitlines()
    # What this very run writes is tracked too: the results, and DVC's record of them.
    others = {name for name in changed if not re.match(r"(reports/|dvc\.lock$)", name)}
    if "params.yaml" in others and _is_refit(folder):
        others.remove("params.yaml")
    return {COMMIT: commit, CHANGED: "yes" if others else "no"}


def _is_refit(folder: Path) -> bool:
    """Whether `params.yaml` differs from its commit in what a retraining writes alone: until when is searched."""
    texts = (_output(folder, "git", "show", "HEAD:./params.yaml"), (folder / "params.yaml").read_text(encoding="utf-8"))
    try:
        before, now = (YAML(typ="safe", pure=True).load(text) for text in texts)
        for content in (before, now):
            content["split"].pop("searched_until", None)
    except (YAMLError, KeyError, TypeError, AttributeError):  # of a commit before it was a file of ours
        return False
    return bool(before == now)


def _output(folder: Path, *words: str) -> str:
    """What a command says; nothing if it fails or is not there."""
    try:
        ran = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""


def _search(client: MlflowClient, experiment: str, fingerprint: str) -> Tags:
    """The parent run of the search, whose children are the sizes; nothing where another store or machine has it."""
    query = f"tags.`{FINGERPRINT}` = '{fingerprint}' and tags.`{SIZE}` = 'all'"
    runs = client.search_runs([experiment], query, max_results=1)
    return {SEARCH: str(runs[0].info.run_id)} if runs else {}
