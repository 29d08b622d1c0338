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
from cellsize.models.regressor import Regressor

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


def test_of_texts_it_says_how_they_are_read_and_which_characters_are_known(
    draw_classifier: Draw, make_texts: Callable[..., Sequences]
) -> None:
    model, _ = draw_classifier(sequences=make_texts(["anna", "ann", "no"]))
    content = json.loads(json.dumps(sheet(model, "toy", "3")))
    session = onnxruntime.InferenceSession(onnx_sequences.build(model).SerializeToString())
    assert [each.name for each in session.get_inputs()] == list(content["inputs"]) == ["code_points", "lengths"]
    points = content["inputs"]["code_points"]
    assert (points["type"], points["shape"], points["column"]) == ("int64", ["n", "characters"], "text")
    assert points["read"] == "composed (Unicode NFC), without space around it; its case is kept"
    assert points["known"] == ["n", "a"]
    assert "how many characters each text has" in content["inputs"]["lengths"]["rows"]
    assert "of more than 4 the last are read" in content["inputs"]["lengths"]["rows"]
    assert "n-grams that are known" in content["inside"]
    assert model.schema.text is not None
    lower = replace(model.schema, text=model.schema.text.model_copy(update={"case": "lower"}))
    read = sheet(replace(model, schema=lower), "toy", "3")["inputs"]["code_points"]["read"]
    assert read == "composed (Unicode NFC), without space around it; then in lower case, and composed again"


def test_of_numbers_it_names_their_column_and_unit(
    make_regressor: Callable[..., tuple[Regressor, Sequences]],
) -> None:
    model, _ = make_regressor()
    content = json.loads(json.dumps(sheet(model, "toy", "3")))
    session = onnxruntime.InferenceSession(onnx_sequences.build(model).SerializeToString())
    assert [each.name for each in session.get_outputs()] == list(content["outputs"]) == ["number"]
    assert content["task"] == "regress"
    assert content["outputs"]["number"] == {
        "type": "double", "shape": ["n"], "column": "y", "rows": "'y' in the unit of the table",
    }  # fmt: skip
    assert content["inside"].endswith("network, the unit of the table")
