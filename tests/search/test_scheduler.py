"""What the search hands out and takes up, without Ray."""

import pytest

from cellsize.search.scheduler import SILENCE, Scheduler
from cellsize.search.shards import UNITS, Shard, divide
from cellsize.sizing.procedures import Plan
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import Result, Work
from cellsize.training.train import train
from tests.search.conftest import LARGE, SMALL, climbing, failed


def scheduler(work: Work, plan: Plan, *results: Result) -> Scheduler:
    return Scheduler(plan, work, {str(result.size): result for result in results}, lambda _: None, lambda _: None)


def next_shard(of: Scheduler) -> Shard:
    shard = of.next_shard()
    assert shard is not None
    return shard


def test_a_size_begun_ahead_that_failed_ends_nothing(work: Work) -> None:
    zero, broken = train(work, ZERO), failed(train(work, LARGE))
    search = scheduler(work, climbing(ZERO, SMALL, LARGE), zero, broken)
    assert not search.ended()
    assert search.next_shard() == Shard(SMALL, (0, 1), "1x1")
    assert search.failure == ""


def test_a_wanted_size_that_failed_ends_the_search_with_its_reason(work: Work) -> None:
    search = scheduler(work, climbing(ZERO, LARGE), train(work, ZERO), failed(train(work, LARGE)))
    assert search.ended()
    assert search.failure.startswith("search: size 1x2 has no score in fold 1")


def test_idle_workers_begin_what_is_likely_and_wait_when_there_is_nothing(work: Work) -> None:
    search = scheduler(work, climbing(ZERO, SMALL, LARGE))
    assert [search.next_shard() for _ in range(3)] == [Shard(ZERO, (0, 1), "0x0"), Shard(SMALL, (0, 1), "1x1"), None]
    assert not search.ended()


def test_a_size_that_costs_far_more_than_all_before_it_is_not_begun_ahead(work: Work) -> None:
    search = scheduler(work, climbing(ZERO, Size(1, 200)))
    assert search.next_shard() == Shard(ZERO, (0, 1), "0x0")
    assert search.next_shard() is None


def test_a_crash_of_a_size_begun_ahead_ends_nothing_and_it_is_not_begun_again(work: Work) -> None:
    search = scheduler(work, climbing(ZERO, SMALL))
    next_shard(search)
    search.fail(next_shard(search))
    assert search.next_shard() is None
    assert not search.ended()
    assert search.failure == ""


def test_a_crash_of_a_wanted_size_ends_the_search_with_its_name(work: Work) -> None:
    search = scheduler(work, climbing(SMALL, LARGE))
    search.fail(next_shard(search))
    assert search.ended()
    assert search.failure.startswith("search: size 1x1 failed twice")


def test_a_shard_that_was_stopped_may_be_handed_out_again(work: Work) -> None:
    search = scheduler(work, climbing(SMALL))
    shard = next_shard(search)
    assert search.next_shard() is None
    search.stop(shard)
    assert search.next_shard() == shard


def test_only_a_size_that_is_neither_wanted_nor_likely_is_unwanted(work: Work) -> None:
    search = scheduler(work, climbing(ZERO, SMALL, LARGE))
    zero, small, large = (divide(size, 2)[0] for size in (ZERO, SMALL, LARGE))
    assert [search.unwanted(shard) for shard in (zero, small, large)] == [False, False, True]
    search.finish(zero, train(work, ZERO))
    assert [search.unwanted(shard) for shard in (zero, small, large)] == [True, False, False]


def test_a_large_size_is_shared_out_and_counts_once_all_its_shards_are_finished(work: Work) -> None:
    large, recorded = Size(1, 2 * UNITS), list[Result]()
    search = Scheduler(climbing(ZERO, large), work, {}, recorded.append, lambda _: None)
    search.finish(next_shard(search), train(work, ZERO))
    first, second = divide(large, 2)
    assert [search.next_shard() for _ in range(3)] == [first, second, None]
    results = {shard.name: train(work, large, folds=shard.folds) for shard in (first, second)}
    search.finish(second, results[second.name])
    assert set(search.results) == {ZERO}
    # Another search that begins now resumes here.
    later = Scheduler(climbing(ZERO, large), work, search.finished, recorded.append, lambda _: None)
    assert later.next_shard() == first
    for resumed in (search, later):
        resumed.finish(first, results[first.name])
        assert [row.fold for row in resumed.results[large].rows] == [1, 2]
        assert resumed.ended()
    assert [result.size for result in recorded] == [ZERO, large, large]


def test_each_finished_size_is_a_line_of_progress(work: Work) -> None:
    lines: list[str] = []
    search = Scheduler(climbing(ZERO, SMALL), work, {}, lambda _: None, lines.append)
    search.finish(next_shard(search), train(work, ZERO))
    assert lines[0].startswith("search: size    0x0")
    assert lines[0].endswith("s so far, next 1x1)")


def test_after_a_silence_a_trial_that_reports_is_a_line_and_before_it_is_none(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, lines = 100.0, list[str]()
    monkeypatch.setattr("time.monotonic", lambda: now)
    search = Scheduler(climbing(ZERO, SMALL), work, {}, lambda _: None, lines.append)
    whole, part = Shard(SMALL, (0, 1), "1x1"), Shard(SMALL, (1,), "1x1-2")
    search.progress(whole, 40)
    assert lines == []
    now += SILENCE
    search.progress(whole, 1200)
    search.progress(part, 1300)
    assert lines == ["search: size    1x1  1,200 steps in fold 1, 2  (20 s so far)"]
    now += SILENCE - 0.1
    search.progress(part, 1400)
    assert len(lines) == 1
    now += 0.1
    search.progress(part, 1500)
    assert lines[1:] == ["search: size    1x1  1,500 steps in fold 2  (40 s so far)"]


def test_a_finished_size_ends_a_silence_too(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    zero, now, lines = train(work, ZERO), 100.0, list[str]()
    monkeypatch.setattr("time.monotonic", lambda: now)
    search = Scheduler(climbing(ZERO, SMALL), work, {}, lambda _: None, lines.append)
    now += SILENCE
    search.finish(next_shard(search), zero)
    search.progress(next_shard(search), 1200)
    assert [line[:19] for line in lines] == ["search: size    0x0"]
