"""What a prediction costs beyond what can be known: exact answers where the law is a coin or a number."""

import numpy as np
import pytest

from benchmarks import labelled, problems, true_error
from benchmarks.problems import Problem, Sample
from cellsize.data.scaling import Scaling


@pytest.fixture(scope="module")
def coins() -> tuple[Problem, Sample]:
    problem = labelled.MAKERS["odd-2"](3)
    return problem, problem.fresh(2000)


def scaling_of(problem: Problem) -> Scaling:
    return problem.work.task.fit_scaling(np.arange(problem.work.task.count))


def test_who_knows_the_probabilities_costs_nothing_beyond_the_bayes_risk(coins: tuple[Problem, Sample]) -> None:
    problem, sample = coins
    knows = np.log(sample.expected).astype(np.float32) + 3  # log-odds are the same whatever is added to all of them
    assert true_error.excess(problem, sample, scaling_of(problem), knows) == pytest.approx(0, abs=1e-6)


def test_the_best_constant_costs_the_entropy_of_the_labels(coins: tuple[Problem, Sample]) -> None:
    problem, sample = coins
    constant = np.broadcast_to(np.log(sample.expected.mean(axis=(0, 1))), sample.expected.shape)
    above = true_error.excess(problem, sample, scaling_of(problem), constant)
    noise = true_error.entropy(sample.expected)
    assert noise + above == pytest.approx(true_error.of_best_constant(problem, sample))
    # 5 % of the labels of two classes are wrong: −0.95 log 0.95 − 0.05 log 0.05.
    assert noise == pytest.approx(problem.noise) == pytest.approx(0.198515, abs=1e-6)


def test_the_error_of_a_forecast_is_squared_and_in_the_units_of_the_target() -> None:
    problem = problems.MAKERS["recall-2"](3)
    sample, scaling = problem.fresh(500), scaling_of(problem)
    knows = (sample.expected - scaling.mean[:1]) / scaling.std[:1]
    assert true_error.excess(problem, sample, scaling, knows) == pytest.approx(0, abs=1e-9)
    above = true_error.excess(problem, sample, scaling, knows + 0.5)
    assert above == pytest.approx((0.5 * scaling.std[0]) ** 2)
    assert true_error.of_best_constant(problem, sample) == pytest.approx(problem.noise + np.var(sample.expected))


def test_a_class_that_never_comes_adds_nothing_to_an_entropy() -> None:
    assert true_error.entropy(np.array([0.5, 0.5, 0.0])) == pytest.approx(np.log(2))
    assert true_error.entropy(np.array([1.0, 0.0])) == 0
