"""Forecasts by networks beside a linear skip connection."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch

from cellsize.data.batches import CHUNK, gather
from cellsize.models import ridge_linear, stacked
from cellsize.models.prediction import forecast
from cellsize.sizing.sizes import Size
from cellsize.training.records import Setting, Work
from cellsize.training.refit import refit_size

MakeWork = Callable[..., Work]
SMALL, SETTING = Size(1, 3), Setting(1e-2, 0.0, 0.0)


def test_a_forecast_is_that_of_the_skip_connection_and_the_network_together(make_work: MakeWork) -> None:
    work = make_work(window={"normalise": "standard"})
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, epochs=2)
    assert net is not None
    assert fitted.linear is not None
    chosen = np.array([5, 50, 7])
    batch = gather(work.windows, fitted.scaling, chosen)
    with torch.no_grad():
        added = net(torch.from_numpy(batch.steps), torch.from_numpy(batch.known_future)).numpy()
    expected = (ridge_linear.predict(work.windows, fitted.linear, batch) + added) * batch.scale + batch.location
    assert forecast(work.windows, fitted, [net], chosen)[0] == pytest.approx(expected, rel=1e-5)


def test_more_windows_than_one_piece_are_forecast_in_their_order(make_work: MakeWork) -> None:
    work = make_work()
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, epochs=1)
    assert net is not None
    chosen = np.resize(np.arange(len(work.windows.first)), CHUNK + 10)
    forecasts = forecast(work.windows, fitted, [net], chosen)[0]
    assert len(forecasts) == len(chosen)
    again = forecast(work.windows, fitted, [net], chosen[-20:])[0]
    assert forecasts[-20:] == pytest.approx(again, rel=1e-5, abs=1e-6)


def test_networks_side_by_side_forecast_what_each_does_alone(make_work: MakeWork) -> None:
    work = make_work()
    trained = [refit_size(work, SMALL, Setting(rate, 0.0, 0.0), 10.0, epochs=1) for rate in (1e-2, 3e-2)]
    fitted, nets = trained[0][0], [net for _, net in trained if net is not None]
    together = forecast(work.windows, fitted, nets, np.arange(30), stacked.forward)
    assert len(together) == 2
    for net, forecasts in zip(nets, together, strict=True):
        alone = forecast(work.windows, fitted, [net], np.arange(30))[0]
        assert forecasts == pytest.approx(alone, rel=1e-4, abs=1e-5)


def test_plain_torch_and_the_fused_kernels_forecast_the_same_but_for_rounding(make_work: MakeWork) -> None:
    work = make_work()
    fitted, net = refit_size(work, Size(2, 5), SETTING, 10.0, epochs=3)
    assert net is not None
    plain = forecast(work.windows, fitted, [net], np.arange(50))[0]
    fused = forecast(work.windows, fitted, [net], np.arange(50), stacked.forward)[0]
    np.testing.assert_allclose(plain, fused, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("module", ["prediction", "forecaster", "row_forecasts"])
def test_a_served_model_forecasts_without_numba(module: str) -> None:
    command = f"import sys; import cellsize.models.{module}; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", command], check=True)


def test_memory_cells_see_no_more_than_their_lookback(make_work: MakeWork) -> None:
    work = make_work(window={"lookback": 3, "linear_lookback": 8}, network={"skip": "none"})
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, epochs=2)
    assert net is not None
    chosen = np.array([70])
    before = forecast(work.windows, fitted, [net], chosen)[0]
    first = work.windows.first[70]
    work.windows.inputs[first : first + 5] += 1
    np.testing.assert_array_equal(forecast(work.windows, fitted, [net], chosen)[0], before)
    work.windows.inputs[first + 5] += 1
    assert (forecast(work.windows, fitted, [net], chosen)[0] != before).any()
