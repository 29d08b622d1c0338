"""Nodes of a graph."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from cellsize.data.windows import Transform
from cellsize.models.onnx_nodes import IR_VERSION, OPSET, Graph


def test_nodes_are_named_by_their_graph_and_computed_in_their_order() -> None:
    graph = Graph()
    first = graph.part("x", 1, 0, 2)
    joined = graph.joined(first, graph.add("Mul", first, graph.constant(3.0)), axis=1)
    graph.nodes.append(helper.make_node("Identity", [graph.flat(joined, 2)], ["y"]))
    made = helper.make_model(
        helper.make_graph(
            graph.nodes, "toy", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["m", 2])], graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
    )  # fmt: skip
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": np.array([[1, 2, 9]], np.float32)})
    assert found.tolist() == [[1, 2], [3, 6]]


def test_a_graph_inside_of_another_has_other_names() -> None:
    outer, inner = Graph(), Graph(prefix="step_")
    assert outer.constant(1.0) != inner.constant(1.0)
    assert outer.add("Relu", "x") != inner.add("Relu", "x")


def test_a_single_number_has_no_axis() -> None:
    graph = Graph()
    graph.constant(1.0)
    graph.whole(1, 2)
    assert [list(constant.dims) for constant in graph.constants] == [[], [2]]


@pytest.mark.parametrize(("transform", "expected"), [("none", [-2, 3]), ("sqrt", [0, 9]), ("log1p", [0, np.expm1(3)])])
def test_what_was_transformed_is_in_the_unit_of_the_table_again(transform: Transform, expected: list[float]) -> None:
    graph = Graph()
    found = graph.untransformed("x", transform)
    graph.nodes.append(helper.make_node("Identity", [found], ["y"]))
    x, y = (helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["n"]) for name in ("x", "y"))
    made = helper.make_model(
        helper.make_graph(graph.nodes, "toy", [x], [y], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
    )  # fmt: skip
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"x": np.array([-2.0, 3.0])})[0], expected)
