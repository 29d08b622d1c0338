"""What the registry asks of a task: a classification is registered, found again, and asked."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from cellsize.data import sequence_table
from cellsize.data.sequences import Sequences
from cellsize.models.classifier import Classifier
from cellsize.models.row_labels import label_rows
from cellsize.models.twins import save
from cellsize.params import Mlflow, Register
from cellsize.params_data import Prepare
from cellsize.registry import by_task, provenance, versions
from cellsize.registry.logged import FINGERPRINT, Submission
from cellsize.registry.provenance import Source
from cellsize.registry.store import connect
from cellsize.sizing.class_records import ClassErrors, ClassEvaluation
from cellsize.sizing.evaluation_records import Registration
from cellsize.sizing.sizes import Size
from tests.registry.test_versions import BETTER, CHOICE, evaluation

ERRORS = ClassErrors(accuracy=0.9, macro_f1=0.88, log_loss=0.25, score=0.2)
CLASSES = ClassEvaluation(
    task="classify", metric="log_loss", sequences=12, groups=12, classes=("1", "2"), model=ERRORS, twins=(ERRORS,),
    accuracy_se=0.1, baselines={"boosted_trees": ERRORS}, differences={}, left_out=None, champion=None, comparison=None,
    champion_not_measured=None, champion_version=None, confusion=((6, 0), (1, 5)), reliability=(), mistakes=(),
)  # fmt: skip
Labelled = tuple[Registration, Any, Classifier, pd.DataFrame]


@pytest.fixture
def labelled(
    settings: Mlflow,
    draw_classifier: Callable[..., tuple[Classifier, Sequences]],
    make_long_table: Callable[..., pd.DataFrame],
    make_long_prepare: Callable[..., Prepare],
) -> Labelled:
    """A model of a table whose classes are whole numbers, registered, and loaded by somebody who has not made it."""
    table = make_long_table("12")
    table.to_csv("table.csv", index=False)
    frame, schema = sequence_table.clean(table, Path("table.csv"), make_long_prepare(), None)
    frame.to_parquet("clean.parquet")
    steps = np.array([3, 3, 2, 2])
    sequences = Sequences(
        inputs=frame[["x"]].to_numpy(np.float32), offset=np.zeros(1), first=np.cumsum(steps) - steps, length=steps,
        target=np.array([0, 1, 0, 1]), group=np.arange(4), held_out=np.empty(0, np.bool_), names=("a", "b", "c", "d"),
        features=("x",), classes=("1", "2"), longest=3,
    )  # fmt: skip
    model = replace(draw_classifier(Size(1, 2), sequences=sequences)[0], schema=schema)
    model.save(Path("model"))
    save([model], Path("twins"))
    shown = by_task.rows_shown(make_long_prepare(table="table.csv"), Path("model"))
    known = by_task.known_rows(Path("clean.parquet"), Path("model"), None)
    source = Source(Path(), "table.csv", "0123456789abcdef", "the cut", known)
    gate = Register(name="kinds", beat=(), margin=1.0, probability=0.9, not_worse=0.8, blocks=8)
    new = Submission(Path("model"), Path("twins"), shown, CHOICE, CLASSES, {}, source)
    entry = versions.register(settings, gate, new, compare=True)
    return entry, mlflow.pyfunc.load_model("models:/kinds/1"), model, table


def test_a_version_says_what_it_reads_and_answers_with_labels_of_the_tables_type(labelled: Labelled) -> None:
    entry, served, model, table = labelled
    assert (entry.version, entry.registered) == ("1", True)
    pd.testing.assert_frame_equal(served.predict(table), label_rows(model, table))
    assert served.predict(table)["class"].dtype == np.int64
    assert served.metadata.metadata == {
        "task": "classify", "reads": ["name", "step", "x"], "sequence": "name", "step": "step", "features": ["x"],
        "may_be_missing": [], "reads_steps": 3, "label": "class",
        "probabilities": {"1": "probability of 1", "2": "probability of 2"},
    }  # fmt: skip
    assert [(column.name, column.type.name) for column in served.metadata.signature.outputs] == [
        ("name", "string"), ("class", "long"), ("probability of 1", "double"), ("probability of 2", "double"),
    ]  # fmt: skip
    # The example: a sequence of each class, in the columns that are read.
    assert served.input_example["name"].tolist() == ["10"] * 3 + ["20"] * 3
    assert len(served.predict(served.input_example)) == 2


def test_a_version_keeps_errors_twins_and_what_rebuilds_it(labelled: Labelled, settings: Mlflow) -> None:
    client: MlflowClient = connect(settings)[0]
    version = client.get_model_version("kinds", "1")
    tags, run = version.tags, client.get_run(str(version.run_id))
    expected = {"metric": "log_loss", "mean": 0.25, "twins": [0.25], "accuracy": 0.9}
    assert json.loads(tags[provenance.ERRORS]) == expected
    assert json.loads(tags[provenance.HOLDOUT]) == {"sequences": 12}
    assert json.loads(tags[provenance.TABLE])["path"] == "table.csv"
    assert {FINGERPRINT, "cellsize.cut", provenance.REASON} <= set(tags)
    assert run.data.metrics["holdout_accuracy"] == 0.9
    assert {each.path for each in client.list_artifacts(str(version.run_id))} >= {"twins", "project", "choice.json"}
    assert not any(path.suffix == ".pkl" for path in Path("mlartifacts").rglob("*"))


def test_evaluations_are_read_as_those_of_their_task(tmp_path: Path) -> None:
    for record in (CLASSES, evaluation(BETTER)):
        record.write(tmp_path / "evaluation.json")
        assert by_task.read_evaluation(tmp_path / "evaluation.json") == record


def test_what_becomes_of_a_model_is_written_and_said(tmp_path: Path) -> None:
    path = tmp_path / "registration.json"
    record = Registration(name="loads", version="3", alias=None, registered=True, promoted=False, reason="worse")
    assert by_task.written(record, path) == "loads version 3, no alias: worse"
    assert Registration.read(path) == record


def test_the_error_of_a_version_has_the_name_of_its_score() -> None:
    for metric, name in (("mse", "nmse"), ("mae", "nmae")):
        of_values = evaluation(BETTER).model_copy(update={"metric": metric})
        assert by_task.said_of_errors(of_values)["metric"] == name
    levels = evaluation(BETTER)
    errors = levels.model.model_copy(update={"npinball": 0.25, "below": {"0.5": 0.5}})
    levels = levels.model_copy(update={"metric": "quantile", "model": errors, "twins": (errors,)})
    assert by_task.said_of_errors(levels) == {"metric": "npinball", "mean": 0.25, "twins": [0.25]}
