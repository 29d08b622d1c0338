"""Forecasts by networks beside a linear skip connection."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from cellsize.data.batches import CHUNK, design, gather
from cellsize.models import ridge_linear, stacked
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, Forward, forecast, plain_forward, spread_out
from cellsize.sizing.sizes import Architecture, Size, shape
from cellsize.training.records import Setting, Work
from cellsize.training.refit import refit_size

MakeWork = Callable[..., Work]
SMALL, SETTING = Size(1, 3), Setting(1e-2, 0.0, 0.0, "linear", "plain")


def test_a_forecast_is_that_of_the_skip_connection_and_the_network_together(make_work: MakeWork) -> None:
    work = make_work(window={"normalise": "standard"})
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, steps=6)
    assert net is not None
    assert fitted.linear is not None
    chosen = np.array([5, 50, 7])
    batch = gather(work.windows, fitted.scaling, chosen)
    with torch.no_grad():
        inputs = (batch.steps, batch.known_future, design(work.windows, batch))
        added = net(*map(torch.from_numpy, inputs)).numpy()
    expected = (ridge_linear.predict(work.windows, fitted.linear, batch) + added) * batch.scale + batch.location
    assert forecast(work.windows, fitted, [net], chosen)[0] == pytest.approx(expected, rel=1e-5)


def test_more_windows_than_one_piece_are_forecast_in_their_order(make_work: MakeWork) -> None:
    work = make_work()
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, steps=3)
    assert net is not None
    chosen = np.resize(np.arange(len(work.windows.first)), CHUNK + 10)
    forecasts = forecast(work.windows, fitted, [net], chosen)[0]
    assert len(forecasts) == len(chosen)
    again = forecast(work.windows, fitted, [net], chosen[-20:])[0]
    assert forecasts[-20:] == pytest.approx(again, rel=1e-5, abs=1e-6)


def test_networks_side_by_side_forecast_what_each_does_alone(make_work: MakeWork) -> None:
    work = make_work()
    trained = [refit_size(work, SMALL, Setting(rate, 0.0, 0.0, "linear"), 10.0, steps=3) for rate in (1e-2, 3e-2)]
    fitted, nets = trained[0][0], [net for _, net in trained if net is not None]
    together = forecast(work.windows, fitted, nets, np.arange(30), stacked.forward)
    assert len(together) == 2
    for net, forecasts in zip(nets, together, strict=True):
        alone = forecast(work.windows, fitted, [net], np.arange(30))[0]
        assert forecasts == pytest.approx(alone, rel=1e-4, abs=1e-5)


def test_plain_torch_and_the_fused_kernels_forecast_the_same_but_for_rounding(make_work: MakeWork) -> None:
    work = make_work()
    fitted, net = refit_size(work, Size(2, 5), SETTING, 10.0, steps=9)
    assert net is not None
    plain = forecast(work.windows, fitted, [net], np.arange(50))[0]
    fused = forecast(work.windows, fitted, [net], np.arange(50), stacked.forward)[0]
    np.testing.assert_allclose(plain, fused, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("forward", [plain_forward, stacked.forward])
def test_only_networks_with_a_linear_skip_connection_have_the_ridge_linear_model_added(
    make_work: MakeWork, forward: Forward
) -> None:
    # Of one fold in one call: networks that add nothing themselves.
    work = make_work(network={"skip": ["none", "linear", "joint"], "head": ["plain", "mixed"]})
    fitted, _ = refit_size(work, SMALL, SETTING, 10.0, steps=0)
    architectures = [Architecture(skip, head) for skip in work.network.skip for head in work.network.head]
    networks = [Net(SMALL, work.network, shape(work.windows), each).eval() for each in architectures]
    forecasts = forecast(work.windows, fitted, networks, np.arange(20), forward)
    nothing = FittedFold(fitted.fold, fitted.scaling, None, 1.0, 1.0)
    (alone,), (linear,) = (forecast(work.windows, each, [], np.arange(20)) for each in (nothing, fitted))
    assert (alone != linear).any()
    for architecture, values in zip(architectures, forecasts, strict=True):
        np.testing.assert_array_equal(values, alone if architecture.skip == "none" else linear)


def test_what_an_untrained_network_scores_depends_on_its_skip_connection(make_work: MakeWork) -> None:
    fitted, _ = refit_size(make_work(), SMALL, SETTING, 10.0, steps=0)
    started = FittedFold(fitted.fold, fitted.scaling, fitted.linear, start_alone=0.9, start_linear=0.5)
    assert [started.start(skip) for skip in ("none", "linear", "joint")] == [0.9, 0.5, 0.5]


def test_windows_are_spread_out_evenly() -> None:
    assert (
        spread_out(np.arange(10, 20), 20).tolist() == spread_out(np.arange(10, 20), 10).tolist() == list(range(10, 20))
    )
    assert spread_out(np.arange(10, 21), 3).tolist() == [10, 15, 20]


def test_a_served_model_forecasts_without_numba() -> None:
    modules = ", ".join(f"cellsize.models.{name}" for name in ("prediction", "forecaster", "row_forecasts"))
    command = f"import sys; import {modules}; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", command], check=True)


def test_memory_cells_see_no_more_than_their_lookback(make_work: MakeWork) -> None:
    work = make_work(window={"lookback": 3, "linear_lookback": 8}, network={"skip": "none"})
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, steps=6)
    assert net is not None
    chosen = np.array([70])
    before = forecast(work.windows, fitted, [net], chosen)[0]
    first = work.windows.first[70]
    work.windows.inputs[first : first + 5] += 1
    np.testing.assert_array_equal(forecast(work.windows, fitted, [net], chosen)[0], before)
    work.windows.inputs[first + 5] += 1
    assert (forecast(work.windows, fitted, [net], chosen)[0] != before).any()


@pytest.mark.parametrize("size", [Size(1, 3), Size(0, 4), Size(0, 0)], ids=str)
def test_an_input_far_beyond_what_training_has_shown_is_worth_no_more_than_one_just_beyond(
    make_work: MakeWork, size: Size
) -> None:
    # Cells, hidden units and the linear part alike: what they read is clipped.
    work = make_work()
    fitted, net = refit_size(work, size, SETTING, 10.0, steps=6)
    forecasts = []
    for column, ahead in ((1, 2), (2, 3)):  # x of the last step seen, k of the first step ahead
        for value in (0.9, 5.0, 1e30):
            inputs = work.windows.inputs.copy()
            inputs[work.windows.first[70] + ahead, column] = value
            arrays = replace(work.windows, inputs=inputs)
            forecasts.append(forecast(arrays, fitted, [] if net is None else [net], np.array([70]))[0])
    for within, beyond, far in (forecasts[:3], forecasts[3:]):
        assert (within != beyond).any()
        np.testing.assert_array_equal(beyond, far)
