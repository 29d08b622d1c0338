"""Losses of numbers by group: sums that add up to the errors of an evaluation."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.sequences import Sequences
from cellsize.evaluation.numbers import errors_of
from cellsize.lifecycle.number_losses import best_constant, measure
from cellsize.models.regressor import Regressor
from cellsize.params import Metric
from cellsize.training.records import Work


@pytest.mark.parametrize("metric", ["mse", "mae"])
def test_of_all_groups_together_they_are_the_errors_of_an_evaluation(
    make_regressor: Callable[..., tuple[Regressor, Sequences]], make_number_work: Callable[..., Work], metric: Metric
) -> None:
    model, sequences = make_regressor()
    chosen = np.arange(20)
    constant = best_constant(sequences, make_number_work().folds, metric)
    found = measure(sequences, chosen, [model, model], model, constant, metric=metric)
    expected = errors_of(model.outputs(sequences, chosen), sequences.target[chosen], model, metric)
    assert found.error == pytest.approx(expected.score)
    assert found.inside.shape == (3, 20)
    assert 0 <= found.coverage(0) <= found.coverage(2) <= 1
