"""Boosted trees: one model of all steps; what they see, when they end, and the same bytes again."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from cellsize.data.batches import design, gather, scaled, truth
from cellsize.data.quantiles import by_level
from cellsize.data.scaling import fit_scaling
from cellsize.data.windows import Windows
from cellsize.models import boosted_trees, ridge_linear
from cellsize.training.records import Work

MakeWork = Callable[..., Work]
Make = Callable[..., Windows]


def test_a_row_is_the_step_its_known_future_columns_and_what_the_window_sees(make_windows: Make) -> None:
    windows = make_windows(np.arange(30.0), lookback=3, horizon=2)
    batch = gather(windows, fit_scaling(windows, np.arange(10)), np.array([0, 4]))
    inputs = boosted_trees.design(windows, batch, ())
    assert inputs.shape == (4, 1 + 1 + 3 * 2)
    assert inputs[:, 0].tolist() == [1, 2, 1, 2]
    np.testing.assert_array_equal(inputs[:, 1], batch.known_future.ravel())
    seen = design(windows, batch)[:, :6]
    np.testing.assert_array_equal(inputs[:, 2:], seen[[0, 0, 1, 1]])


def test_what_the_window_sees_whole_seasons_before_a_step_has_columns_of_its_own(make_windows: Make) -> None:
    windows = make_windows(np.arange(40.0), lookback=8, horizon=3)
    # Seen are rows 0 to 7, to be predicted 8 to 10.
    assert boosted_trees.seasons_before(windows, (4,)).T.tolist() == [[4, 5, 6], [0, 1, 2]]
    assert boosted_trees.seasons_before(windows, (2, 9)).T.tolist()[0] == [6, 7, 6]
    assert boosted_trees.seasons_before(windows, (9,)).shape == (3, 0)  # longer than the window
    batch = gather(windows, fit_scaling(windows, np.arange(10)), np.array([0, 4]))
    inputs = boosted_trees.design(windows, batch, (4,))
    np.testing.assert_array_equal(inputs[:, 2:4], batch.steps[:, [[4, 0], [5, 1], [6, 2]], 0].reshape(6, 2))


def test_trees_learn_what_no_linear_model_can(make_work: MakeWork) -> None:
    values = np.full(600, 0.3)
    for row in range(1, 600):  # the logistic map: each value follows from the last one, and correlates with none
        values[row] = 4 * values[row - 1] * (1 - values[row - 1])
    work = make_work(values, window={"normalise": "none", "horizon": 1})
    windows, fold = work.windows, work.folds.fold(0)
    scaling = fit_scaling(windows, fold.train)
    trees = boosted_trees.fit_chosen(windows, scaling, fold, (3,))
    error = boosted_trees.predict(windows, scaling, trees, fold.validation) - truth(windows, scaling, fold.validation)
    linear = ridge_linear.fit_chosen(windows, scaling, fold, (1.0,), "mse")
    assert np.square(error).mean() < 0.1 * ridge_linear.score(windows, scaling, linear, fold.validation, "mse")


def test_the_iterations_are_those_that_are_best_on_the_early_stopping_set(make_work: MakeWork) -> None:
    work = make_work(np.random.default_rng(0).standard_normal(400).cumsum())
    windows, fold = work.windows, work.folds.fold(0)
    scaling = fit_scaling(windows, fold.train)
    (chosen,) = boosted_trees.fit_chosen(windows, scaling, fold, (3,)).iterations
    target = truth(windows, scaling, fold.early_stopping)
    errors = []
    for count in (1, chosen - 1, chosen, chosen + 1, chosen + boosted_trees.PATIENCE // 2):
        trees = boosted_trees.fit(windows, scaling, fold.train, (3,), (max(1, count),))
        forecasts = boosted_trees.predict(windows, scaling, trees, fold.early_stopping)
        errors.append(float(np.square(forecasts.astype(np.float64) - target).mean()))
    assert min(errors) == pytest.approx(errors[2], rel=1e-6)


def test_the_iterations_of_each_target_are_its_own(make_work: MakeWork) -> None:
    work = make_work(np.sin(np.arange(300) / 3), window={"lookback": 4})
    two = replace(work.windows, target=np.repeat(work.windows.target, 2, axis=1))
    two = replace(
        two, inputs=np.concatenate([two.inputs[:, :1], two.inputs], axis=1), targets=("y", "z"), offset=np.zeros(4)
    )
    two.target[:, 1] = np.random.default_rng(0).standard_normal(len(two.target))
    two.inputs[:, 1] = two.target[:, 1]
    fold = work.folds.fold(0)
    scaling = fit_scaling(two, fold.train)
    trees = boosted_trees.fit_chosen(two, scaling, fold, (3,))
    assert trees.iterations[0] > trees.iterations[1]  # noise has nothing to learn
    assert boosted_trees.predict(two, scaling, trees, fold.validation).shape == (len(fold.validation), 2, 2)


def test_forecasts_are_in_standard_deviations_whatever_the_normalisation(make_work: MakeWork) -> None:
    for normalise in ("none", "last", "standard"):
        work = make_work(window={"normalise": normalise})
        windows, fold = work.windows, work.folds.fold(0)
        scaling = fit_scaling(windows, fold.train)
        trees = boosted_trees.fit(windows, scaling, fold.train, (3,), (1,))
        batch = gather(windows, scaling, fold.validation)
        np.testing.assert_allclose(scaled(batch, batch.target), truth(windows, scaling, fold.validation), atol=1e-5)
        error = boosted_trees.predict(windows, scaling, trees, fold.validation) - scaled(batch, batch.target)
        assert np.square(error).mean() < 4


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_the_trees_are_the_same_to_the_last_bit_whatever_the_number_of_threads(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch, loss: boosted_trees.Loss
) -> None:
    work = make_work(np.random.default_rng(0).standard_normal(3000).cumsum(), window={"lookback": 20, "horizon": 4})
    windows, fold = work.windows, work.folds.fold(0)
    scaling = fit_scaling(windows, fold.train)
    monkeypatch.setattr(boosted_trees, "MOST_ROWS", len(fold.train))  # some steps are drawn
    found = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(boosted_trees, "ONE_THREAD", threads)
        with threadpool_limits(threads):
            trees = boosted_trees.fit_chosen(windows, scaling, fold, (3,), loss)
            forecasts = boosted_trees.predict(windows, scaling, trees, fold.validation)
        found.append((trees.iterations, forecasts.tobytes()))
    assert found[0] == found[1] == found[2]


def test_of_too_many_steps_some_are_drawn_and_always_the_same(
    make_windows: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = make_windows(np.arange(60.0), lookback=3, horizon=2)
    assert boosted_trees.drawn(windows, np.arange(50), 8).tolist() == list(range(100))
    monkeypatch.setattr(boosted_trees, "MOST_ROWS", 40)
    few = boosted_trees.drawn(windows, np.arange(50), 8)
    assert len(few) == len(np.unique(few)) == 40
    assert (np.diff(few) > 0).all()
    assert few.min() >= 0
    assert few.max() < 100
    # Of 50 windows every second step: far more windows than the 20 that whole ones would be.
    assert len(np.unique(few // 2)) > 25
    np.testing.assert_array_equal(few, boosted_trees.drawn(windows, np.arange(50), 8))
    monkeypatch.setattr(boosted_trees, "MOST_VALUES", 4 * 8)  # four steps with eight inputs
    assert len(boosted_trees.drawn(windows, np.arange(50), 8)) == 4


def test_drawn_steps_are_rows_of_the_design_of_their_windows(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = make_work(np.random.default_rng(0).standard_normal(2000), window={"normalise": "standard"})
    windows, fold = work.windows, work.folds.fold(0)
    scaling = fit_scaling(windows, fold.train)
    whole = boosted_trees._rows(windows, scaling, fold.train, (3,), "squared_error")
    assert whole.windows == len(fold.train) > 512  # more than a batch
    monkeypatch.setattr(boosted_trees, "MOST_ROWS", len(fold.train))
    few = boosted_trees._rows(windows, scaling, fold.train, (3,), "squared_error")
    at = boosted_trees.drawn(windows, fold.train, whole.inputs.shape[1])
    for all_of_them, some in zip(whole[:3], few[:3], strict=True):
        np.testing.assert_array_equal(some, all_of_them[at])
    assert few.windows == len(np.unique(at // windows.horizon)) < len(fold.train)
    trees = boosted_trees.fit(windows, scaling, fold.train, (3,), (1,))
    assert (trees.rows, trees.windows) == (len(fold.train), few.windows)


def test_an_input_far_beyond_what_training_has_shown_is_clipped(make_work: MakeWork) -> None:
    work = make_work(window={"normalise": "none"})
    fold = work.folds.fold(0)
    inputs = work.windows.inputs.copy()
    inputs[work.windows.first[fold.train[30]], 1] = 1e30  # one row is too few to count as shown
    windows = replace(work.windows, inputs=inputs)
    scaling = fit_scaling(windows, fold.train)
    assert scaling.upper is not None
    for trees in (
        boosted_trees.fit(windows, scaling, fold.train, (3,), (5,)),
        boosted_trees.fit_chosen(windows, scaling, fold, (3,)),
    ):
        assert trees.edges[:, -1].max() <= scaling.upper.max() < 10
    chosen = fold.validation[:1]
    forecasts = []
    for value in (5.0, 1e30):
        other = inputs.copy()
        other[windows.first[chosen], 1] = value
        forecasts.append(boosted_trees.predict(replace(windows, inputs=other), scaling, trees, chosen))
    np.testing.assert_array_equal(forecasts[0], forecasts[1])


def test_steps_without_a_target_are_no_rows(make_windows: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(60.0)
    values[np.arange(60) % 7 > 4] = np.nan
    windows = make_windows(values, observed=0.5, fill=2, horizon=3)
    train = np.arange(len(windows.first))
    scaling = fit_scaling(windows, train)
    rows = boosted_trees._rows(windows, scaling, train, (), "squared_error")
    assert np.isfinite(rows.target).all()
    assert len(rows.inputs) == windows.observed(train).sum() < len(train) * 3
    monkeypatch.setattr(boosted_trees, "MOST_ROWS", 20)
    assert len(boosted_trees._rows(windows, scaling, train, (), "squared_error").inputs) == 20


def test_a_target_of_several_is_learnt_where_it_was_observed(make_work: MakeWork) -> None:
    work = make_work(np.random.default_rng(0).standard_normal(200), window={"second": True, "observed": 0.5})
    windows, fold = work.windows, work.folds.fold(0)
    target = windows.target.copy()
    target[::2, 1] = np.nan
    scaling = fit_scaling(windows, fold.train)
    both = [
        boosted_trees.fit(replace(windows, target=each), scaling, fold.train, (3,), (5, 5))
        for each in (windows.target, target)
    ]
    forecasts = [boosted_trees.predict(windows, scaling, trees, fold.validation) for trees in both]
    np.testing.assert_array_equal(forecasts[0][:, :, 0], forecasts[1][:, :, 0])
    assert np.isfinite(forecasts[1]).all()
    assert (forecasts[0][:, :, 1] != forecasts[1][:, :, 1]).any()


def test_trees_have_a_column_for_each_level_of_each_target_and_levels_never_cross(make_work: MakeWork) -> None:
    plain = make_work(np.random.default_rng(0).normal(0, 1, 600), window={"normalise": "none", "second": True})
    windows, fold = replace(plain.windows, quantiles=(0.1, 0.5, 0.9)), plain.folds.fold(0)
    scaling = fit_scaling(windows, fold.train)
    trees = boosted_trees.fit_chosen(windows, scaling, fold, (), "quantile")
    assert (len(trees.models), len(trees.iterations)) == (6, 6)
    forecasts = boosted_trees.predict(windows, scaling, trees, fold.validation)
    assert forecasts.shape == (len(fold.validation), windows.horizon, 6)
    right = truth(windows, scaling, fold.validation)
    low, middle, high = by_level(forecasts, windows.quantiles, windows.n_targets).values()
    assert ((low <= middle) & (middle <= high)).all()
    # Of noise nothing can be forecast but its quantiles: about so many targets lie below each.
    assert [(right <= of).mean() for of in (low, middle, high)] == pytest.approx([0.1, 0.5, 0.9], abs=0.1)
    again = boosted_trees.fit(windows, scaling, fold.train, (), trees.iterations, "quantile")
    np.testing.assert_array_equal(boosted_trees.predict(windows, scaling, again, fold.validation), forecasts)
