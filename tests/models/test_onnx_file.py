"""A model as a file, and what it costs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from cellsize.data.batches import truth
from cellsize.data.forecast import Forecast
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.models import onnx_file
from cellsize.models.forecaster import Forecaster
from cellsize.sizing.sizes import ZERO, Size

Make = Callable[..., tuple[Forecaster, Windows]]
CHOSEN = np.arange(30)


def test_the_error_is_that_of_the_model(draw_model: Make, tmp_path: Path) -> None:
    model, windows = draw_model(Size(1, 8), "joint", window={"transform": "sqrt"})
    onnx_file.write(model, tmp_path / "a.onnx")
    found = onnx_file.measure(model, tmp_path / "a.onnx", windows, CHOSEN, "mse")
    scaling = model.fitted.scaling
    right, forecasts = truth(windows, scaling, CHOSEN), model.predict(windows, CHOSEN)
    expected = Forecast.of(windows).score_of(forecasts, right, scaling.error_scale("mse"), "mse")
    assert found.holdout == pytest.approx(expected, rel=1e-2)  # what is below 0 has no root
    assert found.bytes == (tmp_path / "a.onnx").stat().st_size
    assert onnx_file.measure(model, tmp_path / "a.onnx", None, CHOSEN, "mse").holdout is None


def test_the_error_of_quantiles_is_the_mean_over_their_levels(draw_model: Make, tmp_path: Path) -> None:
    model, windows = draw_model(Size(1, 8), "joint", second=True, quantiles=(0.1, 0.5, 0.9))
    onnx_file.write(model, tmp_path / "a.onnx")
    found = onnx_file.measure(model, tmp_path / "a.onnx", windows, CHOSEN, "quantile")
    scaling = model.fitted.scaling
    right, forecasts = truth(windows, scaling, CHOSEN), model.predict(windows, CHOSEN)
    expected = Forecast.of(windows).score_of(forecasts, right, scaling.error_scale("quantile"), "quantile")
    assert found.holdout == pytest.approx(expected, rel=1e-4)


def test_lstm_layers_in_8_bits_are_smaller_and_nearly_as_good(draw_model: Make, tmp_path: Path) -> None:
    model, windows = draw_model(Size(2, 32))
    onnx_file.write(model, tmp_path / "a.onnx")
    onnx_file.write_int8(model, tmp_path / "a.onnx", tmp_path / "a.int8.onnx")
    whole, small = (
        onnx_file.measure(model, tmp_path / name, windows, CHOSEN, "mse") for name in ("a.onnx", "a.int8.onnx")
    )
    assert small.bytes < whole.bytes / 2
    assert small.holdout != whole.holdout
    assert small.holdout == pytest.approx(whole.holdout, rel=0.2)
    session = onnxruntime.InferenceSession(tmp_path / "a.int8.onnx", providers=["CPUExecutionProvider"])
    assert [entry.name for entry in session.get_inputs()] == ["past", "known_future"]


def test_what_8_bits_would_not_make_smaller_is_said(draw_model: Make, tmp_path: Path) -> None:
    for size, network, words in (
        (Size(1, 4), {"cell": "gru"}, "gru layers"), (Size(0, 4), {}, "no memory cells"), (ZERO, {}, "no memory cells"),
        (Size(1, 4), {"projection": 2}, "with a projection"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=f"--int8: .*{words}.*leave --int8 out"):
            onnx_file.write_int8(draw_model(size, **network)[0], tmp_path / "a.onnx", tmp_path / "b.onnx")
