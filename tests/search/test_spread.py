"""Over how many devices a shard is trained, and whether there is room for it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cellsize.search import spread
from cellsize.search.shards import Shard, divide
from cellsize.search.spread import Room
from cellsize.sizing.sizes import ZERO, Size, cost, shape
from cellsize.training.records import Work
from cellsize.training.train import train

SMALL, LARGE = divide(Size(1, 1), 2)[0], divide(Size(1, 2), 2)[0]


def test_the_work_of_a_shard_worked_out_by_hand(make_work: Callable[..., Work]) -> None:
    # Both settings are finalists, with two seeds each, and make three quarters of 100 steps in each of two folds.
    work = make_work(learning_rates=[0.1, 0.2], rungs=[20], check_every=10, steps=100, patience=100, seeds=2)
    a_step = 32 * cost(Size(1, 2), work.network, shape(work.windows)).window_work
    assert spread.work_of(LARGE, work) == pytest.approx(2 * 2 * 2 * 75 * a_step)
    assert spread.work_of(Shard(Size(1, 2), (0,), "1x2-1"), work) == spread.work_of(LARGE, work) / 2


def test_a_shard_is_spread_where_it_is_asked_for_or_has_work_enough_and_zero_cells_never_are(
    make_work: Callable[..., Work],
) -> None:
    work = make_work()
    assert spread.devices(LARGE, work) == 1
    asked = replace(work, devices=4)
    assert [spread.devices(shard, asked) for shard in (SMALL, LARGE, divide(ZERO, 2)[0])] == [4, 4, 1]
    enough = replace(work, devices=4, spread_from=spread.work_of(LARGE, work))
    assert [spread.devices(shard, enough) for shard in (SMALL, LARGE)] == [1, 4]
    seeds = divide(Size(1, 2), 2, (1, 2))[0]
    assert spread.devices(seeds, enough) == 4


def test_only_what_is_spread_has_its_devices_in_its_name_and_counts_for_no_other_number(
    make_work: Callable[..., Work],
) -> None:
    work = make_work()
    large_alone = replace(work, devices=4, spread_from=spread.work_of(LARGE, work))
    assert [spread.named(shard, large_alone).name for shard in (SMALL, LARGE)] == ["1x1", "1x2@4"]
    assert spread.named(LARGE, work) == LARGE
    result = train(work, LARGE.size)
    for now, name in ((large_alone, "1x2@4"), (replace(work, devices=2), "1x2@2"), (work, "1x2")):
        found = {left for left in ("1x2", "1x2@2", "1x2@4") if spread.is_of(left, result, now)}
        assert found == {name}


def test_trials_that_take_several_devices_wait_until_these_are_free_and_others_wait_behind_them() -> None:
    room = Room(4.0, lambda shard: 3.0 if shard == LARGE else 0.5)
    assert room.may_begin(LARGE, False, [SMALL, SMALL])
    assert not room.may_begin(LARGE, False, [SMALL, SMALL, SMALL])
    assert room.may_begin(SMALL, False, [LARGE, SMALL])
    assert not room.may_begin(SMALL, False, [LARGE, SMALL, SMALL])
    assert not room.may_begin(LARGE, False, [LARGE])


def test_several_devices_are_not_taken_for_what_may_not_be_needed() -> None:
    room = Room(4.0, lambda shard: 2.0 if shard == LARGE else 1.0)
    assert room.may_begin(LARGE, False, [])
    assert not room.may_begin(LARGE, True, [])
    assert room.may_begin(SMALL, True, [])


def test_what_is_larger_than_all_there_is_begins_alone() -> None:
    # A node may have gone: to wait for it is Ray's business.
    room = Room(1.0, lambda _: 2.0)
    assert room.may_begin(LARGE, False, [])
    assert not room.may_begin(LARGE, False, [SMALL])
