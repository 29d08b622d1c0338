"""A whole model as one ONNX graph, from a window in the units of its table to a forecast in these units.

Written node by node: a tracer leaves projections broken or unrolls them, and needs four more packages. What a window
holds comes in double precision and is centred before it becomes single, as 1e9 ± 3 would lose its digits otherwise.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, TensorProto, ValueInfoProto, checker, helper

from cellsize.data.batches import EPSILON
from cellsize.data.calendar import tables
from cellsize.data.windows import BACKWARD, Floats, Ints, Windows
from cellsize.models.forecaster import Forecaster
from cellsize.models.onnx_network import network
from cellsize.models.onnx_nodes import IR_VERSION, OPSET, Graph

PAST, KNOWN, CALENDAR, SERIES = "past", "known_future", "calendar", "series"
FORECAST, QUANTILES = "forecast", "quantiles"


def build(model: Forecaster) -> ModelProto:
    """The model as a graph; `fed` says what goes in.

    Inputs: `past` (n, lookback, past columns) and `known_future` (n, lookback + horizon, known-future columns), double;
    `calendar` (n, features of the linear calendar) and `series` (n,), int64; each if the model reads it. Outputs, in
    double: `forecast` (n, horizon, n_targets), and of quantiles, whose median it is then, `quantiles` (n, horizon,
    n_targets, levels).
    """
    graph, schema, window = Graph(), model.schema, model.window
    n_targets, n_past, n_known = len(schema.targets), len(schema.past_columns), len(schema.known_future_columns)
    lookback, horizon = window.steps_seen, window.horizon
    inputs = [helper.make_tensor_value_info(PAST, TensorProto.DOUBLE, ["n", lookback, n_past])]
    if n_known:
        inputs.append(helper.make_tensor_value_info(KNOWN, TensorProto.DOUBLE, ["n", lookback + horizon, n_known]))
    if schema.linear_calendar:
        inputs.append(helper.make_tensor_value_info(CALENDAR, TensorProto.INT64, ["n", len(schema.linear_calendar)]))
    mean, std = _constants(graph, model)
    if model.fitted.scaling.own_mean is not None:
        inputs.append(helper.make_tensor_value_info(SERIES, TensorProto.INT64, ["n"]))

    def standardised(values: str, begin: int, end: int) -> str:
        """Some of the inputs in standard deviations, in single precision, within what training has shown."""
        centred = graph.add("Sub", values, graph.part(mean, 2, begin, end))
        single = graph.add("Cast", graph.add("Div", centred, graph.part(std, 2, begin, end)), to=TensorProto.FLOAT)
        lower, upper = model.fitted.scaling.lower, model.fitted.scaling.upper
        if lower is None or upper is None:
            return single
        lower, upper = lower[begin:end].copy(), upper[begin:end].copy()
        if begin == 0 and window.normalise != "none":  # as in `clipping`: a location follows its series
            lower[:n_targets], upper[:n_targets] = -np.inf, np.inf
        return graph.add("Min", graph.add("Max", single, graph.constant(lower)), graph.constant(upper))

    def for_levels(values: str) -> str:
        """Values of each target, (…, n_targets), for each level that is forecast of it, (…, n_targets · levels)."""
        if not model.quantiles:
            return values
        return graph.add("Gather", values, graph.whole(*np.repeat(range(n_targets), len(model.quantiles))), axis=2)

    past = standardised(_transformed(graph, model), 0, n_past)
    location, scale = "", ""
    if window.normalise != "none":
        targets = graph.part(past, 2, 0, n_targets)
        location, scale = _location_and_scale(
            graph, graph.part(targets, 1, lookback - window.lookback, lookback), model
        )
        targets = graph.add("Div", graph.add("Sub", targets, location), scale)
        rest = [graph.part(past, 2, n_targets, n_past)] if n_past > n_targets else []
        past = graph.joined(targets, *rest, axis=2)
    known = standardised(KNOWN, n_past, n_past + n_known) if n_known else ""
    read = _Read(graph, model, past, known)
    linear = read.linear()
    forecast = linear
    if model.net is not None:
        forecast = network(graph, model.net, read)
        if model.net.architecture.skip != "none":
            forecast = graph.add("Add", forecast, linear)
    if scale:
        forecast = graph.add("Add", graph.add("Mul", forecast, for_levels(scale)), for_levels(location))
    double = graph.add("Cast", forecast, to=TensorProto.DOUBLE)
    spread, level = (for_levels(graph.part(values, 2, 0, n_targets)) for values in (std, mean))
    transformed = graph.add("Add", graph.add("Mul", double, spread), level)
    outputs = _outputs(graph, model, graph.untransformed(transformed, model.window.transform))
    made = helper.make_model(
        helper.make_graph(graph.nodes, "cellsize", inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="cellsize",
    )  # fmt: skip
    checker.check_model(made, full_check=True)
    return made


def _outputs(graph: Graph, model: Forecaster, forecast: str) -> list[ValueInfoProto]:
    """Ends the graph: what it gives back of (n, horizon, n_targets), or of (n, horizon, n_targets · levels)."""
    n_targets, levels, horizon = len(model.schema.targets), len(model.quantiles), model.window.horizon
    value = helper.make_tensor_value_info(FORECAST, TensorProto.DOUBLE, ["n", horizon, n_targets])
    if not levels:
        graph.nodes.append(helper.make_node("Identity", [forecast], [FORECAST]))
        return [value]
    by_target = graph.add("Reshape", forecast, graph.whole(-1, horizon, n_targets, levels))
    # As `quantiles.in_order`: they do not cross. Sorted in units of the table, whose order is the same.
    names = [QUANTILES, f"{QUANTILES}_order"]
    graph.nodes.append(helper.make_node("TopK", [by_target, graph.whole(levels)], names, axis=3, largest=0, sorted=1))
    median = model.quantiles.index(0.5)
    middle = graph.part(QUANTILES, 3, median, median + 1)
    shape = graph.whole(-1, horizon, n_targets)
    graph.nodes.append(helper.make_node("Reshape", [middle, shape], [FORECAST]))
    return [
        value, helper.make_tensor_value_info(QUANTILES, TensorProto.DOUBLE, ["n", horizon, n_targets, levels]),
    ]  # fmt: skip


def _constants(graph: Graph, model: Forecaster) -> tuple[str, str]:
    """Mean and standard deviation of each input, double, (1, 1, n_inputs), or (n, 1, n_inputs) by the series."""
    scaling = model.fitted.scaling
    mean, std = (values[None].astype(np.float64) for values in (scaling.mean, scaling.std))
    if scaling.own_mean is None or scaling.own_std is None:
        return graph.constant(mean[None], np.float64), graph.constant(std[None], np.float64)
    mean, std = (np.repeat(values, len(scaling.names), axis=0) for values in (mean, std))
    own = scaling.own_mean.shape[1]
    mean[:, :own], std[:, :own] = scaling.own_mean, scaling.own_std
    tables = (graph.constant(values[:, None], np.float64) for values in (mean, std))
    of_mean, of_std = (graph.add("Gather", table, SERIES, axis=0) for table in tables)
    return of_mean, of_std


def _transformed(graph: Graph, model: Forecaster) -> str:
    """The past with its targets transformed."""
    n_targets, n_past = len(model.schema.targets), len(model.schema.past_columns)
    if model.window.transform == "none":
        return PAST
    targets = graph.part(PAST, 2, 0, n_targets)
    if model.window.transform == "sqrt":
        targets = graph.add("Sqrt", targets)
    else:
        targets = graph.add("Log", graph.add("Add", targets, graph.constant(1.0, np.float64)))
    rest = [graph.part(PAST, 2, n_targets, n_past)] if n_past > n_targets else []
    return graph.joined(targets, *rest, axis=2)


def _location_and_scale(graph: Graph, seen: str, model: Forecaster) -> tuple[str, str]:
    """Of each window (n, 1, n_targets), from the targets that its cells see."""
    if model.window.normalise == "last":
        return graph.part(seen, 1, model.window.lookback - 1, model.window.lookback), graph.constant([[[1.0]]])
    location = graph.add("ReduceMean", seen, axes=[1], keepdims=1)
    away = graph.add("Sub", seen, location)
    spread = graph.add("Sqrt", graph.add("ReduceMean", graph.add("Mul", away, away), axes=[1], keepdims=1))
    return location, graph.add("Add", spread, graph.constant(EPSILON))


@dataclass(frozen=True)
class _Read:
    """What the linear part, the cells and the head read.

    Attributes:
        graph: Where the nodes go.
        model: The model.
        past: Name of the scaled and normalised past, (n, lookback, n_past).
        known: Name of what is scaled and known in future, (n, lookback + horizon, n_known_future); empty: nothing is.
    """

    graph: Graph
    model: Forecaster
    past: str
    known: str

    @property
    def lengths(self) -> str:
        """All windows have the same number of steps."""
        return ""

    def cells(self) -> str:
        """(n, cell_lookback, n_cell_inputs)."""
        graph, schema, window = self.graph, self.model.schema, self.model.window
        n_static, n_known = len(schema.static_columns), len(schema.known_future_columns)
        begin, end = window.steps_seen - window.lookback, window.steps_seen
        parts = [graph.part(self.past, 1, begin, end)]
        if n_known > n_static:
            parts.append(graph.part(graph.part(self.known, 1, begin, end), 2, n_static, n_known))
        return graph.joined(*parts, axis=2)

    def ahead(self) -> str:
        """Known-future columns of the horizon, (n, horizon, n_known_future)."""
        lookback = self.model.window.steps_seen
        return self.graph.part(self.known, 1, lookback, lookback + self.model.window.horizon)

    def known_flat(self) -> list[str]:
        """Known-future columns of the horizon in a row, those constant in a series once; none if nothing is known."""
        graph, schema, horizon = self.graph, self.model.schema, self.model.window.horizon
        n_static, n_known = len(schema.static_columns), len(schema.known_future_columns)
        parts = list[str]()
        if n_static:
            first = graph.part(graph.part(self.ahead(), 1, 0, 1), 2, 0, n_static)
            parts.append(graph.flat(first, n_static))
        parts += [graph.flat(changing, horizon * (n_known - n_static)) for changing in self.changing()]
        return parts

    def changing(self) -> list[str]:
        """Known-future columns of the horizon that change within a series, (n, horizon, columns); none if none does."""
        n_static, n_known = len(self.model.schema.static_columns), len(self.model.schema.known_future_columns)
        return [self.graph.part(self.ahead(), 2, n_static, n_known)] if n_known > n_static else []

    def product(self, weights: Floats, reads_past: bool = True) -> str:
        """The inputs of `ridge_linear.design` times weights (inputs, width), the bias last: (n, width)."""
        graph, schema = self.graph, self.model.schema
        parts = []
        if reads_past:
            parts.append(graph.flat(self.past, self.model.window.steps_seen * len(schema.past_columns)))
        parts += self.known_flat()
        for column, table in enumerate(tables(schema)):
            level = graph.flat(graph.part(CALENDAR, 1, column, column + 1), 1)
            rows = graph.add("Gather", graph.constant(table), level, axis=0)
            parts.append(graph.flat(rows, table.shape[1]))
        bias = graph.constant(weights[-1])
        if not parts:  # a model of nothing but a constant: (n, 0) times (0, width)
            nothing = graph.part(graph.part(self.past, 1, 0, 1), 2, 0, 0)
            nothing = graph.add("Reshape", nothing, graph.whole(0, 0), allowzero=0)
            return graph.add("Add", graph.add("MatMul", nothing, graph.constant(weights[:0])), bias)
        return graph.add("Add", graph.add("MatMul", graph.joined(*parts, axis=1), graph.constant(weights[:-1])), bias)

    def linear(self) -> str:
        """Forecasts of the ridge-linear model, (n, horizon, n_targets · levels); empty without one."""
        linear = self.model.fitted.linear
        if linear is None:
            return ""
        product = self.product(linear.weights, linear.reads_past)
        columns = len(self.model.schema.targets) * max(1, len(self.model.quantiles))
        shape = self.graph.whole(-1, self.model.window.horizon, columns)
        return self.graph.add("Reshape", product, shape)


def fed(model: Forecaster, windows: Windows, chosen: Ints) -> dict[str, npt.NDArray[np.generic]]:
    """Windows as the graph is fed with them.

    Args:
        model: The model, which says what the graph reads.
        windows: Base arrays and index, made as in training.
        chosen: Positions in `windows.first`, shape (n,).
    """
    first = windows.first[chosen]
    rows = first[:, None] + np.arange(windows.span)
    values = windows.inputs[rows].astype(np.float64)
    own = windows.n_own
    values[:, :, own:] += windows.offset[own:]
    codes = windows.series[first]
    if own:
        values[:, :, :own] += windows.offsets(codes)[:, None]
    targets = slice(windows.n_targets)
    # A few bits below 0 would have no root: base arrays are in single precision.
    transformed = values[:, :, targets] if windows.transform == "none" else np.maximum(values[:, :, targets], 0.0)
    values[:, :, targets] = BACKWARD[windows.transform](transformed)
    found: dict[str, npt.NDArray[np.generic]] = {
        PAST: np.ascontiguousarray(values[:, : windows.lookback, : windows.n_past])
    }
    if windows.n_known_future:
        found[KNOWN] = np.ascontiguousarray(values[:, :, windows.n_past :])
    if windows.linear_calendar:
        found[CALENDAR] = windows.origin[first + windows.lookback].astype(np.int64)
    if model.fitted.scaling.own_mean is not None:
        place = {name: position for position, name in enumerate(model.fitted.scaling.names)}
        found[SERIES] = np.array([place[windows.names[code]] for code in codes], np.int64)
    return found
