"""Losses of several models in one scale."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cellsize.evaluation.losses import losses, rescaled
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


def _plain(_: Forecaster):  # type: ignore[no-untyped-def]
    from cellsize.models.prediction import plain_forward

    return plain_forward
