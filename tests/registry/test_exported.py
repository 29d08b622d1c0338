"""What exported files of a classification cost and are worth."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.data.folds import Folds, save_labels
from cellsize.data.sequences import Sequences
from cellsize.models.classifier import Classifier
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
