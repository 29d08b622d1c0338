"""The ridge-linear map: closed form, fitted on training windows alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cellsize.data.batches import fit_scaling, gather, scaled, truth
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


def test_the_map_sees_past_columns_of_every_step_known_columns_of_every_hour_ahead_and_one(
    wave: Callable[..., Windows],
) -> None:
    made = wave(normalise="none")
    batch = gather(made, fit_scaling(made, np.arange(50)), np.array([7]))
    found = ridge_linear.design(made, batch)[0]
    expected = [*batch.steps[0, 0, :2], *batch.steps[0, 1, :2], *batch.steps[0, 2, :2], *batch.known_future[0, :, 0], 1]
    assert found.tolist() == expected


@pytest.mark.parametrize("normalise", ["none", "last"])
@pytest.mark.parametrize("penalty", [0.5, 30.0])
def test_the_closed_form_is_the_ridge_of_the_textbook(
    wave: Callable[..., Windows], normalise: str, penalty: float
) -> None:
    made, train = wave(normalise=normalise), np.arange(60)
    scaling = fit_scaling(made, train)
    batch = gather(made, scaling, train)
    inputs = ridge_linear.design(made, batch).astype(float)
    outputs = batch.target.reshape(60, -1).astype(float)
    # Ridge as least squares with rows of zeros below; the bias, the last column, has none.
    extra = np.sqrt(penalty) * np.eye(inputs.shape[1])[:-1]
    rows, zeros = np.vstack([inputs, extra]), np.zeros((len(extra), outputs.shape[1]))
    expected = np.linalg.lstsq(rows, np.vstack([outputs, zeros]), rcond=None)[0]
    found = ridge_linear.fit(made, scaling, train, (penalty,))[0]
    assert found.weights == pytest.approx(expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("normalise", KINDS)
def test_no_other_weights_have_a_lower_error_in_deviations_of_the_training_rows(
    wave: Callable[..., Windows], normalise: str
) -> None:
    # It is this error that is scored; the error in normalised values would give calm windows too much weight.
    made, train = wave(normalise=normalise), np.arange(80)
    scaling = fit_scaling(made, train)
    found = ridge_linear.fit(made, scaling, train, (1e-6,))[0]
    least = ridge_linear.score(made, scaling, found, train)
    for seed in range(20):
        push = np.random.default_rng(seed).standard_normal(found.weights.shape).astype(np.float32)
        other = ridge_linear.RidgeLinear(found.weights + 0.05 * push, found.penalty)
        assert ridge_linear.score(made, scaling, other, train) > least


def test_a_target_that_is_linear_in_the_window_is_forecast_exactly(make_windows: Make) -> None:
    y = [1.0, 0.5, -0.3]
    for _ in range(80):
        y.append(1.6 * y[-1] - 0.9 * y[-2] + 0.1 * y[-3] + 0.3)
    made = make_windows(np.array(y) + np.random.default_rng(0).normal(0, 1e-6, len(y)))
    train, rest = np.arange(40), np.arange(45, len(made.first))
    scaling = fit_scaling(made, train)
    assert ridge_linear.score(made, scaling, ridge_linear.fit(made, scaling, train, (1e-6,))[0], rest) < 1e-6


def test_an_endless_penalty_leaves_the_mean(wave: Callable[..., Windows]) -> None:
    made, train = wave(normalise="none"), np.arange(60)
    scaling = fit_scaling(made, train)
    found = ridge_linear.fit(made, scaling, train, (1e12,))[0]
    mean = truth(made, scaling, train).mean(axis=0)
    assert ridge_linear.predict(made, found, gather(made, scaling, train[:3])) == pytest.approx(
        np.repeat(mean[None], 3, axis=0), abs=1e-4
    )


@pytest.mark.parametrize("normalise", KINDS)
def test_the_score_is_the_mean_squared_error_in_variances_of_the_training_rows(
    wave: Callable[..., Windows], normalise: str
) -> None:
    made, train, rest = wave(normalise=normalise), np.arange(60), np.arange(70, 100)
    scaling = fit_scaling(made, train)
    found = ridge_linear.fit(made, scaling, train, (1.0,))[0]
    batch = gather(made, scaling, rest)
    forecast = scaled(batch, ridge_linear.predict(made, found, batch)) * scaling.std[0] + scaling.mean[0]
    rows = made.first[rest][:, None] + made.lookback + np.arange(made.horizon)
    variance = made.target[: train[-1] + made.span, 0].var()
    expected = np.square(forecast[:, :, 0] - made.target[rows, 0]).mean() / variance
    assert ridge_linear.score(made, scaling, found, rest) == pytest.approx(expected, rel=1e-4)


def test_pieces_of_any_length_give_the_same_map(wave: Callable[..., Windows], monkeypatch: pytest.MonkeyPatch) -> None:
    made, train = wave(), np.arange(80)
    scaling = fit_scaling(made, train)
    whole = ridge_linear.fit(made, scaling, train, (1.0,))[0]
    monkeypatch.setattr(ridge_linear.chunks, "__defaults__", (7,))
    pieces = ridge_linear.fit(made, scaling, train, (1.0,))[0]
    assert pieces.weights == pytest.approx(whole.weights, rel=1e-4, abs=1e-5)
    assert ridge_linear.score(made, scaling, whole, train) == pytest.approx(
        ridge_linear.score(made, scaling, pieces, train), rel=1e-6
    )


def test_the_penalty_is_the_best_one_on_the_stop_part(wave: Callable[..., Windows]) -> None:
    made = wave()
    fold = Fold(np.arange(40), np.arange(45, 65), np.arange(70, 100))
    scaling = fit_scaling(made, fold.train)
    penalties = (1e-3, 1.0, 10.0, 1e4)
    scores = [
        ridge_linear.score(made, scaling, one, fold.early_stopping)
        for one in ridge_linear.fit(made, scaling, fold.train, penalties)
    ]
    found = ridge_linear.fit_chosen(made, scaling, fold, penalties)
    assert found.penalty == penalties[int(np.argmin(scores))]
    assert ridge_linear.score(made, scaling, found, fold.early_stopping) == min(scores)


def test_two_targets_are_forecast_side_by_side(make_windows: Make) -> None:
    y = np.sin(np.arange(100) / 3) + 0.1 * np.random.default_rng(0).standard_normal(100)
    made = make_windows(y, second=True)
    train = np.arange(60)
    scaling = fit_scaling(made, train)
    found = ridge_linear.fit(made, scaling, train, (1.0,))[0]
    forecast = ridge_linear.predict(made, found, gather(made, scaling, np.array([70])))
    assert forecast.shape == (1, 2, 2)
    # z is y turned round: in deviations its forecast is the other's with the sign changed.
    assert forecast[:, :, 1] == pytest.approx(-forecast[:, :, 0], abs=1e-3)
    assert found.parameters == found.weights.size == (3 * 3 + 1 * 2 + 1) * 4


def test_a_map_that_sees_nothing_reads_what_is_known_ahead_alone(wave: Callable[..., Windows]) -> None:
    # Zero cells without the skip: a network without its recurrent part.
    made, train = wave(normalise="none"), np.arange(60)
    scaling = fit_scaling(made, train)
    found = ridge_linear.fit(made, scaling, train, (1.0,), seen=False)[0]
    assert found.weights.shape == (1 * 2 + 1, 2)
    before = ridge_linear.predict(made, found, gather(made, scaling, np.array([70])))
    first = made.first[70]
    made.inputs[first : first + made.lookback] += 1
    np.testing.assert_array_equal(ridge_linear.predict(made, found, gather(made, scaling, np.array([70]))), before)
    made.inputs[first + made.lookback, 2] += 1
    assert (ridge_linear.predict(made, found, gather(made, scaling, np.array([70]))) != before).any()


@pytest.mark.parametrize("window", [{}, {"lookback": 7}, {"horizon": 5}, {"second": True, "horizon": 3}], ids=str)
def test_the_map_has_as_many_numbers_as_its_counted_cost(
    make_windows: Make, make_network: Callable[..., Network], window: dict[str, Any]
) -> None:
    # The count and the map are written down in two places.
    made, train = make_windows(np.sin(np.arange(120) / 3), **window), np.arange(60)
    scaling, counted = fit_scaling(made, train), shape(made)
    whole, ahead = (ridge_linear.fit(made, scaling, train, (1.0,), seen)[0] for seen in (True, False))
    assert counted.n_linear * counted.n_outputs == whole.weights.size == whole.parameters
    assert cost(ZERO, make_network(), counted).parameters == whole.weights.size
    assert cost(ZERO, make_network(skip="none"), counted).parameters == ahead.weights.size < whole.weights.size
