"""Which sizes are trained: walks on invented scores, by themselves and as params.yaml names them."""

from collections.abc import Callable
from random import Random
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.params import Procedure, Search
from cellsize.sizing import procedures
from cellsize.sizing.artefacts import Candidate, Candidates
from cellsize.sizing.procedures import Allowed, Plan, Walk
from cellsize.sizing.scores import Scores, paired
from cellsize.sizing.sizes import ZERO, Size
from tests.sizing.conftest import candidate, candidates

HARD = np.array([0.3, 0.1, 0.2])


def scores(size: Size, mean: float, noise: float = 0.0, train: float = 0.0) -> Scores:
    """A size's scores on three folds; without noise every difference is certain."""
    ripple = noise * np.roll([1.0, -1.0, 0.0], size.units.bit_length())
    folds = mean + HARD + ripple
    cells = 10 * size.layers * size.units
    return Scores(size, cells, cells + 1, folds[:, None], folds - train, 0.25)


def table(means: dict[tuple[int, int], float], noise: float = 0.0) -> dict[Size, Scores]:
    return {Size(*size): scores(Size(*size), mean, noise) for size, mean in means.items()}


def follow(plan: Plan, truth: dict[Size, Scores]) -> list[str]:
    """Trains what is wanted, one size after another, until nothing is; gives the sizes in this order."""
    known: dict[Size, Scores] = {}
    order = []
    while (walk := plan(known)).wanted:
        size = walk.wanted[0]
        assert size not in known, "asks for what is known"
        known[size] = truth[size]
        order.append(size)
    assert list(plan(known).visited) == order
    return [str(size) for size in order]


ONE = [Size(1, units) for units in (1, 2, 4, 8, 16, 32)]
EXPENSIVE = {Size(layers, units): 1000.0 * (2 * layers - 1) * units**2 for layers in range(4) for units in range(129)}
DEEP = [ZERO, *ONE, *(Size(2, units) for units in (1, 2, 4, 8, 16)), *(Size(3, units) for units in (1, 2, 4, 8))]


COSTS = {size: float(size.layers * size.units**2) for size in DEEP}


def climb(
    patience: int = 2,
    minimum_units: int = 1,
    sizes: list[Size] = DEEP,
    ahead: int = 0,
    allowed: Allowed | None = None,
    large: int = 0,
) -> Plan:
    return lambda known: procedures.climb(sizes, known, patience, minimum_units, ahead, allowed, large)


# --- climb ----------------------------------------------------------------------------------------------------------

# One layer helps up to 8 units; two layers never do.
BEST_8 = {
    (0, 0): 0.9, (1, 1): 0.8, (1, 2): 0.7, (1, 4): 0.6, (1, 8): 0.5, (1, 16): 0.5, (1, 32): 0.55,
    (2, 1): 0.9, (2, 2): 0.9, (2, 4): 0.9, (2, 8): 0.9, (2, 16): 0.9,
    (3, 1): 0.0, (3, 2): 0.0, (3, 4): 0.0, (3, 8): 0.0,
}  # fmt: skip


def test_the_climb_begins_without_cells() -> None:
    assert climb()({}) == Walk((), (ZERO,))


@pytest.mark.parametrize(
    ("patience", "expected"),
    [
        (1, ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x2"]),
        (2, ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "1x32", "2x2", "2x4"]),
        (9, ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "1x32", "2x2", "2x4", "2x8", "2x16"]),
    ],
)
def test_a_ladder_ends_after_as_many_sizes_that_do_not_help_as_there_is_patience(
    patience: int, expected: list[str]
) -> None:
    # The second ladder begins at a quarter of 8 units; it brings nothing, and nobody looks at three layers.
    assert follow(climb(patience), table(BEST_8)) == expected


def test_patience_begins_anew_with_a_size_that_helps() -> None:
    means = BEST_8 | {(1, 1): 0.9, (1, 2): 0.85, (1, 4): 0.85, (1, 8): 0.8, (1, 16): 0.8, (1, 32): 0.8}
    assert follow(climb(2, sizes=[ZERO, *ONE]), table(means)) == ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "1x32"]


def test_a_lower_score_within_its_standard_error_does_not_help() -> None:
    # Lower by 0.01 a size, and up and down by 0.05 over the folds.
    means = {(0, 0): 0.9} | {(1, size.units): 0.89 - 0.01 * number for number, size in enumerate(ONE)}
    assert follow(climb(2, sizes=[ZERO, *ONE]), table(means, noise=0.05))[-1] == "1x2"
    assert follow(climb(2, sizes=[ZERO, *ONE]), table(means, noise=0.001))[-1] == "1x32"


def test_a_size_is_compared_with_the_best_before_it_and_not_with_its_neighbour() -> None:
    # Every size is worse than zero cells and better than the one before it.
    means = {(0, 0): 0.1} | {(1, size.units): 0.9 - 0.1 * number for number, size in enumerate(ONE)}
    assert follow(climb(3, sizes=[ZERO, *ONE]), table(means)) == ["0x0", "1x1", "1x2", "1x4"]


@pytest.mark.parametrize(("minimum_units", "last"), [(1, "1x2"), (4, "1x4"), (5, "1x8"), (16, "1x16"), (99, "1x32")])
def test_the_first_ladder_goes_on_to_its_minimum_units_whatever_the_scores(minimum_units: int, last: str) -> None:
    # One and two cells often do nothing where eight do.
    nothing = dict.fromkeys([(size.layers, size.units) for size in DEEP], 0.5)
    assert follow(climb(2, minimum_units), table(nothing))[-1] == last


def test_the_minimum_units_are_for_the_first_ladder_alone() -> None:
    assert follow(climb(1, 16), table(BEST_8))[-1] == "2x2"


def test_without_any_size_that_helps_there_is_no_second_ladder() -> None:
    nothing = dict.fromkeys([(size.layers, size.units) for size in DEEP], 0.5)
    assert follow(climb(2, 99), table(nothing)) == ["0x0", *(str(size) for size in ONE)]


def test_a_second_ladder_that_helps_is_followed_by_a_third() -> None:
    means = BEST_8 | {(2, 4): 0.4, (2, 8): 0.3, (2, 16): 0.3, (3, 2): 0.5, (3, 4): 0.2, (3, 8): 0.2}
    assert follow(climb(1), table(means)) == [
        "0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x2",
    ]  # fmt: skip
    # With more patience the first size of the second ladder may fail; the third begins at a quarter of 2x8's units.
    assert follow(climb(2), table(means))[7:] == ["2x2", "2x4", "2x8", "2x16", "3x2", "3x4", "3x8"]


def test_a_ladder_that_begins_below_one_unit_begins_at_one() -> None:
    means = BEST_8 | {(1, 2): 0.8, (1, 4): 0.8, (1, 8): 0.8, (1, 16): 0.8}
    assert follow(climb(2), table(means)) == ["0x0", "1x1", "1x2", "1x4", "2x1", "2x2"]


def test_zero_cells_alone_end_the_climb() -> None:
    assert follow(climb(sizes=[ZERO]), table({(0, 0): 0.9})) == ["0x0"]


MLPS = [Size(0, 16), Size(0, 64)]
NOTHING = dict.fromkeys([(size.layers, size.units) for size in [*DEEP, *MLPS]], 0.5)


def test_mlps_come_after_zero_cells_and_before_every_memory_cell_whatever_they_cost_and_score() -> None:
    # Not even patience ends them; the first ladder has to help against the best of them.
    plan = climb(1, sizes=[ZERO, *MLPS, *ONE], allowed=lambda size, _: False)
    assert follow(plan, table(NOTHING)) == ["0x0", "0x16", "0x64", "1x1"]
    better = NOTHING | {(0, 16): 0.2, (1, 1): 0.3, (1, 2): 0.3}
    assert follow(climb(2, sizes=[ZERO, *MLPS, *DEEP[1:]]), table(better)) == ["0x0", "0x16", "0x64", "1x1", "1x2"]


def test_mlps_do_not_use_up_the_patience_of_the_first_ladder() -> None:
    helps_second = NOTHING | {(1, 2): 0.4}
    assert follow(climb(2, sizes=[ZERO, *MLPS, *ONE]), table(helps_second))[3:] == ["1x1", "1x2", "1x4", "1x8"]


@pytest.mark.parametrize(("large", "last"), [(0, []), (16, ["1x16"]), (17, ["1x32"]), (99, [])])
def test_one_large_size_is_tried_where_no_memory_cells_helped(large: int, last: list[str]) -> None:
    # Where the grid has none so large, there is none to try.
    assert follow(climb(2, 4, large=large), table(NOTHING)) == ["0x0", "1x1", "1x2", "1x4", *last]


def test_a_large_size_that_helps_lets_the_ladder_go_on_where_it_ended() -> None:
    # 32 units solve what no smaller size does: 8 and 16 are asked again, and then, as both help no more, two layers.
    means = NOTHING | {(1, 32): 0.1}
    assert follow(climb(2, 4, large=32), table(means)) == [
        "0x0",
        "1x1",
        "1x2",
        "1x4",
        "1x32",
        "1x8",
        "1x16",
        "2x8",
        "2x16",
    ]
    more = [ZERO, *ONE, Size(1, 64), Size(1, 128)]
    scores_of_more = table(NOTHING | {(1, 16): 0.1, (1, 64): 0.05, (1, 128): 0.05})
    assert follow(climb(2, 4, sizes=more, large=16), scores_of_more) == [
        "0x0", "1x1", "1x2", "1x4", "1x16", "1x8", "1x32",
    ]  # fmt: skip


def test_no_large_size_is_looked_for_if_memory_cells_helped() -> None:
    assert follow(climb(2, large=32), table(BEST_8 | {(1, 4): 0.9, (1, 8): 0.9}))[:6] == [
        "0x0", "1x1", "1x2", "1x4", "1x8", "2x1",
    ]  # fmt: skip


def test_an_mlp_that_helped_is_no_reason_to_leave_the_large_size_out() -> None:
    means = NOTHING | {(0, 16): 0.4}
    assert follow(climb(2, 4, sizes=[ZERO, *MLPS, *ONE], large=32), table(means))[-1] == "1x32"


def test_a_large_size_that_does_not_help_ends_the_ladder_whatever_patience_is_left() -> None:
    # The costs ended the ladder before 8 units, with patience left; what the large size cost allows no more sizes.
    costs = {size: 10_000.0 * size.units for size in DEEP}
    plan = climb(9, 4, allowed=procedures.within_cost_limit(costs, 0.5), large=32)
    assert follow(plan, table(NOTHING)) == ["0x0", "1x1", "1x2", "1x4", "1x32"]


@pytest.mark.parametrize(("bound", "units"), [(1, 1), (8, 2), (60, 15), (128, 32), (5000, 32)])
def test_a_large_size_has_32_units_or_a_quarter_of_the_bound(bound: int, units: int) -> None:
    limits = {"kind": "neurons", "alpha": 2, "units": bound}
    assert procedures.large_units(candidates([candidate(ZERO)], bound=limits)) == units


def test_a_climb_came_to_its_large_size_too() -> None:
    # The bound of 60 makes 16 units the large size; 8 were left out.
    grid = [candidate(size) for size in (ZERO, *MLPS, *ONE)]
    listed = candidates(grid, bound={"kind": "neurons", "alpha": 2, "units": 60})
    tried = {size: scores(size, 0.5) for size in (ZERO, *MLPS, *ONE[:3], Size(1, 16), Size(1, 32))}
    assert procedures.came_to("climb", tried, listed) == {ZERO, *MLPS, *ONE[:3], Size(1, 16)}


def test_what_was_trained_beyond_need_changes_nothing() -> None:
    # Two layers of 1 unit are known and the best of all; the climb would never have tried them.
    truth = table(BEST_8 | {(2, 1): 0.0})
    assert climb(1)(truth).visited == tuple(Size(*map(int, name.split("x"))) for name in follow(climb(1), truth))


def test_a_size_that_is_not_allowed_ends_its_ladder_and_not_the_next() -> None:
    means = BEST_8 | {(2, 2): 0.55, (2, 4): 0.4}
    plan = climb(2, allowed=lambda size, _: size.units < 8)
    # One layer ends before 8 units, so that 4 are the best; the second ladder begins at one unit and ends before 8 too.
    assert follow(plan, table(means)) == ["0x0", "1x1", "1x2", "1x4", "2x1", "2x2", "2x4", "3x1", "3x2", "3x4"]


def test_the_first_ladder_goes_to_its_minimum_units_whatever_they_cost() -> None:
    # With a thousand inputs one cell alone costs more than what is free.
    plan = climb(2, minimum_units=4, allowed=lambda size, _: False)
    assert follow(plan, table(BEST_8)) == ["0x0", "1x1", "1x2", "1x4"]


def test_a_size_may_cost_so_many_times_what_was_done_before_it() -> None:
    # A size costs its multiply-adds and 2,000 a layer; 5,000 are free.
    costs = {ZERO: 0.0, ONE[0]: 3000.0, ONE[1]: 3001.0, ONE[2]: 18_001.0, Size(2, 1): 1000.0, Size(2, 2): 1001.0}
    allowed = procedures.within_cost_limit(costs, limit=1.5)
    assert allowed(ONE[0], (ZERO,))
    assert not allowed(ONE[1], (ZERO,))
    assert allowed(Size(2, 1), (ZERO,))
    assert not allowed(Size(2, 2), (ZERO,))
    # After 1x1 and 1x2, which cost 5,000 and 5,001: 1.5 · 10,001 + 5,000 = 20,001.5, and 1x4 costs 20,001.
    assert allowed(ONE[2], (ZERO, ONE[0], ONE[1]))
    assert not procedures.within_cost_limit(costs, limit=1.49)(ONE[2], (ZERO, ONE[0], ONE[1]))


def test_a_size_that_costs_far_more_than_all_before_it_ends_the_ladder() -> None:
    # 128 units cost 1.8 times all the smaller ones together: a search has to end within minutes by default.
    sizes = [ZERO, *(Size(1, units) for units in (1, 2, 4, 8, 16, 32, 64, 128))]
    costs = {size: 4.0 * size.units * (6 + size.units) for size in sizes}
    better = {size: scores(size, 1.0 / (1 + number)) for number, size in enumerate(sizes)}
    assert procedures.climb(sizes, better, 2, 8).visited == tuple(sizes)
    allowed = procedures.within_cost_limit(costs, 1.25)
    assert procedures.climb(sizes, better, 2, 8, allowed=allowed).visited == tuple(sizes[:-1])


def test_likely_sizes_are_the_next_ones_if_the_wanted_one_helps_then_if_it_does_not() -> None:
    known = {size: one for size, one in table(BEST_8).items() if size in (ZERO, *ONE[:4])}
    walk = climb(1, ahead=4)(known)
    assert walk.wanted == (Size(1, 16),)
    # If it helps: 32 units. If not: the second ladder, from 8 // 4 = 2 units.
    assert walk.likely[:2] == (Size(1, 32), Size(2, 2))
    assert len(walk.likely) == 4


def test_nothing_is_likely_when_nothing_is_wanted() -> None:
    assert climb(1, ahead=4)(table(BEST_8)) == Walk(climb(1)(table(BEST_8)).visited, ())


def trained_by_many(plan: Plan, truth: dict[Size, Scores], workers: int, random: Random) -> Walk:
    """Plays workers that take what is wanted, then what is likely, and end in any order."""
    known: dict[Size, Scores] = {}
    running: list[Size] = []
    while (walk := plan(known)).wanted:
        for size in (*walk.wanted, *walk.likely):
            if len(running) < workers and size not in running and size not in known:
                running.append(size)
        done = running.pop(random.randrange(len(running)))
        known[done] = truth[done]
    return walk


@st.composite
def truths(draw: st.DrawFn) -> dict[Size, Scores]:
    means = draw(st.lists(st.floats(0, 1), min_size=len(DEEP), max_size=len(DEEP)))
    noise = draw(st.sampled_from([0.0, 0.01, 0.3]))
    return {size: scores(size, mean, noise, train=mean / 2) for size, mean in zip(DEEP, means, strict=True)}


@settings(max_examples=60, deadline=None)
@given(
    truth=truths(),
    patience=st.integers(1, 3),
    minimum_units=st.sampled_from([1, 4, 64]),
    ahead=st.integers(0, 9),
    workers=st.integers(1, 9),
    limit=st.sampled_from([0.01, 0.5, 99.0]),
    large=st.sampled_from([0, 8, 32]),
    random=st.randoms(use_true_random=False),
)
def test_the_climb_visits_the_same_sizes_whatever_the_workers_and_the_order_of_results(
    truth: dict[Size, Scores],
    patience: int,
    minimum_units: int,
    ahead: int,
    workers: int,
    limit: float,
    large: int,
    random: Random,
) -> None:
    allowed = procedures.within_cost_limit({size: 1000 * cost for size, cost in COSTS.items()}, limit)
    alone = follow(climb(patience, minimum_units, allowed=allowed, large=large), truth)
    plan = climb(patience, minimum_units, ahead=ahead, allowed=allowed, large=large)
    walk = trained_by_many(plan, truth, workers, random)
    assert [str(size) for size in walk.visited] == alone


@settings(max_examples=50, deadline=None)
@given(truth=truths(), some=st.sets(st.sampled_from(DEEP)), ahead=st.integers(0, 9), patience=st.integers(1, 3))
def test_nothing_known_is_wanted_or_likely_and_nothing_wanted_is_likely(
    truth: dict[Size, Scores], some: set[Size], ahead: int, patience: int
) -> None:
    known = {size: truth[size] for size in some}
    walk = climb(patience, ahead=ahead)(known)
    assert not set(walk.wanted) & set(known)
    assert not set(walk.likely) & (set(known) | set(walk.wanted))
    assert len(walk.likely) == len(set(walk.likely)) <= ahead
    assert set(walk.visited) <= set(known)
    assert {*walk.wanted, *walk.likely} <= set(DEEP)


# --- grid and random ------------------------------------------------------------------------------------------------


def test_the_grid_wants_every_size_largest_first() -> None:
    sizes = [ZERO, *ONE[:3]]
    assert procedures.grid(sizes, {}, EXPENSIVE) == Walk((), (ONE[2], ONE[1], ONE[0], ZERO))
    some = {ONE[1]: scores(ONE[1], 0.5)}
    assert procedures.grid(sizes, some, EXPENSIVE) == Walk((ONE[1],), (ONE[2], ONE[0], ZERO))


@settings(max_examples=20, deadline=None)
@given(truth=truths(), workers=st.integers(1, 9), random=st.randoms(use_true_random=False))
def test_the_grid_ends_in_its_own_order_whatever_the_order_of_results(
    truth: dict[Size, Scores], workers: int, random: Random
) -> None:
    walk = trained_by_many(lambda known: procedures.grid(DEEP, known, EXPENSIVE), truth, workers, random)
    assert walk == Walk(tuple(DEEP), ())


def test_the_most_expensive_size_comes_first_whatever_its_layers() -> None:
    # 1x32 costs 1,024 thousand multiply-adds here, 3x8 only 320.
    assert procedures.grid(DEEP, {}, EXPENSIVE).wanted[0] == Size(1, 32)


def test_what_comes_after_a_walk_is_no_part_of_it() -> None:
    ended, more = Walk((ZERO, ONE[0]), ()), [ONE[0], Size(1, 5), Size(2, 50)]
    known = {size: scores(size, 0.5) for size in ended.visited}
    assert procedures.after(ended, more, known, EXPENSIVE) == Walk(ended.visited, (Size(2, 50), Size(1, 5)))
    known[Size(2, 50)] = scores(Size(2, 50), 0.1)
    assert procedures.after(ended, more, known, EXPENSIVE) == Walk((*ended.visited, Size(2, 50)), (Size(1, 5),))


def test_a_sample_is_zero_cells_and_as_many_others_in_grid_order() -> None:
    sampled = procedures.sample(DEEP, 5, seed=0)
    assert sampled[0] == ZERO
    assert len(sampled) == len(set(sampled)) == 6
    assert sampled == [size for size in DEEP if size in sampled]
    assert sampled == procedures.sample(DEEP, 5, seed=0)
    assert any(procedures.sample(DEEP, 5, seed) != sampled for seed in (1, 2, 3))


def test_a_sample_as_large_as_the_grid_is_the_grid() -> None:
    assert procedures.sample(DEEP, 1000, seed=3) == DEEP


# --- alpha ----------------------------------------------------------------------------------------------------------

LADDER = [Size(1, units) for units in (24, 16, 12, 8, 8, 6)]


def overfitting(*sizes: int, linear: float = 0.0) -> dict[Size, Scores]:
    """Sizes with these units have a gap wider by 0.2 than the ridge-linear model's."""
    wide = linear + 0.2
    return {size: scores(size, 0.5, train=wide if size.units in sizes else linear) for size in (ZERO, *LADDER)}


@pytest.mark.parametrize(
    ("overfit", "expected"),
    [
        ((), ["0x0", "1x24"]),
        ((24,), ["0x0", "1x24", "1x16"]),
        ((24, 16, 12), ["0x0", "1x24", "1x16", "1x12", "1x8"]),
        ((24, 12), ["0x0", "1x24", "1x16"]),
        ((24, 16, 12, 8, 6), ["0x0", "1x24", "1x16", "1x12", "1x8", "1x6"]),
    ],
)
def test_alpha_takes_fewer_units_as_long_as_the_network_overfits(overfit: tuple[int, ...], expected: list[str]) -> None:
    for linear in (0.0, 0.3, -0.3):  # a gap that the ridge-linear model has too is the blocks', not the network's
        truth = overfitting(*overfit, linear=linear)
        assert follow(lambda known: procedures.alpha(LADDER, known), truth) == expected


# Validation blocks of a series: one is easier than the training part for every model, another much harder.
BLOCKS = np.array([-0.11, 0.02, 0.29, 0.05, 0.10])


def on_blocks(size: Size, *wider: float) -> Scores:
    """A gap that is the blocks' own, wider by so much on each fold."""
    folds = np.full(5, 0.4)
    return Scores(size, 10 * size.units, 10 * size.units + 1, folds[:, None], folds - BLOCKS - np.array(wider), 0.25)


def test_alpha_sees_overfitting_that_is_small_beside_the_difference_of_the_blocks() -> None:
    # Unpaired the gap of 1x24 is 0.10 with a standard error of 0.0984. Paired it is 0.03 with one of 0.0036.
    linear = on_blocks(ZERO, *[0.0] * 5)
    large, small = on_blocks(LADDER[0], 0.03, 0.032, 0.025, 0.028, 0.035), on_blocks(LADDER[1], *[0.0] * 5)
    unpaired = paired(large.folds, large.train, large.test_ratio)
    assert unpaired.mean < 2 * unpaired.standard_error
    wider = procedures.wider_gap(large, linear)
    assert wider.mean == pytest.approx(0.03)
    assert wider.standard_error == pytest.approx(np.sqrt((1 / 5 + 0.25) * 14.5e-6))
    assert procedures.overfits(large, linear)
    truth = {ZERO: linear, LADDER[0]: large, LADDER[1]: small}
    assert follow(lambda known: procedures.alpha(LADDER, known), truth) == ["0x0", "1x24", "1x16"]


def test_alpha_does_not_take_noise_for_overfitting() -> None:
    # Wider by 0.1 on average, with twice its corrected standard error above that: 0.15.
    gap, folds = np.array([0.0, 0.1, 0.2]), np.array([0.5, 0.5, 0.5])
    noisy = Scores(LADDER[0], 100, 100, folds[:, None], folds - gap, 0.25)
    assert 2 * np.sqrt((1 / 3 + 0.25) * gap.var(ddof=1)) > gap.mean()
    walk = procedures.alpha(LADDER, {ZERO: Scores(ZERO, 0, 10, folds[:, None], folds, 0.25), LADDER[0]: noisy})
    assert walk == Walk((ZERO, LADDER[0]), ())


def test_zero_cells_that_overfit_do_not_end_alpha() -> None:
    for train in (0.0, 0.4):
        known = {ZERO: scores(ZERO, 0.5, train=train)}
        assert procedures.alpha(LADDER, known).wanted == (LADDER[0],)


def with_gaps(size: Size, *gaps: float) -> Scores:
    """Validation above training by so much on each fold."""
    return Scores(size, 10, 10, HARD[:, None], HARD - np.array(gaps or (0.0, 0.0, 0.0)), 0.25)


def with_ladder(*ladder: Size) -> Candidates:
    return candidates([candidate(ZERO)], [candidate(size) for size in ladder])


def test_alpha_says_at_which_size_overfitting_ended() -> None:
    ladder = with_ladder(Size(1, 16), Size(1, 8), Size(1, 4))
    tried = {
        ZERO: with_gaps(ZERO),
        Size(1, 16): with_gaps(Size(1, 16), 0.2, 0.2, 0.2),
        # Mean 0.02, variance 0.0003, standard error √((1/3 + 1/4) · 0.0003) = 0.0132: not more than two of them.
        Size(1, 8): with_gaps(Size(1, 8), 0.0, 0.03, 0.03),
        # Trained as a guess: the procedure had ended before.
        Size(1, 4): with_gaps(Size(1, 4)),
    }
    assert procedures.finding("alpha", tried, ladder) == (
        "The α procedure went from 16 to 8 memory cells. With 8 the gap between training and validation error is "
        "0.0200 wider than the ridge-linear model's on the same folds, with a standard error of 0.0132: no significant "
        "overfitting."
    )


def test_alpha_says_so_if_the_smallest_size_still_overfits() -> None:
    tried = {ZERO: with_gaps(ZERO), Size(1, 16): with_gaps(Size(1, 16), 0.2, 0.2, 0.2)}
    sentence = procedures.finding("alpha", tried, with_ladder(Size(1, 16)))
    assert sentence.startswith("The α procedure began and ended with 16 memory cells. With 16 the gap between ")
    assert sentence.endswith("it still overfits there, at the largest α.")


def test_a_gap_narrower_than_that_of_the_ridge_linear_model_is_no_overfitting() -> None:
    tried = {ZERO: with_gaps(ZERO), Size(1, 16): with_gaps(Size(1, 16), -0.2, -0.2, -0.2)}
    sentence = procedures.finding("alpha", tried, with_ladder(Size(1, 16), Size(1, 8)))
    assert "is 0.2000 narrower than the ridge-linear model's" in sentence
    assert sentence.endswith("no significant overfitting.")


@pytest.mark.parametrize("procedure", ["climb", "grid", "random"])
def test_the_other_procedures_find_out_nothing_but_scores(procedure: Procedure) -> None:
    assert procedures.finding(procedure, {ZERO: with_gaps(ZERO)}, with_ladder(Size(1, 16))) == ""


# --- by the name in params.yaml -------------------------------------------------------------------------------------

MakeSearch = Callable[..., Search]
GRID = [ZERO, *(Size(1, units) for units in (1, 2, 4, 8, 16)), *(Size(2, units) for units in (1, 2, 4))]
# Between the steps of the grid, past it, and deeper than it; each of them the best of all in MEANS.
GUESSED = [Size(1, 3), Size(1, 50), Size(3, 2)]
GIVEN_BY_ALPHA = [Size(1, units) for units in (24, 12, 8, 4)]
# One layer helps up to 4 units; two layers never do. All sizes of the ladder overfit but 1x8 (see `certain`).
MEANS = {
    "0x0": 0.9, "1x1": 0.8, "1x2": 0.7, "1x4": 0.6, "1x8": 0.6, "1x16": 0.6, "2x1": 0.8, "2x2": 0.8, "2x4": 0.8,
    "1x3": 0.1, "1x50": 0.1, "3x2": 0.1, "1x24": 0.6, "1x12": 0.6,
}  # fmt: skip


def proposed(guessed: list[Size] = GUESSED, times: int = 1) -> Candidates:
    """What a plan reads of the candidates; a size costs `times` as many multiply-adds."""

    def step(size: Size) -> Candidate:
        cost = 10 * size.layers * size.units**2 * times
        return candidate(size, multiply_adds=cost, on_grid=size in GRID, guessed=size in guessed)

    return candidates(map(step, sorted({*GRID, *guessed})), map(step, GIVEN_BY_ALPHA))


def certain(size: Size, mean: float) -> Scores:
    """Three folds without noise; the training error is far below it but for 8 units and for zero cells."""
    folds = mean + np.array([0.3, 0.1, 0.2])
    cells = 10 * size.layers * size.units
    return Scores(size, cells, cells + 1, folds[:, None], folds - (size.units not in (0, 8)) * 0.2, 0.25)


TRUTH = {
    Size(*map(int, name.split("x"))): certain(Size(*map(int, name.split("x"))), mean) for name, mean in MEANS.items()
}


def train(plan: Plan, truth: dict[Size, Scores]) -> list[Size]:
    """Trains what is most wanted, one size after another, until nothing is; the walk's order may be another one."""
    known: dict[Size, Scores] = {}
    while (walk := plan(known)).wanted:
        assert walk.wanted[0] not in known
        known[walk.wanted[0]] = truth[walk.wanted[0]]
    return list(known)


def names(sizes: list[Size]) -> list[str]:
    return [str(size) for size in sizes]


@pytest.fixture(scope="session")
def make_search(params_content: Callable[[], dict[str, Any]]) -> MakeSearch:
    """The section `search`: as much patience as one size, and no limit but the grid."""
    plain = params_content()["search"] | {"patience": 1, "minimum_units": 1, "cost_limit": 99.0}
    return lambda procedure, **changes: Search.model_validate(plain | {"procedure": procedure} | changes)


# --- which walk -----------------------------------------------------------------------------------------------------

CLIMBED = ["0x0", "1x1", "1x2", "1x4", "1x8", "2x1"]
# A layer's overhead counts as 2,000: 1x16 costs 10 · 16² + 2,000 = 4,560, 2x4 10 · 2 · 4² + 4,000 = 4,320, 2x1 4,020.
MOST_EXPENSIVE_FIRST = ["1x16", "2x4", "2x2", "2x1", "1x8", "1x4", "1x2", "1x1", "0x0"]


@pytest.mark.parametrize(
    ("procedure", "expected"),
    [
        ("climb", CLIMBED),
        ("grid", MOST_EXPENSIVE_FIRST),
        ("alpha", ["0x0", "1x24", "1x12", "1x8"]),
    ],
)
def test_each_procedure_walks_as_its_name_says(make_search: MakeSearch, procedure: str, expected: list[str]) -> None:
    assert names(train(procedures.plan(proposed([]), make_search(procedure)), TRUTH)) == expected


def test_random_trains_a_drawn_part_of_the_grid_most_expensive_first(make_search: MakeSearch) -> None:
    drawn = [procedures.sample(GRID, 3, seed) for seed in range(6)]
    assert len({tuple(sizes) for sizes in drawn}) > 1
    for seed, expected in enumerate(drawn):
        trained = train(procedures.plan(proposed(), make_search("random", sample=3, seed=seed)), TRUTH)
        assert len(expected) == 4
        assert names(trained[:4]) == [name for name in MOST_EXPENSIVE_FIRST if name in names(expected)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"patience": 2}, ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x1", "2x2"]),
        ({"minimum_units": 16}, ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x1"]),
        ({"patience": 9}, ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x1", "2x2", "2x4"]),
    ],
    ids=str,
)
def test_the_climb_reads_its_patience_and_its_minimum_units(
    make_search: MakeSearch, changes: dict[str, Any], expected: list[str]
) -> None:
    assert names(train(procedures.plan(proposed([]), make_search("climb", **changes)), TRUTH)) == expected


def test_the_climb_leaves_out_what_costs_too_much_and_the_others_do_not(make_search: MakeSearch) -> None:
    # Costs a hundred times as high: 1x1 has 1,000 + 2,000, 1x2 has 4,000 + 2,000 and 1x4 has 16,000 + 2,000. With a
    # cost limit of 0.5 after 1x1: 5,000 + 1,500; after 1x2: 5,000 + 0.5 · 9,000. 2x1, at 2,000 + 4,000, is within it.
    proposed_sizes = proposed(times=100)
    climbed = names(train(procedures.plan(proposed_sizes, make_search("climb", cost_limit=0.5)), TRUTH))
    assert climbed == ["0x0", "1x1", "1x2", "2x1", "1x50", "3x2", "1x3"]
    for procedure, count in (("grid", len(GRID)), ("random", 4), ("alpha", 4)):
        search = make_search(procedure, cost_limit=0.5, sample=3)
        assert len(train(procedures.plan(proposed_sizes, search), TRUTH)) == count + len(GUESSED)


def test_workers_that_would_idle_are_told_of_some_likely_sizes(make_search: MakeSearch) -> None:
    walk = procedures.plan(proposed(), make_search("climb"))({ZERO: TRUTH[ZERO]})
    assert walk.wanted == (Size(1, 1),)
    assert 0 < len(walk.likely) <= procedures.AHEAD
    assert set(walk.likely) <= set(GRID)


# --- before a search begins -----------------------------------------------------------------------------------------


def visited(procedure: str, means: Callable[[int], float], make_search: MakeSearch, **changes: Any) -> list[str]:
    """What a search tries where the scores of sizes, in the order of the grid, are these."""
    every = sorted({*GRID, *GUESSED, *GIVEN_BY_ALPHA})
    truth = {size: certain(size, means(number)) for number, size in enumerate(every)}
    return names(train(procedures.plan(proposed(), make_search(procedure, **changes)), truth))


@pytest.mark.parametrize("changes", [{}, {"patience": 2}, {"minimum_units": 4}, {"cost_limit": 0.5}], ids=str)
def test_a_climb_tries_fewest_sizes_where_none_helps_and_most_where_all_do(
    make_search: MakeSearch, changes: dict[str, Any]
) -> None:
    fewest, most = procedures.fewest_and_most(proposed(), make_search("climb", **changes))
    assert sorted(names(list(fewest))) == sorted(visited("climb", lambda _: 0.5, make_search, **changes))
    assert sorted(names(list(most))) == sorted(visited("climb", lambda number: 0.9 / 2**number, make_search, **changes))
    assert len(fewest) <= len(most)


def test_the_fewest_and_the_most_of_a_climb_worked_out_by_hand(make_search: MakeSearch) -> None:
    # A quarter of the bound of 8 units is the large size that is tried in any case.
    fewest, most = procedures.fewest_and_most(proposed([]), make_search("climb"))
    assert names(list(fewest)) == ["0x0", "1x1", "1x2"]
    assert names(list(most)) == ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x4"]


def test_alpha_tries_one_size_if_that_does_not_overfit_and_its_ladder_if_all_do(make_search: MakeSearch) -> None:
    fewest, most = procedures.fewest_and_most(proposed([]), make_search("alpha"))
    assert names(list(fewest)) == ["0x0", "1x24"]
    assert names(list(most)) == ["0x0", "1x24", "1x12", "1x8", "1x4"]


def test_grid_and_random_try_what_they_try_whatever_the_scores(make_search: MakeSearch) -> None:
    fewest, most = procedures.fewest_and_most(proposed([]), make_search("grid"))
    assert fewest == most == tuple(GRID)
    fewest, most = procedures.fewest_and_most(proposed([]), make_search("random", sample=3, seed=7))
    assert fewest == most == tuple(procedures.sample(GRID, 3, 7))


@pytest.mark.parametrize("procedure", ["climb", "grid", "random", "alpha"])
def test_guesses_are_among_the_fewest_and_the_most_each_once(make_search: MakeSearch, procedure: str) -> None:
    listed = proposed([*GUESSED, Size(1, 1)])
    for sizes in procedures.fewest_and_most(listed, make_search(procedure)):
        assert {*GUESSED, Size(1, 1)} <= set(sizes)
        assert len(sizes) == len(set(sizes))


# --- guesses come last ----------------------------------------------------------------------------------------------

# 1x50 costs 25,000 + 2,000, 3x2 costs 120 + 6,000, 1x3 costs 90 + 2,000.
LAST = ["1x50", "3x2", "1x3"]


@pytest.mark.parametrize("procedure", ["climb", "grid", "random", "alpha"])
def test_guesses_are_trained_after_the_procedure_has_ended_most_expensive_first(
    make_search: MakeSearch, procedure: str
) -> None:
    # They are better than all others: as steps of a ladder they would turn the climb.
    search = make_search(procedure)
    without = train(procedures.plan(proposed([]), search), TRUTH)
    assert names(train(procedures.plan(proposed(), search), TRUTH)) == [*names(without), *LAST]


def test_a_guess_that_is_known_from_before_is_no_step_of_the_climb(make_search: MakeSearch) -> None:
    # Left by a search with another procedure: 1x3 is better than 1x4, and must not end the ladder there.
    plan, known = procedures.plan(proposed(), make_search("climb")), {size: TRUTH[size] for size in GUESSED}
    for name in CLIMBED:
        walk = plan(known)
        assert names(list(walk.wanted)) == [name]
        assert not {*walk.visited, *walk.likely} & set(GUESSED)
        size = walk.wanted[0]
        known[size] = TRUTH[size]
    walk = plan(known)
    assert walk.wanted == ()
    assert names(list(walk.visited)) == [*CLIMBED, *names(GUESSED)]


def test_a_guess_that_is_a_step_of_the_grid_is_trained_even_if_the_procedure_does_not_come_to_it(
    make_search: MakeSearch,
) -> None:
    # The climb ends at 8 units; 4 it has visited.
    listed = proposed([Size(1, 16), Size(1, 4), Size(2, 4)])
    assert names(train(procedures.plan(listed, make_search("climb")), TRUTH)) == [*CLIMBED, "1x16", "2x4"]
    assert names(train(procedures.plan(listed, make_search("alpha")), TRUTH))[-3:] == ["1x16", "2x4", "1x4"]


def test_a_guess_that_a_ladder_has_already_visited_is_not_trained_again(make_search: MakeSearch) -> None:
    # α = 2 is a rule of thumb, too.
    trained = train(procedures.plan(proposed([GIVEN_BY_ALPHA[0], Size(1, 3)]), make_search("alpha")), TRUTH)
    assert names(trained) == ["0x0", "1x24", "1x12", "1x8", "1x3"]


@st.composite
def other_truths(draw: st.DrawFn) -> dict[Size, Scores]:
    every = sorted({*GRID, *GUESSED, *GIVEN_BY_ALPHA})
    means = draw(st.lists(st.floats(0, 1), min_size=len(every), max_size=len(every)))
    return {size: certain(size, mean) for size, mean in zip(every, means, strict=True)}


@settings(max_examples=40, deadline=None)
@given(
    truth=other_truths(),
    procedure=st.sampled_from(["climb", "grid", "random", "alpha"]),
    patience=st.integers(1, 3),
    minimum_units=st.sampled_from([1, 8]),
    guessed=st.sets(st.sampled_from([*GUESSED, *GRID])),
)
def test_whatever_is_guessed_the_procedure_itself_is_the_same(
    make_search: MakeSearch,
    truth: dict[Size, Scores],
    procedure: str,
    patience: int,
    minimum_units: int,
    guessed: set[Size],
) -> None:
    search = make_search(procedure, patience=patience, minimum_units=minimum_units)
    without = train(procedures.plan(proposed([]), search), truth)
    trained = train(procedures.plan(proposed(sorted(guessed)), search), truth)
    assert trained[: len(without)] == without
    assert set(trained[len(without) :]) == guessed - set(without)
    assert len(trained) == len(set(trained))


# --- in words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("procedure", get_args(Procedure))
def test_every_procedure_has_its_sentence_for_the_report(procedure: Procedure) -> None:
    sentence = procedures.sentence(procedure)
    assert sentence.endswith(".")
    assert [procedures.sentence(other) for other in get_args(Procedure)].count(sentence) == 1


@pytest.mark.parametrize("procedure", get_args(Procedure))
def test_a_procedure_ends_with_the_grid_where_that_has_no_larger_size_but_for_alpha(procedure: Procedure) -> None:
    ends_with_grid = procedures.end(procedure, larger=False) == "the grid has no larger one"
    assert ends_with_grid is (procedure != "alpha")
    assert (procedures.end(procedure, larger=True) == procedures.end(procedure, larger=False)) is (
        procedure in ("grid", "alpha")
    )


def test_a_procedure_came_to_what_it_would_have_trained_itself() -> None:
    tried = {size: TRUTH[size] for size in (ZERO, Size(1, 1), Size(1, 2), Size(1, 8), *GUESSED, GIVEN_BY_ALPHA[0])}
    listed = proposed()
    # A climb leaves out no step, so that 1x8 is a guess beyond its end.
    assert procedures.came_to("climb", tried, listed) == {ZERO, Size(1, 1), Size(1, 2)}
    for procedure in ("grid", "random"):
        assert procedures.came_to(procedure, tried, listed) == {ZERO, Size(1, 1), Size(1, 2), Size(1, 8)}
    assert procedures.came_to("alpha", tried, listed) == {Size(1, 24), Size(1, 8)}
