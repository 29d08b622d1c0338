"""Options are measured inside the training parts, all on the same targets."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cellsize.data.calendar import known_future
from cellsize.data.folds import EARLY_STOPPING, TRAIN, row_mask
from cellsize.data.scaling import fit_scaling
from cellsize.data.schema import TIME
from cellsize.data.windows import Normalise, Transform
from cellsize.inspection import measurement, options
from cellsize.inspection.measurement import Part
from cellsize.models import ridge_linear
from tests.inspection.conftest import Given

Make = Callable[..., Given]
HOURS = np.arange(400)
WAVE = np.sin(2 * np.pi * HOURS / 12) + np.random.default_rng(0).normal(0, 0.3, 400) + 5
LONG = 20


@pytest.mark.parametrize("scheme", ["contiguous", "expanding", "sliding"])
def test_the_longest_lookback_touches_no_row_that_the_fold_must_not_read(given: Make, scheme: str) -> None:
    made = given(WAVE, WAVE[:300], split={"scheme": scheme, "folds": 4})
    arrays, content = made.windows(), made.material()
    horizon = arrays.horizon
    for fold, unreadable, part in zip(
        made.folds.all(), content.unreadable, measurement.parts(content, LONG), strict=True
    ):
        forbidden = np.concatenate([fold.validation, np.flatnonzero(made.folds.holdout)])
        assert unreadable[row_mask(arrays, forbidden)].all()
        shown = np.concatenate([fold.train, fold.early_stopping])
        assert not unreadable[row_mask(arrays, shown)].any()
        for origins, chosen in ((part.train, fold.train), (part.scored, fold.early_stopping)):
            assert set(origins) <= set(arrays.first[chosen] + arrays.lookback)
            read = np.unique(origins[:, None] + np.arange(-LONG, horizon))
            assert not unreadable[read].any()
            assert np.diff(arrays.series[origins[:, None] + np.arange(-LONG, horizon)], axis=1).max(initial=0) == 0


def test_what_is_declared_loses_no_window(given: Make) -> None:
    made = given(WAVE)
    arrays, content = made.windows(), made.material()
    for labels, part in zip(made.folds.labels, measurement.parts(content, 6), strict=True):
        for label, origins in ((TRAIN, part.train), (EARLY_STOPPING, part.scored)):
            np.testing.assert_array_equal(origins, arrays.first[labels == label] + 6)


def test_without_transformation_the_error_is_that_of_the_ridge_linear_model(given: Make) -> None:
    made = given(WAVE)
    arrays, content = made.windows(), made.material()
    fold, part = made.folds.fold(0), next(iter(measurement.parts(content, 6)))
    found = measurement.measure(content, part, options.declared(made.schema, made.window))
    scaling = fit_scaling(arrays, fold.train)
    models = ridge_linear.fit(arrays, scaling, fold.train, measurement.PENALTIES)
    lowest = min(ridge_linear.score(arrays, scaling, model, fold.early_stopping, "mse") for model in models)
    # Its own unit is the variance of what is predicted, not of every row.
    targets = np.unique(part.train[:, None] + np.arange(2))
    assert found.nmse == pytest.approx(lowest * scaling.std[0] ** 2 / WAVE[targets].var(), rel=1e-4)


@pytest.mark.parametrize("transform", ["none", "log1p", "sqrt"])
@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
def test_the_unit_of_the_table_is_no_reason_for_an_option(
    given: Make, transform: Transform, normalise: Normalise
) -> None:
    # A noise that nothing forecasts: the error is near 1 in the table's units, whatever the training was fitted to.
    noise = np.random.default_rng(1).uniform(100, 101, 1000)
    made = given(noise, lookback=12)
    option = replace(options.declared(made.schema, made.window), transform=transform, normalise=normalise)
    content = made.material()
    assert 0.9 < measurement.measure(content, next(iter(measurement.parts(content, 12))), option).nmse < 1.3


def test_values_that_a_fold_must_not_read_change_none_of_its_errors(given: Make) -> None:
    made = given(WAVE, split={"folds": 3})
    arrays = made.windows()
    plain = options.declared(made.schema, made.window)
    tried = [plain, replace(plain, lookback=LONG), replace(plain, transform="sqrt", calendar=("hour_of_week",))]
    content = made.material()
    for index, fold in enumerate(made.folds.all()):
        frame = made.frame.copy()
        frame.loc[row_mask(arrays, np.concatenate([fold.validation, np.flatnonzero(made.folds.holdout)])), "y"] = 1e6
        other = replace(made, frame=frame).material()
        part, again = (list(measurement.parts(each, LONG))[index] for each in (content, other))
        np.testing.assert_array_equal(part.train, again.train)
        np.testing.assert_array_equal(part.scored, again.scored)
        for option in tried:
            found, expected = (measurement.measure(*each, option) for each in ((other, again), (content, part)))
            # Of half of the rows, 1e6 may move the number that is subtracted before float32: that is rounding.
            assert found.nmse == pytest.approx(expected.nmse, rel=1e-5)
            assert found.nmae == pytest.approx(expected.nmae, rel=1e-5)


def test_the_seasons_of_a_fold_are_those_of_its_training_rows(given: Make) -> None:
    made = given(WAVE, split={"folds": 3})
    arrays = made.windows()
    for fold, (values,) in zip(made.folds.all(), measurement.training_targets(made.material()), strict=True):
        shown = row_mask(arrays, np.concatenate([fold.train, fold.early_stopping]))
        np.testing.assert_array_equal(np.isfinite(values), shown)
        np.testing.assert_array_equal(values[shown], WAVE[shown])


def test_holidays_are_left_out_and_nothing_else(given: Make) -> None:
    plain = given(WAVE)
    schema = replace(plain.schema, calendar=("hour",), holidays="DE")
    frame = plain.frame.copy()
    for name, column in known_future(frame[TIME], schema):
        frame[name] = column
    made = replace(plain, frame=frame, schema=schema)
    content = made.material()
    part = list(measurement.parts(content, 6))[-1]  # it learns from New Year's Day
    declared = options.declared(made.schema, made.window)
    without = measurement.measure(content, part, replace(declared, holidays=None))
    bare = replace(made, schema=replace(made.schema, holidays=None)).material()
    assert without == measurement.measure(bare, part, replace(declared, holidays=None))
    assert without != measurement.measure(content, part, declared)


def test_holidays_of_the_timezones_country_are_compared_and_change_nothing_else(given: Make) -> None:
    made = given(WAVE)
    placed = replace(made, schema=replace(made.schema, timezone="Europe/Berlin"))
    content, bare = placed.material(), made.material()
    assert (content.schema.holidays, bare.schema.holidays) == ("DE", None)
    part = list(measurement.parts(content, 6))[-1]  # it learns from New Year's Day
    declared = options.declared(placed.schema, placed.window)
    assert measurement.measure(content, part, declared) == measurement.measure(bare, part, declared)
    assert measurement.measure(content, part, replace(declared, holidays="DE")) != measurement.measure(
        content, part, declared
    )


def test_a_column_of_the_table_with_the_name_of_ours_is_left_alone(given: Make) -> None:
    plain = given(WAVE)
    schema = replace(plain.schema, timezone="Europe/Berlin", known_future_covariates=("holiday",))
    made = replace(plain, frame=plain.frame.assign(holiday=0.0), schema=schema)
    assert made.material().schema.holidays is None
    assert made.inspect().holidays == "holiday"


def test_the_penalty_is_the_one_that_is_best_by_the_metric(given: Make) -> None:
    # A wave that a small penalty fits, and rare spikes that a large one stays clear of.
    values = WAVE + np.where(np.random.default_rng(1).random(400) < 0.03, 3, 0)
    made = given(values, lookback=24, normalise="none")
    found = {}
    for metric in ("mse", "mae"):
        content = made.material(metric)
        declared = options.declared(made.schema, made.window)
        found[metric] = [measurement.measure(content, part, declared) for part in measurement.parts(content, 24)]
    for by_mse, by_mae in zip(found["mse"], found["mae"], strict=True):
        assert by_mse.nmse <= by_mae.nmse
        assert by_mae.nmae <= by_mse.nmae
    assert found["mse"] != found["mae"]


def test_both_errors_are_1_for_the_best_constant_forecast(given: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of a skewed target the median and the mean are apart, and so are the deviations from them.
    values = np.exp(np.random.default_rng(2).standard_normal(400))
    made = given(values, normalise="none", horizon=1)
    content = made.material()
    part = next(iter(measurement.parts(content, 6)))
    known, part = part.train, Part(part.train, part.train)
    declared = options.declared(made.schema, made.window)
    for constant, name in ((values[known].mean(), "nmse"), (np.median(values[known]), "nmae")):
        forecast = np.full((1, 1, 1), constant)
        monkeypatch.setattr(measurement, "original", lambda *_, forecast=forecast: forecast)
        assert getattr(measurement.measure(content, part, declared), name) == pytest.approx(1)


@pytest.mark.parametrize("transform", ["none", "log1p", "sqrt"])
@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
def test_errors_do_not_depend_on_what_is_added_to_the_target(
    given: Make, transform: Transform, normalise: Normalise
) -> None:
    # 1e9 ± 3 in float32 is a handful of steps of 64: whatever is measured on it is nonsense.
    values = np.round(WAVE, 3)
    errors = []
    for shown, added in ((transform, 1e9), ("none", 0.0)):  # so far from zero no transformation bends anything
        made = given(values + added)
        option = replace(options.declared(made.schema, made.window), transform=shown, normalise=normalise)
        content = made.material()
        found = measurement.measure(content, next(iter(measurement.parts(content, 6))), option)
        errors.append([found.nmse, found.nmae])
    assert 0.01 < errors[1][0] < 1
    np.testing.assert_allclose(errors[0], errors[1], rtol=1e-5)


def test_a_lookback_that_leaves_less_than_half_of_the_windows_is_not_tried(given: Make) -> None:
    content = given(WAVE, split={"folds": 3}).material()
    assert measurement.longest(content, [12, 24]) == 24
    assert measurement.longest(content, [12, 300]) == 12
    assert measurement.longest(content, [300]) == 6
    assert measurement.longest(content, []) == 6


def test_windows_are_drawn_and_not_every_second_one() -> None:
    # Every second hour would leave half of the hours of the week out.
    part = measurement.thinned(Part(np.arange(20_000), np.arange(20_000)), 10)
    assert len(part.train) == measurement.MOST_TRAIN
    assert len(part.scored) == measurement.MOST_SCORED
    assert len(np.unique(part.train)) == len(part.train)
    assert len(np.unique(part.train % 168)) == 168
    assert len(measurement.thinned(Part(np.arange(20_000), np.arange(5)), 3000).train) < measurement.MOST_TRAIN


# --- targets that were not observed, and scales of series -------------------------------------------------------------

OPEN = np.where(HOURS % 7 > 4, np.nan, WAVE)


def test_missing_targets_count_neither_in_the_error_nor_in_its_unit(given: Make) -> None:
    made = given(OPEN, observed=0.4, fill=2)
    content = made.material()
    for part in measurement.parts(content, 6):
        found = measurement.measure(content, part, options.declared(made.schema, made.window))
        assert 0 < found.nmse < 1.5
        assert 0 < found.nmae < 1.5
    fold, part = made.folds.fold(0), next(iter(measurement.parts(content, 6)))
    found = measurement.measure(content, part, options.declared(made.schema, made.window))
    arrays = made.windows()
    scaling = fit_scaling(arrays, fold.train)
    models = ridge_linear.fit(arrays, scaling, fold.train, measurement.PENALTIES)
    lowest = min(ridge_linear.score(arrays, scaling, model, fold.early_stopping, "mse") for model in models)
    targets = np.unique(part.train[:, None] + np.arange(2))
    assert found.nmse == pytest.approx(lowest * scaling.std[0] ** 2 / np.nanvar(OPEN[targets]), rel=1e-4)


def test_errors_of_series_count_in_their_own_deviations(given: Make) -> None:
    # Of two series alike but for their level each counts as much: in common units the large one would be all.
    other = np.sin(2 * np.pi * HOURS / 12) + np.random.default_rng(1).normal(0, 0.3, 400) + 5
    found = []
    for level in (1.0, 1000.0):
        made = given(WAVE, level * other, scale="series")
        content = made.material()
        part = next(iter(measurement.parts(content, 6)))
        found.append(measurement.measure(content, part, options.declared(made.schema, made.window)))
    assert found[1].nmse == pytest.approx(found[0].nmse, rel=1e-3)
    assert found[1].nmae == pytest.approx(found[0].nmae, rel=1e-3)


def test_series_without_some_days_are_inspected(given: Make) -> None:
    inspected = given(OPEN, OPEN[:300], observed=0.4, fill=2, split={"holdout_of": "series"}).inspect()
    assert 0 < inspected.nmse < 1
    assert inspected.seasons == (12,)
