"""What a search will cost, from counts alone."""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from cellsize.params import Search
from cellsize.search import estimate as estimating
from cellsize.search.estimate import COPIES, PROCESS, Estimate, estimate, minutes, sentence
from cellsize.sizing.artefacts import Candidates
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import Work
from tests.sizing.conftest import candidate, candidates

TWO = Size(1, 2)
# An LSTM of two cells that sees y, x and k over three steps: 4 · 2 · (3 + 2) = 40 multiply-adds a step, and 2,000 for
# the step itself.
PER_WINDOW = 3 * (40 + 2000)
RATES = [1e-3, 2e-3, 3e-3]


@pytest.fixture
def make_search(params_content: Callable[[], dict[str, Any]]) -> Callable[..., Search]:
    """The section `search`: two workers, a climb with as much patience as one size."""
    plain = params_content()["search"] | {"workers": 2, "patience": 1, "minimum_units": 1, "cost_limit": 99.0}
    return lambda **changes: Search.model_validate(plain | changes)


@pytest.fixture(autouse=True)
def speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One multiply-add a second: minutes are counts."""
    monkeypatch.setattr(estimating, "SPEED", 1.0)


def proposed(sizes: Iterable[Size], times: int = 1, units: int = 8) -> Candidates:
    """A grid whose sizes cost ten multiply-adds for each square of a unit."""
    listed = [candidate(size, multiply_adds=10 * times * size.units**2) for size in sizes]
    return candidates(listed, bound={"kind": "neurons", "alpha": 2, "units": units})


# --- of one size ----------------------------------------------------------------------------------------------------


def test_one_setting_is_trained_three_quarters_of_its_steps_on_each_fold(make_work: Callable[..., Work]) -> None:
    # 0.75 · 80 = 60 steps in either of two folds, of 32 windows each, forwards and backwards.
    work = make_work(check_every=10, patience=80, steps=80)
    assert minutes(TWO, work) == pytest.approx(60 * 2 * 32 * PER_WINDOW * 3 / 60)


def test_every_seed_is_trained_as_long(make_work: Callable[..., Work]) -> None:
    one, two = (minutes(TWO, make_work(seeds=seeds)) for seeds in (1, 2))
    assert two == pytest.approx(2 * one)


def test_a_race_keeps_a_quarter_at_each_rung_and_its_two_best_to_the_end(make_work: Callable[..., Work]) -> None:
    # Nine settings for 20 steps, 9 / 4 of them for 20 more, and then two for 60 steps.
    work = make_work(
        learning_rates=RATES, weight_decays=[0.0, 0.1, 0.2], check_every=10, patience=80, rungs=[20, 40], steps=80
    )
    steps = 9 * 20 + 9 / 4 * 20 + 2 * 60
    assert minutes(TWO, work) == pytest.approx(steps * 2 * 32 * PER_WINDOW * 3 / 60)


def test_of_two_families_one_setting_each_goes_to_the_end_with_every_seed(make_work: Callable[..., Work]) -> None:
    # Six settings for 20 steps; 6 / 4 is fewer than two, so two for 20 more; then two with two seeds for 60 steps.
    work = make_work(
        network={"skip": ["none", "joint"]},
        learning_rates=RATES,
        check_every=10,
        patience=80,
        rungs=[20, 40],
        steps=80,
        seeds=2,
    )
    steps = 6 * 20 + 2 * 20 + 2 * 2 * 60
    assert minutes(TWO, work) == pytest.approx(steps * 2 * 32 * PER_WINDOW * 3 / 60)


def test_two_settings_that_both_go_to_the_end_have_no_race(make_work: Callable[..., Work]) -> None:
    work = make_work(learning_rates=RATES[:2], check_every=10, patience=80, rungs=[20], steps=80)
    assert minutes(TWO, work) == pytest.approx(2 * 60 * 2 * 32 * PER_WINDOW * 3 / 60)


def test_a_batch_is_no_larger_than_the_smallest_training_part(make_work: Callable[..., Work]) -> None:
    work = make_work(batch_size=10**6, check_every=10, patience=80, steps=80)
    smallest = min(len(fold.train) for fold in work.folds.all())
    assert smallest < 160
    assert minutes(TWO, work) == pytest.approx(60 * 2 * smallest * PER_WINDOW * 3 / 60)


def test_cells_cost_by_the_steps_that_they_see(make_work: Callable[..., Work]) -> None:
    # A longer lookback of the linear part costs them nothing.
    plain, longer = make_work(), make_work(window={"linear_lookback": 6})
    assert minutes(TWO, replace(longer, folds=plain.folds)) == pytest.approx(minutes(TWO, plain))


def test_a_large_size_costs_more(make_work: Callable[..., Work]) -> None:
    work = make_work()
    costs = [minutes(size, work) for size in (TWO, Size(1, 64), Size(2, 64), Size(1, 512))]
    assert costs == sorted(costs)


# --- of a search ----------------------------------------------------------------------------------------------------

GRID = [ZERO, *(Size(1, units) for units in (1, 2, 4, 8, 16))]


def test_sizes_are_counted_without_zero_cells_and_their_minutes_are_added(
    make_work: Callable[..., Work], make_search: Callable[..., Search]
) -> None:
    # Where none helps: 1x1, and a quarter of the bound of 8. Where all do: every size.
    work = make_work()
    found = estimate(proposed(GRID), make_search(), work)
    assert (found.fewest, found.most) == (2, 5)
    assert found.least_minutes == pytest.approx(sum(minutes(size, work) for size in GRID[1:3]))
    assert found.most_minutes == pytest.approx(sum(minutes(size, work) for size in GRID[1:]))


def test_where_everything_is_trained_both_are_the_same(
    make_work: Callable[..., Work], make_search: Callable[..., Search]
) -> None:
    found = estimate(proposed(GRID), make_search(procedure="grid"), make_work())
    assert found.fewest == found.most == 5
    assert found.least_minutes == found.most_minutes


def test_the_fewest_are_never_more_than_the_most(
    make_work: Callable[..., Work], make_search: Callable[..., Search]
) -> None:
    # 1x2 is past the cost limit. Where 1x1 helps, that ends the search; where it does not, a large size is tried too.
    found = estimate(proposed(GRID, times=1000, units=32), make_search(cost_limit=0.001), make_work())
    assert (found.fewest, found.most) == (1, 2)
    assert found.least_minutes < found.most_minutes


@pytest.mark.parametrize("workers", [2, 0])
def test_the_memory_worked_out_by_hand(
    make_work: Callable[..., Work], make_search: Callable[..., Search], workers: int
) -> None:
    # Two folds of three settings each; 1x2 has 4 · 2 · (3 + 2 + 2) = 56 recurrent parameters, (2 + 1) · 2 + 1 · 2 = 8
    # of its head, and (2 · 3 + 1 · 2 + 1) · 2 = 18 of its linear skip connection.
    work = make_work(learning_rates=RATES, check_every=10, patience=80, rungs=[20], steps=80)
    found = estimate(proposed([ZERO, TWO]), make_search(workers=workers), work)
    processes = workers or os.cpu_count() or 1
    arrays = work.windows.inputs.nbytes + work.windows.target.nbytes
    networks = processes * 4 * COPIES * 6 * (56 + 8 + 18)
    assert found.memory == pytest.approx((processes + 2) * PROCESS + 2 * arrays + networks)


def test_a_search_of_zero_cells_alone_trains_nothing(
    make_work: Callable[..., Work], make_search: Callable[..., Search]
) -> None:
    found = estimate(proposed([ZERO]), make_search(procedure="grid"), make_work())
    assert (found.fewest, found.most, found.least_minutes, found.most_minutes) == (0, 0, 0, 0)


# --- in words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Estimate(9, 20, 11.6, 80.2, 2.64e9), "9 to 20 sizes, 12 to 80 core-minutes, 2.6 GB of memory"),
        (Estimate(5, 5, 7.0, 7.0, 1e9), "5 sizes, about 7 core-minutes, 1.0 GB of memory"),
        (Estimate(1, 1, 0.01, 0.01, 1e9), "1 size, about 1 core-minute, 1.0 GB of memory"),
        (Estimate(1, 3, 0.01, 0.4, 1e9), "1 to 3 sizes, about 1 core-minute, 1.0 GB of memory"),
    ],
)
def test_the_estimate_is_a_sentence(found: Estimate, words: str) -> None:
    assert sentence(found) == words
