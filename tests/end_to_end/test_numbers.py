"""Sequences with a number each from a long table to a registered model that answers: the adding problem.

Two steps of each sequence are marked, and its number is the sum of their values (Hochreiter and Schmidhuber 1997). No
summary of a feature says which values the marks stand at: whoever is right has a memory.
"""

import json

import mlflow
import numpy as np
import onnxruntime
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.end_to_end.conftest import Project, assert_refitted, make_project

pytestmark = pytest.mark.slow  # half a minute of processes


def sums(begin: int, end: int, scale: float = 1.0) -> pd.DataFrame:
    """Sequences of these numbers, a row for each step."""
    draw, rows = np.random.default_rng(begin), []
    for number in range(begin, end):
        steps = int(draw.integers(4, 9))
        value, marks = scale * draw.uniform(0, 10, steps), np.zeros(steps)
        marks[draw.choice(steps, 2, replace=False)] = 1
        rows += [(f"s{number}", step, value[step], marks[step], value @ marks) for step in range(steps)]
    return pd.DataFrame(rows, columns=["name", "step", "value", "mark", "sum"])


@pytest.fixture(scope="module")
def adding(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """240 sequences of 4 to 8 steps; the standard deviation of their numbers is about 4."""
    project = make_project(tmp_path_factory.mktemp("adding") / "project")
    table = sums(0, 240)
    table.sample(frac=1, random_state=0).to_csv(project.folder / "table.csv", index=False)
    plain, path = YAML(typ="safe"), project.folder / "params.yaml"
    plain.dump(plain.load(path), path)  # without comments: one behind a list that becomes empty would break the file
    project.edit(
        task="regress", prepare__time="step", prepare__series="name", prepare__targets=["sum"],
        prepare__past_covariates=["value", "mark"], prepare__frequency="step", prepare__calendar=[],
        window__lookback=20, window__horizon=1, window__normalise="none", split__scheme="stratified",
        split__early_stopping__fraction=0.25, split__folds=2, propose__layers=1, propose__mlp_units=[],
        propose__network__skip=["none"], baseline__classical="none", baseline__penalties=[1.0, 10.0],
        register__beat=["ridge_linear", "boosted_trees"],
        search__training__learning_rates=[0.03], search__training__batch_size=32,
        search__training__steps=200, search__training__maximum_steps=200, search__training__patience=200,
        refit__twins=2, report__unit="points",
    )  # fmt: skip
    ran = project.repro()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return project


def test_memory_cells_find_what_no_summary_says(adding: Project) -> None:
    choice = json.loads(adding.read("reports/choice.json"))
    assert choice["units"] > 0
    assert choice["zero_cells"]["score"] > 0.5
    assert choice["score"] < 0.3 * choice["zero_cells"]["score"]


def test_model_and_baselines_are_scored_on_the_same_holdout_in_the_unit_of_the_table(adding: Project) -> None:
    evaluation = json.loads(adding.read("reports/evaluation.json"))
    assert (evaluation["task"], evaluation["sequences"], evaluation["target"]) == ("regress", 48, "sum")
    assert set(evaluation["baselines"]) == {"mean", "ridge_linear", "boosted_trees", "nearest_neighbour"}
    for errors in (evaluation["model"], *evaluation["twins"], *evaluation["baselines"].values()):
        assert set(errors) == {"mse", "mae", "r2", "nmse", "nmae", "score"}
    assert evaluation["baselines"]["mean"]["mae"] == pytest.approx(3.4, abs=0.4)
    assert evaluation["model"]["mae"] < 0.5 * evaluation["baselines"]["ridge_linear"]["mae"]
    assert 0 < evaluation["coverage"]["80"] <= evaluation["coverage"]["90"] <= evaluation["coverage"]["95"] <= 1
    table = pd.read_parquet(adding.folder / "build/forecasts.parquet")
    assert (table["predicted"] - table["true"]).abs().mean() == pytest.approx(evaluation["twins"][0]["mae"])


def test_one_column_is_predicted_and_a_sequence_is_a_sample(adding: Project) -> None:
    candidates = json.loads(adding.read("build/candidates.json"))
    assert len(set(candidates["samples"].values())) == 1
    assert (candidates["n_outputs"], candidates["inputs"]["step"]) == (1, 2)


def test_the_report_is_that_of_numbers(adding: Project) -> None:
    assert "MAE (points)" in adding.read("reports/summary.md")
    assert "holdout_r2" in json.loads(adding.read("reports/metrics.json"))


def test_the_registered_version_gives_each_sequence_its_number_and_an_interval(adding: Project) -> None:
    registration = json.loads(adding.read("reports/registration.json"))
    assert (registration["registered"], registration["promoted"], registration["version"]) == (True, True, "1")
    for name_store in (mlflow.set_tracking_uri, mlflow.set_registry_uri):  # a test before this one may have named both
        name_store(f"sqlite:///{adding.folder}/mlflow.db")
    model = mlflow.pyfunc.load_model("models:/small@champion")
    rows = pd.DataFrame({
        "name": ["mine"] * 4 + ["yours"] * 4, "step": [0, 1, 2, 3] * 2, "value": [1.0, 9, 9, 3, 9, 8, 2, 2],
        "mark": [1.0, 0, 0, 1, 1, 1, 0, 0],
    })  # fmt: skip
    answered = model.predict(rows, params={"levels": [0.9]})
    assert list(answered) == ["name", "sum", "sum_lower_90", "sum_upper_90"]
    assert answered["name"].tolist() == ["mine", "yours"]
    assert answered["sum"].to_numpy() == pytest.approx([4, 17], abs=3)
    assert (answered["sum_lower_90"] < answered["sum"]).all()
    assert (answered["sum"] < answered["sum_upper_90"]).all()


def test_the_exported_file_gives_the_same_numbers_of_ragged_sequences(adding: Project) -> None:
    said = adding.command("cellsize", "export", "small", "champion", "--onnx", "small.onnx", "--int8")
    assert said.returncode == 0, said.stderr
    for line in said.stdout.splitlines()[:2]:
        assert "holdout MAE " in line
    content = json.loads(adding.read("small.json"))
    assert content["files"]["float32"]["metric"] == content["files"]["int8"]["metric"] == "nmse"
    columns = list(content["inputs"]["values"]["columns"])
    steps = {"mine": [(1.0, 1.0), (9, 0), (9, 0), (3, 1), (5, 0)], "yours": [(9.0, 1.0), (8, 1), (2, 0)]}
    values, lengths = np.zeros((2, 5, 2)), np.array([5, 3])
    for row, of_one in enumerate(steps.values()):
        values[row, : len(of_one)] = pd.DataFrame(of_one, columns=["value", "mark"])[columns]
    session = onnxruntime.InferenceSession(adding.folder / "small.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"values": values, "lengths": lengths})
    rows = pd.DataFrame([
        (name, step, *values) for name, of_one in steps.items() for step, values in enumerate(of_one)
    ], columns=["name", "step", "value", "mark"])  # fmt: skip
    expected = mlflow.pyfunc.load_model("models:/small@champion").predict(rows)["sum"]
    np.testing.assert_allclose(found, expected, atol=1e-5 * 4)  # the standard deviation of the numbers is about 4


# --- and its life: this comes last, since the table grows -------------------------------------------------------------


def test_a_check_tells_numbers_that_have_moved_and_nothing_new_is_nothing_to_do(adding: Project) -> None:
    ran = adding.command("cellsize", "retrain")
    assert (ran.returncode, "nothing to do; no sequence of the holdout is newer" in ran.stdout) == (0, True), (
        ran.stdout + ran.stderr
    )
    for scale, status in ((1.0, (0, 5)), (2.0, (3, 4))):
        sums(240, 340, scale).to_csv(adding.folder / "new.csv", index=False)
        ran = adding.command("cellsize", "check", "small", "--data", "new.csv", "--html", "check.html")
        assert ran.returncode in status, ran.stdout + ran.stderr
    assert "<h1>" in adding.read("check.html")


def test_new_sequences_refit_the_size_that_was_searched_on_the_old_ones(adding: Project) -> None:
    assert_refitted(adding, sums(240, 290))
