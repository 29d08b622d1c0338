"""Recurrent layers as nodes; `test_onnx_graph` compares every kind of them with torch."""

from collections.abc import Callable

from cellsize.data.windows import Windows
from cellsize.models.forecaster import Forecaster
from cellsize.models.onnx_nodes import Graph
from cellsize.models.onnx_recurrent import summary
from cellsize.params import Cell
from cellsize.sizing.sizes import Size

Make = Callable[..., tuple[Forecaster, Windows]]


def operators(model: Forecaster) -> list[str]:
    assert model.net is not None
    graph = Graph()
    summary(graph, model.net, "steps")
    return [node.op_type for node in graph.nodes if node.op_type in ("LSTM", "GRU", "RNN", "Scan")]


def test_a_layer_is_one_operator_and_not_a_node_for_each_step(draw_model: Make) -> None:
    cells: dict[Cell, str] = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}
    for cell, operator in cells.items():
        assert operators(draw_model(Size(2, 3), cell=cell, bidirectional=True)[0]) == [operator] * 2


def test_a_projection_is_a_scan_for_each_direction(draw_model: Make) -> None:
    assert operators(draw_model(Size(2, 3), projection=2)[0]) == ["Scan"] * 2
    assert operators(draw_model(Size(1, 3), projection=2, bidirectional=True)[0]) == ["Scan"] * 2
