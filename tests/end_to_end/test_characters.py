"""A slice of the first names from a table with a column of texts to a served model, as a user runs it."""

import json

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from cellsize.models.classifier import Classifier
from cellsize.models.row_labels import label_rows
from tests.end_to_end.conftest import ROOT, Project, assert_refitted, make_project
from tests.end_to_end.test_consumers import blocks, python

pytestmark = pytest.mark.slow  # some twenty seconds of training


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """300 people; one in three has a name that another one has."""
    project = make_project(tmp_path_factory.mktemp("named") / "project")
    people = pd.read_parquet(ROOT / "data/raw/first-names.parquet").head(300)
    people.to_csv(project.folder / "table.csv", index=False)
    plain, path = YAML(typ="safe"), project.folder / "params.yaml"
    plain.dump(plain.load(path), path)  # without comments: one behind a list that becomes empty would break the file
    project.edit(
        task="classify", prepare__time=None, prepare__series=None, prepare__targets=["gender"],
        prepare__text={"column": "name", "characters": 26, "case": "lower"}, prepare__past_covariates=[],
        prepare__frequency="step", prepare__calendar=[], window__lookback=12, window__horizon=1,
        window__normalise="none", split__scheme="stratified", split__folds=2, split__early_stopping__fraction=0.25,
        propose__layers=1, propose__mlp_units=[], propose__network__skip=["none"], baseline__classical="none",
        baseline__penalties=[1.0, 3.0], choose__metric="log_loss", register__beat=["majority_class"],
        search__training__batch_size=64, search__training__learning_rates=[0.03], search__training__dropouts=[0.0],
        search__minimum_units=2, search__patience=1, search__maximum_seeds=1, refit__twins=2,
    )  # fmt: skip
    ran = project.repro()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return project


def test_a_row_is_a_sequence_and_no_name_of_the_holdout_is_learnt_from(named: Project) -> None:
    labels = pd.read_parquet(named.folder / "build/folds.parquet")
    people = pd.read_csv(named.folder / "table.csv", keep_default_na=False)
    assert len(labels) == len(people) == 300
    is_held_out = labels["holdout"].to_numpy(bool)
    assert not set(people["name"][is_held_out]) & set(people["name"][~is_held_out])
    candidates = json.loads(named.read("build/candidates.json"))
    assert (candidates["n_outputs"], candidates["inputs"]["step"]) == (1, 27)


def test_the_report_says_what_equal_names_on_both_sides_would_have_made_of_it(named: Project) -> None:
    inspection = json.loads(named.read("reports/inspection.json"))
    assert inspection["duplicates"] > 50
    leak = inspection["leak"]
    assert not leak["is_in_the_folds"]
    assert leak["accuracy_spread"] > leak["accuracy_grouped"] + 0.05
    assert f"{leak['accuracy_spread']:.1%}" in named.read("reports/index.html")


def test_the_model_takes_a_table_of_texts_and_gives_back_labels_and_probabilities(named: Project) -> None:
    model = Classifier.load(named.folder / "build/model")
    asked = pd.DataFrame({"name": ["Anna", "Anna", "Bj\u00f6rn"], "age": [1, 2, 3]})
    answer = label_rows(model, asked)
    assert list(answer.columns) == ["name", "gender", "probability of female", "probability of male"]
    assert answer["name"].tolist() == ["Anna", "Anna", "Bj\u00f6rn"]
    assert set(answer["gender"]) <= {"female", "male"}
    assert answer.iloc[:, 2:].sum(axis=1).to_list() == pytest.approx([1, 1, 1])
    assert answer.iloc[0, 2:].tolist() == answer.iloc[1, 2:].tolist()
    assert json.loads(named.read("reports/registration.json"))["registered"]


def test_the_exported_file_labels_the_same_texts(named: Project) -> None:
    said = named.command("cellsize", "export", "small", "1", "--onnx", "small.onnx")
    assert said.returncode == 0, said.stderr
    assert "holdout accuracy " in said.stdout.splitlines()[0]
    content = json.loads(named.read("small.json"))
    assert content["inputs"]["code_points"]["read"].endswith("in lower case, and composed again")
    texts = ["Anna", "Bj\u00f6rn ", "Mary-Elizabeth the Second"]
    (code_points,) = [block for block in blocks("Labelled sequences", "python") if "def code_points" in block]
    asked = [text.lower() for text in texts]  # as `read` says
    found = python(
        named, "import numpy as np, onnxruntime", code_points,
        f"(p,) = onnxruntime.InferenceSession('small.onnx').run(None, code_points({asked!r}))", "print(p.tolist())",
    )  # fmt: skip
    expected = label_rows(Classifier.load(named.folder / "build/model"), pd.DataFrame({"name": texts}))
    np.testing.assert_allclose(json.loads(found), expected.iloc[:, 2:].to_numpy(float), atol=1e-5)
    assert content["outputs"]["probabilities"]["columns"] == ["female", "male"]


# --- and its life: this comes last, since the table grows -------------------------------------------------------------


def people(begin: int, end: int) -> pd.DataFrame:
    return pd.read_parquet(ROOT / "data/raw/first-names.parquet").iloc[begin:end]


def test_a_check_tells_texts_of_another_kind_and_nothing_new_is_nothing_to_do(named: Project) -> None:
    ran = named.command("cellsize", "retrain")
    assert (ran.returncode, "nothing to do; no sequence of the holdout is newer" in ran.stdout) == (0, True), (
        ran.stdout + ran.stderr
    )
    same = people(300, 500)
    other = same.assign(name=[f"{name[:2]}-{number}" for number, name in enumerate(same["name"])])
    for rows, status in ((same, (0, 5)), (other, (3, 4))):
        rows.to_csv(named.folder / "new.csv", index=False)
        ran = named.command("cellsize", "check", "small", "--data", "new.csv", "--html", "check.html")
        assert ran.returncode in status, ran.stdout + ran.stderr
    assert "<h1>" in named.read("check.html")


def test_new_texts_refit_the_size_that_was_searched_on_the_old_ones(named: Project) -> None:
    assert_refitted(named, people(300, 360))
