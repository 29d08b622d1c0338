"""What the search hands out and takes up, without Ray."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cellsize.progress import SILENCE
from cellsize.search.scheduler import Scheduler
from cellsize.search.shards import UNITS, Shard, divide
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Known, Plan, Walk
from cellsize.training.records import Result, Setting, Work
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
    search.fail(next_shard(search), "failed twice: OSError: no")
    assert search.next_shard() is None
    assert not search.ended()
    assert search.failure == ""


def test_a_crash_of_a_wanted_size_ends_the_search_with_its_name(work: Work) -> None:
    search = scheduler(work, climbing(SMALL, LARGE))
    search.fail(next_shard(search), "failed twice: OSError: no")
    assert search.ended()
    assert search.failure.startswith("search: 1 × 1 failed twice")


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
    assert lines[0].startswith("search: no memory cells  ")
    assert lines[0].endswith("s so far, next 1 × 1)")


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
    assert lines == ["search: 1 × 1            1,200 steps in all trainings of fold 1, 2  (20 s so far)"]
    now += SILENCE - 0.1
    search.progress(part, 1400)
    assert len(lines) == 1
    now += 0.1
    search.progress(part, 1500)
    assert lines[1:] == ["search: 1 × 1            1,500 steps in all trainings of fold 2  (40 s so far)"]


def test_a_finished_size_ends_a_silence_too(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    zero, now, lines = train(work, ZERO), 100.0, list[str]()
    monkeypatch.setattr("time.monotonic", lambda: now)
    search = Scheduler(climbing(ZERO, SMALL), work, {}, lambda _: None, lines.append)
    now += SILENCE
    search.finish(next_shard(search), zero)
    search.progress(next_shard(search), 1200)
    assert [line[:23] for line in lines] == ["search: no memory cells"]


# --- seeds that are added -------------------------------------------------------------------------------------------


def adding(size: Size, seeds: int) -> Plan:
    """Wants zero cells and a size, and then so many seeds of it."""

    def plan(known: Known) -> Walk:
        left = tuple(of for of in (ZERO, size) if of not in known)
        if left or known[size].n_seeds >= seeds:
            return Walk((ZERO, size) if not left else (), left[:1], seeds={size: seeds})
        return Walk((ZERO, size), (), more_seeds={size: seeds})

    return plan


def settings_of(result: Result) -> dict[int, Setting]:
    return {row.fold - 1: row.setting for row in result.rows if row.status == "ok"}


def run_alone(search: Scheduler, work: Work) -> list[Shard]:
    """Trains every shard that is handed out, one after another."""
    shards = []
    while not search.ended():
        shard = next_shard(search)
        shards.append(shard)
        search.finish(shard, train(work, shard.size, folds=shard.folds, more_seeds=search.more_seeds(shard)))
    return shards


@pytest.fixture
def tuned(make_work: Callable[..., Work]) -> Work:
    return make_work(check_every=2, rungs=[2], steps=4, patience=4, learning_rates=[1e-3, 1e-1])


def test_added_seeds_are_trained_with_the_settings_that_count_and_nothing_races(tuned: Work) -> None:
    search = scheduler(tuned, adding(SMALL, 3))
    shards = run_alone(search, tuned)
    assert shards == [Shard(ZERO, (0, 1), "0x0"), Shard(SMALL, (0, 1), "1x1"), Shard(SMALL, (0, 1), "1x1s2s3", (1, 2))]
    added = [row for row in search.results[SMALL].rows if row.seed]
    assert [(row.fold, row.seed, row.status) for row in added] == [
        (1, 1, "ok"),
        (1, 2, "ok"),
        (2, 1, "ok"),
        (2, 2, "ok"),
    ]
    counts = settings_of(train(tuned, SMALL))
    assert all(row.setting == counts[row.fold - 1] for row in added)
    assert search.scores[SMALL].trainings.shape == (2, 3)
    assert len({row.score for row in added}) > 2  # one may have kept what there was before any training


def test_added_seeds_of_a_large_size_are_shared_out_and_count_once_all_are_finished(work: Work) -> None:
    large = Size(1, 2 * UNITS)
    lines, recorded = list[str](), list[Result]()
    search = Scheduler(adding(large, 2), work, {}, recorded.append, lines.append)
    for _ in range(3):  # zero cells, and the size on either fold
        shard = next_shard(search)
        search.finish(shard, train(work, large if shard.size == large else ZERO, folds=shard.folds))
    first, second = (next_shard(search) for _ in range(2))
    assert (first.name, second.name) == (f"{large}s2-1", f"{large}s2-2")
    assert not search.unwanted(first)
    trained = {
        shard: train(work, large, folds=shard.folds, more_seeds=search.more_seeds(shard)) for shard in (first, second)
    }
    search.finish(second, trained[second])
    assert (search.scores[large].n_seeds, len(recorded), len(lines)) == (1, 2, 2)
    search.finish(first, trained[first])
    assert (search.scores[large].n_seeds, len(recorded), len(lines)) == (2, 3, 3)
    assert [(row.fold, row.seed) for row in search.results[large].rows if row.seed] == [(1, 1), (2, 1)]
    assert search.ended()


def test_a_later_search_finds_the_seeds_that_were_added(tuned: Work) -> None:
    search = scheduler(tuned, adding(SMALL, 3))
    run_alone(search, tuned)
    later = Scheduler(adding(SMALL, 3), tuned, search.finished, lambda _: None, lambda _: None)
    assert later.ended()
    assert later.results[SMALL].rows == search.results[SMALL].rows


def test_seeds_that_were_added_to_other_settings_are_trained_anew(tuned: Work) -> None:
    search = scheduler(tuned, adding(SMALL, 2))
    run_alone(search, tuned)
    name = "1x1s2"
    other = [replace(row, learning_rate=0.5) for row in search.finished[name].rows]
    finished = search.finished | {name: replace(search.finished[name], rows=tuple(other))}
    later = Scheduler(adding(SMALL, 2), tuned, finished, lambda _: None, lambda _: None)
    assert later.scores[SMALL].n_seeds == 1
    assert next_shard(later).name == name


def test_shards_that_another_number_of_seeds_has_left_are_no_part_of_a_group(work: Work) -> None:
    # Interrupted with two seeds a round after one of two shards, and now one seed is wanted.
    large = Size(1, 2 * UNITS)
    search = scheduler(work, adding(large, 3))
    for _ in range(3):
        shard = next_shard(search)
        search.finish(shard, train(work, shard.size, folds=shard.folds))
    left = next_shard(search)
    assert left.seeds == (1, 2)
    search.finish(left, train(work, large, folds=left.folds, more_seeds=search.more_seeds(left)))
    later = Scheduler(adding(large, 2), work, search.finished, lambda _: None, lambda _: None)
    assert [shard.name for shard in run_alone(later, work)] == [f"{large}s2-1", f"{large}s2-2"]
    assert later.scores[large].n_seeds == 2
