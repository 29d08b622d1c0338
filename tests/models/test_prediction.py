"""Forecasts by networks beside a linear map."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from cellsize.data.batches import CHUNK, gather
from cellsize.models import ridge_linear
from cellsize.models.prediction import forecast
from cellsize.sizing.sizes import Size
from cellsize.training.records import Setting, Work
from cellsize.training.train import refit

MakeWork = Callable[..., Work]
SMALL, SETTING = Size(1, 3), Setting(1e-2, 0.0, 0.0)


def test_a_forecast_is_that_of_the_map_and_the_network_together(make_work: MakeWork) -> None:
    work = make_work(window={"normalise": "standard"})
    part, net = refit(work, SMALL, SETTING, 10.0, epochs=2)
    assert net is not None
    assert part.linear is not None
    chosen = np.array([5, 50, 7])
    batch = gather(work.windows, part.scaling, chosen)
    with torch.no_grad():
        added = net(torch.from_numpy(batch.steps), torch.from_numpy(batch.known_future)).numpy()
    expected = (ridge_linear.predict(work.windows, part.linear, batch) + added) * batch.scale + batch.location
    assert forecast(work.windows, part, [net], chosen)[0] == pytest.approx(expected, rel=1e-5)


def test_more_windows_than_one_piece_are_forecast_in_their_order(make_work: MakeWork) -> None:
    work = make_work()
    part, net = refit(work, SMALL, SETTING, 10.0, epochs=1)
    assert net is not None
    chosen = np.resize(np.arange(len(work.windows.first)), CHUNK + 10)
    found = forecast(work.windows, part, [net], chosen)[0]
    assert len(found) == len(chosen)
    again = forecast(work.windows, part, [net], chosen[-20:])[0]
    assert found[-20:] == pytest.approx(again, rel=1e-5, abs=1e-6)


def test_networks_side_by_side_forecast_what_each_does_alone(make_work: MakeWork) -> None:
    work = make_work()
    made = [refit(work, SMALL, Setting(rate, 0.0, 0.0), 10.0, epochs=1) for rate in work.training.learning_rates * 2]
    part, nets = made[0][0], [net for _, net in made if net is not None]
    together = forecast(work.windows, part, nets, np.arange(30))
    for net, found in zip(nets, together, strict=True):
        assert found == pytest.approx(forecast(work.windows, part, [net], np.arange(30))[0], rel=1e-4, abs=1e-5)
