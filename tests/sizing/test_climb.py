"""The climb on invented scores: which sizes it visits, and where it ends."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.params import Search
from cellsize.sizing.climb import Cut, Limits, came_to, cuts, large_units, limits
from cellsize.sizing.climb import climb as climbed
from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Plan, Walk
from tests.sizing.conftest import DEEP, ONE, candidate, candidates, follow, scores, table, trained_by_many, truths

WORK = {Size(layers, units): float(layers * units) for layers in range(4) for units in range(129)}


def climb(
    patience: int = 2,
    minimum_units: int = 1,
    sizes: list[Size] = DEEP,
    ahead: int = 0,
    work: dict[Size, float] = WORK,
    work_limit: float = 1e9,
    large: int = 0,
) -> Plan:
    return lambda known: climbed(sizes, known, Limits(patience, minimum_units, work, work_limit, large), ahead)


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
    plan = climb(1, sizes=[ZERO, *MLPS, *ONE], work_limit=0.0)
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
        "0x0", "1x1", "1x2", "1x4", "1x16", "1x8", "1x32", "1x64", "1x128",
    ]  # fmt: skip


def test_sizes_below_a_large_one_that_helped_neither_use_up_patience_nor_cut_the_ladder() -> None:
    more = [ZERO, *ONE, Size(1, 64), Size(1, 128)]
    means = NOTHING | {(1, 32): 0.1, (1, 64): 0.1, (1, 128): 0.1}
    # 1 + 2 + 4 and the large 32 are 39 units: 16 are too many for 50, and 8 are not; then 64 are too many too.
    limited = Limits(1, 4, WORK, 50.0, 32)
    assert climbed(more, table(means), limited).visited == tuple(Size(*of) for of in [
        (0, 0), (1, 1), (1, 2), (1, 4), (1, 32), (1, 8),
    ])  # fmt: skip
    assert cuts(more, table(means), limited) == (
        Cut(Size(1, 16), was_helping=False, is_below=True),
        Cut(Size(1, 64), was_helping=True),
    )
    assert follow(climb(2, 4, sizes=more, large=32), table(means))[4:] == ["1x32", "1x8", "1x16", "1x64", "1x128"]


def test_no_large_size_is_looked_for_if_memory_cells_helped() -> None:
    assert follow(climb(2, large=32), table(BEST_8 | {(1, 4): 0.9, (1, 8): 0.9}))[:6] == [
        "0x0", "1x1", "1x2", "1x4", "1x8", "2x1",
    ]  # fmt: skip


def test_an_mlp_that_helped_is_no_reason_to_leave_the_large_size_out() -> None:
    means = NOTHING | {(0, 16): 0.4}
    assert follow(climb(2, 4, sizes=[ZERO, *MLPS, *ONE], large=32), table(means))[-1] == "1x32"


def test_a_large_size_that_does_not_help_ends_the_ladder_whatever_patience_is_left() -> None:
    # 1 + 2 + 4 units are all that the work limit allows, with patience left; the large size is tried all the same.
    plan = climb(9, 4, work_limit=7.0, large=32)
    assert follow(plan, table(NOTHING)) == ["0x0", "1x1", "1x2", "1x4", "1x32"]


@pytest.mark.parametrize(("bound", "units"), [(1, 1), (8, 2), (60, 15), (128, 32), (5000, 32)])
def test_a_large_size_has_32_units_or_a_quarter_of_the_bound(bound: int, units: int) -> None:
    limits = {"kind": "neurons", "alpha": 2, "units": bound}
    assert large_units(candidates([candidate(ZERO)], bound=limits)) == units


def test_a_climb_came_to_its_large_size_too() -> None:
    # The bound of 60 makes 16 units the large size; 8 were left out.
    grid = [candidate(size) for size in (ZERO, *MLPS, *ONE)]
    listed = candidates(grid, bound={"kind": "neurons", "alpha": 2, "units": 60})
    tried = {size: scores(size, 0.5) for size in (ZERO, *MLPS, *ONE[:3], Size(1, 16), Size(1, 32))}
    assert came_to(tried, listed) == {ZERO, *MLPS, *ONE[:3], Size(1, 16)}


def test_what_was_trained_beyond_need_changes_nothing() -> None:
    # Two layers of 1 unit are known and the best of all; the climb would never have tried them.
    truth = table(BEST_8 | {(2, 1): 0.0})
    assert climb(1)(truth).visited == tuple(Size(*map(int, name.split("x"))) for name in follow(climb(1), truth))


def test_a_size_beyond_the_work_limit_ends_its_ladder_and_not_the_next() -> None:
    means = BEST_8 | {(2, 2): 0.55, (2, 4): 0.4}
    work = {size: 100.0 if size.units >= 8 else 1.0 for size in DEEP}
    plan = climb(2, work=work, work_limit=50.0)
    # One layer ends before 8 units, so that 4 are the best; the second ladder begins at one unit and ends before 8 too.
    assert follow(plan, table(means)) == ["0x0", "1x1", "1x2", "1x4", "2x1", "2x2", "2x4", "3x1", "3x2", "3x4"]


def test_the_first_ladder_goes_to_its_minimum_units_whatever_they_cost() -> None:
    # With a thousand inputs one cell alone costs more than what is free.
    plan = climb(2, minimum_units=4, work_limit=0.0)
    assert follow(plan, table(BEST_8)) == ["0x0", "1x1", "1x2", "1x4"]


def test_a_ladder_goes_on_as_long_as_it_helps_whatever_the_next_size_costs_of_the_limit() -> None:
    # 1 + 2 + 4 + 8 + 16 = 31 units: the sixth size fits into 63 and not into 62.
    better = {size: scores(size, 1.0 / (1 + number)) for number, size in enumerate([ZERO, *ONE])}
    for work_limit, visited in ((63.0, (ZERO, *ONE)), (62.0, (ZERO, *ONE[:-1]))):
        assert climb(2, 4, sizes=[ZERO, *ONE], work_limit=work_limit)(better).visited == visited


def cut(means: dict[tuple[int, int], float], work_limit: float, patience: int = 2) -> tuple[Cut, ...]:
    return cuts([ZERO, *ONE], table(means), Limits(patience, 1, WORK, work_limit, 0))


def test_a_ladder_that_the_work_limit_ended_is_named_with_the_size_left_out_and_whether_it_still_helped() -> None:
    assert cut(BEST_8, 7.0) == (Cut(Size(1, 8), was_helping=True),)
    # 16 units were no better than 8: the ladder would have gone on to 32 with a patience of 2, and not with one of 1.
    assert cut(BEST_8, 31.0) == (Cut(Size(1, 32), was_helping=False),)
    assert cut(BEST_8, 31.0, patience=1) == ()


def test_a_ladder_that_ended_with_the_grid_or_for_lack_of_gain_is_not_cut() -> None:
    assert cut(BEST_8, 1e9) == ()
    assert cut(BEST_8 | {(1, 32): 0.1}, 63.0) == ()


def test_a_deeper_ladder_that_could_not_begin_is_cut_and_did_not_help() -> None:
    limited = Limits(1, 1, {size: 1.0 if size.layers < 2 else 100.0 for size in DEEP}, 50.0, 0)
    assert cuts(DEEP, table(BEST_8), limited) == (Cut(Size(2, 2), was_helping=False),)


def test_the_limits_are_those_of_params_with_a_quarter_of_the_work_left_for_seeds(
    params_content: Callable[[], dict[str, Any]],
) -> None:
    search = Search.model_validate(params_content()["search"] | {"work_limit": 2.0})
    found = limits(candidates([candidate(ZERO), candidate(ONE[0], window_work=1000)]), search)
    assert found.work_limit == 1.5e12
    assert found.work[ZERO] == 0.0
    assert found.work[ONE[0]] > 0
    assert (found.patience, found.minimum_units, found.large) == (2, 8, 2)


def test_likely_sizes_are_the_next_ones_if_the_wanted_one_helps_then_if_it_does_not() -> None:
    known = {size: one for size, one in table(BEST_8).items() if size in (ZERO, *ONE[:4])}
    walk = climb(1, ahead=4)(known)
    assert walk.wanted == (Size(1, 16),)
    # If it helps: 32 units. If not: the second ladder, from 8 // 4 = 2 units.
    assert walk.likely[:2] == (Size(1, 32), Size(2, 2))
    assert len(walk.likely) == 4


def test_nothing_is_likely_when_nothing_is_wanted() -> None:
    assert climb(1, ahead=4)(table(BEST_8)) == Walk(climb(1)(table(BEST_8)).visited, ())


@settings(max_examples=60, deadline=None)
@given(
    truth=truths(),
    patience=st.integers(1, 3),
    minimum_units=st.sampled_from([1, 4, 64]),
    ahead=st.integers(0, 9),
    workers=st.integers(1, 9),
    limit=st.sampled_from([0.0, 20.0, 1e9]),
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
    alone = follow(climb(patience, minimum_units, work_limit=limit, large=large), truth)
    plan = climb(patience, minimum_units, ahead=ahead, work_limit=limit, large=large)
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
