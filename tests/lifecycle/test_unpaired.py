"""Whether an error is worse than the holdout's, from two samples of blocks."""

import numpy as np
import pytest

from cellsize.lifecycle import unpaired
from cellsize.lifecycle.block_losses import BlockLosses


def losses(*of_models: list[float], inside: float = 0.9) -> BlockLosses:
    """Blocks of 10 windows and 100 targets with these mean losses."""
    drawn = np.array(of_models) * 10
    count = drawn.shape[1]
    held = np.full((3, count), 100 * inside)
    return BlockLosses(np.full(count, 10), drawn, np.ones(count), np.full(count, 100), held)


def test_equal_losses_are_as_before_for_sure() -> None:
    found = unpaired.compare(losses([1.0] * 6), losses([1.0] * 6))
    assert found is not None
    assert (found.higher, found.interval, found.worse, found.not_much_worse) == (0.0, (0.0, 0.0), 0.0, 1.0)
    assert found.says_something
    assert not found.is_worse


def test_a_loss_that_is_higher_in_each_block_is_worse() -> None:
    found = unpaired.compare(losses([1.5] * 6), losses([1.0] * 6))
    assert found is not None
    assert found.higher == pytest.approx(50)
    assert found.is_worse


def test_a_margin_is_allowed() -> None:
    found = unpaired.compare(losses([1.04] * 6), losses([1.0] * 6))
    assert found is not None
    assert not found.is_worse
    smaller = unpaired.compare(losses([1.04] * 6), losses([1.0] * 6), margin=3.0)
    assert smaller is not None
    assert smaller.is_worse


def test_fewer_than_four_blocks_on_either_side_say_nothing() -> None:
    assert unpaired.compare(losses([9.0] * 3), losses([1.0] * 9)) is None
    assert unpaired.compare(losses([9.0] * 9), losses([1.0] * 3)) is None
    assert unpaired.coverage_interval(losses([1.0] * 3), 1) is None


def test_four_blocks_that_differ_much_are_not_sure_of_a_third() -> None:
    found = unpaired.compare(losses([0.2, 2.6, 0.4, 2.0]), losses([1.0] * 20))
    assert found is not None
    assert found.higher == pytest.approx(30)
    assert not found.is_worse
    assert not found.says_something  # nor is it as before


def test_seeds_that_differ_make_less_sure() -> None:
    new, alike, unlike = losses([1.1] * 8), losses([1.0] * 8, [1.0] * 8), losses([0.9] * 8, [1.1] * 8)
    sure, unsure = unpaired.compare(new, alike), unpaired.compare(new, unlike)
    assert sure is not None
    assert unsure is not None
    assert sure.worse == 1.0
    assert unsure.worse < 0.9
    assert sure.higher == pytest.approx(unsure.higher)


def test_one_training_of_an_equal_recipe_is_seldom_called_worse_where_seeds_change_much() -> None:
    # What is served is one draw of a seed, and the mean of three twins another: σ² (1 + 1/3), and not σ²/3.
    rng, said = np.random.default_rng(5), 0
    for _ in range(300):
        ups, seeds = rng.uniform(0.8, 1.2, (2, 20)), 1 + 0.1 * rng.standard_normal(4)
        new, old = losses(list(seeds[0] * ups[0])), losses(*(list(seed * ups[1]) for seed in seeds[1:]))
        found = unpaired.compare(new, old, margin=0.0)
        said += found is not None and found.worse >= 0.9
    assert said <= 35  # a tenth of 300 and a standard error


def test_the_same_losses_say_the_same_twice() -> None:
    rng = np.random.default_rng(0)
    new, old = (losses(list(rng.uniform(0.5, 1.5, 12))) for _ in range(2))
    assert unpaired.compare(new, old) == unpaired.compare(new, old)


def test_coverage_has_an_interval_by_blocks_within_0_and_1() -> None:
    same = unpaired.coverage_interval(losses([1.0] * 6), 1)
    assert same == pytest.approx((0.9, 0.9))
    uneven = losses([1.0] * 6)
    uneven.inside[1] = [100, 100, 100, 100, 100, 10]
    between = unpaired.coverage_interval(uneven, 1)
    assert between is not None
    assert between[0] < 0.75
    assert between[1] == 1.0
    uneven.inside[1] = np.nan
    assert unpaired.coverage_interval(uneven, 1) is None
