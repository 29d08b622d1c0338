"""What the JSON beside an ONNX file of a model of sequences says."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest

from cellsize.data.sequences import Sequences
from cellsize.models import onnx_sequences
from cellsize.models.classifier import Classifier
from cellsize.models.onnx_sequence_sheet import sheet

Draw = Callable[..., tuple[Classifier, Sequences]]


def test_classes_features_and_scaling_are_named_and_the_inputs_are_those_of_the_graph(draw_classifier: Draw) -> None:
    model, _ = draw_classifier()
    content = json.loads(json.dumps(sheet(model, "toy", "3")))
    session = onnxruntime.InferenceSession(onnx_sequences.build(model).SerializeToString())
    assert [each.name for each in session.get_inputs()] == list(content["inputs"])
    assert [each.name for each in session.get_outputs()] == list(content["outputs"])
    assert content["outputs"]["probabilities"]["columns"] == ["a", "b", "c"]
    values = content["inputs"]["values"]["columns"]
    assert list(values) == ["x", "z"]
    assert values["z"]["is"] == "in units of the table"
    assert values["z"]["mean"] == pytest.approx(model.fitted.scaling.mean[1])
    assert values["z"]["bounds"][0] < 0 < 5 < values["z"]["bounds"][1]
    assert "of more than 6 the last are read" in content["inputs"]["lengths"]["rows"]


def test_indicators_say_what_they_are_ones_for(draw_classifier: Draw, make_sequences: Callable[..., Sequences]) -> None:
    sequences = make_sequences()
    wide = replace(sequences, inputs=np.hstack([sequences.inputs] * 3), offset=np.zeros(6))
    model, _ = draw_classifier(sequences=wide)
    schema = replace(
        model.schema, features=("x",), levels={"wind": ("N", "S")}, flagged=("x",),
        static_covariates={"size": (), "kind": ("shop",)},
    )  # fmt: skip
    columns = sheet(replace(model, schema=schema), "toy", "3")["inputs"]["values"]["columns"]
    assert {name: each["is"] for name, each in columns.items()} == {
        "x": "in units of the table; NaN where it is missing",
        "size": "in units of the table; the same in all steps",
        "kind=shop": "1 where kind is shop, else 0; the same in all steps",
        "wind=N": "1 where wind is N, else 0",
        "wind=S": "1 where wind is S, else 0",
        f"x{schema.input_columns[-1][1:]}": "1 where x is missing, else 0",
    }
