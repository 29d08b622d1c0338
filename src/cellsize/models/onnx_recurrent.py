"""Recurrent layers as ONNX nodes: the operators LSTM, GRU and RNN, and a Scan for projections, which they lack."""

from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper

from cellsize.models.decoder import step_numbers
from cellsize.models.network import Net
from cellsize.models.onnx_nodes import Graph

Array = npt.NDArray[np.float32]
# Gates as ONNX orders them, by their positions in PyTorch: i, f, g, o → i, o, f, c; r, z, n → z, r, h.
ORDERS = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}
OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


def summary(graph: Graph, net: Net, steps: str, lengths: str = "") -> str:
    """What the last layer gives the head, shape (n, width).

    Args:
        graph: Where the nodes go.
        net: Has the weights.
        steps: Name of what the cells see, (n, cell_lookback, n_inputs).
        lengths: Name of how many of its steps each sample has, int64, (n,); empty: all of them.
    """
    lookback = net.shape.cell_lookback
    outputs = graph.add("Transpose", steps, perm=[1, 0, 2])
    half = 0
    for index in range(len(net.layers)):
        weights = _weights(net, f"layers.{index}.")
        directions = ["", "_reverse"] if net.network.bidirectional else [""]
        if "weight_hr_l0" in weights:
            parts = [_projected(graph, outputs, weights, suffix, lengths) for suffix in directions]
            half = weights["weight_hr_l0"].shape[0]
            outputs = graph.joined(*parts, axis=2)
        else:
            half = net.units
            outputs = _layer(graph, outputs, weights, net.network.cell, directions, net.units, lookback, (), lengths)
    if net.network.summary == "mean":
        return _mean(graph, outputs, lengths, lookback)
    last = _last(graph, outputs, lengths, lookback)
    if not net.network.bidirectional:
        return last
    # The backward direction has read the whole window at its first step.
    first = graph.add("Gather", outputs, graph.constant(0, np.int64), axis=0)
    return graph.joined(graph.part(last, 1, 0, half), graph.part(first, 1, half, 2 * half), axis=1)


def _mean(graph: Graph, outputs: str, lengths: str, lookback: int) -> str:
    """The mean over the steps that each sample has, (n, width), of (lookback, n, width)."""
    if not lengths:
        return graph.add("ReduceMean", outputs, axes=[0], keepdims=0)
    step = graph.constant(np.arange(lookback)[:, None, None], np.int64)
    count = graph.add("Unsqueeze", lengths, graph.whole(1))
    kept = graph.add("Where", graph.add("Less", step, count), outputs, graph.constant(0.0))
    total = graph.add("ReduceSum", kept, graph.whole(0), keepdims=0)
    return graph.add("Div", total, graph.add("Cast", count, to=TensorProto.FLOAT))


def _last(graph: Graph, outputs: str, lengths: str, lookback: int) -> str:
    """What is at the end of each sample, (n, width)."""
    if not lengths:
        return graph.add("Gather", outputs, graph.constant(lookback - 1, np.int64), axis=0)
    end = graph.add("Unsqueeze", graph.add("Sub", lengths, graph.whole(1)), graph.whole(1))
    return graph.add("GatherND", graph.add("Transpose", outputs, perm=[1, 0, 2]), end, batch_dims=1)


def decoded(graph: Graph, net: Net, steps: str, known: list[str]) -> str:
    """What a decoder gives the head, shape (n, horizon, units).

    Args:
        graph: Where the nodes go.
        net: The network.
        steps: What the cells see, (n, cell_lookback, n_inputs).
        known: What is known of the steps to be predicted and changes, (n, horizon, columns); none if nothing is.
    """
    lookback, horizon = net.shape.cell_lookback, net.shape.horizon
    outputs, states = graph.add("Transpose", steps, perm=[1, 0, 2]), list[tuple[str, ...]]()
    cell, units = net.network.cell, net.units
    for index in range(len(net.layers)):
        outputs = _layer(graph, outputs, _weights(net, f"layers.{index}."), cell, [""], units, lookback)
        states.append(_last_state(graph, cell))
    n = graph.part(graph.add("Shape", steps), 0, 0, 1)
    numbers = graph.constant(step_numbers(horizon).numpy())
    numbers = graph.add("Expand", numbers, graph.joined(n, graph.whole(horizon, 1), axis=0))
    outputs = graph.add("Transpose", graph.joined(*known, numbers, axis=2), perm=[1, 0, 2])
    for index, state in enumerate(states):
        outputs = _layer(graph, outputs, _weights(net, f"decoder.layers.{index}."), cell, [""], units, horizon, state)
    return graph.add("Transpose", outputs, perm=[1, 0, 2])


def _weights(net: Net, prefix: str) -> dict[str, Array]:
    """Those of one layer, by the names that PyTorch has for them."""
    found = net.state_dict().items()
    return {name.removeprefix(prefix): value.numpy() for name, value in found if name.startswith(prefix)}


def _last_state(graph: Graph, cell: str) -> tuple[str, ...]:
    """Names of the last state of the layer that was added last: more outputs of its operator."""
    (node,) = [node for node in graph.nodes if node.op_type == OPERATORS[cell]][-1:]
    states = tuple(f"{node.name}_{part}" for part in (("hidden", "cell") if cell == "lstm" else ("hidden",)))
    node.output.extend(states)
    return states


def _layer(
    graph: Graph, steps: str, weights: dict[str, Array], cell: str, directions: list[str], units: int, lookback: int,
    state: tuple[str, ...] = (), lengths: str = "",
) -> str:  # fmt: skip
    """One layer, from (lookback, n, inputs) to (lookback, n, directions · units); it begins with a state, or zeros."""

    def reordered(name: str) -> Array:
        by_direction = []
        for suffix in directions:
            gates = np.split(weights[name + suffix], len(ORDERS[cell]))
            by_direction.append(np.concatenate([gates[gate] for gate in ORDERS[cell]]))
        return np.stack(by_direction)

    biases = np.concatenate([reordered("bias_ih_l0"), reordered("bias_hh_l0")], axis=1)
    attributes: dict[str, Any] = {
        "hidden_size": units, "direction": "bidirectional" if len(directions) == 2 else "forward",
    }  # fmt: skip
    if cell == "gru":  # the reset gate acts on the product with the recurrent weights, as in PyTorch
        attributes["linear_before_reset"] = 1
    # With lengths the operators begin a backward direction at the true end, as packed sequences do.
    of_each = graph.add("Cast", lengths, to=TensorProto.INT32) if lengths else ""
    outputs = graph.add(
        OPERATORS[cell], steps, graph.constant(reordered("weight_ih_l0")), graph.constant(reordered("weight_hh_l0")),
        graph.constant(biases), *((of_each, *state) if of_each or state else ()), **attributes,
    )  # fmt: skip
    by_window = graph.add("Transpose", outputs, perm=[0, 2, 1, 3])
    return graph.add("Reshape", by_window, graph.whole(lookback, -1, len(directions) * units))


def _projected(graph: Graph, steps: str, weights: dict[str, Array], suffix: str, lengths: str) -> str:
    """One direction of an LSTM layer with a projection, from (lookback, n, inputs) to (lookback, n, projection)."""
    if lengths and suffix:  # a forward one on what is reversed within its length, and back
        turned = graph.add("ReverseSequence", steps, lengths, batch_axis=1, time_axis=0)
        outputs = _scanned(graph, turned, weights, suffix, is_backward=False)
        return graph.add("ReverseSequence", outputs, lengths, batch_axis=1, time_axis=0)
    return _scanned(graph, steps, weights, suffix, is_backward=bool(suffix))


def _scanned(graph: Graph, steps: str, weights: dict[str, Array], suffix: str, is_backward: bool) -> str:
    """The steps one after another, from the first or from the last one."""
    into, back, project = (weights[f"weight_{name}_l0{suffix}"] for name in ("ih", "hh", "hr"))
    bias = weights[f"bias_ih_l0{suffix}"] + weights[f"bias_hh_l0{suffix}"]
    units, projection = project.shape[1], project.shape[0]
    body = Graph(prefix=f"step_{len(graph.nodes)}_")
    # i, f, g, o side by side, of all windows.
    gates = body.add(
        "Add",
        body.add("Add", body.add("MatMul", f"{body.prefix}seen", body.constant(into.T)),
                 body.add("MatMul", f"{body.prefix}hidden", body.constant(back.T))),
        body.constant(bias),
    )  # fmt: skip
    parts = [body.part(gates, 1, gate * units, (gate + 1) * units) for gate in range(4)]
    enters, stays, leaves = (body.add("Sigmoid", parts[gate]) for gate in (0, 1, 3))
    cell = body.add(
        "Add", body.add("Mul", stays, f"{body.prefix}cell"), body.add("Mul", enters, body.add("Tanh", parts[2]))
    )
    shown = body.add("Mul", leaves, body.add("Tanh", cell))
    hidden = body.add("MatMul", shown, body.constant(project.T))
    output = body.add("Identity", hidden)
    inside = helper.make_graph(
        body.nodes,
        "step",
        [
            helper.make_tensor_value_info(f"{body.prefix}hidden", TensorProto.FLOAT, [None, projection]),
            helper.make_tensor_value_info(f"{body.prefix}cell", TensorProto.FLOAT, [None, units]),
            helper.make_tensor_value_info(f"{body.prefix}seen", TensorProto.FLOAT, [None, into.shape[1]]),
        ],
        [
            helper.make_tensor_value_info(hidden, TensorProto.FLOAT, [None, projection]),
            helper.make_tensor_value_info(cell, TensorProto.FLOAT, [None, units]),
            helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, projection]),
        ],
        body.constants,
    )
    windows = graph.part(graph.add("Shape", steps), 0, 1, 2)
    begins = [
        graph.add(
            "ConstantOfShape",
            graph.joined(windows, graph.whole(width), axis=0),
            value=helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0]),
        )
        for width in (projection, units)
    ]
    backward = int(is_backward)
    names = [f"scan_{len(graph.nodes)}_{output}" for output in ("hidden", "cell", "steps")]
    graph.nodes.append(
        helper.make_node(
            "Scan", [*begins, steps], names, body=inside, num_scan_inputs=1, scan_input_directions=[backward],
            scan_output_directions=[backward],
        )
    )  # fmt: skip
    return names[2]
