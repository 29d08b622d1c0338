"""A slice of the shipped late flights by the settings of their example, scored by absolute errors."""

import json
import shutil

import mlflow
import pandas as pd
import pytest
from ruamel.yaml import YAML

from cellsize.tasks import samples
from tests.end_to_end.conftest import ROOT, Project, make_project

pytestmark = pytest.mark.slow  # some twenty seconds of processes

WEEKS = 16


def the_slice() -> pd.DataFrame:
    """The days of the first weeks, an hour a row."""
    table = pd.read_parquet(ROOT / "data/raw/late-flights.parquet")
    return table[table["week"].isin(table["week"].drop_duplicates()[:WEEKS])].reset_index(drop=True)


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Sixteen weeks, of which three are held out; trained for a tenth of the time."""
    project = make_project(tmp_path_factory.mktemp("flights") / "project")
    the_slice().to_parquet(project.folder / "flights.parquet")
    plain, path = YAML(typ="safe"), project.folder / "params.yaml"
    shutil.copy(ROOT / "examples/late-flights/params.yaml", path)
    plain.dump(plain.load(path), path)  # without comments: one behind a list that becomes empty would break the file
    project.edit(
        prepare__table="flights.parquet", mlflow__uri="sqlite:///mlflow.db", choose__metric="mae", split__folds=3,
        propose__layers=1, propose__mlp_units=[], search__minimum_units=2, search__patience=1, search__maximum_seeds=1,
        search__training__learning_rates=[0.03], search__training__dropouts=[0.0], search__training__seeds=1,
        search__training__rungs=[20], search__training__check_every=20, search__training__steps=60,
        search__training__maximum_steps=60,
        search__training__patience=60, search__training__batch_size=16, refit__twins=2, register__name="flights",
        register__beat=[], register__blocks=4,
    )  # fmt: skip
    ran = project.repro()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return project


def test_whole_weeks_are_held_out_and_whole_weeks_are_folds(flights: Project) -> None:
    folds = pd.read_parquet(flights.folder / "build/folds.parquet")
    days = the_slice().drop_duplicates("day").set_index("day")["week"]
    names = samples.load(flights.folder / "build/windows.npz").names
    assert len(folds) == len(names) == len(days)
    weeks = pd.Series(names).map(days)
    assert weeks.notna().all()
    assert (folds.groupby(weeks)[["holdout", "fold_1", "fold_2", "fold_3"]].nunique() == 1).all(axis=None)
    assert 0 < folds["holdout"].sum() < len(days) / 2


def test_absolute_errors_are_what_is_scored_and_the_median_is_the_constant(flights: Project) -> None:
    evaluation = json.loads(flights.read("reports/evaluation.json"))
    assert (evaluation["metric"], evaluation["target"]) == ("mae", "late")
    assert set(evaluation["baselines"]) == {"median", "ridge_linear", "boosted_trees", "nearest_neighbour"}
    for errors in (evaluation["model"], *evaluation["baselines"].values()):
        assert errors["score"] == errors["nmae"]
    table = pd.read_parquet(flights.folder / "build/forecasts.parquet")
    truth = the_slice().drop_duplicates("day").set_index("day")["late"]
    assert table["true"].to_numpy() == pytest.approx(table["sequence"].map(truth).to_numpy())
    assert (table["predicted"] - table["true"]).abs().mean() == pytest.approx(evaluation["twins"][0]["mae"])
    assert "normalised MAE" in flights.command("cellsize", "answer").stdout


def test_the_registered_version_answers_a_day(flights: Project) -> None:
    for name_store in (mlflow.set_tracking_uri, mlflow.set_registry_uri):  # a test before this one may have named both
        name_store(f"sqlite:///{flights.folder}/mlflow.db")
    model = mlflow.pyfunc.load_model("models:/flights@champion")
    table = the_slice()
    day = table[table["day"] == table["day"].iloc[0]].drop(columns=["late", "week"])
    answered = model.predict(day, params={"levels": [0.8]})
    assert list(answered) == ["day", "late", "late_lower_80", "late_upper_80"]
    assert len(answered) == 1
