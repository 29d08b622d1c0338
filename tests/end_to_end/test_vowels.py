"""A slice of the shipped vowels by the settings of their example, from a table to a model that answers."""

import json
import shutil

import mlflow
import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.end_to_end.conftest import ROOT, Project, make_project

pytestmark = pytest.mark.slow  # some twenty seconds of processes

SPEAKERS, TRAINED, TESTED, STEPS = ("1", "2", "3"), 15, 8, 16


def slice_of(part: str, count: int) -> pd.DataFrame:
    """The first utterances of three speakers in one of the official parts, of each its first steps."""
    table = pd.read_parquet(ROOT / "data/raw/japanese-vowels.parquet").query("part == @part and step <= @STEPS")
    names = [
        name
        for speaker in SPEAKERS
        for name in table.loc[table["speaker"] == speaker, "utterance"].drop_duplicates()[:count]
    ]
    return table[table["utterance"].isin(names)].reset_index(drop=True)


@pytest.fixture(scope="module")
def vowels(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """45 utterances to learn from and 24 for the test, of 7 to 16 steps; trained for a tenth of the time."""
    project = make_project(tmp_path_factory.mktemp("vowels") / "project")
    pd.concat([slice_of("train", TRAINED), slice_of("test", TESTED)]).to_parquet(project.folder / "vowels.parquet")
    plain, path = YAML(typ="safe"), project.folder / "params.yaml"
    shutil.copy(ROOT / "examples/japanese-vowels/params.yaml", path)
    plain.dump(plain.load(path), path)  # without comments: one behind a list that becomes empty would break the file
    project.edit(
        prepare__table="vowels.parquet", mlflow__uri="sqlite:///mlflow.db", window__lookback=STEPS, split__folds=3,
        propose__layers=1, propose__mlp_units=[], search__minimum_units=2, search__patience=1, search__maximum_seeds=1,
        search__training__learning_rates=[0.03], search__training__dropouts=[0.0], search__training__seeds=1,
        search__training__rungs=[], search__training__steps=60, search__training__maximum_steps=60,
        search__training__patience=60, search__training__batch_size=16, refit__twins=2, register__name="vowels",
        register__beat=["majority_class"],
    )  # fmt: skip
    ran = project.repro()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return project


def test_the_official_test_part_is_the_holdout_and_no_utterance_of_it_is_in_a_fold(vowels: Project) -> None:
    evaluation = json.loads(vowels.read("reports/evaluation.json"))
    assert (evaluation["sequences"], evaluation["classes"]) == (len(SPEAKERS) * TESTED, list(SPEAKERS))
    folds = pd.read_parquet(vowels.folder / "build/folds.parquet")
    assert len(folds) == len(SPEAKERS) * (TRAINED + TESTED)
    held_out = folds["holdout"] == 1
    assert held_out.sum() == len(SPEAKERS) * TESTED
    assert (folds.loc[held_out, ["fold_1", "fold_2", "fold_3"]] == 0).all(axis=None)
    named = pd.read_parquet(vowels.folder / "build/forecasts.parquet")["sequence"]
    assert all(name.startswith("test-") for name in named)


def test_cells_read_unequal_utterances_in_both_directions_beside_the_models_without_memory(vowels: Project) -> None:
    trials = pd.read_csv(vowels.folder / "build/trials.csv").query("units > 0 and layers > 0")
    assert len(trials) > 0
    assert (trials["status"] == "ok").all()
    # PyTorch's LSTM: 4 gates of inputs, hidden units and two biases; once for each direction.
    assert (trials["recurrent"] == 2 * 4 * trials["units"] * (12 + trials["units"] + 2)).all()
    lengths = np.load(vowels.folder / "build/windows.npz")["length"]
    assert (lengths.min(), lengths.max()) == (slice_lengths().min(), STEPS)
    baselines = json.loads(vowels.read("build/baselines.json"))
    assert {"majority_class", "logistic_regression", "boosted_trees"} <= set(baselines["all"])


def slice_lengths() -> "pd.Series[int]":
    return pd.concat([slice_of("train", TRAINED), slice_of("test", TESTED)]).groupby("utterance").size()


def test_the_report_says_who_was_taken_for_whom(vowels: Project) -> None:
    evaluation = json.loads(vowels.read("reports/evaluation.json"))
    confusion = np.array(evaluation["confusion"])
    assert confusion.shape == (3, 3)
    assert confusion.sum(axis=1).tolist() == [TESTED] * 3
    assert np.trace(confusion) / confusion.sum() == pytest.approx(evaluation["twins"][0]["accuracy"])
    assert "Who says two Japanese vowels" in vowels.read("reports/index.html")


def test_the_registered_version_says_who_speaks(vowels: Project) -> None:
    assert json.loads(vowels.read("reports/registration.json"))["promoted"]
    for name_store in (mlflow.set_tracking_uri, mlflow.set_registry_uri):  # a test before this one may have named both
        name_store(f"sqlite:///{vowels.folder}/mlflow.db")
    asked = slice_of("test", TESTED).drop(columns=["speaker", "part"])
    answer = mlflow.pyfunc.load_model("models:/vowels@champion").predict(asked)
    assert list(answer) == ["utterance", "speaker", *(f"probability of {speaker}" for speaker in SPEAKERS)]
    assert len(answer) == len(SPEAKERS) * TESTED
    np.testing.assert_allclose(answer.iloc[:, 2:].sum(axis=1), 1)
    truth = slice_of("test", TESTED).groupby("utterance", sort=False)["speaker"].first()
    assert (answer.set_index("utterance")["speaker"].astype(str) == truth).mean() > 0.8
