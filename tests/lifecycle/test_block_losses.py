"""Losses and coverage, block by block."""

from dataclasses import replace

import numpy as np
import pytest

from cellsize.data.batches import original, truth
from cellsize.lifecycle.block_losses import measure
from cellsize.models.intervals import order_statistics
from tests.lifecycle.known_model import Known


def test_blocks_add_up_to_the_score_and_the_naive_forecast_is_the_value_of_a_season_before(known: Known) -> None:
    windows, model = known.windows, known.model
    chosen = np.arange(100, 124)
    blocks = windows.step[windows.first[chosen]] // 6
    found = measure(windows, chosen, blocks, [model], model.fitted.scaling, 6, "mse")
    right = truth(windows, model.fitted.scaling, chosen)
    errors = model.predict(windows, chosen) - right
    assert found.error == pytest.approx(float(np.square(errors).mean()), rel=1e-6)
    assert found.windows.tolist() == np.unique(blocks, return_counts=True)[1].tolist()
    values = original(windows, model.fitted.scaling, right, chosen)[:, 0, 0]
    before = original(windows, model.fitted.scaling, truth(windows, model.fitted.scaling, chosen - 6), chosen)[:, 0, 0]
    std = float(model.fitted.scaling.std[0])
    first = np.square((values - before) / std).mean()  # of the first step ahead; the second is as hard
    assert found.naive_error == pytest.approx(first, rel=0.3)
    assert found.observed.sum() == right.size


def test_without_residuals_there_is_no_coverage_and_with_them_it_is_counted(known: Known) -> None:
    windows, model = known.windows, known.model
    chosen = np.arange(100, 160)
    blocks = windows.step[windows.first[chosen]] // 6
    scaling = model.fitted.scaling
    without = measure(windows, chosen, blocks, [replace(model, residuals=None)], scaling, 6, "mae")
    assert np.isnan(without.inside).all()
    errors = truth(windows, scaling, chosen) - model.predict(windows, chosen)
    its_own = replace(model, residuals=order_statistics(errors))
    found = measure(windows, chosen, blocks, [its_own], scaling, 6, "mae")
    # Of 60 residuals from the 6th to the 55th, from the 3rd to the 58th, and all.
    assert [found.coverage(level) for level in range(3)] == pytest.approx([50 / 60, 56 / 60, 1.0])


def test_twins_are_measured_in_the_standard_deviations_of_the_model_that_is_served(known: Known) -> None:
    windows, model = known.windows, known.model
    chosen = np.arange(50, 80)
    blocks = np.arange(30) // 6
    scaling = model.fitted.scaling
    doubled = replace(scaling, std=scaling.std * 2, deviation=scaling.deviation / 2)
    ours, others = (measure(windows, chosen, blocks, [model], each, 6, "mse") for each in (scaling, doubled))
    assert others.error == pytest.approx(ours.error / 4, rel=1e-5)
    assert len(measure(windows, chosen, blocks, [model, model], scaling, 6, "mse").losses) == 2


def test_intervals_are_in_the_standard_deviations_of_their_own_model(known: Known) -> None:
    windows, model = known.windows, known.model
    chosen = np.arange(100, 160)
    blocks, scaling = windows.step[windows.first[chosen]] // 6, model.fitted.scaling
    errors = truth(windows, scaling, chosen) - model.predict(windows, chosen)
    twin = replace(model, residuals=order_statistics(errors))
    wide = replace(scaling, std=scaling.std * 3, deviation=scaling.deviation / 3)
    ours, others = (measure(windows, chosen, blocks, [twin], each, 6, "mse") for each in (scaling, wide))
    assert others.error == pytest.approx(ours.error / 9, rel=1e-5)
    np.testing.assert_array_equal(others.inside, ours.inside)
    assert [ours.coverage(level) for level in range(3)] == pytest.approx([50 / 60, 56 / 60, 1.0])
