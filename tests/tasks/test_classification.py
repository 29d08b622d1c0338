"""The task `classify` with its sequences."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.sequences import Sequences
from cellsize.tasks.classification import Classification


def test_a_batch_says_how_long_each_sequence_is(make_sequences: Callable[..., Sequences]) -> None:
    task = Classification(make_sequences((0, 1, 0, 1)))
    read = task.read(task.fit_scaling(np.arange(4)), np.array([2, 0]))
    assert read.lengths is not None
    assert read.lengths.tolist() == [4, 2]
    assert read.target.tolist() == [[[1, 0]], [[1, 0]]]
    assert (read.steps[1, 2:] == 0).all()


def test_an_untrained_network_scores_1_where_classes_are_balanced(make_sequences: Callable[..., Sequences]) -> None:
    task = Classification(make_sequences((0, 1, 2) * 4))
    scaling = task.fit_scaling(np.arange(12))
    truth = task.truth(scaling, np.arange(12))
    total = task.error_sum(np.zeros_like(truth), truth, scaling.error_scale("log_loss"), "log_loss")
    assert task.score(float(total), 12) == pytest.approx(1, rel=1e-6)
    np.testing.assert_allclose(task.residuals(np.zeros_like(truth), truth), truth - 1 / 3)
