"""A network alone as ONNX nodes, for every task: recurrent layers or hidden units, and the head."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from cellsize.data.windows import Floats
from cellsize.models import onnx_recurrent
from cellsize.models.network import CORRECTION, Net
from cellsize.models.onnx_nodes import Graph


class Reads(Protocol):
    """What a network reads, as names of the graph."""

    @property
    def lengths(self) -> str:
        """Steps of each sample, int64, (n,); empty: all have as many as there are."""

    def cells(self) -> str:
        """What memory cells see, (n, steps, n_cell_inputs)."""

    def ahead(self) -> str:
        """What is known in future, (n, horizon, n_known_future); asked for only where something is."""

    def known_flat(self) -> list[str]:
        """The same in a row; none if nothing is known."""

    def changing(self) -> list[str]:
        """What of it is not constant in a series, (n, horizon, columns); none if nothing is."""

    def product(self, weights: Floats) -> str:
        """What the linear model reads times weights (inputs, width), the bias last: (n, width)."""


def network(graph: Graph, net: Net, read: Reads) -> str:
    """Forecasts of the network alone, (n, horizon, n_targets); see `Net.forward`."""
    weights: dict[str, npt.NDArray[np.float32]] = {name: value.numpy() for name, value in net.state_dict().items()}
    if net.architecture.head == "encoder_decoder":
        summary = onnx_recurrent.decoded(graph, net, read.cells(), read.changing())
    elif net.layers:
        summary = onnx_recurrent.summary(graph, net, read.cells(), read.lengths)
    else:
        summary = graph.add("Relu", read.product(weights["hidden.weight"].T))

    def dense(name: str, values: str, bias: bool = True) -> str:
        product = graph.add("MatMul", values, graph.constant(weights[f"{name}.weight"].T))
        return graph.add("Add", product, graph.constant(weights[f"{name}.bias"])) if bias else product

    remembered = dense("head", summary)
    if net.architecture.head == "mixed":
        mixed = graph.add("Relu", dense("mixing", graph.joined(summary, *read.known_flat(), axis=1)))
        remembered = graph.add("Add", remembered, dense("mixed_head", mixed, bias=False))
    if net.architecture.skip == "joint":
        if net.architecture.head == "encoder_decoder":
            remembered = graph.flat(remembered, net.shape.n_outputs)
        correction = graph.add(
            "Mul", read.product(weights["correction.weight"]), graph.constant(np.float32(CORRECTION))
        )
        remembered = graph.add("Add", remembered, correction)
    forecasts = graph.add("Reshape", remembered, graph.whole(-1, net.shape.horizon, net.shape.n_targets))
    if not net.shape.n_known_future:
        return forecasts
    of_known = graph.constant(weights["known_future.weight"])
    known = graph.add("Einsum", read.ahead(), of_known, equation="nhk,hkt->nht")
    return graph.add("Add", forecasts, known)
