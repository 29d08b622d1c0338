"""A model as an ONNX file, in single precision or with the weights of its LSTM layers in 8 bits, and what both cost."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic

from cellsize import files
from cellsize.data.batches import of_targets, truth
from cellsize.data.forecast import Forecast
from cellsize.data.quantiles import for_columns
from cellsize.data.sequences import Sequences
from cellsize.data.windows import FORWARD, Floats, Ints, Windows
from cellsize.errors import InputError
from cellsize.models import onnx_graph, onnx_sequences
from cellsize.models.forecaster import Forecaster
from cellsize.models.saved import Model
from cellsize.params import Metric

REPEATS, PIECE = 200, 256


@dataclass(frozen=True)
class Measured:
    """What a file costs and is worth.

    Attributes:
        bytes: Its length.
        milliseconds: For one window on one core of this machine, the median.
        holdout: Its normalised error on the windows given, or None without any.
    """

    bytes: int
    milliseconds: float
    holdout: float | None


def write(model: Model, path: Path) -> None:
    """Writes the graph of a model."""
    made = onnx_graph.build(model) if isinstance(model, Forecaster) else onnx_sequences.build(model)
    graph = made.SerializeToString()
    files.write(path, lambda partial: partial.write_bytes(graph))


def write_int8(model: Model, path: Path, quantised: Path) -> None:
    """Writes the file at `path` with the weights of its LSTM layers in 8 bits; all else stays as it is.

    Its operator is onnxruntime's own (DynamicQuantizeLSTM): other runtimes do not know it.

    Raises:
        InputError: The model has no LSTM layers, or some with a projection; nothing else would become smaller.
    """
    if model.net is None or not model.net.layers or model.net.network.cell != "lstm":
        kind = "no memory cells" if model.net is None or not model.net.layers else f"{model.net.network.cell} layers"
        raise InputError(f"--int8: the model has {kind}, and only lstm layers are quantised; leave --int8 out")
    if "proj_size" in vars(model.net.layers[0]) and model.net.layers[0].proj_size:
        raise InputError("--int8: lstm layers with a projection are not quantised; leave --int8 out")
    logging.disable(logging.WARNING)  # it asks to infer shapes before, which this graph has
    try:
        files.write(
            quantised,
            lambda partial: quantize_dynamic(path, partial, op_types_to_quantize=["LSTM"], weight_type=QuantType.QInt8),
        )
    finally:
        logging.disable(logging.NOTSET)


def opened(path: Path) -> onnxruntime.InferenceSession:
    """A session of a file, on one core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def milliseconds(session: onnxruntime.InferenceSession, one: Mapping[str, npt.NDArray[np.generic]]) -> float:
    """How long one sample takes, the median of many runs."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        session.run(None, one)
        times.append(time.perf_counter() - began)
    return round(1000 * float(np.median(times)), 4)


def measure(model: Forecaster, path: Path, windows: Windows | None, chosen: Ints, metric: Metric) -> Measured:
    """Measures a file.

    Args:
        model: What it was made of.
        path: The file.
        windows: Base arrays that hold the windows, or None.
        chosen: The windows, as positions in `windows.first`, shape (n,).
        metric: Which error.
    """
    session = opened(path)
    one = {
        each.name: np.zeros(
            [1 if isinstance(width, str) else width for width in each.shape],
            np.int64 if "int64" in each.type else np.float64,
        )
        for each in session.get_inputs()
    }
    took = milliseconds(session, one)
    error = None if windows is None else _error(model, session, windows, chosen, metric)
    return Measured(path.stat().st_size, took, error)


def answers(session: onnxruntime.InferenceSession, sequences: Sequences, chosen: Ints) -> Floats:
    """What a session says of some sequences: probabilities, shape (n, classes), or numbers, shape (n,)."""
    pieces = [chosen[begin : begin + PIECE] for begin in range(0, len(chosen), PIECE)]
    return np.concatenate([session.run(None, onnx_sequences.fed(sequences, piece))[0] for piece in pieces])


def _error(
    model: Forecaster, session: onnxruntime.InferenceSession, windows: Windows, chosen: Ints, metric: Metric
) -> float:  # fmt: skip
    """The normalised error of a session's forecasts, as `evaluation` measures it."""
    scaling, parts = model.fitted.scaling, list[Floats]()
    for begin in range(0, len(chosen), PIECE):
        piece = chosen[begin : begin + PIECE]
        *_, forecast = session.run(None, onnx_graph.fed(model, windows, piece))  # all quantiles, if there are any
        forecast = forecast.reshape(len(piece), windows.horizon, windows.n_columns)
        mean, std = (for_columns(values, windows.n_columns) for values in of_targets(windows, scaling, piece))
        parts.append((FORWARD[windows.transform](forecast) - mean) / std)
    right = truth(windows, scaling, chosen)
    return Forecast.of(windows).score_of(np.concatenate(parts), right, scaling.error_scale(metric), metric)
