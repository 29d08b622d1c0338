"""The task `regress` with its sequences."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.sequences import Sequences
from cellsize.params import Metric
from cellsize.tasks.regression import Regression


def test_a_batch_has_numbers_in_standard_deviations_of_the_training_ones(
    make_numbers: Callable[..., Sequences],
) -> None:
    task = Regression(make_numbers((0.0, 2.0, 0.0, 2.0, 7.0)))
    scaling = task.fit_scaling(np.arange(4))
    read = task.read(scaling, np.array([1, 0, 4]))
    assert read.target.tolist() == [[[1]], [[-1]], [[6]]]
    assert read.lengths is not None
    assert read.lengths.tolist() == [3, 2, 6]
    assert task.residuals(np.zeros_like(read.target), read.target).tolist() == read.target.tolist()


@pytest.mark.parametrize(("metric", "constant"), [("mse", 2.0), ("mae", 0.0)])
def test_the_best_constant_scores_1(make_numbers: Callable[..., Sequences], metric: Metric, constant: float) -> None:
    task, every = Regression(make_numbers((0.0, 0.0, 0.0, 8.0))), np.arange(4)
    scaling = task.fit_scaling(every)
    truth = task.truth(scaling, every)
    outputs = np.full_like(truth, (constant - 2) / np.sqrt(12))
    total = task.error_sum(outputs, truth, scaling.error_scale(metric), metric)
    assert task.score(float(total), 4) == pytest.approx(1)
