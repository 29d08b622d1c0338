"""Labelled sequences from a long table to a report, as a user runs it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.end_to_end.conftest import Project, make_project

pytestmark = pytest.mark.slow  # half a minute of training


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Waves of three frequencies, 5 to 15 steps; where a wave begins says nothing, so its mean does not either."""
    project = make_project(tmp_path_factory.mktemp("labelled") / "project")
    draw, rows = np.random.default_rng(0), []
    for number in range(120):
        code, steps = number % 3, int(draw.integers(5, 16))
        wave = np.sin(np.arange(steps) * (0.5 + 0.6 * code) + draw.uniform(0, 6)) + draw.normal(0, 0.1, steps)
        part = "test" if number >= 90 else "train"
        rows += [(f"s{number}", step, value, "abc"[code], part) for step, value in enumerate(wave)]
    table = pd.DataFrame(rows, columns=["name", "step", "x", "kind", "part"])
    table.sample(frac=1, random_state=0).to_csv(project.folder / "table.csv", index=False)
    plain, path = YAML(typ="safe"), project.folder / "params.yaml"
    plain.dump(plain.load(path), path)  # without comments: one behind a list that becomes empty would break the file
    project.edit(
        task="classify", prepare__time="step", prepare__series="name", prepare__targets=["kind"],
        prepare__past_covariates=["x"], prepare__frequency="step", prepare__calendar=[], window__lookback=20,
        window__horizon=1, window__normalise="none", split__scheme="stratified",
        split__holdout_part={"column": "part", "value": "test"}, split__early_stopping__fraction=0.25,
        propose__layers=1, propose__network__bidirectional=True, propose__network__summary="mean",
        baseline__classical="none", baseline__penalties=[1.0, 10.0], choose__metric="log_loss",
        register__beat=["majority_class", "logistic_regression"],
        search__training__batch_size=16, refit__twins=2,
    )  # fmt: skip
    ran = project.repro()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return project


def test_the_holdout_is_what_the_table_declares_and_everything_is_scored_on_it(labelled: Project) -> None:
    evaluation = json.loads(labelled.read("reports/evaluation.json"))
    assert (evaluation["task"], evaluation["sequences"], evaluation["classes"]) == ("classify", 30, ["a", "b", "c"])
    for errors in (evaluation["model"], *evaluation["twins"], *evaluation["baselines"].values()):
        assert set(errors) == {"accuracy", "macro_f1", "log_loss", "score"}
    assert evaluation["baselines"]["majority_class"]["score"] == pytest.approx(1, abs=0.05)
    table = pd.read_parquet(labelled.folder / "build/forecasts.parquet")
    assert set(table["sequence"]) == {f"s{number}" for number in range(90, 120)}


def test_every_size_has_a_score_on_every_fold_and_a_sequence_is_a_sample(labelled: Project) -> None:
    trials = pd.read_csv(labelled.folder / "build/trials.csv")
    scored = trials[trials["status"] == "ok"]
    assert {tuple(sorted(group["fold"])) for _, group in scored.groupby(["layers", "units"])} == {(1, 2, 3)}
    candidates = json.loads(labelled.read("build/candidates.json"))
    assert len(set(candidates["samples"].values())) == 1
    assert (candidates["n_outputs"], candidates["inputs"]["step"]) == (3, 1)


def test_the_results_are_those_of_a_classification_and_the_model_is_registered(labelled: Project) -> None:
    assert "accuracy" in labelled.read("reports/summary.md").lower()
    assert "holdout_accuracy" in json.loads(labelled.read("reports/metrics.json"))
    registration = json.loads(labelled.read("reports/registration.json"))
    assert (registration["registered"], registration["version"]) == (True, "1")


def test_a_value_that_does_not_suit_the_task_is_one_line(labelled: Project, tmp_path: Path) -> None:
    other = Project(tmp_path)
    (tmp_path / "params.yaml").write_text(labelled.read("params.yaml"))
    other.edit(window__horizon=3)
    ran = other.command("python", "-m", "cellsize.stage", "prepare", "a.parquet", "b.json")
    assert ran.returncode == 1
    assert ran.stderr.strip().endswith("window.horizon: 3 does not suit task: classify; set window.horizon: 1")
