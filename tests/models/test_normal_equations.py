"""Normal equations: the ridge of the textbook, also for outputs that lack windows of their own."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.linalg import cho_factor

from cellsize.data.batches import gather
from cellsize.data.scaling import fit_scaling
from cellsize.data.windows import Windows
from cellsize.models import normal_equations, ridge_linear
from cellsize.models.normal_equations import Rows, equations_of, solve

Make = Callable[..., Windows]
KINDS = ["none", "last", "standard"]


def test_the_weights_of_a_few_windows_are_those_worked_out_by_hand(make_windows: Make) -> None:
    windows = make_windows([0.0, 1.0, 5.0, 0.0, 2.0, 1.0, 3.0, np.nan, 4.0, 2.0], observed=0.4, fill=1)
    train = np.arange(len(windows.first))
    rows = Rows(windows, fit_scaling(windows, train), train, reads_past=False)
    inputs, outputs = rows.of(train)
    assert inputs.shape == (len(train), 1 * windows.horizon + 1)  # known future covariates, and the bias
    assert np.isnan(outputs).any()
    (weights,) = solve(equations_of(rows), (2.0,))
    for output in range(windows.n_outputs):
        there = np.isfinite(outputs[:, output])
        mine = inputs[there]
        # The bias has next to no penalty: what keeps the equations solvable.
        ridge = np.diag([2.0, 2.0, 1e-6 * there.sum()])
        expected = np.linalg.solve(mine.T @ mine + ridge, mine.T @ outputs[there, output])
        np.testing.assert_allclose(weights[:, output], expected, rtol=1e-6)


@pytest.mark.parametrize("normalise", KINDS)
@pytest.mark.parametrize("second", [False, True])
def test_each_output_is_fitted_to_the_windows_where_it_was_observed(
    make_windows: Make, normalise: str, second: bool
) -> None:
    random = np.random.default_rng(0)
    values = np.sin(np.arange(150) / 3) + 0.3 * random.standard_normal(150)
    values[np.arange(150) % 7 > 4] = np.nan
    windows = make_windows(values, normalise=normalise, observed=0.4, fill=2, horizon=3, second=second)
    train = np.arange(len(windows.first))
    scaling = fit_scaling(windows, train)
    model = ridge_linear.fit(windows, scaling, train, (2.0,))[0]
    missing = np.isnan(gather(windows, scaling, train).target).reshape(len(train), -1)
    assert 0 < missing.mean() < 1
    for output in range(windows.n_outputs):
        alone = ridge_linear.fit(
            replace(windows, target=np.nan_to_num(windows.target)), scaling, train[~missing[:, output]], (2.0,)
        )[0]
        np.testing.assert_allclose(model.weights[:, output], alone.weights[:, output], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("normalise", KINDS)
@pytest.mark.parametrize("penalty", [1e-3, 1.0, 1e3])
def test_a_corrected_factorisation_solves_as_one_for_each_pattern_of_missing_targets_does(
    make_windows: Make, monkeypatch: pytest.MonkeyPatch, normalise: str, penalty: float
) -> None:
    random = np.random.default_rng(0)
    values = np.sin(np.arange(150) / 3) + 0.3 * random.standard_normal(150)
    values[random.random(150) < 0.05] = np.nan
    windows = make_windows(values, lookback=20, normalise=normalise, observed=0.4, fill=9, horizon=6, second=True)
    train = np.arange(len(windows.first))
    scaling = fit_scaling(windows, train)
    found = []
    # One matrix for each; corrections alone; corrections of which none is thought exact.
    for few, rounding in ((0.0, 1.0), (1.0, 1e-13), (1.0, -1.0)):
        monkeypatch.setattr(normal_equations, "FEW", few)
        monkeypatch.setattr(normal_equations, "ROUNDING", rounding)
        found.append(ridge_linear.fit(windows, scaling, train, (penalty, 7.0), True)[0].weights)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found[2], found[0])


def test_corrections_are_exact_without_a_matrix_for_each(make_windows: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).standard_normal(150)
    values[[40, 90, 91]] = np.nan
    windows = make_windows(values, lookback=20, observed=0.4, fill=9, horizon=6)
    train = np.arange(len(windows.first))
    scaling = fit_scaling(windows, train)
    factorised: list[int] = []

    def counted(matrix: npt.NDArray[Any]) -> Any:
        factorised.append(len(matrix))
        return cho_factor(matrix)

    monkeypatch.setattr(normal_equations, "cho_factor", counted)
    ridge_linear.fit(windows, scaling, train, (1.0, 10.0))
    assert factorised.count(windows.n_linear) == 2  # once for each penalty


def test_gaps_at_random_take_the_memory_of_a_few_matrices_however_long_the_horizon(make_windows: Make) -> None:
    # Each step of the horizon had a matrix of its own: 195 MB for 24 steps and 1,009 inputs.
    random = np.random.default_rng(2)
    values = random.standard_normal(400)
    values[random.random(400) < 0.02] = np.nan
    windows = make_windows(values, lookback=150, horizon=24, observed=0.4, fill=9)
    train = np.arange(len(windows.first))
    scaling = fit_scaling(windows, train)
    ridge_linear.fit(windows, scaling, train[:9], (1.0,))  # what is found once and for all
    tracemalloc.start()
    ridge_linear.fit(windows, scaling, train, (1.0, 10.0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * windows.n_linear**2 * 8
