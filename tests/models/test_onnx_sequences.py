"""The graph of a model of sequences says what torch says of ragged batches, for every kind of model."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data.sequences import Sequences
from cellsize.models import onnx_sequences
from cellsize.models.classifier import Classifier
from cellsize.models.network import Net
from cellsize.models.onnx_sequences import CODE_POINTS, LENGTHS, VALUES
from cellsize.models.regressor import Regressor
from cellsize.params import Skip
from cellsize.sizing.sizes import ZERO, Architecture, Size, shape

Draw = Callable[..., tuple[Classifier, Sequences]]
DrawNumbers = Callable[..., tuple[Regressor, Sequences]]


def session_of(model: Classifier | Regressor) -> onnxruntime.InferenceSession:
    graph = onnx_sequences.build(model).SerializeToString()
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


def assert_equal(model: Classifier, sequences: Sequences) -> None:
    """Equal to torch within 1e-5, whatever the batch and whatever stands behind the ends."""
    session = session_of(model)
    for chosen in ([0], [3, 0, 4], np.arange(len(sequences.first))):
        fed = onnx_sequences.fed(sequences, chosen)
        values = fed[CODE_POINTS if sequences.characters else VALUES]
        values[np.arange(values.shape[1]) >= np.asarray(fed[LENGTHS], np.int64)[:, None]] = 97
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


@pytest.fixture(scope="module")
def draw_regressor(make_regressor: Callable[..., tuple[Regressor, Sequences]]) -> DrawNumbers:
    """A model of sequences with numbers whose network has weights drawn at random."""

    def drawn(
        size: Size = ZERO, skip: Skip = "none", transform: str = "none", **network: Any
    ) -> tuple[Regressor, Sequences]:
        model, sequences = make_regressor(ZERO, transform=transform, **network)
        if size == ZERO:
            return model, sequences
        torch.manual_seed(0)
        net = Net(size, model.network, shape(sequences), Architecture(skip, "plain")).eval()
        for weights in net.parameters():
            torch.nn.init.uniform_(weights, -0.6, 0.6)
        return replace(model, size=size, net=net), sequences

    return drawn


def assert_equal_numbers(
    model: Regressor, sequences: Sequences, session: onnxruntime.InferenceSession | None = None
) -> None:
    """Equal to torch within 1e-5 standard deviations of the (transformed) training numbers."""
    session = session or session_of(model)
    for chosen in ([0], [3, 0, 4], np.arange(len(sequences.first))):
        positions = np.asarray(chosen) % len(sequences.first)
        (found,) = session.run(None, onnx_sequences.fed(sequences, positions))
        assert found.shape == (len(positions),)
        expected = model.numbers(sequences, positions)
        np.testing.assert_allclose(model.scaled(found), model.scaled(expected), atol=1e-5, rtol=0)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(("cell", "projection"), [("lstm", 0), ("gru", 0), ("rnn", 0), ("lstm", 2)])
def test_numbers_of_every_kind_of_layer(
    draw_regressor: DrawNumbers, cell: str, projection: int, bidirectional: bool
) -> None:
    network = {"cell": cell, "projection": projection, "bidirectional": bidirectional}
    assert_equal_numbers(*draw_regressor(Size(1, 3), **network))


@pytest.mark.parametrize("transform", ["none", "sqrt", "log1p"])
@pytest.mark.parametrize(("size", "skip"), [(ZERO, "none"), (Size(0, 4), "linear"), (Size(1, 4), "joint")], ids=str)
def test_numbers_are_in_the_unit_of_the_table(
    draw_regressor: DrawNumbers, size: Size, skip: Skip, transform: str
) -> None:
    assert_equal_numbers(*draw_regressor(size, skip, transform=transform))


def test_what_is_below_0_has_no_root(draw_regressor: DrawNumbers) -> None:
    model, sequences = draw_regressor(transform="sqrt")
    low = replace(sequences, inputs=sequences.inputs * np.array([-1, 1], np.float32))
    (found,) = session_of(model).run(None, onnx_sequences.fed(low, np.arange(36)))
    assert found.min() == 0
    np.testing.assert_allclose(found, model.numbers(low, np.arange(36)), atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=9), seed=st.integers(0, 9))
def test_numbers_of_any_ragged_batch(
    numbers_drawn: tuple[Regressor, onnxruntime.InferenceSession], lengths: list[int], seed: int
) -> None:
    length, draw = np.array(lengths), np.random.default_rng(seed)
    sequences = Sequences(
        inputs=draw.normal(1, 2, (length.sum(), 2)).astype(np.float32), offset=np.array([3.0, 0.0]),
        first=np.cumsum(length) - length, length=length, target=np.zeros(len(length)), group=np.arange(len(length)),
        held_out=np.empty(0, np.bool_), names=tuple(map(str, lengths)), features=("x", "z"), classes=(),
        longest=int(length.max()),
    )  # fmt: skip
    model, session = numbers_drawn
    assert_equal_numbers(model, sequences, session)


@pytest.fixture(scope="module")
def numbers_drawn(draw_regressor: DrawNumbers) -> tuple[Regressor, onnxruntime.InferenceSession]:
    model = draw_regressor(Size(2, 3), "joint", bidirectional=True)[0]
    return model, session_of(model)
