"""More seeds for undecided sizes: which, how many, and when it ends."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.params import Choose
from cellsize.sizing.adequacy import more_seeds
from cellsize.sizing.repeats import A_ROUND, Seeds, add_seeds, first_seeds
from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Walk

SMALL, LARGE = Size(1, 4), Size(1, 8)
ADEQUATE = Choose(
    metric="mse", quantiles=None,
    rule="adequate", margin=1.0, least_margin=0.001, probability=0.8, percent=2.0, budget="bytes",
    limit=1.0,
)  # fmt: skip
MOST = 8
WALK = Walk((ZERO, SMALL, LARGE), ())


def scores(size: Size, mean: float, noise: float, seeds: int, draw: int = 0) -> Scores:
    """Five folds, with noise from seed to seed."""
    drawn = np.random.default_rng([size.units, draw]).normal(size=(5, seeds))
    trainings = mean + noise * drawn
    return Scores(size, size.units, size.units, trainings, trainings, 0.25)


def truth(gap: float, noise: float, draw: int = 0) -> dict[Size, Scores]:
    """Zero cells far behind, and two sizes that differ by a gap."""
    zero = scores(ZERO, 0.9, 0.0, 1)
    return {
        ZERO: zero,
        SMALL: scores(SMALL, 0.3 + gap, noise, MOST, draw),
        LARGE: scores(LARGE, 0.3, noise, MOST, draw),
    }


def seeds(work_limit: float = 1e9, most: int = MOST) -> Seeds:
    return Seeds(2, most, {ZERO: 0.0, SMALL: 1.0, LARGE: 3.0}, {ZERO: 0.0, SMALL: 5.0, LARGE: 15.0}, work_limit)


def first(known: dict[Size, Scores], counts: dict[Size, int]) -> dict[Size, Scores]:
    return {size: replace(of, trainings=of.trainings[:, : max(1, counts.get(size, 2))]) for size, of in known.items()}


def trained(of: dict[Size, Scores], limits: Seeds, rule: Choose = ADEQUATE) -> tuple[Walk, list[dict[Size, int]]]:
    """Trains every seed that is wanted; gives the walk's end and what was wanted on the way."""
    counts: dict[Size, int] = {}
    wanted = []
    while (walk := add_seeds(WALK, first(of, counts), limits, rule)).more_seeds:
        wanted.append(dict(walk.more_seeds))
        assert all(count > counts.get(size, 2) for size, count in walk.more_seeds.items())
        counts |= walk.more_seeds
    return walk, wanted


def even(size: Size, mean: float) -> Scores:
    """Noise that is up in one seed and down in the next, the same in every fold: no number of seeds moves the mean."""
    trainings = np.tile(mean + 0.02 * np.array([1, -1] * 4), (5, 1))
    return Scores(size, size.units, size.units, trainings, trainings, 0.25)


# Hardly more apart than the margin of 0.003.
UNDECIDED = {ZERO: scores(ZERO, 0.9, 0.0, 1), SMALL: even(SMALL, 0.3035), LARGE: even(LARGE, 0.3)}


def test_sizes_that_are_decided_get_no_seeds() -> None:
    assert add_seeds(WALK, truth(gap=0.2, noise=0.002), seeds(), ADEQUATE) == WALK


def test_a_rule_that_knows_no_undecided_sizes_wants_no_seeds() -> None:
    assert add_seeds(WALK, UNDECIDED, seeds(), ADEQUATE.model_copy(update={"rule": "best"})) == WALK


def test_undecided_sizes_get_two_seeds_at_a_time_up_to_the_most() -> None:
    assert SMALL in more_seeds(list(first(UNDECIDED, {}).values()), ADEQUATE)
    walk, wanted = trained(UNDECIDED, seeds())
    assert wanted
    assert all(2 < count <= MOST and count % A_ROUND == 0 for round_ in wanted for count in round_.values())
    assert walk.visited == WALK.visited
    assert walk.seeds
    assert set(walk.seeds) <= {SMALL, LARGE}


def test_zero_cells_which_have_nothing_random_get_no_seeds() -> None:
    _, wanted = trained(UNDECIDED, seeds())
    assert all(ZERO not in round_ for round_ in wanted)


def test_no_seed_is_added_beyond_the_work_limit() -> None:
    # A quarter of the limit is kept for seeds, and two seeds of the smaller size cost 2.
    _, wanted = trained(UNDECIDED, seeds(work_limit=7.9))
    assert wanted == []
    spent = 0.0
    _, wanted = trained(UNDECIDED, seeds(work_limit=29.0))  # 20 are spent
    counts = {SMALL: 2, LARGE: 2}
    for round_ in wanted:
        spent += sum((count - counts[size]) * seeds().work[size] for size, count in round_.items())
        counts |= round_
    assert 0 < spent <= 9.0


def test_first_seeds_leave_out_what_was_added() -> None:
    assert {size: of.n_seeds for size, of in first_seeds(UNDECIDED, seeds()).items()} == {ZERO: 1, SMALL: 2, LARGE: 2}


@pytest.mark.parametrize("more", [0, 2, 6])
def test_seeds_that_an_earlier_search_has_added_do_not_count_unless_they_are_wanted(more: int) -> None:
    decided = truth(gap=0.2, noise=0.002)
    assert add_seeds(WALK, first(decided, {SMALL: 2 + more}), seeds(), ADEQUATE).seeds == {}


@settings(max_examples=30, deadline=None)
@given(
    gap=st.floats(0, 0.03), noise=st.sampled_from([0.003, 0.01, 0.03]), draw=st.integers(0, 99), more=st.integers(0, 6)
)
def test_the_seeds_that_count_do_not_depend_on_what_is_known_beyond_them(
    gap: float, noise: float, draw: int, more: int
) -> None:
    of = truth(gap, noise, draw)
    alone, _ = trained(of, seeds())
    at_once = add_seeds(WALK, first(of, {SMALL: 8, LARGE: 2 + more}), seeds(), ADEQUATE)
    if not at_once.more_seeds:
        assert at_once.seeds == alone.seeds
    assert add_seeds(WALK, of, seeds(), ADEQUATE).seeds == alone.seeds
