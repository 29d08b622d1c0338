"""What exported files are fed with, what they cost, and what they are worth on the holdout, by the task of the model.

It needs onnx: nobody imports it who exports nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from onnxruntime import InferenceSession

from cellsize import params_file
from cellsize.data import folds
from cellsize.data.names import score_name
from cellsize.data.schema import Schema
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Ints, Windows
from cellsize.evaluation.class_errors import errors_of
from cellsize.models import onnx_file, onnx_sequence_sheet, onnx_sequences, onnx_sheet
from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.models.saved import Model
from cellsize.params import Metric
from cellsize.registry.store import PARAMS
from cellsize.tasks import schemas

BUILD = Path("build")
NO_HOLDOUT = "not measured: the folder of the project that made the model, with its build/, is not this one"


class Worth(NamedTuple):
    """What a file costs and is worth.

    Attributes:
        content: For the JSON.
        said: In words.
    """

    content: dict[str, Any]
    said: str


def sheet(model: Model, name: str, version: str) -> dict[str, Any]:
    """What the files are fed with: the content of the JSON.

    Args:
        model: The model.
        name: Of the registered model.
        version: Its version.
    """
    if isinstance(model, Forecaster):
        return onnx_sheet.sheet(model, name, version)
    return onnx_sequence_sheet.sheet(model, name, version)


def measured(model: Model, written: Mapping[str, Path], project: Path) -> dict[str, Worth]:
    """Measures files.

    Args:
        model: What they were made of.
        written: Kind → file.
        project: A folder; if it is that of the project that made the model, the holdout is measured.
    """
    if isinstance(model, Classifier):
        held_out = _sequences(model, project)
        return {kind: _of_labels(model, path, held_out) for kind, path in written.items()}
    if isinstance(model, Regressor):
        numbered = _numbers(model, project)
        return {kind: _of_numbers(model, path, numbered) for kind, path in written.items()}
    windows = _windows(model, project)
    return {kind: _of_forecasts(model, path, windows) for kind, path in written.items()}


def _of_forecasts(model: Forecaster, path: Path, held_out: tuple[Windows, Ints, Metric] | None) -> Worth:
    windows, chosen, metric = held_out or (None, np.empty(0, np.int64), "mse")
    found = onnx_file.measure(model, path, windows, chosen, metric)
    content = asdict(found) | {"metric": None if windows is None else score_name(metric)}
    worth = NO_HOLDOUT if found.holdout is None else f"{score_name(metric)} {found.holdout:.4f}"
    return Worth(content, f"{found.bytes:,} bytes, {found.milliseconds:.3f} ms a window; holdout {worth}")


def _of_labels(model: Classifier, path: Path, held_out: tuple[Sequences, Ints] | None) -> Worth:
    session, size, took = _cost(model, path)
    errors = None
    if held_out is not None:
        sequences, chosen = held_out
        probabilities = onnx_file.answers(session, sequences, chosen)
        errors = errors_of(probabilities, sequences.target[chosen], model.fitted.scaling)
    content = {
        "bytes": size, "milliseconds": took, "holdout": None if errors is None else errors.log_loss,
        "metric": None if errors is None else "log_loss", "accuracy": None if errors is None else errors.accuracy,
    }  # fmt: skip
    worth = NO_HOLDOUT
    if errors is not None:
        worth = f"accuracy {errors.accuracy:.1%}, log loss {errors.log_loss:.4f}"
    return Worth(content, f"{size:,} bytes, {took:.3f} ms for the longest sequence; holdout {worth}")


def _of_numbers(model: Regressor, path: Path, held_out: tuple[Sequences, Ints, Metric] | None) -> Worth:
    session, size, took = _cost(model, path)
    content: dict[str, Any] = {"bytes": size, "milliseconds": took, "holdout": None, "metric": None, "mae": None}
    worth = NO_HOLDOUT
    if held_out is not None:
        from cellsize.evaluation.numbers import errors_of as errors_of_numbers  # a second that other tasks do not need

        sequences, chosen, metric = held_out
        outputs = model.scaled(onnx_file.answers(session, sequences, chosen))
        errors = errors_of_numbers(outputs, sequences.target[chosen], model, metric)
        content |= {"holdout": errors.score, "metric": score_name(metric), "mae": errors.mae}
        worth = f"MAE {errors.mae:.4g}, {score_name(metric)} {errors.score:.4f}"
    return Worth(content, f"{size:,} bytes, {took:.3f} ms for the longest sequence; holdout {worth}")


def _cost(model: Classifier | Regressor, path: Path) -> tuple[InferenceSession, int, float]:
    """A session of a file, its bytes, and milliseconds for the longest sequence."""
    session = onnx_file.opened(path)
    return session, path.stat().st_size, onnx_file.milliseconds(session, onnx_sequences.longest(model))


def _paths(project: Path) -> tuple[Path, Path, Path] | None:
    """The files of a project that name its samples, its holdout and its columns; None if one is not there."""
    samples, parts, schema = (project / BUILD / name for name in ("windows.npz", "folds.parquet", "schema.json"))
    if not all(path.is_file() for path in (project / PARAMS, samples, parts, schema)):
        return None
    return samples, parts, schema


def _sequences(model: Classifier | Regressor, project: Path) -> tuple[Sequences, Ints] | None:
    """The sequences of the holdout, if this is the folder of the project that made the model."""
    paths = _paths(project)
    if paths is None or schemas.load(paths[2]) != model.schema:
        return None
    return Sequences.load(paths[0]), np.flatnonzero(folds.load(paths[1]).holdout)


def _numbers(model: Regressor, project: Path) -> tuple[Sequences, Ints, Metric] | None:
    """The same, of numbers that are transformed as those of the model are."""
    held_out = _sequences(model, project)
    if held_out is None:
        return None
    params = params_file.load(project / PARAMS)
    return None if params.window.transform != model.window.transform else (*held_out, params.choose.metric)


def _windows(model: Forecaster, project: Path) -> tuple[Windows, Ints, Metric] | None:
    """The windows of the holdout, if this is the folder of the project that made the model."""
    paths = _paths(project)
    schema = None if paths is None else schemas.load(paths[2])
    if paths is None or not isinstance(schema, Schema):
        return None
    windows = Windows.load(paths[0])
    window = model.window
    same = replace(schema, gap=0) == replace(model.schema, gap=0)
    same &= (windows.lookback, windows.cell_lookback, windows.horizon) == (
        window.steps_seen, window.lookback, window.horizon,
    )  # fmt: skip
    same &= (windows.transform, windows.normalise) == (window.transform, window.normalise)
    same &= windows.quantiles == model.quantiles
    known = set(model.fitted.scaling.names)
    if not same or (known and not set(windows.names) <= known):
        return None
    return windows, np.flatnonzero(folds.load(paths[1]).holdout), params_file.load(project / PARAMS).choose.metric
