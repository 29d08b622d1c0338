"""Losses of several models in one scale."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cellsize.data.scaling import fit_scaling
from cellsize.evaluation.losses import in_scaling, losses, rescaled
from cellsize.models.forecaster import Forecaster
from cellsize.training.records import Work


def test_a_model_is_measured_in_another_ones_standard_deviations(
    make_work: Callable[..., Work], refitted: Callable[..., Forecaster]
) -> None:
    work = make_work()
    model, chosen = refitted(work), np.flatnonzero(work.folds.holdout)
    own = model.fitted.scaling
    wide = replace(own, std=own.std * 2)
    forecasts = model.predict(work.windows, chosen)
    np.testing.assert_allclose(rescaled(work.windows, model, own, chosen, _plain(model)), forecasts)
    np.testing.assert_allclose(rescaled(work.windows, model, wide, chosen, _plain(model)), forecasts / 2)
    found = losses(work.windows, own, "mse", [model, model], chosen)
    assert found.shape == (2, len(chosen))
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("level", [0.0, 1e5, 1e9])
def test_a_large_level_costs_no_digits(make_work: Callable[..., Work], level: float) -> None:
    work = make_work()
    chosen = np.flatnonzero(work.folds.holdout)
    own = fit_scaling(work.windows, np.flatnonzero(work.folds.development))
    far = replace(own, mean=own.mean + level)
    near = replace(far, mean=far.mean + 0.5, std=own.std * np.float32(2))
    forecasts = np.linspace(-2, 2, len(chosen) * work.windows.horizon, dtype=np.float32)
    forecasts = forecasts.reshape(len(chosen), work.windows.horizon, 1)
    found = in_scaling(work.windows, forecasts, far, near, chosen)
    exact = (forecasts * np.float64(own.std[0]) - 0.5) / (2 * np.float64(own.std[0]))
    np.testing.assert_allclose(found, exact, atol=1e-6)


def _plain(_: Forecaster):  # type: ignore[no-untyped-def]
    from cellsize.models.prediction import plain_forward

    return plain_forward
