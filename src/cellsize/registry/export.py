"""A registered model as an ONNX file, with a JSON beside it that says what it is fed."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from cellsize import files, params_file
from cellsize.data import folds
from cellsize.data.schema import Schema
from cellsize.data.windows import Ints, Windows
from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.params import Metric
from cellsize.registry.fetched import fetch, version_of
from cellsize.registry.store import PARAMS

BUILD = Path("build")
INSTALL = 'needs onnx and onnxruntime: pip install "cellsize[onnx]"'
NO_HOLDOUT = "not measured: the folder of the project that made the model, with its build/, is not this one"


def export(name: str, version: str, path: Path, int8: bool, say: Callable[[str], None]) -> None:
    """Writes the file, with `int8` also one whose LSTM weights have 8 bits, and the JSON.

    Args:
        name: Of the registered model.
        version: Its number, or an alias.
        path: Of the file; `.int8.onnx` and `.json` take the place of its `.onnx`.
        int8: Whether the smaller file is wanted too.
        say: Is told what was written.

    Raises:
        InputError: There is no such version, onnx is not installed, or the model has nothing to be quantised.
    """
    if path.suffix != ".onnx":
        raise InputError(f"--onnx {path}: does not end with .onnx; give a name such as {path.name}.onnx")
    try:
        from cellsize.models import onnx_file, onnx_sheet
    except ImportError as error:
        raise InputError(f"--onnx {INSTALL} ({error})") from None
    number = version_of(name, version if version.isdigit() else None, version)
    model = fetch(name, number)
    if model.quantiles:
        raise InputError(
            f"--onnx: version {number} forecasts quantiles (choose.metric: quantile), and only forecasts of values are "
            "exported; name a version that was trained with choose.metric: mae"
        )
    onnx_file.write(model, path)
    written = {"float32": path}
    if int8:
        written["int8"] = path.with_suffix(".int8.onnx")
        onnx_file.write_int8(model, path, written["int8"])
    windows, chosen, metric = _holdout(model)
    measured = {
        kind: onnx_file.measure(model, file, windows, chosen, metric) for kind, file in written.items()
    }  # fmt: skip
    content = onnx_sheet.sheet(model, name, number)
    content["files"] = {
        kind: {"file": written[kind].name, **asdict(found), "metric": f"n{metric}" if windows is not None else None}
        for kind, found in measured.items()
    }
    files.write_json(path.with_suffix(".json"), content)
    for kind, found in measured.items():
        worth = NO_HOLDOUT if found.holdout is None else f"n{metric} {found.holdout:.4f}"
        say(f"{written[kind]}: {kind}, {found.bytes:,} bytes, {found.milliseconds:.3f} ms a window; holdout {worth}")
    say(f"{path.with_suffix('.json')}: what it is fed with")


def _holdout(model: Forecaster) -> tuple[Windows | None, Ints, Metric]:
    """The windows of the holdout, if this is the folder of the project that made the model."""
    nothing = None, np.empty(0, np.int64), "mse"
    paths = [BUILD / name for name in ("windows.npz", "folds.parquet", "schema.json")]
    if not PARAMS.is_file() or not all(path.is_file() for path in paths):
        return nothing  # type: ignore[return-value]
    windows = Windows.load(paths[0])
    window = model.window
    same = replace(Schema.load(paths[2]), gap=0) == replace(model.schema, gap=0)
    same &= (windows.lookback, windows.cell_lookback, windows.horizon) == (
        window.steps_seen, window.lookback, window.horizon,
    )  # fmt: skip
    same &= (windows.transform, windows.normalise) == (window.transform, window.normalise)
    known = set(model.fitted.scaling.names)
    if not same or (known and not set(windows.names) <= known):
        return nothing  # type: ignore[return-value]
    return windows, np.flatnonzero(folds.load(paths[1]).holdout), params_file.load(PARAMS).choose.metric
