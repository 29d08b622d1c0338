"""A registered version as files for a consumer without Python."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.registry import export as exports
from cellsize.registry import exported
from cellsize.registry.export import export


@pytest.fixture
def registered(
    tmp_path: Path, make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
) -> Forecaster:  # fmt: skip
    """A version that is fetched; `test_fetched` fetches real ones."""
    model = make_model(make_table())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(exports, "version_of", lambda name, version, alias: version or "1")
    monkeypatch.setattr(exports, "fetch", lambda name, version: model)
    return model


def test_a_file_a_json_and_what_they_cost_are_written_and_said(registered: Forecaster) -> None:
    said: list[str] = []
    export("toy", "champion", Path("out/toy.onnx"), False, said.append)
    content = json.loads(Path("out/toy.json").read_text(encoding="utf-8"))
    size = Path("out/toy.onnx").stat().st_size
    assert content["files"]["float32"]["bytes"] == size
    assert (content["model"], content["version"]) == ("toy", "1")
    assert content["files"]["float32"]["holdout"] is None
    assert f"{size:,} bytes" in said[0]
    assert said[0].endswith(f"holdout {exported.NO_HOLDOUT}")
    session = onnxruntime.InferenceSession("out/toy.onnx", providers=["CPUExecutionProvider"])
    assert [entry.name for entry in session.get_inputs()] == list(content["inputs"])


def test_in_the_folder_of_the_project_the_holdout_is_measured(
    registered: Forecaster, make_windows: Callable[..., Windows], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    from cellsize.data import series, usable
    from tests.conftest import SOURCE

    raw = pd.DataFrame({"when": pd.date_range("2026-01-01", periods=60, freq="h").strftime("%Y-%m-%d %H:%M")})
    raw["y"], raw["x"] = range(60), 1.0
    frame = series.clean(raw, SOURCE, registered.schema)
    windows = usable.build(frame, registered.schema, registered.window, SOURCE)
    monkeypatch.setattr(exported, "_windows", lambda model, project: (windows, np.arange(10), "mae"))
    export("toy", "3", Path("toy.onnx"), False, said.append)
    content = json.loads(Path("toy.json").read_text(encoding="utf-8"))
    assert content["files"]["float32"]["metric"] == "nmae"
    assert content["files"]["float32"]["holdout"] > 0
    assert "holdout nmae" in said[0]


def test_what_cannot_be_written_is_said(registered: Forecaster) -> None:
    with pytest.raises(InputError, match=r"--onnx toy\.bin: does not end with \.onnx"):
        export("toy", "1", Path("toy.bin"), False, print)
    with pytest.raises(InputError, match="--int8: the model has no memory cells"):
        export("toy", "1", Path("toy.onnx"), True, print)


def test_without_onnx_it_is_said_what_to_install(registered: Forecaster, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for name in ("onnx_file", "onnx_graph"):
        monkeypatch.delitem(sys.modules, f"cellsize.models.{name}", raising=False)
        monkeypatch.delattr(f"cellsize.models.{name}", raising=False)
    with pytest.raises(InputError, match=r'--onnx needs onnx and onnxruntime: pip install "cellsize\[onnx\]"'):
        export("toy", "1", Path("toy.onnx"), False, print)
