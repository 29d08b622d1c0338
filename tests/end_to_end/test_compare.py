"""DVC compares results between commits, of the root and of every example, without a warning."""

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import ROOT, Project
from tests.end_to_end.test_pipeline import quietly

pytestmark = pytest.mark.end_to_end
EXAMPLES = ("new-york-weather", "beijing-air", "santa-fe-laser", "japanese-vowels", "first-names", "late-flights")
PLACES = ["", *(f"examples/{name}/" for name in EXAMPLES)]
NUMBERS = {"units": 32, "score": 0.3}


def commit(project: Project, message: str) -> None:
    """Commits everything."""
    project.command("git", "add", "-A")
    words = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", message]
    assert project.command(*words).returncode == 0


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A fresh clone of two commits: other results, and another setting."""
    first = Project(tmp_path_factory.mktemp("commits") / "project")
    first.folder.mkdir()
    names = ["dvc.yaml", ".gitignore", ".dvcignore", *(f"{place}params.yaml" for place in PLACES)]
    for name in names:
        (first.folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, first.folder / name)
    assert first.command("git", "init", "-q", "-b", "main").returncode == 0
    assert first.command("dvc", "init", "-q").returncode == 0
    for folds, score in ((5, 0.3), (4, 0.2)):
        for place in PLACES:
            reports = first.folder / place / "reports"
            reports.mkdir(parents=True, exist_ok=True)
            (reports / "metrics.json").write_text(json.dumps(NUMBERS | {"score": score}), encoding="utf-8")
            (reports / "sizes.csv").write_text(f"layers,units,score\n1,2,0.5\n1,4,{score}\n", encoding="utf-8")
            (reports / "curves.csv").write_text("fold,seed,step,early_stopping_score\n1,0,1,0.5\n", encoding="utf-8")
            path = first.folder / place / "params.yaml"
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("\n  folds: 5 ", f"\n  folds: {folds} "), encoding="utf-8")
        commit(first, f"score {score}")
    clone = Project(first.folder.with_name("clone"))
    subprocess.run(["git", "clone", "-q", str(first.folder), str(clone.folder)], check=True)
    return clone


def test_metrics_are_shown_in_a_fresh_clone_without_a_run(clone: Project) -> None:
    shown = json.loads(quietly(clone, "dvc", "metrics", "show", "--json"))
    files = {str(Path(name)): entry["data"] for name, entry in shown[""]["data"].items()}
    assert files == {f"{place}reports/metrics.json": NUMBERS | {"score": 0.2} for place in PLACES}


def test_metrics_of_two_commits_are_compared(clone: Project) -> None:
    changed = json.loads(quietly(clone, "dvc", "metrics", "diff", "HEAD~1", "HEAD", "--json"))
    values = {name: entry["score"] for name, entry in changed.items()}
    assert set(values) == {f"{place}reports/metrics.json" for place in PLACES}
    assert all((entry["old"], entry["new"]) == (0.3, 0.2) for entry in values.values())


def test_params_of_two_commits_are_compared(clone: Project) -> None:
    changed = json.loads(quietly(clone, "dvc", "params", "diff", "HEAD~1", "HEAD", "--json"))
    assert {name: entry["split.folds"] for name, entry in changed.items()} == {
        f"{place}params.yaml": {"old": 5, "new": 4, "diff": -1} for place in PLACES
    }


def test_experiments_are_shown(clone: Project) -> None:
    shown = quietly(clone, "dvc", "exp", "show", "--csv", "-A")
    _, *rows = csv.DictReader(io.StringIO(shown))  # the workspace comes first
    for place in PLACES:
        assert [row[f"{place}reports/metrics.json:score"] for row in rows] == ["0.2", "0.3"]
        assert [row[f"{place}params.yaml:split.folds"] for row in rows] == ["4", "5"]


def test_plots_of_two_commits_are_drawn(clone: Project) -> None:
    for words in (["plots", "show"], ["plots", "diff", "HEAD~1", "HEAD"]):
        quietly(clone, "dvc", *words, "-o", "drawn")
        page = (clone.folder / "drawn/index.html").read_text(encoding="utf-8")
        assert "New York weather" in page
        assert "Learning curves of the choice" in page
        shutil.rmtree(clone.folder / "drawn")
