"""Labelled sequences from a long table to a report, as a user runs it."""

import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.end_to_end.conftest import Project, assert_refitted, make_project
from tests.end_to_end.test_consumers import blocks, commands, python, shell, started

pytestmark = pytest.mark.slow  # half a minute of training


def waves(begin: int, end: int, moved: float = 0.0) -> pd.DataFrame:
    """Sequences of these numbers, a row for each step; of every four the last is for the test."""
    draw, rows = np.random.default_rng(begin), []
    for number in range(begin, end):
        code, steps = number % 3, int(draw.integers(5, 16))
        wave = np.sin(np.arange(steps) * (0.5 + 0.6 * code) + draw.uniform(0, 6)) + draw.normal(0, 0.1, steps)
        part = "test" if number % 4 == 3 else "train"
        rows += [(f"s{number}", step, value + moved, "abc"[code], part) for step, value in enumerate(wave)]
    return pd.DataFrame(rows, columns=["name", "step", "x", "kind", "part"])


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Waves of three frequencies, 5 to 15 steps; where a wave begins says nothing, so its mean does not either."""
    project = make_project(tmp_path_factory.mktemp("labelled") / "project")
    table = waves(0, 120)
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
        search__training__batch_size=16, refit__twins=2, register__blocks=8,
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
    assert set(table["sequence"]) == {f"s{number}" for number in range(3, 120, 4)}


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


# --- what docs/consumers.md shows of labelled sequences, as a consumer runs it ----------------------------------------

SECTION = "Labelled sequences"


def test_labels_in_python_and_over_http(labelled: Project) -> None:
    load, ask, *_ = blocks(SECTION, "python")
    said = python(labelled, load)
    assert "['name', 'step', 'x'] 15" in said
    some, csv, refused, csv_again, _ = commands(SECTION)
    serve, serve_by_mlflow = blocks(SECTION, "sh")
    shell(labelled, some)
    with started(labelled, serve, "5079") as port:
        answer = json.loads(shell(labelled, csv.replace("5079", port)))["predictions"]
        table = pd.read_csv(labelled.folder / "some.csv")
        assert [row["name"] for row in answer] == table["name"].drop_duplicates().to_list()
        assert set(answer[0]) == {"name", "kind", *(f"probability of {kind}" for kind in "abc")}
        asked = python(labelled, load, ask.replace("5079", port)).splitlines()[-1]
        assert asked.startswith("[{'name': 's7', 'kind': ")
        assert shell(labelled, refused.replace("5079", port)).strip() == blocks(SECTION, "text")[0].strip()
        for body, words in REFUSED.items():
            at = f"http://127.0.0.1:{port}/invocations"
            found = json.loads(shell(labelled, f"printf %s {shlex.quote(body)} | curl -s {at} {JSON} --data-binary @-"))
            assert found["error_code"] == "BAD_REQUEST"
            assert words in found["message"]
            assert "prepare" not in found["message"]
    assert "Traceback" not in labelled.read("served.log")
    with started(labelled, serve_by_mlflow, "5080") as port:
        assert json.loads(shell(labelled, csv_again.replace("5080", port)))["predictions"] == answer


JSON = "-H 'Content-Type: application/json'"
REFUSED = {
    '{"dataframe_split": {"columns": ["name", "step", "x"], "data": []}}': "no rows; send",
    '{"dataframe_records": [{"name": "a", "step": 0, "x": "much"}]}': "row 0, column 'x': 'much' is not a number; send",
    '{"dataframe_records": [{"name": "a", "step": 0, "x": null}, {"name": "b", "step": 0, "x": 1}]}': "'x': missing; ",
    '{"dataframe_records": [{"name": "a", "step": 0, "x": NaN}]}': "NaN is not JSON; send null",
    '{"dataframe_records": [{"name": null, "step": 0, "x": 1}]}': "row 0, column 'name': no value; send it in each row",
    '{"dataframe_records": [{"name": "a", "x": 1}]}': "no column 'step'; send it: the model reads name, step, x",
    '{"dataframe_records": [{"name": "a", "step": 0, "x": 1}], "params": {"levels": [0.9]}}': "unknown 'levels'; known",
}  # fmt: skip


def test_labels_with_onnx(labelled: Project) -> None:
    said = shell(labelled, commands(SECTION)[-1])
    assert "holdout accuracy" in said.splitlines()[0]
    assert "int8" in said.splitlines()[1]
    load, _, run, _ = blocks(SECTION, "python")
    found = python(labelled, load, "import json", run).splitlines()[-1]
    expected = python(
        labelled, load, "two = labels.set_index('name').loc[['s7', 's8']]", "print(two['kind'].to_list(), "
        "two.filter(like='probability').max(axis=1).to_numpy())"
    ).splitlines()[-1]  # fmt: skip
    assert found.partition("]")[0] == expected.partition("]")[0]
    numbers = [np.fromstring(line.rpartition("[")[2].strip("]"), sep=" ") for line in (found, expected)]
    np.testing.assert_allclose(numbers[0], numbers[1], atol=1e-5)


# --- and its life: this comes last, since the table grows -------------------------------------------------------------


def test_a_check_tells_sequences_that_have_moved_and_nothing_new_is_nothing_to_do(labelled: Project) -> None:
    ran = labelled.command("cellsize", "retrain")
    assert (ran.returncode, "nothing to do; no sequence of the holdout is newer" in ran.stdout) == (0, True), (
        ran.stdout + ran.stderr
    )
    for file, moved, status in (("same.csv", 0.0, (0, 5)), ("moved.csv", 1.5, (4,))):
        waves(120, 180, moved).to_csv(labelled.folder / file, index=False)
        ran = labelled.command("cellsize", "check", "small", "--data", file, "--html", "check.html")
        assert ran.returncode in status, ran.stdout + ran.stderr
        assert ("mean of x (p = 0.001)" in ran.stdout) == (moved != 0)
    assert "<h1>" in labelled.read("check.html")


def test_new_sequences_refit_the_size_that_was_searched_on_the_old_ones(labelled: Project) -> None:
    assert_refitted(labelled, waves(120, 160))
    held_out = pd.read_parquet(labelled.folder / "build/forecasts.parquet")["sequence"]
    assert {f"s{number}" for number in range(123, 160, 4)} <= set(held_out)
