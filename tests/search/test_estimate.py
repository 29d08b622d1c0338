"""What a search will cost, from counts alone."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from cellsize.params import Search
from cellsize.search import cluster
from cellsize.search.estimate import COPIES, PROCESS, Estimate, estimate, minutes_left, sentence
from cellsize.sizing import compute
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import Work
from tests.sizing.conftest import candidate, candidates

TWO = Size(1, 2)
RATES = [1e-3, 2e-3, 3e-3]


@pytest.fixture
def make_search(params_content: Callable[[], dict[str, Any]]) -> Callable[..., Search]:
    """The section `search`: two workers, a climb with as much patience as one size."""
    plain = params_content()["search"] | {"patience": 1, "minimum_units": 1, "work_limit": 99.0}
    return lambda trials=2, compute=(), **changes: Search.model_validate(
        plain | {"compute": plain["compute"] | {"trials": trials} | dict(compute)} | changes
    )


def proposed(sizes: Iterable[Size], units: int = 8) -> Candidates:
    """A grid whose sizes cost a million multiply-adds for each unit."""
    listed = [candidate(size, window_work=10**6 * size.units) for size in sizes]
    return candidates(listed, bound={"kind": "neurons", "alpha": 2, "units": units})


# --- of a search ----------------------------------------------------------------------------------------------------

GRID = [ZERO, *(Size(1, units) for units in (1, 2, 4, 8, 16))]


def test_sizes_are_counted_without_zero_cells_and_their_minutes_are_added(
    make_work: Callable[..., Work], make_search: Callable[..., Search]
) -> None:
    # Where none helps: 1x1, and a quarter of the bound of 8. Where all do: every size.
    work = make_work()
    found = estimate(proposed(GRID), make_search(), work)
    assert (found.fewest, found.most) == (2, 5)
    costs = compute.table(proposed(GRID), make_search().training)
    assert found.least_minutes == pytest.approx(compute.minutes(costs[GRID[1]] + costs[GRID[2]]))
    assert found.most_minutes == pytest.approx(compute.minutes(sum(costs.values())))


def test_where_everything_is_trained_both_are_the_same(
    make_work: Callable[..., Work], make_search: Callable[..., Search]
) -> None:
    found = estimate(proposed(GRID), make_search(procedure="grid"), make_work())
    assert found.fewest == found.most == 5
    assert found.least_minutes == found.most_minutes


def test_the_fewest_are_never_more_than_the_most(
    make_work: Callable[..., Work], make_search: Callable[..., Search]
) -> None:
    # 1x2 is past the work limit. Where 1x1 helps, that ends the search; where it does not, a large size is tried too.
    found = estimate(proposed(GRID, units=32), make_search(work_limit=0.001), make_work())
    assert (found.fewest, found.most) == (1, 2)
    assert found.least_minutes < found.most_minutes


def test_seeds_may_take_what_the_fewest_sizes_leave_of_the_work_limit(
    make_work: Callable[..., Work], make_search: Callable[..., Search]
) -> None:
    work, listed = make_work(), proposed(GRID)
    assert estimate(listed, make_search(maximum_seeds=1), work).seed_minutes == 0.0
    found = estimate(listed, make_search(maximum_seeds=8), work)
    assert found.seed_minutes == pytest.approx(compute.minutes(99.0 * compute.UNIT) - found.least_minutes)
    tight = estimate(listed, make_search(maximum_seeds=8, work_limit=0.001), work)
    assert tight.seed_minutes == pytest.approx(0.25 * compute.minutes(0.001 * compute.UNIT))


@pytest.mark.parametrize("workers", [2, 0])
def test_the_memory_worked_out_by_hand(
    make_work: Callable[..., Work], make_search: Callable[..., Search], workers: int
) -> None:
    # Two folds of three settings each; 1x2 has 4 · 2 · (3 + 2 + 2) = 56 recurrent parameters, (2 + 1) · 2 + 1 · 2 = 8
    # of its head, and (2 · 3 + 1 · 2 + 1) · 2 = 18 of its linear skip connection.
    work = make_work(learning_rates=RATES, check_every=10, patience=80, rungs=[20], steps=80)
    found = estimate(proposed([ZERO, TWO]), make_search(trials=workers), work)
    processes = workers or os.cpu_count() or 1
    assert not found.is_each
    arrays = work.windows.inputs.nbytes + work.windows.target.nbytes
    networks = processes * 4 * COPIES * 6 * (56 + 8 + 18)
    assert found.memory == pytest.approx((processes + 2) * PROCESS + 2 * arrays + networks)


@pytest.mark.parametrize("changes", [{"address": "auto"}, {"gpus_per_trial": 1.0}, {"gpus_per_trial": None}])
def test_on_other_machines_and_on_gpus_the_memory_is_that_of_one_trial(
    make_work: Callable[..., Work], make_search: Callable[..., Search], changes: dict[str, Any]
) -> None:
    # Cores of the machine that asks say nothing of theirs.
    work = make_work(learning_rates=RATES, check_every=10, patience=80, rungs=[20], steps=80)
    for trials in (0, 2):
        found = estimate(proposed([ZERO, TWO]), make_search(trials, changes), work)
        assert (found.memory, found.is_each) == (PROCESS + 4 * COPIES * 6 * (56 + 8 + 18), True)


@pytest.mark.parametrize(
    ("changes", "workers"),
    [({}, 8), ({"cpus_per_trial": 3}, 2), ({"devices_per_trial": 2}, 4), ({"cpus_per_trial": 9}, 1)],
)
def test_as_many_trials_run_here_as_have_cores(
    make_work: Callable[..., Work],
    make_search: Callable[..., Search],
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    workers: int,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    work, search = make_work(), make_search(0, changes)
    arrays = work.windows.inputs.nbytes + work.windows.target.nbytes
    found = estimate(proposed([ZERO]), search, work)
    assert found.memory == pytest.approx((workers + 2) * PROCESS + 2 * arrays)
    low, high = minutes_left(proposed(GRID), search, {}, GRID)
    assert (
        low
        == high
        == pytest.approx(compute.minutes(sum(compute.table(proposed(GRID), search.training).values())) / workers)
    )


def test_a_search_of_zero_cells_alone_trains_nothing(
    make_work: Callable[..., Work], make_search: Callable[..., Search]
) -> None:
    found = estimate(proposed([ZERO]), make_search(procedure="grid"), make_work())
    assert (found.fewest, found.most, found.least_minutes, found.most_minutes) == (0, 0, 0, 0)


# --- in words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Estimate(9, 20, 11.6, 80.2, 0.0, 2.64e9), "9 to 20 sizes, 12 to 80 core-minutes, 2.6 GB of memory"),
        (Estimate(5, 5, 7.0, 7.0, 0.0, 1e9), "5 sizes, about 7 core-minutes, 1.0 GB of memory"),
        (Estimate(1, 1, 0.01, 0.01, 0.0, 1e9), "1 size, about 1 core-minute, 1.0 GB of memory"),
        (
            Estimate(9, 20, 11.6, 80.2, 5.2, 2.64e9),
            "9 to 20 sizes, 12 to 80 core-minutes and up to 5 for seeds of undecided ones, 2.6 GB of memory",
        ),
        (Estimate(5, 5, 7.0, 7.0, 0.0, 1e9, True), "5 sizes, about 7 core-minutes, 1.0 GB of memory a trial"),
        (Estimate(1, 3, 0.01, 0.4, 0.0, 1e9), "1 to 3 sizes, about 1 core-minute, 1.0 GB of memory"),
    ],
)
def test_the_estimate_is_a_sentence(found: Estimate, words: str) -> None:
    assert sentence(found) == words


# --- of what is left ------------------------------------------------------------------------------------------------


def test_what_is_left_is_counted_at_the_speed_of_what_is_finished(make_search: Callable[..., Search]) -> None:
    # 1x1 and 1x2 took a minute for each unit; two workers share what is wanted, 1x4, and what may come, 1x8 and 1x16.
    seconds = {ZERO: 5.0, GRID[1]: 60.0, GRID[2]: 120.0}
    left = minutes_left(proposed(GRID), make_search(), seconds, [GRID[3]])
    assert left == pytest.approx((4 / 2, (4 + 8 + 16) / 2))


def test_before_anything_is_finished_the_speed_is_the_usual_one(make_search: Callable[..., Search]) -> None:
    costs = compute.table(proposed(GRID), make_search().training)
    low, high = minutes_left(proposed(GRID), make_search(), {}, [ZERO, GRID[1]])
    assert low == pytest.approx(compute.minutes(costs[GRID[1]]) / 2)
    assert high == pytest.approx(compute.minutes(sum(costs.values())) / 2)


def test_nothing_is_left_once_all_is_finished(make_search: Callable[..., Search]) -> None:
    assert minutes_left(proposed(GRID), make_search(), dict.fromkeys(GRID, 1.0), []) == (0.0, 0.0)


@pytest.mark.parametrize(("joined", "workers"), [(7, 7), (None, 2)])
def test_on_a_cluster_what_is_left_is_shared_by_what_it_has(
    make_search: Callable[..., Search], monkeypatch: pytest.MonkeyPatch, joined: int | None, workers: int
) -> None:
    monkeypatch.setattr(cluster, "at_once", lambda _: joined)
    seconds = {ZERO: 5.0, GRID[1]: 60.0, GRID[2]: 120.0}
    search = make_search(2, {"address": "auto"})
    assert minutes_left(proposed(GRID), search, seconds, [GRID[3]]) == pytest.approx((4 / workers, 28 / workers))
