"""What the search hands out and takes up, without starting Ray."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ray import cloudpickle
from threadpoolctl import threadpool_info, threadpool_limits

from cellsize.errors import InputError
from cellsize.params import Search
from cellsize.search import driver
from cellsize.search.shards import UNITS, divide
from cellsize.sizing.procedures import Plan, Walk
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training import train
from cellsize.training.records import Result, Work

MakeWork = Callable[..., Work]
SMALL, LARGE = Size(1, 1), Size(1, 2)


def climbing(*wanted: Size) -> Plan:
    """Wants one size after another; the next one is likely."""

    def plan(known: object) -> Walk:
        left = [size for size in wanted if size not in known]  # type: ignore[operator]
        return Walk(tuple(size for size in wanted if size not in left), tuple(left[:1]), tuple(left[1:2]))

    return plan


def failed(result: Result) -> Result:
    """The same result with no score in its first fold."""
    rows = [replace(row, status="failed", score=None) if row.fold == 1 else row for row in result.rows]
    return replace(result, rows=tuple(rows))


@pytest.fixture
def work(make_work: MakeWork) -> Work:
    return make_work(epochs=1)


def scheduler(work: Work, plan: Plan, folder: Path, *results: Result) -> driver.Scheduler:
    return driver.Scheduler(
        plan, work, folder, {str(result.size): result for result in results}, lambda _: None, lambda _: None
    )


def test_a_size_begun_ahead_that_failed_ends_nothing(work: Work, tmp_path: Path) -> None:
    zero, broken = train.train(work, ZERO), failed(train.train(work, LARGE))
    found = scheduler(work, climbing(ZERO, SMALL, LARGE), tmp_path, zero, broken)
    assert found.suggest("a") == {"layers": 1, "units": 1, "folds": (0, 1)}
    assert found.failure == ""


def test_a_wanted_size_that_failed_ends_the_search_with_its_reason(work: Work, tmp_path: Path) -> None:
    zero, broken = train.train(work, ZERO), failed(train.train(work, LARGE))
    assert scheduler(work, climbing(ZERO, LARGE), tmp_path, zero, broken).suggest("a") == driver.Searcher.FINISHED
    store = tmp_path / driver.fingerprint(work)
    store.mkdir()
    for result in (zero, broken):
        result.save(store / f"{result.size}.npz")
    with pytest.raises(InputError, match="size 1x2 failed in fold 1"):
        driver.run(work, climbing(ZERO, LARGE), None, tmp_path, lambda _: None)  # type: ignore[arg-type]


def test_a_size_that_was_finished_before_is_told_again(work: Work, tmp_path: Path) -> None:
    store = tmp_path / driver.fingerprint(work)
    store.mkdir()
    for size in (ZERO, SMALL):
        train.train(work, size).save(store / f"{size}.npz")
    told: list[Result] = []
    driver.run(work, climbing(ZERO, SMALL), None, tmp_path, told.append)  # type: ignore[arg-type]
    assert [result.size for result in told] == [ZERO, SMALL]


def test_idle_workers_begin_what_is_likely_and_wait_when_there_is_nothing(work: Work, tmp_path: Path) -> None:
    found = scheduler(work, climbing(ZERO, SMALL, LARGE), tmp_path)
    assert [found.suggest(name) for name in "abc"] == [
        {"layers": 0, "units": 0, "folds": (0, 1)},
        {"layers": 1, "units": 1, "folds": (0, 1)},
        None,
    ]


def test_a_crash_of_a_size_begun_ahead_ends_nothing_and_it_is_not_begun_again(work: Work, tmp_path: Path) -> None:
    found = scheduler(work, climbing(ZERO, SMALL), tmp_path)
    found.suggest("a")
    found.suggest("b")
    found.on_trial_complete("b", error=True)
    assert found.suggest("c") is None
    assert found.failure == ""


def test_a_crash_of_a_wanted_size_ends_the_search_with_its_name(work: Work, tmp_path: Path) -> None:
    found = scheduler(work, climbing(SMALL, LARGE), tmp_path)
    found.suggest("a")
    found.on_trial_complete("a", error=True)
    assert found.suggest("b") == driver.Searcher.FINISHED
    assert found.failure.startswith("search: size 1x1 failed twice")


def test_a_large_size_is_shared_out_and_counts_once_all_its_tasks_are_finished(work: Work, tmp_path: Path) -> None:
    large, told = Size(1, 2 * UNITS), list[Result]()
    found = driver.Scheduler(climbing(ZERO, large), work, tmp_path, {}, told.append, lambda _: None)
    found.suggest("zero")
    train.train(work, ZERO).save(tmp_path / "0x0.npz")
    found.on_trial_complete("zero")
    first, second = divide(large, 2)
    assert [found.suggest(name) for name in "abc"] == [
        {"layers": 1, "units": large.units, "folds": (0,)},
        {"layers": 1, "units": large.units, "folds": (1,)},
        None,
    ]
    train.train(work, large, folds=second.folds).save(tmp_path / f"{second.name}.npz")
    found.on_trial_complete("b")
    assert set(found.results) == {ZERO}
    # Another search that begins now goes on from here.
    kept = {path.stem: Result.load(path) for path in tmp_path.glob("*.npz")}
    later = driver.Scheduler(climbing(ZERO, large), work, tmp_path, kept, told.append, lambda _: None)
    assert later.suggest("a") == {"layers": 1, "units": large.units, "folds": (0,)}
    train.train(work, large, folds=first.folds).save(tmp_path / f"{first.name}.npz")
    for one in (found, later):
        one.on_trial_complete("a")
        assert [row.fold for row in one.results[large].rows] == [1, 2]
        assert one.suggest("d") == driver.Searcher.FINISHED
    assert [result.size for result in told] == [ZERO, large, large]


def test_what_ray_tune_writes_of_the_search_again_and_again_holds_no_data(work: Work, tmp_path: Path) -> None:
    # At every checkpoint it pickles its stopping rule, which is a method of the scheduler.
    found = scheduler(work, climbing(ZERO, SMALL), tmp_path, train.train(work, ZERO))
    assert len(cloudpickle.dumps((found, found.unwanted))) < 1000  # type: ignore[no-untyped-call]


def test_a_trial_computes_with_one_thread(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, threads = train.train(work, ZERO), list[int]()

    def counting(*_: object) -> Result:
        threads.extend(library["num_threads"] for library in threadpool_info())
        return found

    monkeypatch.setattr(train, "train", counting)
    monkeypatch.setattr(driver.tune, "report", lambda _: None)
    with threadpool_limits(limits=2):
        driver._trial({"layers": 0, "units": 0, "folds": (0, 1)}, work, str(tmp_path), "cpu")
    assert set(threads) == {1}
    assert (tmp_path / "0x0.npz").is_file()


def test_a_gpu_that_is_not_there_is_said_before_anything_waits_for_it(
    work: Work, tmp_path: Path, params_content: Callable[[], dict[str, Any]]
) -> None:
    settings = Search(**{**params_content()["search"], "gpus_per_trial": 1000, "workers": 1})
    with pytest.raises(
        InputError, match=r"search.gpus_per_trial: 1000 asked for, but Ray sees \d+ GPUs here; set it to 0"
    ):
        driver.run(work, climbing(ZERO), settings, tmp_path, lambda _: None, lambda _: None)
