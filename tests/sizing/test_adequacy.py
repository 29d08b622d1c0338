"""Adequate, too small, undecided: what the probabilities do on small tables."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.params import Choose
from cellsize.sizing.adequacy import Margin, more_seeds, probabilities, smallest_adequate, undecided, verdict, verdicts
from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size

BLOCKS = np.array([0.2, 0.6, 0.4, 0.3, 0.5])  # how hard each fold is; mean 0.4
CHOOSE = Choose(
    metric="mse", quantiles=None,
    rule="adequate", margin=1.0, least_margin=0.001, probability=0.8, percent=2.0, budget="parameters",
    limit=1.0,
)  # fmt: skip
ONE_PERCENT = Margin(1.0, 0.001)


def scores(size: tuple[int, int], *seeds: Any) -> Scores:
    """A size with these trainings: an excess over the folds' own difficulty, of each seed."""
    trainings = np.array([BLOCKS + np.asarray(excess) for excess in seeds]).T
    parameters = 10 * size[0] * size[1]
    return Scores(Size(*size), parameters, parameters + 5, trainings, trainings, 0.25)


def noise(seed: int, sd: float, seeds: int = 2) -> list[Any]:
    """For each seed of a training what it adds to each fold; the mean over all is 0."""
    drawn = np.random.default_rng(seed).normal(size=(seeds, 5))
    return list(sd * (drawn - drawn.mean()) / drawn.std())


@pytest.mark.parametrize(("best", "allowed"), [(0.4, 0.004), (0.05, 0.001), (0.0, 0.001)])
def test_the_margin_is_a_percentage_of_the_best_loss_and_at_least_a_thousandth_of_the_variance(
    best: float, allowed: float
) -> None:
    assert ONE_PERCENT.of(best) == pytest.approx(allowed)


def test_the_best_is_adequate_by_definition() -> None:
    table = [
        scores((0, 0), 0.1),
        scores((1, 4), *noise(1, 0.05)),
        scores((1, 8), *(0.001 + one for one in noise(2, 0.05))),
    ]
    assert probabilities(table, ONE_PERCENT)[Size(1, 4)] == 1.0
    assert verdicts(table, CHOOSE)[Size(1, 4)] == "adequate"


def test_where_folds_and_seeds_agree_little_is_left_open() -> None:
    # Nothing is random: 0.003 is within the margin of 0.004, 0.006 is not.
    table = [scores((0, 0), 0.006), scores((1, 2), 0.003, 0.003), scores((1, 4), 0.0, 0.0)]
    assert probabilities(table, ONE_PERCENT) == pytest.approx({ZERO: 0.0, Size(1, 2): 1.0, Size(1, 4): 1.0}, abs=0.01)
    assert smallest_adequate(table, CHOOSE).size == Size(1, 2)


def test_as_good_as_the_limit_is_a_coin_toss() -> None:
    table = [scores((1, 4), *(0.004 + one for one in noise(1, 0.002))), scores((1, 8), *noise(2, 0.002))]
    assert probabilities(table, ONE_PERCENT)[Size(1, 4)] == pytest.approx(0.55, abs=0.15)
    assert verdicts(table, CHOOSE)[Size(1, 4)] == "undecided"


@pytest.mark.parametrize(
    ("probability", "said"), [(0.8, "adequate"), (0.799, "undecided"), (0.201, "undecided"), (0.2, "too_small")]
)
def test_a_verdict_is_read_from_the_probability(probability: float, said: str) -> None:
    assert verdict(probability, CHOOSE) == said


def test_folds_that_are_hard_for_all_decide_nothing() -> None:
    easy = [scores((1, 4), *(0.01 + one for one in noise(1, 0.003))), scores((1, 8), *noise(2, 0.003))]
    hard = [
        Scores(one.size, one.recurrent, one.parameters, one.trainings + 9 * BLOCKS[:, None], one.train, 0.25)
        for one in easy
    ]
    margin = Margin(0.0, 0.004)
    assert probabilities(easy, margin) == pytest.approx(probabilities(hard, margin), abs=2e-3)


def test_the_answer_is_the_smallest_adequate_size_and_undecided_ones_are_below_it() -> None:
    table = [
        scores((0, 0), 0.2),
        scores((1, 8), *(0.004 + one for one in noise(1, 0.003))),
        scores((1, 16), *noise(2, 0.003)),
        scores((1, 32), *(0.004 + one for one in noise(3, 0.003))),
    ]
    assert list(verdicts(table, CHOOSE).values()) == ["too_small", "undecided", "adequate", "undecided"]
    assert smallest_adequate(table, CHOOSE).size == Size(1, 16)
    assert undecided(table, CHOOSE) == (Size(1, 8),)


def test_seeds_are_added_to_undecided_sizes_below_the_answer() -> None:
    table = [
        scores((0, 0), 0.2),
        scores((1, 8), *(0.006 + one for one in noise(1, 0.005))),
        scores((1, 16), *noise(2, 0.005)),
        scores((1, 32), *(0.004 + one for one in noise(3, 0.005))),
    ]
    assert more_seeds(table, CHOOSE) == (Size(1, 8),)


def test_the_best_gets_a_seed_too_where_it_has_fewer() -> None:
    table = [
        scores((0, 0), 0.2),
        scores((1, 8), *(0.004 + one for one in noise(1, 0.005, 3))),
        scores((1, 16), *noise(2, 0.005)),
    ]
    assert more_seeds(table, CHOOSE) == (Size(1, 8), Size(1, 16))


def test_nothing_is_added_where_all_is_decided() -> None:
    assert more_seeds([scores((0, 0), 0.2), scores((1, 16), *noise(2, 0.005))], CHOOSE) == ()


def test_seeds_cannot_decide_what_the_folds_disagree_on() -> None:
    # The seeds agree to 0.0001; the folds are apart by 0.04.
    apart = np.array([0.02, -0.02, 0.02, -0.01, 0.006])
    table = [scores((1, 8), *(0.006 + apart + one for one in noise(1, 0.0001))), scores((1, 16), *noise(2, 0.0001))]
    assert undecided(table, CHOOSE) == (Size(1, 8),)
    assert more_seeds(table, CHOOSE) == ()


def test_the_ridge_linear_model_has_no_seeds_to_add() -> None:
    table = [scores((0, 0), 0.008), scores((1, 16), *noise(2, 0.01))]
    assert undecided(table, CHOOSE) == (ZERO,)
    assert more_seeds(table, CHOOSE) == (Size(1, 16),)


def test_a_fold_may_lack_a_seed() -> None:
    table = [scores((1, 8), *(0.02 + one for one in noise(1, 0.003))), scores((1, 16), *noise(2, 0.003))]
    table[0].trainings[2, 1] = np.nan
    assert verdicts(table, CHOOSE)[Size(1, 8)] == "too_small"


def test_the_worse_a_size_is_the_less_probably_it_is_adequate() -> None:
    # It once rose again: the spread over the folds that was expected of a much worse size grew along with it.
    noisy = [noise(1, 0.004), noise(2, 0.004)]
    found = [
        probabilities([scores((1, 4), *(extra + one for one in noisy[0])), scores((1, 8), *noisy[1])], ONE_PERCENT)
        for extra in (0.0, 0.004, 0.008, 0.02, 0.1, 0.4)
    ]
    falling = [each[Size(1, 4)] for each in found]
    assert falling[1:] == sorted(falling[1:], reverse=True)
    assert falling[-1] == 0.0


def test_sizes_that_are_the_same_model_do_not_outvote_one_that_is_another() -> None:
    # Seven sizes that do what the linear model does; the best differs from them by folds that disagree.
    apart = np.array([0.03, 0.04, -0.02, 0.01, 0.03])
    best = scores((1, 64), *(-apart + one for one in noise(1, 0.0005)))
    one = probabilities([scores((0, 0), 0.0), best], ONE_PERCENT)[ZERO]
    copies = [scores((1, units), *noise(units, 0.0002)) for units in (1, 2, 3, 4, 8, 16)]
    seven = probabilities([scores((0, 0), 0.0), *copies, best], ONE_PERCENT)[ZERO]
    assert seven < one + 0.1


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 6), seeds=st.integers(1, 3))
def test_probabilities_are_the_same_each_time_and_in_any_order(seed: int, count: int, seeds: int) -> None:
    excess = np.random.default_rng(seed).uniform(0, 0.02, count)
    table = [
        scores((1, 2**at), *(extra + one for one in noise(seed + at, 0.005, seeds))) for at, extra in enumerate(excess)
    ]
    first = probabilities(table, ONE_PERCENT)
    assert first == probabilities(table, ONE_PERCENT)
    assert all(0 <= probability <= 1 for probability in first.values())
    assert max(first.values()) == 1.0
    assert probabilities(table[::-1], ONE_PERCENT) == pytest.approx(first, abs=0.001)
    assert set(more_seeds(table, CHOOSE)) <= set(first)


def test_with_a_single_seed_nobody_knows_what_it_adds_so_that_undecided_sizes_get_more() -> None:
    table = [scores((0, 0), 0.5), scores((1, 4), 0.004 + noise(1, 0.004, 1)[0]), scores((1, 8), noise(2, 0.004, 1)[0])]
    assert undecided(table, CHOOSE) == (Size(1, 4),)
    assert Size(1, 4) in more_seeds(table, CHOOSE)
