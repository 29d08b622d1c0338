"""A whole model of sequences as one ONNX graph, from steps or texts to probabilities of classes or to a number.

Steps and numbers are in the units of the table, texts are code points.

Sequences of a batch are filled up behind their ends with anything: `lengths` says how many steps each has. The graph
takes the last steps of each that the model reads, puts zeros behind the end, and then does as `unequal`: recurrent
operators get the lengths, and read a backward direction from the true end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, TensorProto, ValueInfoProto, checker, helper

from cellsize.data.regress import Regress
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.models.classifier import Classifier
from cellsize.models.onnx_network import Reads, network
from cellsize.models.onnx_nodes import IR_VERSION, LOOK_UP, LOOK_UP_OPSET, OPSET, Graph
from cellsize.models.onnx_texts import Texts
from cellsize.models.regressor import Regressor

Model = Classifier | Regressor
VALUES, CODE_POINTS, LENGTHS, PROBABILITIES, NUMBER = "values", "code_points", "lengths", "probabilities", "number"


def build(model: Model) -> ModelProto:
    """The model as a graph; `fed` says what goes in.

    Inputs: `values` (n, steps, inputs), double, of any number of steps, NaN where a number is missing, or of texts
    `code_points` (n, characters), int64; `lengths` (n,), int64, each at least 1. Output: `probabilities` (n, classes)
    or `number` (n,), double.
    """
    graph, is_text = Graph(), model.schema.text is not None
    read = _texts(graph, model) if is_text else _steps(graph, model)
    outputs, linear = "", model.fitted.linear
    if linear is not None and (model.net is None or model.net.architecture.skip != "none"):
        outputs = read.product(linear.weights)
    if model.net is not None:
        of_net = graph.flat(network(graph, model.net, read), len(model.schema.classes) or 1)
        outputs = graph.add("Add", of_net, outputs) if outputs else of_net
    output = _finished(graph, model, graph.add("Cast", outputs, to=TensorProto.DOUBLE))
    steps = helper.make_tensor_value_info(VALUES, TensorProto.DOUBLE, ["n", "steps", len(model.schema.input_columns)])
    points = helper.make_tensor_value_info(CODE_POINTS, TensorProto.INT64, ["n", "characters"])
    inputs = [points if is_text else steps, helper.make_tensor_value_info(LENGTHS, TensorProto.INT64, ["n"])]
    domains = [("", OPSET), (LOOK_UP, LOOK_UP_OPSET)] if is_text else [("", OPSET)]
    made = helper.make_model(
        helper.make_graph(graph.nodes, "cellsize", inputs, [output], graph.constants),
        opset_imports=[helper.make_opsetid(*each) for each in domains], ir_version=IR_VERSION, producer_name="cellsize",
    )  # fmt: skip
    checker.check_model(made, full_check=True)
    return made


def _finished(graph: Graph, model: Model, outputs: str) -> ValueInfoProto:
    """Makes what is asked for of the outputs of network and linear part, double, (n, columns)."""
    if isinstance(model, Classifier):
        graph.nodes.append(helper.make_node("Softmax", [outputs], [PROBABILITIES], axis=-1))
        return helper.make_tensor_value_info(PROBABILITIES, TensorProto.DOUBLE, ["n", len(model.schema.classes)])
    scale = Regress.of(model.fitted.scaling)
    std, mean = (graph.constant(each, np.float64) for each in (scale.std, scale.mean))
    scaled = graph.add("Add", graph.add("Mul", outputs, std), mean)
    original = graph.untransformed(scaled, model.window.transform)
    graph.nodes.append(helper.make_node("Reshape", [original, graph.whole(-1)], [NUMBER]))
    return helper.make_tensor_value_info(NUMBER, TensorProto.DOUBLE, ["n"])


def _last(graph: Graph, model: Model, values: str) -> tuple[str, str, str]:
    """Of each sequence the last steps that the model reads, as many for all.

    Returns:
        Names of the values, anything behind the ends, (n, longest, …); of what is true for the steps that are there,
        (n, longest); and of how many are, (n,).
    """
    longest = model.longest
    skipped = graph.add("Max", graph.add("Sub", LENGTHS, graph.whole(longest)), graph.whole(0))
    ahead = graph.add("Add", graph.add("Unsqueeze", skipped, graph.whole(1)), graph.whole(*range(longest)))
    last = graph.add("Sub", graph.part(graph.add("Shape", values), 0, 1, 2), graph.whole(1))
    places = graph.add("Unsqueeze", graph.add("Min", ahead, last), graph.whole(2))
    lengths = graph.add("Min", LENGTHS, graph.whole(longest))
    step = graph.constant(np.arange(longest)[None], np.int64)
    there = graph.add("Less", step, graph.add("Unsqueeze", lengths, graph.whole(1)))
    return graph.add("GatherND", values, places, batch_dims=1), there, lengths


def _texts(graph: Graph, model: Model) -> Reads:
    """Knows the characters of the texts that the model reads; see `characters.one_hot` and `counts`."""
    return Texts(graph, model.fitted.scaling, model.longest, *_last(graph, model, CODE_POINTS))


def _steps(graph: Graph, model: Model) -> Reads:
    """Scales the steps that the model reads; see `sequence_batches.padded_steps`."""
    scaling = model.fitted.scaling
    assert scaling.lower is not None
    assert scaling.upper is not None
    values, is_there, lengths = _last(graph, model, VALUES)
    there = graph.add("Unsqueeze", is_there, graph.whole(2))
    missing = graph.add("IsNaN", values)
    mean, std = (
        graph.constant(each[None, None].astype(np.float64), np.float64) for each in (scaling.mean, scaling.std)
    )
    centred = graph.add("Sub", graph.add("Where", missing, mean, values), mean)
    single = graph.add("Cast", graph.add("Div", centred, std), to=TensorProto.FLOAT)
    clipped = graph.add("Min", graph.add("Max", single, graph.constant(scaling.lower)), graph.constant(scaling.upper))
    known = graph.add("And", there, graph.add("Not", missing))
    return _Read(graph, model.longest, graph.add("Where", known, clipped, graph.constant(0.0)), there, lengths)


@dataclass(frozen=True)
class _Read:
    """What the linear part, the cells and the head read; see `onnx_network.Reads`.

    Attributes:
        graph: Where the nodes go.
        longest: Steps of a batch.
        steps: Name of the scaled steps, zeros behind the ends, (n, longest, inputs).
        there: Name of what is true for the steps that a sequence has, (n, longest, 1).
        lengths: Name of how many it has, int64, (n,).
    """

    graph: Graph
    longest: int
    steps: str
    there: str
    lengths: str

    def cells(self) -> str:
        """The same steps."""
        return self.steps

    def ahead(self) -> str:
        """Never asked for: nothing is known in future, as `known_flat` says."""
        raise NotImplementedError

    def known_flat(self) -> list[str]:
        """Nothing is."""
        return []

    def changing(self) -> list[str]:
        """Nothing is."""
        return []

    def product(self, weights: Floats) -> str:
        """The summaries of `sequence_batches.summaries` times weights (inputs, width), the bias last: (n, width)."""
        graph, count = self.graph, self.graph.add("Cast", self.lengths, to=TensorProto.FLOAT)
        count = graph.add("Unsqueeze", count, graph.whole(1))
        steps, along = self.steps, graph.whole(1)
        mean = graph.add("Div", graph.add("ReduceSum", steps, along, keepdims=0), count)
        away = graph.add("Sub", steps, graph.add("Unsqueeze", mean, along))
        squares = graph.add("Where", self.there, graph.add("Mul", away, away), graph.constant(0.0))
        std = graph.add("Sqrt", graph.add("Div", graph.add("ReduceSum", squares, along, keepdims=0), count))
        inside = [graph.add("Where", self.there, steps, graph.constant(end)) for end in (np.inf, -np.inf)]
        smallest, largest = (
            graph.add(f"Reduce{kind}", each, axes=[1], keepdims=0)
            for kind, each in zip(("Min", "Max"), inside, strict=True)
        )
        first = graph.add("Gather", steps, graph.constant(0, np.int64), axis=1)
        end = graph.add("Unsqueeze", graph.add("Sub", self.lengths, graph.whole(1)), graph.whole(1))
        last = graph.add("GatherND", steps, end, batch_dims=1)
        length = graph.add("Div", count, graph.constant(float(self.longest)))
        read = graph.joined(mean, std, smallest, largest, first, last, length, axis=1)
        product = graph.add("MatMul", read, graph.constant(weights[:-1]))
        return graph.add("Add", product, graph.constant(weights[-1]))


def fed(sequences: Sequences, chosen: Ints | Sequence[int]) -> dict[str, npt.NDArray[np.generic]]:
    """Sequences as the graph is fed with them: as long as the longest of them.

    Args:
        sequences: Base arrays and index.
        chosen: Positions of sequences, shape (n,).
    """
    chosen = np.asarray(chosen)
    length = sequences.length[chosen].astype(np.int64)
    values = np.zeros((len(chosen), int(length.max()), sequences.inputs.shape[1]))
    values[np.arange(values.shape[1]) < length[:, None]] = sequences.inputs[sequences.rows(chosen)] + sequences.offset
    if sequences.characters:
        return {CODE_POINTS: values[:, :, 0].astype(np.int64), LENGTHS: length}
    return {VALUES: values, LENGTHS: length}


def longest(model: Model) -> dict[str, npt.NDArray[np.generic]]:
    """One sequence of as many steps as the model reads at most, of zeros: what the graph takes longest for."""
    length = np.array([model.longest], np.int64)
    if model.schema.text is not None:
        return {CODE_POINTS: np.zeros((1, model.longest), np.int64), LENGTHS: length}
    return {VALUES: np.zeros((1, model.longest, len(model.schema.input_columns))), LENGTHS: length}
