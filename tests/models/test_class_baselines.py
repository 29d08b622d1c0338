"""What a network has to beat at labelled sequences."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.sequences import Sequences
from cellsize.models import by_task
from cellsize.models.class_baselines import log_odds, score_folds
from cellsize.models.logistic import fit
from cellsize.params import Baseline
from cellsize.training.records import Work

BASELINE = Baseline(seasons=(1,), penalties=(0.1, 1.0), classical="none", origins=1, history=1)


def test_the_majority_class_scores_about_1_and_logistic_regression_less(make_class_work: Callable[..., Work]) -> None:
    work = make_class_work()
    assert isinstance(work.samples, Sequences)
    scores, seconds = score_folds(work.samples, work.folds, BASELINE, "log_loss")
    assert scores.all["majority_class"] == pytest.approx([1, 1], abs=0.1)
    assert max(scores.all["logistic_regression"]) < 0.9
    assert len(seconds) == 2
    assert by_task.score_folds(work.samples, work.folds, BASELINE, "log_loss")[0] == scores


def test_the_majority_class_has_the_frequencies_of_training_and_a_class_that_is_not_there_has_none(
    make_sequences: Callable[..., Sequences],
) -> None:
    sequences = make_sequences((0, 0, 0, 1) * 4)
    from cellsize.tasks.classification import Classification

    train = np.arange(8)
    scaling = Classification(sequences).fit_scaling(train)
    linear = fit(sequences, scaling, train, (1.0,))[0]
    outputs = log_odds(sequences, scaling, train, linear, np.array([3]))["majority_class"]
    np.testing.assert_allclose(np.exp(outputs), [[[0.75, 0.25]]])
