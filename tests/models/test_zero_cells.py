"""The linear model of each task."""

from collections.abc import Callable

import numpy as np

from cellsize.models import logistic, ridge_linear, zero_cells
from cellsize.training.records import Work


def test_a_forecast_has_ridge_and_sequences_have_logistic_regression(
    make_work: Callable[..., Work], make_class_work: Callable[..., Work]
) -> None:
    for work, model in ((make_work(), ridge_linear), (make_class_work(), logistic)):
        fold = work.folds.fold(0)
        scaling = work.task.fit_scaling(fold.train)
        found = zero_cells.fit_chosen(work.samples, scaling, fold, work.penalties, work.metric)
        expected = model.fit_chosen(work.samples, scaling, fold, work.penalties, work.metric)
        np.testing.assert_array_equal(found.weights, expected.weights)
        again = zero_cells.fit(work.samples, scaling, fold.train, found.penalty)
        np.testing.assert_array_equal(again.weights, found.weights)
        assert found.weights.shape == (work.samples.n_linear, work.samples.n_outputs)
