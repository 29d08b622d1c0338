"""How far forecasts are off: exact answers on windows of a few rows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cellsize.data.batches import original, truth
from cellsize.data.folds import split
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Windows
from cellsize.evaluation.measure import Measure, mean_errors, seasonal_error
from cellsize.models.forecaster import Forecaster
from cellsize.params import Metric
from cellsize.params_data import Split
from cellsize.sizing.evaluation_records import Errors
from cellsize.training.records import Work

MakeWindows = Callable[..., Windows]
TWO = np.array([0, 1])  # the first windows: three steps seen, two to predict
# Of the two windows, in standard deviations. A standard deviation is 2 units here, so that in units: 1, 0, -2 and 4.
OFF = np.array([[[0.5], [0.0]], [[-1.0], [2.0]]])


def scaling(windows: Windows, deviation: float = 0.5, **changes: Any) -> Scaling:
    """Targets in units of 2; their mean absolute deviation is half of that."""
    count, targets = windows.n_inputs, windows.n_targets
    std = np.where(np.arange(count) < targets, 2.0, 1.0)
    return Scaling(mean=np.zeros(count), std=std, deviation=np.full(targets, deviation), **changes)


def measure_of(windows: Windows, seasonal: Any = (4.0,), metric: Metric = "mse", **constants: Any) -> Measure:
    return Measure(windows, scaling(windows, **constants), np.asarray(seasonal, float), metric)


def off_by(measure: Measure, off: Any, chosen: Any = TWO) -> np.ndarray:
    """Forecasts that are off by so much, in standard deviations; of a target that is missing anything."""
    return np.asarray(np.nan_to_num(truth(measure.windows, measure.scaling, chosen)) + off)


@pytest.mark.parametrize(("metric", "by_step"), [("mse", (0.625, 2.0)), ("mae", (1.5, 2.0))])
def test_errors_are_in_units_in_seasonal_errors_and_normalised_and_steps_by_the_metric(
    make_windows: MakeWindows, metric: Metric, by_step: tuple[float, float]
) -> None:
    measure = measure_of(make_windows(np.arange(20.0)), metric=metric)
    errors = measure.errors(off_by(measure, OFF), TWO)
    assert (errors.mae, errors.rmse, errors.mase) == (7 / 4, np.sqrt(21 / 4), 7 / 16)
    assert (errors.nmse, errors.nmae) == (5.25 / 4, 3.5 / 4 / 0.5)
    assert errors.by_step == by_step
    assert (errors.npinball, errors.below) == (None, None)


def test_a_target_that_was_not_observed_counts_in_no_error(make_windows: MakeWindows) -> None:
    windows = make_windows(np.arange(20.0))
    target = windows.target.copy()
    target[5] = np.nan  # the last row of the second window alone: that where the forecast is off by 4
    measure = measure_of(replace(windows, target=target))
    errors = measure.errors(off_by(measure, OFF), TWO)
    assert (errors.mae, errors.rmse, errors.mase) == (1.0, np.sqrt(5 / 3), 1 / 4)
    assert (errors.nmse, errors.nmae) == (1.25 / 3, 1.5 / 3 / 0.5)
    assert errors.by_step == (0.625, 0.0)
    assert measure.errors(off_by(measure, OFF[1:], TWO[1:]), TWO[1:]).by_step == (1.0, None)


def test_quantiles_have_their_pinball_loss_and_how_often_each_held_and_units_are_those_of_the_median(
    make_windows: MakeWindows,
) -> None:
    windows = replace(make_windows(np.arange(20.0)), quantiles=(0.1, 0.5, 0.9))
    measure = measure_of(windows, metric="quantile", pinball=np.array([0.25]))
    errors = measure.errors(off_by(measure, np.array([-1.0, 0.0, 1.0])), TWO)
    assert errors.below == {"0.1": 0.0, "0.5": 1.0, "0.9": 1.0}
    # One below by a level of 0.1 loses 0.1, the median nothing, one above by a level of 0.9 again 0.1.
    assert errors.npinball == pytest.approx(0.2 / 3 / 0.25)
    assert errors.by_step == pytest.approx([0.2 / 3 / 0.25] * 2)
    assert (errors.mae, errors.rmse, errors.nmse, errors.nmae) == (0.0, 0.0, 0.0, 0.0)


def test_the_mean_of_what_windows_add_is_the_score(make_windows: MakeWindows) -> None:
    measure = measure_of(make_windows(np.arange(20.0)))
    forecasts = [off_by(measure, OFF), off_by(measure, 0.0)]
    assert measure.losses(forecasts, TWO).tolist() == [[0.125, 2.5], [0.0, 0.0]]


def test_series_have_the_errors_of_their_own_windows_and_the_worst_is_first(make_windows: MakeWindows) -> None:
    windows = make_windows(np.arange(10.0), np.arange(10.0))
    measure, count = measure_of(windows), len(windows.first)
    chosen, second = np.arange(count), windows.series[windows.first] == 1
    off = np.where(second, 1.0, 0.5)[:, None, None]
    ours = off_by(measure, off, chosen)
    scores, seasonal = measure.losses([ours, off_by(measure, 3.0, chosen)], chosen)
    worst, best = measure.by_series(measure.absolute(ours, chosen), scores, seasonal, chosen)
    assert worst.model_dump() == {"series": "b", "windows": 6, "mae": 2.0, "score": 1.0, "seasonal_naive": 9.0}
    assert best.model_dump() == {"series": "a", "windows": 6, "mae": 1.0, "score": 0.25, "seasonal_naive": 9.0}


def test_errors_of_each_series_are_means_over_twins(make_windows: MakeWindows) -> None:
    windows = make_windows(np.arange(10.0), np.arange(10.0))
    measure, chosen = measure_of(windows), np.arange(len(windows.first))
    twins = [off_by(measure, 0.0, chosen), off_by(measure, 2.0, chosen)]
    absolute = np.mean([measure.absolute(of, chosen) for of in twins], axis=0)
    scores = measure.losses(twins, chosen)
    found = measure.by_series(absolute, scores.mean(axis=0), scores[0], chosen)
    assert [(each.mae, each.score) for each in found] == [(2.0, 2.0)] * 2


def test_one_series_has_no_errors_of_each(make_windows: MakeWindows) -> None:
    measure = measure_of(make_windows(np.arange(20.0)))
    scores = measure.losses([off_by(measure, OFF)], TWO)[0]
    assert measure.by_series(measure.absolute(off_by(measure, OFF), TWO), scores, scores, TWO) == ()


def test_the_mean_of_errors_is_taken_number_by_number_and_what_one_lacks_is_lacking() -> None:
    one = Errors(mae=1.0, rmse=2.0, mase=3.0, nmse=4.0, nmae=5.0, by_step=(1.0, None, None))
    other = Errors(mae=3.0, rmse=4.0, mase=5.0, nmse=6.0, nmae=7.0, by_step=(2.0, 5.0, None))
    assert mean_errors([one]) == one
    mean = mean_errors([one, other])
    assert mean == Errors(mae=2.0, rmse=3.0, mase=4.0, nmse=5.0, nmae=6.0, by_step=(1.5, None, None))
    without = [each.model_copy(update={"mase": None}) for each in (one, other)]
    assert mean_errors(without).mase is None
    of_quantiles = [
        each.model_copy(update={"npinball": loss, "below": {"0.5": below}})
        for each, loss, below in ((one, 0.5, 0.25), (other, 1.0, 0.75))
    ]
    assert (mean_errors(of_quantiles).npinball, mean_errors(of_quantiles).below) == (0.75, {"0.5": 0.5})


# --- the seasonal error -----------------------------------------------------------------------------------------------


def test_the_seasonal_error_is_the_mean_step_from_season_to_season_before_the_holdout(
    make_windows: MakeWindows, make_split: Callable[..., Split]
) -> None:
    plain = make_windows(np.arange(60.0), second=True)  # the second target falls by half of that
    folds = split(plain, make_split())
    assert seasonal_error(plain, folds, 3).tolist() == [3.0, 1.5]
    # Rows of the holdout that no window before it has change nothing.
    later = plain.step > plain.step[plain.first[folds.development] + plain.span - 1].max()
    assert later.any()
    target = plain.target.copy()
    target[later] = 1e6
    assert seasonal_error(replace(plain, target=target), folds, 3).tolist() == [3.0, 1.5]


def test_where_series_have_scales_of_their_own_each_has_its_own_seasonal_error(
    make_windows: MakeWindows, make_split: Callable[..., Split]
) -> None:
    windows = make_windows(np.arange(60.0), 10 * np.arange(60.0), scale="series")
    assert seasonal_error(windows, split(windows, make_split()), 3).tolist() == [[[3.0]], [[30.0]]]
    same = make_windows(np.arange(60.0), 10 * np.arange(60.0))
    assert seasonal_error(same, split(same, make_split()), 3).tolist() == [16.5]


def test_errors_are_divided_by_the_seasonal_error_of_their_own_series(make_windows: MakeWindows) -> None:
    measure = measure_of(make_windows(np.arange(10.0), np.arange(10.0)), [[[4.0]], [[0.5]]])
    chosen = np.array([0, len(measure.windows.first) - 1])  # one window of each
    assert measure.errors(off_by(measure, np.ones((2, 2, 1)), chosen), chosen).mase == (2 / 4 + 2 / 0.5) / 2


def test_a_series_that_ends_earlier_is_divided_by_what_it_was_before_its_own_holdout(
    ragged: Callable[..., Work], refitted: Callable[..., Forecaster]
) -> None:
    work = ragged("series", holdout_of="series")
    windows, model = work.windows, refitted(work)
    constants, holdout = model.fitted.scaling, np.flatnonzero(work.folds.holdout)
    measure = Measure(windows, constants, seasonal_error(windows, work.folds, 3), "mse")
    parts = []
    for code in (0, 1):
        mine = windows.series[windows.first] == code
        last = windows.start[mine & work.folds.development].max() + windows.span - 1
        rows = (windows.series == code) & (windows.step <= last)
        values = windows.target[rows, 0].astype(float)
        chosen = np.flatnonzero(mine & work.folds.holdout)
        error = original(windows, constants, model.predict(windows, chosen), chosen) - original(
            windows, constants, truth(windows, constants, chosen), chosen
        )
        parts.append(np.abs(error[np.isfinite(error)]) / np.nanmean(np.abs(values[3:] - values[:-3])))
    mase = measure.errors(model.predict(windows, holdout), holdout).mase
    assert mase == pytest.approx(np.concatenate(parts).mean(), rel=1e-5)


def test_a_season_longer_than_the_data_has_no_scaled_error(
    make_windows: MakeWindows, make_split: Callable[..., Split]
) -> None:
    windows = make_windows(np.arange(60.0))
    seasonal = seasonal_error(windows, split(windows, make_split()), 1000)
    assert seasonal.tolist() == [0.0]
    measure = measure_of(windows, seasonal)
    assert measure.errors(off_by(measure, OFF), TWO).mase is None


def test_a_target_that_repeats_itself_exactly_has_no_scaled_error(
    make_windows: MakeWindows, make_split: Callable[..., Split]
) -> None:
    windows = make_windows(np.tile([0.0, 1.0, 5.0], 20))
    measure = measure_of(windows, seasonal_error(windows, split(windows, make_split()), 3))
    errors = measure.errors(off_by(measure, OFF), TWO)
    assert (errors.mae, errors.mase) == (7 / 4, None)
