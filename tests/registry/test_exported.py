"""What exported files of models of sequences cost and are worth."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data.folds import Folds, save_labels
from cellsize.data.sequences import Sequences
from cellsize.evaluation.numbers import errors_of
from cellsize.models.classifier import Classifier
from cellsize.models.regressor import Regressor
from cellsize.registry import export as exports
from cellsize.registry import exported
from cellsize.registry.export import export
from cellsize.sizing.sizes import Size

Draw = Callable[..., tuple[Classifier, Sequences]]


@pytest.fixture
def project(draw_classifier: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Classifier:
    """A model of a project in whose folder we are; `test_fetched` fetches real ones."""
    model, sequences = draw_classifier(Size(1, 16), "linear", bidirectional=True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").mkdir()
    Path("params.yaml").write_text("", encoding="utf-8")
    sequences.save(Path("build/windows.npz"))
    model.schema.save(Path("build/schema.json"))
    holdout = np.arange(len(sequences.first)) < 12
    parts = Folds(np.zeros((1, len(holdout)), np.int8), holdout, ~holdout)
    pd.DataFrame(save_labels(parts)).to_parquet("build/folds.parquet")
    monkeypatch.setattr(exports, "version_of", lambda name, version, alias: version or "1")
    monkeypatch.setattr(exports, "fetch", lambda name, version: model)
    return model


def test_accuracy_and_log_loss_of_both_files_stand_side_by_side(project: Classifier) -> None:
    said: list[str] = []
    export("toy", "champion", Path("toy.onnx"), True, said.append)
    content = json.loads(Path("toy.json").read_text(encoding="utf-8"))
    whole, small = content["files"]["float32"], content["files"]["int8"]
    assert small["bytes"] < whole["bytes"] == Path("toy.onnx").stat().st_size
    probabilities = project.probabilities(Sequences.load(Path("build/windows.npz")), np.arange(12))
    truth = np.arange(12) % 3
    expected = -np.log(probabilities[np.arange(12), truth]).mean()
    assert whole["holdout"] == pytest.approx(expected, abs=1e-5)
    assert whole["accuracy"] == pytest.approx((probabilities.argmax(axis=1) == truth).mean())
    assert small["holdout"] != whole["holdout"]
    assert small["holdout"] == pytest.approx(expected, rel=0.2)
    assert {whole["metric"], small["metric"]} == {"log_loss"}
    assert f"accuracy {whole['accuracy']:.1%}, log loss {whole['holdout']:.4f}" in said[0]


def test_a_project_of_another_table_measures_nothing(project: Classifier) -> None:
    replace(project.schema, classes=("a", "b", "other")).save(Path("build/schema.json"))
    said: list[str] = []
    export("toy", "champion", Path("toy.onnx"), False, said.append)
    assert said[0].endswith(f"holdout {exported.NO_HOLDOUT}")
    assert json.loads(Path("toy.json").read_text(encoding="utf-8"))["files"]["float32"]["accuracy"] is None


def test_the_error_of_numbers_is_that_of_the_model_by_the_metric_of_the_project(
    project: Classifier, make_regressor: Callable[..., tuple[Regressor, Sequences]],
    params_content: Callable[[], dict[str, Any]], write_params: Callable[[dict[str, Any]], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    model, sequences = make_regressor(Size(1, 3), "linear")
    monkeypatch.setattr(exports, "fetch", lambda name, version: model)
    sequences.save(Path("build/windows.npz"))
    model.schema.save(Path("build/schema.json"))
    content = params_content()
    write_params(content)
    said: list[str] = []
    export("toy", "1", Path("toy.onnx"), True, said.append)
    found = json.loads(Path("toy.json").read_text(encoding="utf-8"))["files"]
    whole, small = found["float32"], found["int8"]
    errors = errors_of(model.outputs(sequences, np.arange(12)), sequences.target[:12], model, "mse")
    assert whole["metric"] == "nmse"
    assert whole["holdout"] == pytest.approx(errors.nmse, rel=1e-4)
    assert whole["mae"] == pytest.approx(errors.mae, rel=1e-4)
    assert whole["holdout"] != small["holdout"] == pytest.approx(errors.nmse, rel=0.2)
    assert f"holdout MAE {whole['mae']:.4g}, nmse {whole['holdout']:.4f}" in said[0]
    content["window"]["transform"] = "sqrt"  # other numbers than those of the model
    write_params(content)
    export("toy", "1", Path("toy.onnx"), False, said.append)
    assert said[-2].endswith(exported.NO_HOLDOUT)


def test_a_model_of_texts_is_measured_as_others_are(
    project: Classifier, draw_classifier: Draw, make_texts: Callable[..., Sequences], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = make_texts(["anna", "otto", "ann", "toto"] * 9)
    model, sequences = draw_classifier(Size(1, 4), "linear", sequences=texts)
    monkeypatch.setattr(exports, "fetch", lambda name, version: model)
    sequences.save(Path("build/windows.npz"))
    model.schema.save(Path("build/schema.json"))
    export("toy", "1", Path("toy.onnx"), True, print)
    content = json.loads(Path("toy.json").read_text(encoding="utf-8"))
    right = model.probabilities(sequences, np.arange(12)).argmax(axis=1) == sequences.target[:12]
    assert content["files"]["float32"]["accuracy"] == right.mean()
    assert content["files"]["int8"]["metric"] == "log_loss"
    assert list(content["inputs"]) == ["code_points", "lengths"]
