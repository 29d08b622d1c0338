"""A network alone as ONNX nodes; whole models are held in `test_onnx_graph` and `test_onnx_sequences`."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from cellsize.data.sequences import Sequences
from cellsize.models.classifier import Classifier
from cellsize.models.onnx_network import network
from cellsize.models.onnx_nodes import IR_VERSION, OPSET, Graph
from cellsize.sizing.sizes import Size


@pytest.mark.parametrize("head", ["plain", "mixed"])
def test_nodes_say_what_the_network_says(
    draw_classifier: Callable[..., tuple[Classifier, Sequences]], head: str
) -> None:
    net, graph = draw_classifier(Size(2, 3), "none", head)[0].net, Graph()
    assert net is not None
    read: Any = SimpleNamespace(lengths="", cells=lambda: "steps", known_flat=list)
    found = network(graph, net, read)
    shapes: dict[str, list[str | int | None]] = {"steps": ["n", 6, 2], found: ["n", 1, 3]}
    steps, output = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items())
    made = helper.make_model(
        helper.make_graph(graph.nodes, "net", [steps], [output], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
    )  # fmt: skip
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    drawn = torch.randn(4, 6, 2, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = net(drawn, torch.empty(4, 1, 0), torch.empty(4, 0))
    np.testing.assert_allclose(session.run(None, {"steps": drawn.numpy()})[0], expected.numpy(), atol=1e-5)
