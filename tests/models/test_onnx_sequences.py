"""The graph of a model of sequences says what torch says of ragged batches, for every kind of model."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data.sequences import Sequences
from cellsize.models import onnx_sequences
from cellsize.models.classifier import Classifier
from cellsize.models.onnx_sequences import LENGTHS, VALUES
from cellsize.sizing.sizes import Size

Draw = Callable[..., tuple[Classifier, Sequences]]


def session_of(model: Classifier) -> onnxruntime.InferenceSession:
    graph = onnx_sequences.build(model).SerializeToString()
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


def assert_equal(model: Classifier, sequences: Sequences) -> None:
    """Equal to torch within 1e-5, whatever the batch and whatever stands behind the ends."""
    session = session_of(model)
    for chosen in ([0], [3, 0, 4], np.arange(len(sequences.first))):
        fed = onnx_sequences.fed(sequences, chosen)
        behind = np.arange(fed[VALUES].shape[1]) >= np.asarray(fed[LENGTHS], np.int64)[:, None]
        fed[VALUES][behind] = 7.0
        (found,) = session.run(None, fed)
        expected = model.probabilities(sequences, np.asarray(chosen))
        np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)
        assert found.shape == (len(chosen), len(model.schema.classes))


@pytest.mark.parametrize("summary", ["last", "mean"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(("cell", "projection"), [("lstm", 0), ("gru", 0), ("rnn", 0), ("lstm", 2)])
def test_every_kind_of_layer(
    draw_classifier: Draw, cell: str, projection: int, bidirectional: bool, summary: str
) -> None:
    network = {"cell": cell, "projection": projection, "bidirectional": bidirectional, "summary": summary}
    assert_equal(*draw_classifier(Size(2, 3), **network))


@pytest.mark.parametrize("head", ["plain", "mixed"])
@pytest.mark.parametrize("skip", ["none", "linear", "joint"])
@pytest.mark.parametrize("size", [Size(0, 4), Size(1, 4)], ids=str)
def test_every_skip_connection_and_head(draw_classifier: Draw, size: Size, skip: str, head: str) -> None:
    assert_equal(*draw_classifier(size, skip, head))


def test_a_model_without_memory_cells(draw_classifier: Draw) -> None:
    assert_equal(*draw_classifier())


def test_a_large_level_loses_no_digits(draw_classifier: Draw, make_sequences: Callable[..., Sequences]) -> None:
    assert_equal(*draw_classifier(Size(1, 4), "linear", sequences=replace(make_sequences(), offset=np.full(2, 1e9))))


def test_what_training_has_not_shown_is_clipped_and_what_is_missing_is_the_mean(draw_classifier: Draw) -> None:
    model, sequences = draw_classifier(Size(1, 4), "linear")
    inputs = sequences.inputs.copy()
    inputs[3:30] *= 50
    inputs[10::7, 0] = np.nan
    assert_equal(model, replace(sequences, inputs=inputs))


def test_of_longer_sequences_than_all_of_training_the_last_steps_are_read(
    draw_classifier: Draw, make_sequences: Callable[..., Sequences]
) -> None:
    sequences = make_sequences()
    shorter = sequences.at_most(3)
    model, _ = draw_classifier(Size(1, 4), "linear", sequences=shorter, bidirectional=True, summary="mean")
    assert_equal(model, sequences)
    every = np.arange(len(sequences.first))
    np.testing.assert_array_equal(model.probabilities(sequences, every), model.probabilities(shorter, every))


@settings(max_examples=25, deadline=None)
@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=9), seed=st.integers(0, 9))
def test_any_ragged_batch(draw_classifier: Draw, lengths: list[int], seed: int) -> None:
    model, _ = draw_classifier(Size(2, 3), "joint", bidirectional=True)
    length, draw = np.array(lengths), np.random.default_rng(seed)
    there: dict[str, Any] = {"inputs": draw.normal(1, 2, (length.sum(), 2)).astype(np.float32), "length": length}
    there |= {"first": np.cumsum(length) - length, "target": np.zeros(len(length), np.int64), "longest": length.max()}
    sequences = replace(draw_classifier()[1], **there)
    (found,) = session_of(model).run(None, onnx_sequences.fed(sequences, np.arange(len(length))))
    np.testing.assert_allclose(found, model.probabilities(sequences, np.arange(len(length))), atol=1e-5, rtol=0)
