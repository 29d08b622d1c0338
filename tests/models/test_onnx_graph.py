"""The graph forecasts what torch forecasts, for every kind of model, in onnxruntime."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

from cellsize.data import series, usable
from cellsize.data.batches import original
from cellsize.data.quantiles import by_level, for_columns
from cellsize.data.windows import FORWARD, Windows
from cellsize.models import onnx_graph, ridge_linear
from cellsize.models.forecaster import Forecaster
from cellsize.params import Cell, Head, Skip
from cellsize.sizing.sizes import ZERO, Size

Make = Callable[..., tuple[Forecaster, Windows]]


def ran(model: Forecaster, arrays: Windows, chosen: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float64]:
    """What onnxruntime makes of windows, in units of the table."""
    graph = onnx_graph.build(model).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    *values, forecast = session.run(None, onnx_graph.fed(model, arrays, chosen))
    if model.quantiles:
        assert (values[0] == forecast[..., model.quantiles.index(0.5)]).all()
        assert (np.diff(forecast, axis=-1) >= 0).all()
    return np.asarray(forecast).reshape(len(chosen), arrays.horizon, arrays.n_columns)


def in_units(model: Forecaster, arrays: Windows, chosen: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.floating[Any]]:
    """What torch forecasts, in units of the table; of quantiles those of one target after those of the other."""
    found = model.predict(arrays, chosen)
    if not model.quantiles:
        return original(arrays, model.fitted.scaling, found, chosen)
    levels = [
        original(arrays, model.fitted.scaling, each, chosen)
        for each in by_level(found, arrays.quantiles, arrays.n_targets).values()
    ]
    return np.stack(levels, axis=-1).reshape(found.shape)


def assert_equal(model: Forecaster, arrays: Windows) -> None:
    """Equal to torch within 1e-5 standard deviations of the (transformed) target, whatever the batch."""
    scaling = model.fitted.scaling
    for chosen in (np.arange(1), np.arange(37)):
        expected = in_units(model, arrays, chosen)
        forward = FORWARD[model.window.transform]
        std: Any = scaling.std[: arrays.n_targets] if scaling.own_std is None else scaling.own_std.min(keepdims=True)[0]
        std = for_columns(std, arrays.n_columns)
        difference = np.abs(forward(ran(model, arrays, chosen)) - forward(expected)) / std
        assert difference.max() < 1e-5
        assert np.isfinite(expected).all()


@pytest.mark.parametrize("summary", ["last", "mean"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(("cell", "projection"), [("lstm", 0), ("gru", 0), ("rnn", 0), ("lstm", 2)])
def test_every_kind_of_layer(draw_model: Make, cell: Cell, projection: int, bidirectional: bool, summary: str) -> None:
    network = {"cell": cell, "projection": projection, "bidirectional": bidirectional, "summary": summary}
    assert_equal(*draw_model(Size(2, 3), **network))


@pytest.mark.parametrize("skip", ["none", "linear", "joint"])
@pytest.mark.parametrize("head", ["plain", "mixed", "encoder_decoder"])
@pytest.mark.parametrize(("second", "normalise"), [(False, "none"), (True, "last"), (True, "standard")])
def test_every_skip_connection_and_head(draw_model: Make, skip: Skip, head: Head, second: bool, normalise: str) -> None:
    window = {"normalise": normalise, "linear_lookback": 7}
    assert_equal(*draw_model(Size(1, 4), skip, head, second, linear_calendar=("hour_of_day",), window=window))


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("layers", [1, 3])
def test_a_decoder_begins_with_the_state_of_its_encoder(draw_model: Make, cell: Cell, layers: int) -> None:
    model, arrays = draw_model(Size(layers, 3), "joint", "encoder_decoder", cell=cell)
    assert_equal(model, arrays)


@pytest.mark.parametrize("transform", ["none", "log1p", "sqrt"])
@pytest.mark.parametrize("size", [ZERO, Size(0, 4), Size(1, 4)], ids=str)
@pytest.mark.parametrize("scale", ["global", "series"])
def test_models_with_and_without_memory_transformed_and_of_several_series(
    draw_model: Make, size: Size, transform: str, scale: str
) -> None:
    window = {"transform": transform, "scale": scale}
    assert_equal(*draw_model(size, "joint" if size != ZERO else "none", window=window, series=2))


@pytest.mark.parametrize("head", ["plain", "mixed", "encoder_decoder"])
@pytest.mark.parametrize("size", [ZERO, Size(0, 4), Size(1, 4)], ids=str)
@pytest.mark.parametrize(("second", "normalise"), [(False, "none"), (True, "standard")])
def test_quantiles_do_not_cross_and_their_median_is_the_forecast(
    draw_model: Make, size: Size, head: Head, second: bool, normalise: str
) -> None:
    skip: Skip = "none" if size == ZERO else "joint"
    window = {"normalise": normalise, "transform": "log1p"}
    head = head if size.layers else "plain"
    assert_equal(*draw_model(size, skip, head, second, window=window, quantiles=(0.1, 0.5, 0.9)))


def test_a_large_level_loses_no_digits(draw_model: Make) -> None:
    assert_equal(*draw_model(Size(1, 4), "linear", shift=1e9))


def test_what_training_has_not_shown_is_clipped_as_in_torch(draw_model: Make) -> None:
    model, arrays = draw_model(Size(1, 4), "joint")
    inputs = arrays.inputs.copy()
    inputs[3:30] *= 50
    assert_equal(model, replace(arrays, inputs=inputs))


def test_a_linear_model_of_what_is_known_alone(draw_model: Make) -> None:
    model, arrays = draw_model(ZERO)
    development = model.fitted.fold.train
    linear = ridge_linear.fit(arrays, model.fitted.scaling, development, (1.0,), reads_past=False)[0]
    object.__setattr__(model.fitted, "linear", linear)
    assert_equal(model, arrays)


def test_static_columns_are_read_once(make_model: Callable[..., Forecaster], make_table: Callable[..., Any]) -> None:
    raw = make_table(places=("north", "south"))
    raw["size"] = np.where(raw["place"] == "south", 2.0, 1.0)
    model = make_model(raw, series="place", static_covariates=["size"], series_as_input=True, scale="series")
    frame = series.clean(raw, Path("rows"), model.schema)
    arrays = usable.build(frame, model.schema, model.window, Path("rows"))
    assert arrays.n_static == 3
    assert_equal(model, arrays)
