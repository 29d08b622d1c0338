"""The ridge-linear model: closed form, fitted on training windows alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from cellsize.data.batches import chunks, design, gather, scaled, truth
from cellsize.data.folds import Fold
from cellsize.data.scaling import fit_scaling
from cellsize.data.schema import Schema
from cellsize.data.usable import build
from cellsize.data.windows import Windows
from cellsize.models import ridge_linear
from cellsize.params import Network
from cellsize.params_data import Window
from cellsize.sizing.sizes import ZERO, cost, shape

Make = Callable[..., Windows]
KINDS = ["none", "last", "standard"]
NETWORK = Network(cell="lstm", projection=0, bidirectional=False, summary="last", skip=("linear",), head=("plain",))


@pytest.fixture(scope="session")
def wave(make_windows: Make) -> Callable[..., Windows]:
    """A noisy wave of 120 hours."""
    hours = np.arange(120)
    y = np.sin(hours / 3) + 0.3 * np.random.default_rng(0).standard_normal(120)
    return lambda **window: make_windows(y, **window)


def test_the_model_reads_past_columns_of_every_step_seen_known_ones_of_every_step_ahead_and_one(
    wave: Callable[..., Windows],
) -> None:
    windows = wave(normalise="none")
    batch = gather(windows, fit_scaling(windows, np.arange(50)), np.array([7]))
    inputs = design(windows, batch)[0]
    expected = [*batch.steps[0, 0, :2], *batch.steps[0, 1, :2], *batch.steps[0, 2, :2], *batch.known_future[0, :, 0], 1]
    assert inputs.tolist() == expected


@pytest.mark.parametrize("normalise", KINDS)
def test_quantiles_are_the_mean_moved_by_the_quantiles_of_the_training_errors(
    wave: Callable[..., Windows], normalise: str
) -> None:
    windows, train = wave(normalise=normalise), np.arange(80)
    levels = replace(windows, quantiles=(0.1, 0.5, 0.9))
    plain, wide = (
        ridge_linear.fit(each, fit_scaling(each, train), train, (1.0,))[0].weights for each in (windows, levels)
    )
    np.testing.assert_array_equal(wide[:-1], np.repeat(plain[:-1], 3, axis=1))
    batch = gather(levels, fit_scaling(levels, train), train)
    forecasts = ridge_linear.predict(levels, ridge_linear.RidgeLinear(wide, 1.0), batch)
    below = (batch.target <= forecasts + 1e-5).mean(axis=0)
    np.testing.assert_allclose(below, np.tile([0.1, 0.5, 0.9], (windows.horizon, 1)), atol=0.02)
    assert wide.size == cost(ZERO, NETWORK, shape(levels)).linear


@pytest.mark.parametrize("normalise", ["none", "last"])
@pytest.mark.parametrize("penalty", [0.5, 30.0])
def test_the_closed_form_is_the_ridge_of_the_textbook(
    wave: Callable[..., Windows], normalise: str, penalty: float
) -> None:
    windows, train = wave(normalise=normalise), np.arange(60)
    scaling = fit_scaling(windows, train)
    batch = gather(windows, scaling, train)
    inputs = design(windows, batch).astype(float)
    outputs = batch.target.reshape(60, -1).astype(float)
    # Ridge as least squares with rows of zeros below; the bias, the last column, has none.
    extra = np.sqrt(penalty) * np.eye(inputs.shape[1])[:-1]
    rows, zeros = np.vstack([inputs, extra]), np.zeros((len(extra), outputs.shape[1]))
    expected = np.linalg.lstsq(rows, np.vstack([outputs, zeros]), rcond=None)[0]
    model = ridge_linear.fit(windows, scaling, train, (penalty,))[0]
    assert model.weights == pytest.approx(expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("normalise", KINDS)
def test_no_other_weights_have_a_lower_error_in_standard_deviations_of_the_training_rows(
    wave: Callable[..., Windows], normalise: str
) -> None:
    # It is this error that is scored; the error in normalised values would give calm windows too much weight.
    windows, train = wave(normalise=normalise), np.arange(80)
    scaling = fit_scaling(windows, train)
    model = ridge_linear.fit(windows, scaling, train, (1e-6,))[0]
    least = ridge_linear.score(windows, scaling, model, train, "mse")
    for seed in range(20):
        push = np.random.default_rng(seed).standard_normal(model.weights.shape).astype(np.float32)
        other = ridge_linear.RidgeLinear(model.weights + 0.05 * push, model.penalty)
        assert ridge_linear.score(windows, scaling, other, train, "mse") > least


def test_a_target_that_is_linear_in_the_window_is_forecast_exactly(make_windows: Make) -> None:
    y = [1.0, 0.5, -0.3]
    for _ in range(80):
        y.append(1.6 * y[-1] - 0.9 * y[-2] + 0.1 * y[-3] + 0.3)
    windows = make_windows(np.array(y) + np.random.default_rng(0).normal(0, 1e-6, len(y)))
    train, rest = np.arange(40), np.arange(45, len(windows.first))
    scaling = fit_scaling(windows, train)
    assert (
        ridge_linear.score(windows, scaling, ridge_linear.fit(windows, scaling, train, (1e-6,))[0], rest, "mse") < 1e-6
    )


def test_an_infinite_penalty_leaves_the_mean(wave: Callable[..., Windows]) -> None:
    windows, train = wave(normalise="none"), np.arange(60)
    scaling = fit_scaling(windows, train)
    model = ridge_linear.fit(windows, scaling, train, (1e12,))[0]
    mean = truth(windows, scaling, train).mean(axis=0)
    assert ridge_linear.predict(windows, model, gather(windows, scaling, train[:3])) == pytest.approx(
        np.repeat(mean[None], 3, axis=0), abs=1e-4
    )


@pytest.mark.parametrize("normalise", KINDS)
def test_the_score_is_the_mse_divided_by_the_variance_of_the_training_targets(
    wave: Callable[..., Windows], normalise: str
) -> None:
    windows, train, rest = wave(normalise=normalise), np.arange(60), np.arange(70, 100)
    scaling = fit_scaling(windows, train)
    model = ridge_linear.fit(windows, scaling, train, (1.0,))[0]
    batch = gather(windows, scaling, rest)
    forecast = scaled(batch, ridge_linear.predict(windows, model, batch)) * scaling.std[0] + scaling.mean[0]
    rows = windows.first[rest][:, None] + windows.lookback + np.arange(windows.horizon)
    variance = windows.target[: train[-1] + windows.span, 0].var()
    expected = np.square(forecast[:, :, 0] - windows.target[rows, 0]).mean() / variance
    assert ridge_linear.score(windows, scaling, model, rest, "mse") == pytest.approx(expected, rel=1e-4)


def test_pieces_of_any_length_give_the_same_model(
    wave: Callable[..., Windows], monkeypatch: pytest.MonkeyPatch
) -> None:
    windows, train = wave(), np.arange(80)
    scaling = fit_scaling(windows, train)
    whole = ridge_linear.fit(windows, scaling, train, (1.0,))[0]
    monkeypatch.setattr(chunks, "__defaults__", (7,))
    pieces = ridge_linear.fit(windows, scaling, train, (1.0,))[0]
    assert pieces.weights == pytest.approx(whole.weights, rel=1e-4, abs=1e-5)
    assert ridge_linear.score(windows, scaling, whole, train, "mse") == pytest.approx(
        ridge_linear.score(windows, scaling, pieces, train, "mse"), rel=1e-6
    )


def test_the_penalty_is_the_best_one_on_the_early_stopping_set(wave: Callable[..., Windows]) -> None:
    windows = wave()
    fold = Fold(np.arange(40), np.arange(45, 65), np.arange(70, 100))
    scaling = fit_scaling(windows, fold.train)
    penalties = (1e-3, 1.0, 10.0, 1e6)
    scores = [
        ridge_linear.score(windows, scaling, model, fold.early_stopping, "mse")
        for model in ridge_linear.fit(windows, scaling, fold.train, penalties)
    ]
    model = ridge_linear.fit_chosen(windows, scaling, fold, penalties, "mse")
    assert model.penalty == penalties[int(np.argmin(scores))]
    assert ridge_linear.score(windows, scaling, model, fold.early_stopping, "mse") == min(scores)


def test_the_model_is_least_squares_whatever_its_penalty_is_chosen_by(wave: Callable[..., Windows]) -> None:
    # A window that is far off counts less among absolute errors: another penalty is best, of the same models.
    windows = wave()
    windows.target[56] -= 20
    fold = Fold(np.arange(40), np.arange(45, 65), np.arange(70, 100))
    scaling = fit_scaling(windows, fold.train)
    penalties = (1e-3, 1.0, 10.0, 1e4)
    models = ridge_linear.fit(windows, scaling, fold.train, penalties)
    scores = [ridge_linear.score(windows, scaling, model, fold.early_stopping, "mae") for model in models]
    model = ridge_linear.fit_chosen(windows, scaling, fold, penalties, "mae")
    np.testing.assert_array_equal(model.weights, models[int(np.argmin(scores))].weights)
    assert model.penalty != ridge_linear.fit_chosen(windows, scaling, fold, penalties, "mse").penalty


def chosen_of(
    wave: Callable[..., Windows], monkeypatch: pytest.MonkeyPatch, penalties: tuple[float, ...], best: float
) -> tuple[float, list[float]]:
    """The penalty that is chosen, and those tried in turn, if the score is lowest near one."""
    windows = wave()
    fold = Fold(np.arange(40), np.arange(45, 65), np.arange(70, 100))
    tried: list[float] = []

    def score(_: Any, __: Any, model: ridge_linear.RidgeLinear, *___: Any) -> float:
        tried.append(model.penalty)
        return abs(float(np.log(model.penalty / best)))

    monkeypatch.setattr(ridge_linear, "score", score)
    return ridge_linear.fit_chosen(windows, fit_scaling(windows, fold.train), fold, penalties, "mse").penalty, tried


@pytest.mark.parametrize(
    ("best", "chosen", "tried"),
    [
        (10.0, 10.0, [1.0, 10.0, 100.0]),
        (2e3, 1e3, [1.0, 10.0, 100.0, 1e3, 1e4]),  # one beyond it is worse
        (0.1, 0.1, [1.0, 10.0, 100.0, 0.1, 0.01]),
        (1e99, 1e10, [1.0, 10.0, *(10.0**power for power in range(2, 11))]),  # no more than eight
    ],
)
def test_a_best_penalty_at_the_end_of_the_list_extends_it_by_its_last_factor(
    wave: Callable[..., Windows], monkeypatch: pytest.MonkeyPatch, best: float, chosen: float, tried: list[float]
) -> None:
    assert chosen_of(wave, monkeypatch, (1.0, 10.0, 100.0), best) == (chosen, tried)


def test_each_end_has_its_own_factor_and_a_single_penalty_has_none(
    wave: Callable[..., Windows], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chosen_of(wave, monkeypatch, (1.0, 2.0, 20.0), 0.4) == (0.5, [1.0, 2.0, 20.0, 0.5, 0.25])
    assert chosen_of(wave, monkeypatch, (1.0, 2.0, 20.0), 2e3) == (2e3, [1.0, 2.0, 20.0, 200.0, 2e3, 2e4])
    assert chosen_of(wave, monkeypatch, (5.0,), 1e3) == (5.0, [5.0])


def test_the_model_applied_to_a_design_is_its_forecast_also_if_it_reads_no_past(wave: Callable[..., Windows]) -> None:
    windows, train = wave(), np.arange(60)
    scaling = fit_scaling(windows, train)
    batch = gather(windows, scaling, np.array([70, 75]))
    for reads_past in (True, False):
        model = ridge_linear.fit(windows, scaling, train, (1.0,), reads_past)[0]
        applied = ridge_linear.apply(windows, model, design(windows, batch))
        np.testing.assert_allclose(applied, ridge_linear.predict(windows, model, batch), rtol=1e-6, atol=1e-7)


def test_two_targets_are_forecast_together(make_windows: Make) -> None:
    y = np.sin(np.arange(100) / 3) + 0.1 * np.random.default_rng(0).standard_normal(100)
    windows = make_windows(y, second=True)
    train = np.arange(60)
    scaling = fit_scaling(windows, train)
    model = ridge_linear.fit(windows, scaling, train, (1.0,))[0]
    forecast = ridge_linear.predict(windows, model, gather(windows, scaling, np.array([70])))
    assert forecast.shape == (1, 2, 2)
    # z falls as y rises: in standard deviations its forecast is the other's with the sign changed.
    assert forecast[:, :, 1] == pytest.approx(-forecast[:, :, 0], abs=1e-3)
    assert model.parameters == model.weights.size == (3 * 3 + 1 * 2 + 1) * 4


def test_a_model_that_reads_no_past_reads_known_future_covariates_alone(wave: Callable[..., Windows]) -> None:
    # Zero cells without the skip: a network without its recurrent part.
    windows, train = wave(normalise="none"), np.arange(60)
    scaling = fit_scaling(windows, train)
    model = ridge_linear.fit(windows, scaling, train, (1.0,), reads_past=False)[0]
    assert model.weights.shape == (1 * 2 + 1, 2)
    before = ridge_linear.predict(windows, model, gather(windows, scaling, np.array([70])))
    first = windows.first[70]
    windows.inputs[first : first + windows.lookback] += 1
    np.testing.assert_array_equal(
        ridge_linear.predict(windows, model, gather(windows, scaling, np.array([70]))), before
    )
    windows.inputs[first + windows.lookback, 2] += 1
    assert (ridge_linear.predict(windows, model, gather(windows, scaling, np.array([70]))) != before).any()


@pytest.mark.parametrize(
    "window",
    [{}, {"lookback": 7}, {"horizon": 5}, {"second": True, "horizon": 3}, {"linear_lookback": 9},
     {"linear_calendar": ("hour_of_day", "day_of_year")}],
    ids=str,
)  # fmt: skip
def test_the_model_has_as_many_weights_as_its_counted_cost(
    make_windows: Make, make_network: Callable[..., Network], window: dict[str, Any]
) -> None:
    # The count and the model are in two places.
    windows, train = make_windows(np.sin(np.arange(120) / 3), **window), np.arange(60)
    scaling, counted = fit_scaling(windows, train), shape(windows)
    whole, ahead = (ridge_linear.fit(windows, scaling, train, (1.0,), reads_past)[0] for reads_past in (True, False))
    assert counted.n_linear * counted.n_outputs == whole.weights.size == whole.parameters
    assert cost(ZERO, make_network(), counted).parameters == whole.weights.size
    assert cost(ZERO, make_network(skip="none"), counted).parameters == ahead.weights.size < whole.weights.size


ROWS, HOLDOUT = 2500, 2000


def covariate(kind: str) -> npt.NDArray[np.float64]:
    """A column that has no effect, and another meaning after row 2,000."""
    drawn, late = np.random.default_rng(1), np.arange(ROWS) >= HOLDOUT
    rare = np.zeros(ROWS)
    rare[drawn.choice(HOLDOUT, 8, replace=False)] = drawn.exponential(0.3, 8)
    if kind == "rare":
        return np.where(late, 5 * (drawn.random(ROWS) < 0.2), rare)
    if kind == "rare indicator":
        return np.where(late, drawn.random(ROWS) < 0.2, rare > 0).astype(float)
    if kind == "always 0":
        return np.where(late, 50 * drawn.random(ROWS), 0)
    noise = drawn.standard_normal(ROWS)
    if kind == "outliers later":
        noise[HOLDOUT + 10 :: 100] = 1000
    if kind == "outliers before":
        noise[50:HOLDOUT:400] = 1000
    return noise + 20 * late if kind == "jump" else noise


@pytest.mark.parametrize(
    ("kind", "worse"),
    [
        ("rare", 0), ("rare indicator", 0), ("always 0", 0),  # as without the column
        ("outliers before", 0.05), ("outliers later", 0.05), ("jump", 0.15), ("noise", 0.05),  # noise costs that itself
    ],
)  # fmt: skip
def test_a_covariate_without_effect_does_no_harm_where_it_becomes_another(
    make_schema: Callable[..., Schema], make_window: Callable[..., Window], kind: str, worse: float
) -> None:
    # A column that was nearly always 0 in training once made the error on the holdout 37 times that of seasonal naive.
    hours = np.arange(ROWS)
    frame = pd.DataFrame(
        {
            "series": "a",
            "time": pd.date_range("2026-01-01", periods=ROWS, freq="h"),
            "y": 6 * np.sin(2 * np.pi * hours / 24) + np.random.default_rng(0).standard_normal(ROWS),
            "x": covariate(kind),
        }
    )
    scores = []
    for columns in ((), ("x",)):
        window = make_window(lookback=24, horizon=6)
        windows = build(frame, make_schema(past_covariates=columns), window, Path("clean.parquet"))
        train, later = np.flatnonzero(windows.start <= HOLDOUT - windows.span), np.flatnonzero(windows.start >= HOLDOUT)
        scaling = fit_scaling(windows, train)
        scores.append(
            ridge_linear.score(windows, scaling, ridge_linear.fit(windows, scaling, train, (100.0,))[0], later, "mse")
        )
    assert scores[1] <= scores[0] * (1 + worse + 1e-6)


def test_the_calendar_of_the_first_step_ahead_is_read_and_no_other(make_windows: Make) -> None:
    # What comes at seven, and the hour is nowhere among the inputs but in the linear calendar.
    values = np.where(np.arange(400) % 24 == 7, 5.0, 0.0)
    drawn = np.random.default_rng(0).normal(0, 0.1, 400)
    plain, told = (make_windows(values + drawn, horizon=1, linear_calendar=names) for names in ((), ("hour_of_day",)))
    train, rest = np.arange(300), np.arange(300, 390)
    errors = []
    for windows in (plain, told):
        scaling = fit_scaling(windows, train)
        errors.append(
            ridge_linear.score(windows, scaling, ridge_linear.fit(windows, scaling, train, (1.0,))[0], rest, "mse")
        )
    assert errors[0] > 0.5
    assert errors[1] < 0.05


def test_a_missing_target_has_no_say_in_the_score_that_chooses_the_penalty(make_windows: Make) -> None:
    values = np.random.default_rng(0).standard_normal(60)
    values[np.arange(60) % 7 > 4] = np.nan
    windows = make_windows(values, observed=0.5, fill=2)
    chosen = np.arange(len(windows.first))
    scaling = fit_scaling(windows, chosen)
    model = ridge_linear.fit(windows, scaling, chosen, (1.0,))[0]
    batch = gather(windows, scaling, chosen)
    errors = np.square(ridge_linear.predict(windows, model, batch) - batch.target)
    assert ridge_linear.score(windows, scaling, model, chosen, "mse") == pytest.approx(np.nanmean(errors), rel=1e-5)
