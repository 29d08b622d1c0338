"""The ridge-linear model: closed form, fitted on training windows alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cellsize.data.batches import chunks, fit_scaling, gather, scaled, truth
from cellsize.data.folds import Fold
from cellsize.data.windows import Windows
from cellsize.models import ridge_linear
from cellsize.params import Network
from cellsize.sizing.sizes import ZERO, cost, shape

Make = Callable[..., Windows]
KINDS = ["none", "last", "standard"]


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
    inputs = ridge_linear.design(windows, batch)[0]
    expected = [*batch.steps[0, 0, :2], *batch.steps[0, 1, :2], *batch.steps[0, 2, :2], *batch.known_future[0, :, 0], 1]
    assert inputs.tolist() == expected


@pytest.mark.parametrize("normalise", ["none", "last"])
@pytest.mark.parametrize("penalty", [0.5, 30.0])
def test_the_closed_form_is_the_ridge_of_the_textbook(
    wave: Callable[..., Windows], normalise: str, penalty: float
) -> None:
    windows, train = wave(normalise=normalise), np.arange(60)
    scaling = fit_scaling(windows, train)
    batch = gather(windows, scaling, train)
    inputs = ridge_linear.design(windows, batch).astype(float)
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
    least = ridge_linear.score(windows, scaling, model, train)
    for seed in range(20):
        push = np.random.default_rng(seed).standard_normal(model.weights.shape).astype(np.float32)
        other = ridge_linear.RidgeLinear(model.weights + 0.05 * push, model.penalty)
        assert ridge_linear.score(windows, scaling, other, train) > least


def test_a_target_that_is_linear_in_the_window_is_forecast_exactly(make_windows: Make) -> None:
    y = [1.0, 0.5, -0.3]
    for _ in range(80):
        y.append(1.6 * y[-1] - 0.9 * y[-2] + 0.1 * y[-3] + 0.3)
    windows = make_windows(np.array(y) + np.random.default_rng(0).normal(0, 1e-6, len(y)))
    train, rest = np.arange(40), np.arange(45, len(windows.first))
    scaling = fit_scaling(windows, train)
    assert ridge_linear.score(windows, scaling, ridge_linear.fit(windows, scaling, train, (1e-6,))[0], rest) < 1e-6


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
    assert ridge_linear.score(windows, scaling, model, rest) == pytest.approx(expected, rel=1e-4)


def test_pieces_of_any_length_give_the_same_model(
    wave: Callable[..., Windows], monkeypatch: pytest.MonkeyPatch
) -> None:
    windows, train = wave(), np.arange(80)
    scaling = fit_scaling(windows, train)
    whole = ridge_linear.fit(windows, scaling, train, (1.0,))[0]
    monkeypatch.setattr(chunks, "__defaults__", (7,))
    pieces = ridge_linear.fit(windows, scaling, train, (1.0,))[0]
    assert pieces.weights == pytest.approx(whole.weights, rel=1e-4, abs=1e-5)
    assert ridge_linear.score(windows, scaling, whole, train) == pytest.approx(
        ridge_linear.score(windows, scaling, pieces, train), rel=1e-6
    )


def test_the_penalty_is_the_best_one_on_the_early_stopping_set(wave: Callable[..., Windows]) -> None:
    windows = wave()
    fold = Fold(np.arange(40), np.arange(45, 65), np.arange(70, 100))
    scaling = fit_scaling(windows, fold.train)
    penalties = (1e-3, 1.0, 10.0, 1e6)
    scores = [
        ridge_linear.score(windows, scaling, model, fold.early_stopping)
        for model in ridge_linear.fit(windows, scaling, fold.train, penalties)
    ]
    model = ridge_linear.fit_chosen(windows, scaling, fold, penalties)
    assert model.penalty == penalties[int(np.argmin(scores))]
    assert ridge_linear.score(windows, scaling, model, fold.early_stopping) == min(scores)


def chosen_of(
    wave: Callable[..., Windows], monkeypatch: pytest.MonkeyPatch, penalties: tuple[float, ...], best: float
) -> tuple[float, list[float]]:
    """The penalty that is chosen, and those tried in turn, if the score is lowest near one."""
    windows = wave()
    fold = Fold(np.arange(40), np.arange(45, 65), np.arange(70, 100))
    tried: list[float] = []

    def score(_: Any, __: Any, model: ridge_linear.RidgeLinear, ___: Any) -> float:
        tried.append(model.penalty)
        return abs(float(np.log(model.penalty / best)))

    monkeypatch.setattr(ridge_linear, "score", score)
    return ridge_linear.fit_chosen(windows, fit_scaling(windows, fold.train), fold, penalties).penalty, tried


@pytest.mark.parametrize(
    ("best", "chosen", "tried"),
    [
        (10.0, 10.0, [1.0, 10.0, 100.0]),
        (2e3, 1e3, [1.0, 10.0, 100.0, 1e3, 1e4]),  # one beyond it is worse
        (0.1, 0.1, [1.0, 10.0, 100.0, 0.1, 0.01]),
        (1e9, 1e6, [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6]),  # no more than four
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
        applied = ridge_linear.apply(windows, model, ridge_linear.design(windows, batch))
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


@pytest.mark.parametrize("window", [{}, {"lookback": 7}, {"horizon": 5}, {"second": True, "horizon": 3}], ids=str)
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
