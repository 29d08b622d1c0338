"""The graph of a model of texts says what torch says of any texts, from their code points."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from cellsize.data import characters
from cellsize.data.sequence_batches import fit_scaling, padded_steps
from cellsize.data.sequences import NGRAMS, Sequences
from cellsize.models import onnx_sequences
from cellsize.models.classifier import Classifier
from cellsize.models.onnx_nodes import LOOK_UP, LOOK_UP_OPSET, OPSET, Graph
from cellsize.models.onnx_sequences import CODE_POINTS, LENGTHS
from cellsize.models.onnx_texts import Texts
from cellsize.sizing.sizes import ZERO, Size

Draw = Callable[..., tuple[Classifier, Sequences]]
Make = Callable[..., Sequences]
TRAINED = ["anna", "ann", "otto", "toto", "annatto", "no", "on", "\U0001f600nt", "a", "o\U0001f600"]


def session_of(model: Classifier) -> onnxruntime.InferenceSession:
    graph = onnx_sequences.build(model).SerializeToString()
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


def assert_equal(model: Classifier, sequences: Sequences, session: onnxruntime.InferenceSession | None = None) -> None:
    """Equal to torch within 1e-5, alone and all together, whatever stands behind the ends."""
    session = session or session_of(model)
    every = np.arange(len(sequences.first))
    for chosen in ([0], every, every[::-1]):
        fed = onnx_sequences.fed(sequences, chosen)
        points, lengths = fed[CODE_POINTS], fed[LENGTHS].astype(np.int64)
        assert points.dtype == np.int64
        points[np.arange(points.shape[1]) >= lengths[:, None]] = ord("n")
        (found,) = session.run(None, fed)
        np.testing.assert_allclose(found, model.probabilities(sequences, np.asarray(chosen)), atol=1e-5, rtol=0)


@pytest.fixture(scope="module")
def draw_texts(draw_classifier: Draw, make_texts: Make) -> Draw:
    """A model of `TRAINED` whose network has weights drawn at random; it knows at most 5 characters."""

    def drawn(size: Size = ZERO, skip: str = "none", **network: Any) -> tuple[Classifier, Sequences]:
        return draw_classifier(size, skip, sequences=make_texts(TRAINED), **network)

    return drawn


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(("cell", "projection"), [("lstm", 0), ("gru", 0), ("rnn", 0), ("lstm", 2)])
def test_every_kind_of_layer(draw_texts: Draw, cell: str, projection: int, bidirectional: bool) -> None:
    network = {"cell": cell, "projection": projection, "bidirectional": bidirectional, "summary": "mean"}
    assert_equal(*draw_texts(Size(2, 3), **network))


@pytest.mark.parametrize("skip", ["none", "linear", "joint"])
@pytest.mark.parametrize("size", [Size(0, 4), Size(1, 4)], ids=str)
def test_every_skip_connection(draw_texts: Draw, size: Size, skip: str) -> None:
    assert_equal(*draw_texts(size, skip))


def test_a_model_without_memory_cells(draw_texts: Draw) -> None:
    assert_equal(*draw_texts())


def test_a_model_of_single_characters_has_no_longer_ngrams_than_their_marks_allow(
    draw_classifier: Draw, make_texts: Make
) -> None:
    assert_equal(*draw_classifier(Size(1, 2), "linear", sequences=make_texts(["a", "b", "a", "b", "c"])))


def test_a_model_that_knows_no_character_reads_lengths(draw_classifier: Draw, make_texts: Make) -> None:
    model, sequences = draw_classifier(Size(1, 2), "linear", sequences=make_texts(["ab", "c", "d", "efg"]))
    assert model.fitted.scaling.characters is not None
    assert not len(model.fitted.scaling.characters)
    assert_equal(model, sequences)


def test_of_longer_texts_than_all_of_training_the_last_characters_are_read(draw_texts: Draw, make_texts: Make) -> None:
    model, _ = draw_texts(Size(1, 4), "linear", bidirectional=True)
    assert_equal(model, make_texts(["annaottoannatto", "o", "annatto"]))


@pytest.fixture(scope="module")
def drawn(draw_texts: Draw) -> list[tuple[Classifier, onnxruntime.InferenceSession]]:
    """With memory cells in both directions, and without any."""
    models = [draw_texts(Size(2, 3), "joint", bidirectional=True)[0], draw_texts()[0]]
    return [(model, session_of(model)) for model in models]


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.text("anot\U0001f600z\xe9", min_size=1, max_size=12), min_size=1, max_size=9))
def test_any_texts(
    drawn: list[tuple[Classifier, onnxruntime.InferenceSession]], make_texts: Make, texts: list[str]
) -> None:
    sequences = replace(make_texts([*texts, "a", "b"]), classes=("a", "b"))
    for model, session in drawn:
        assert_equal(model, sequences, session)


def test_indicators_and_counts_are_exactly_those_of_training(make_texts: Make) -> None:
    sequences = make_texts([*TRAINED, "xanno", "\xe9"])
    every, longest = np.arange(len(sequences.first)), sequences.longest
    scaling = fit_scaling(sequences, every[:10])
    fed, graph = onnx_sequences.fed(sequences, every), Graph()
    there = graph.constant(np.arange(longest) < fed[LENGTHS].astype(np.int64)[:, None], np.bool_)
    texts = Texts(graph, scaling, longest, CODE_POINTS, there, LENGTHS)
    weights = np.eye(NGRAMS + 1, dtype=np.float32)
    outputs = [texts.cells(), texts.product(weights)]
    points = helper.make_tensor_value_info(CODE_POINTS, TensorProto.INT64, ["n", longest])
    lengths = helper.make_tensor_value_info(LENGTHS, TensorProto.INT64, ["n"])
    found = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    made = helper.make_model(
        helper.make_graph(graph.nodes, "texts", [points, lengths], found, graph.constants), ir_version=8,
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(LOOK_UP, LOOK_UP_OPSET)],
    )  # fmt: skip
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    cells, counts = session.run(None, fed)
    np.testing.assert_array_equal(cells, padded_steps(sequences, scaling, every))
    np.testing.assert_array_equal(counts, characters.counts(sequences, scaling, every))
