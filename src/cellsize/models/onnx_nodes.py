"""Nodes of an ONNX graph, one after another, each named by the graph."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper, numpy_helper

from cellsize.data.windows import Transform

OPSET, IR_VERSION = 17, 8  # read by every onnxruntime since 1.13
LOOK_UP, LOOK_UP_OPSET = "ai.onnx.ml", 2  # the domain of LabelEncoder, which finds whole numbers among known ones


@dataclass
class Graph:
    """A graph that is being written.

    Attributes:
        nodes: In the order of their computation.
        constants: Weights and numbers.
        prefix: Of all names: a graph inside of another one must have other names.
    """

    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)
    prefix: str = ""

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node with one output; returns the output's name. An input that is left out is an empty name."""
        name = f"{self.prefix}{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, values: npt.ArrayLike, kind: npt.DTypeLike = np.float32) -> str:
        """Adds a constant; returns its name."""
        name = f"{self.prefix}constant_{len(self.constants)}"
        array = np.array(values, kind, order="C")  # ascontiguousarray would give a single number an axis
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def whole(self, *values: int) -> str:
        """Whole numbers in a row, as shapes and axes are."""
        return self.constant(values, np.int64)

    def part(self, values: str, axis: int, begin: int, end: int) -> str:
        """A slice along one axis."""
        return self.add("Slice", values, self.whole(begin), self.whole(end), self.whole(axis))

    def joined(self, *parts: str, axis: int) -> str:
        """Parts side by side."""
        return parts[0] if len(parts) == 1 else self.add("Concat", *parts, axis=axis)

    def flat(self, values: str, width: int) -> str:
        """(n, …) as (n, width)."""
        return self.add("Reshape", values, self.whole(-1, width))

    def untransformed(self, values: str, transform: Transform) -> str:
        """Values, double, in the unit of the table; see `windows.BACKWARD`. What is below 0 has no root: it is 0."""
        if transform == "none":
            return values
        values = self.add("Max", values, self.constant(0.0, np.float64))
        if transform == "sqrt":
            return self.add("Mul", values, values)
        return self.add("Sub", self.add("Exp", values), self.constant(1.0, np.float64))
