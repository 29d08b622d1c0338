"""What a network has to beat at sequences with numbers."""

from collections.abc import Callable

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from cellsize.data.sequences import Sequences
from cellsize.models import by_task
from cellsize.models.number_baselines import fit_chosen_trees, fit_trees, predictions, score_folds
from cellsize.models.ridge_summaries import fit
from cellsize.params import Baseline, Metric
from cellsize.training.records import Work

BASELINE = Baseline(seasons=(1,), penalties=(0.1, 1.0), classical="none", origins=1, history=1)


@pytest.mark.parametrize(("metric", "constant"), [("mse", "mean"), ("mae", "median")])
def test_the_best_constant_scores_about_1_and_what_reads_the_sequences_less(
    make_number_work: Callable[..., Work], make_numbers: Callable[..., Sequences], metric: Metric, constant: str
) -> None:
    work = make_number_work(make_numbers(count=240), metric)
    assert isinstance(work.samples, Sequences)
    scores, seconds = score_folds(work.samples, work.folds, BASELINE, metric)
    assert list(scores.all) == [constant, "ridge_linear", "boosted_trees", "nearest_neighbour"]
    assert scores.all[constant] == pytest.approx([1, 1], abs=0.15)
    assert max(scores.all["ridge_linear"] + scores.all["boosted_trees"] + scores.all["nearest_neighbour"]) < 0.5
    assert seconds["baseline"].tolist() == ["ridge_linear", "boosted_trees", "nearest_neighbour"] * 2
    assert scores.left_out is None
    assert by_task.score_folds(work.samples, work.folds, BASELINE, metric)[0] == scores


def test_the_constant_is_that_of_the_training_sequences(make_numbers: Callable[..., Sequences]) -> None:
    from cellsize.tasks.regression import Regression

    sequences, train = make_numbers((0.0, 0.0, 3.0, 9.0)), np.arange(3)
    scaling = Regression(sequences).fit_scaling(train)
    linear, trees = fit(sequences, scaling, train, (1.0,))[0], fit_trees(sequences, scaling, train, 1, "mse")
    every = np.arange(4)
    mean = predictions(sequences, scaling, train, linear, trees, "mse", every)["mean"]
    np.testing.assert_allclose(mean, 0, atol=1e-6)
    median = predictions(sequences, scaling, train, linear, trees, "mae", every)["median"]
    np.testing.assert_allclose(median, -1 / np.sqrt(2), rtol=1e-6)


def test_trees_are_the_same_whatever_the_threads(make_number_work: Callable[..., Work]) -> None:
    work = make_number_work()
    assert isinstance(work.samples, Sequences)
    fold = work.folds.fold(0)
    scaling, every = work.task.fit_scaling(fold.train), np.arange(work.task.count)
    linear = fit(work.samples, scaling, fold.train, (1.0,))[0]
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            trees = fit_chosen_trees(work.samples, scaling, fold, "mse")
            found.append(predictions(work.samples, scaling, fold.train, linear, trees, "mse", every)["boosted_trees"])
    np.testing.assert_array_equal(found[0], found[1])
