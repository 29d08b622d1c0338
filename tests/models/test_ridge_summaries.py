"""Ridge regression on summaries: the size without memory cells of `task: regress`."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.sequences import Sequences
from cellsize.models import zero_cells
from cellsize.models.ridge_summaries import fit, fit_chosen, predict, score
from cellsize.tasks.regression import Regression
from cellsize.training.records import Work


def test_a_number_that_is_a_summary_is_found_exactly(make_numbers: Callable[..., Sequences]) -> None:
    sequences = make_numbers(spread=0.0)  # so feature x is the number at each step
    every = np.arange(36)
    scaling = Regression(sequences).fit_scaling(every)
    linear = fit(sequences, scaling, every, (1e-6,))[0]
    truth = Regression(sequences).truth(scaling, every)
    np.testing.assert_allclose(predict(sequences, scaling, linear, every), truth, atol=1e-4)
    assert score(sequences, scaling, linear, every, "mae") < 1e-4
    assert linear.weights.shape == (sequences.n_linear, 1)


def test_an_infinite_penalty_leaves_the_mean_since_the_bias_has_none(make_numbers: Callable[..., Sequences]) -> None:
    sequences, every = make_numbers(), np.arange(36)
    scaling = Regression(sequences).fit_scaling(every)
    linear = fit(sequences, scaling, every, (1e12,))[0]
    np.testing.assert_allclose(predict(sequences, scaling, linear, every), 0, atol=1e-6)


def test_the_penalty_is_chosen_on_the_early_stopping_set_alone(make_number_work: Callable[..., Work]) -> None:
    work = make_number_work()
    assert isinstance(work.samples, Sequences)
    fold = work.folds.fold(0)
    scaling = work.task.fit_scaling(fold.train)
    chosen = fit_chosen(work.samples, scaling, fold, (0.1, 1.0), "mse")
    best = score(work.samples, scaling, chosen, fold.early_stopping, "mse")
    others = fit(work.samples, scaling, fold.train, (0.01, 0.1, 1.0, 10.0))
    assert best <= min(score(work.samples, scaling, each, fold.early_stopping, "mse") for each in others) + 1e-9
    through_the_door = zero_cells.fit_chosen(work.samples, scaling, fold, (0.1, 1.0), "mse")
    np.testing.assert_array_equal(through_the_door.weights, chosen.weights)
    again = zero_cells.fit(work.samples, scaling, fold.train, chosen.penalty)
    np.testing.assert_array_equal(again.weights, chosen.weights)
    assert best == pytest.approx(score(work.samples, scaling, again, fold.early_stopping, "mse"))
