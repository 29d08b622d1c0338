"""Searches in virtual time, worked out by hand."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from benchmarks.schedules import replay
from cellsize.search.scheduler import Scheduler
from cellsize.search.shards import Shard
from cellsize.sizing.sizes import Size
from cellsize.sizing.walk import Plan, Walk
from cellsize.training.records import Result, Work
from cellsize.training.train import train

ONE, TWO = Size(1, 1), Size(1, 2)


@pytest.fixture
def make_scheduler(make_work: Callable[..., Work]) -> Callable[..., tuple[Scheduler, Callable[[Shard], Result]]]:
    """A scheduler, and results of shards that take ten seconds for each fold."""
    work = make_work(check_every=2, steps=2, patience=2, split={"folds": 4})
    whole = {size: train(work, size) for size in (ONE, TWO)}

    def result_of(shard: Shard) -> Result:
        rows = tuple(row for row in whole[shard.size].rows if row.fold - 1 in shard.folds)
        return replace(whole[shard.size], rows=rows, seconds=10.0 * len(shard.folds))

    def make(plan: Plan, accelerator: str) -> tuple[Scheduler, Callable[[Shard], Result]]:
        placed = replace(work, accelerator=accelerator)  # type: ignore[arg-type]
        return Scheduler(plan, placed, {}, lambda _: None, lambda _: None), result_of

    return make


def one_after_another(known: object) -> Walk:
    left = [size for size in (ONE, TWO) if size not in known]  # type: ignore[operator]
    return Walk(tuple(size for size in (ONE, TWO) if size not in left), tuple(left[:1]))


def one_ahead_of_another(known: object) -> Walk:
    walk = one_after_another(known)
    return replace(walk, likely=(TWO,) if walk.wanted == (ONE,) else ())


def the_first_alone(known: object) -> Walk:
    # The second one is begun ahead, and not wanted in the end.
    return Walk((ONE,), ()) if ONE in known else Walk((), (ONE,), (TWO,))  # type: ignore[operator]


@pytest.mark.parametrize(("workers", "seconds", "busy"), [(1, 80, 1), (2, 80, 0.5), (4, 80, 0.25)])
def test_sizes_of_one_shard_after_each_other_use_one_core(
    make_scheduler: Callable[..., tuple[Scheduler, Callable[[Shard], Result]]], workers: int, seconds: int, busy: float
) -> None:
    scheduler, result_of = make_scheduler(one_after_another, "cpu")
    of = replay(scheduler, result_of, workers, first=0.0, later=0.0)
    assert (of.seconds, of.busy, of.together, of.longest) == (seconds, busy, 1, 40)


@pytest.mark.parametrize(("workers", "seconds", "busy"), [(1, 80, 1), (2, 40, 1), (4, 20, 1), (8, 20, 0.5)])
def test_shards_of_one_size_fill_as_many_devices_as_there_are_folds(
    make_scheduler: Callable[..., tuple[Scheduler, Callable[[Shard], Result]]], workers: int, seconds: int, busy: float
) -> None:
    scheduler, result_of = make_scheduler(one_after_another, "gpu")
    of = replay(scheduler, result_of, workers, first=0.0, later=0.0)
    assert (of.seconds, of.busy, of.together, of.starved) == (seconds, busy, min(workers, 4), float(workers > 4))


def test_a_size_that_is_likely_is_begun_ahead(
    make_scheduler: Callable[..., tuple[Scheduler, Callable[[Shard], Result]]],
) -> None:
    scheduler, result_of = make_scheduler(one_ahead_of_another, "gpu")
    of = replay(scheduler, result_of, 8, first=0.0, later=0.0)
    assert (of.seconds, of.busy, of.wasted) == (10, 1, 0)


def test_what_nobody_wants_in_the_end_is_wasted(
    make_scheduler: Callable[..., tuple[Scheduler, Callable[[Shard], Result]]],
) -> None:
    scheduler, result_of = make_scheduler(the_first_alone, "gpu")
    of = replay(scheduler, result_of, 8, first=0.0, later=0.0)
    assert (of.seconds, of.busy, of.wasted) == (10, 1, 0.5)


def test_a_process_takes_time_to_begin_and_a_shard_after_it_less(
    make_scheduler: Callable[..., tuple[Scheduler, Callable[[Shard], Result]]],
) -> None:
    scheduler, result_of = make_scheduler(one_after_another, "cpu")
    assert replay(scheduler, result_of, 1, first=5.0, later=0.5).seconds == 5 + 40 + 0.5 + 40
