"""Walks that need no scores: the grid, what comes after, a sample."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Walk, after, grid, sample
from tests.sizing.conftest import DEEP, ONE, scores, trained_by_many, truths

EXPENSIVE = {Size(layers, units): 1000.0 * (2 * layers - 1) * units**2 for layers in range(4) for units in range(129)}


def test_the_grid_wants_every_size_largest_first() -> None:
    sizes = [ZERO, *ONE[:3]]
    assert grid(sizes, {}, EXPENSIVE) == Walk((), (ONE[2], ONE[1], ONE[0], ZERO))
    some = {ONE[1]: scores(ONE[1], 0.5)}
    assert grid(sizes, some, EXPENSIVE) == Walk((ONE[1],), (ONE[2], ONE[0], ZERO))


@settings(max_examples=20, deadline=None)
@given(truth=truths(), workers=st.integers(1, 9), random=st.randoms(use_true_random=False))
def test_the_grid_ends_in_its_own_order_whatever_the_order_of_results(
    truth: dict[Size, Scores], workers: int, random: Random
) -> None:
    walk = trained_by_many(lambda known: grid(DEEP, known, EXPENSIVE), truth, workers, random)
    assert walk == Walk(tuple(DEEP), ())


def test_the_most_expensive_size_comes_first_whatever_its_layers() -> None:
    # 1x32 costs 1,024 thousand multiply-adds here, 3x8 only 320.
    assert grid(DEEP, {}, EXPENSIVE).wanted[0] == Size(1, 32)


def test_what_comes_after_a_walk_is_no_part_of_it() -> None:
    ended, more = Walk((ZERO, ONE[0]), ()), [ONE[0], Size(1, 5), Size(2, 50)]
    known = {size: scores(size, 0.5) for size in ended.visited}
    assert after(ended, more, known, EXPENSIVE) == Walk(ended.visited, (Size(2, 50), Size(1, 5)))
    known[Size(2, 50)] = scores(Size(2, 50), 0.1)
    assert after(ended, more, known, EXPENSIVE) == Walk((*ended.visited, Size(2, 50)), (Size(1, 5),))


def test_a_sample_is_zero_cells_and_as_many_others_in_grid_order() -> None:
    sampled = sample(DEEP, 5, seed=0)
    assert sampled[0] == ZERO
    assert len(sampled) == len(set(sampled)) == 6
    assert sampled == [size for size in DEEP if size in sampled]
    assert sampled == sample(DEEP, 5, seed=0)
    assert any(sample(DEEP, 5, seed) != sampled for seed in (1, 2, 3))


def test_a_sample_as_large_as_the_grid_is_the_grid() -> None:
    assert sample(DEEP, 1000, seed=3) == DEEP


def test_a_sample_holds_the_large_size_that_is_always_tried() -> None:
    assert all(Size(1, 32) in sample(DEEP, 2, seed, large=32) for seed in range(9))
    assert sum(len(sample(DEEP, 2, seed, large=32)) for seed in range(9)) > 3 * 9
    assert sample(DEEP, 2, 0, large=64) == sample(DEEP, 2, 0)


def test_a_walk_is_done_when_neither_sizes_nor_seeds_are_wanted() -> None:
    assert Walk((ZERO,), ()).is_done
    assert not Walk((ZERO,), (ONE[0],)).is_done
    assert not Walk((ZERO,), (), more_seeds={ONE[0]: 4}).is_done
