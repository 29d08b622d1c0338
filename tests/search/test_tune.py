"""The scheduler as Ray Tune knows it, without starting Ray."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import ray.tune
from ray import cloudpickle
from ray.tune.search import Searcher
from threadpoolctl import threadpool_info, threadpool_limits

from cellsize.errors import InputError
from cellsize.params import Search
from cellsize.search import tune
from cellsize.search.scheduler import Scheduler
from cellsize.search.shards import divide
from cellsize.search.store import Store
from cellsize.sizing.sizes import ZERO
from cellsize.sizing.walk import Plan
from cellsize.training import train as training
from cellsize.training.records import Result, Work
from cellsize.training.train import train
from tests.search.conftest import LARGE, SMALL, climbing

FINISHED: Any = Searcher.FINISHED  # a word, where Ray Tune's type says a configuration


def adapter(work: Work, plan: Plan, folder: Path) -> tune.Adapter:
    return tune.Adapter(Scheduler(plan, work, {}, lambda _: None, lambda _: None), Store(folder))


def test_a_trial_is_a_shard_until_all_is_done(work: Work, tmp_path: Path) -> None:
    algorithm = adapter(work, climbing(ZERO), tmp_path)
    assert algorithm.suggest("a") == {"layers": 0, "units": 0, "folds": (0, 1)}
    assert algorithm.suggest("b") is None
    train(work, ZERO).save(tmp_path / "0x0.npz")
    algorithm.on_trial_complete("a")
    assert set(algorithm.scheduler.results) == {ZERO}
    assert algorithm.suggest("b") == FINISHED


def test_a_trial_that_ended_with_an_error_is_a_failure_of_its_size(work: Work, tmp_path: Path) -> None:
    algorithm = adapter(work, climbing(SMALL), tmp_path)
    algorithm.suggest("a")
    algorithm.on_trial_complete("a", error=True)
    assert algorithm.suggest("b") == FINISHED
    assert algorithm.scheduler.failure.startswith("search: 1 × 1 failed twice")


def test_a_trial_that_was_stopped_leaves_nothing(work: Work, tmp_path: Path) -> None:
    algorithm = adapter(work, climbing(SMALL), tmp_path)
    algorithm.suggest("a")
    algorithm.on_trial_complete("a")
    algorithm.on_trial_complete("never begun")
    assert algorithm.scheduler.results == {}
    assert algorithm.suggest("b") == {"layers": 1, "units": 1, "folds": (0, 1)}


def test_a_trial_is_stopped_once_nobody_wants_its_size(work: Work, tmp_path: Path) -> None:
    # The second size turns out not to be needed: the plan ends with the first.
    both, first = climbing(ZERO, SMALL), climbing(ZERO)
    algorithm = adapter(work, lambda scores: first(scores) if scores else both(scores), tmp_path)
    algorithm.suggest("a")
    algorithm.suggest("b")
    assert not algorithm.unwanted("b", {})
    train(work, ZERO).save(tmp_path / "0x0.npz")
    algorithm.on_trial_complete("a")
    assert algorithm.unwanted("b", {})
    assert not algorithm.unwanted("never begun", {})


def test_what_ray_tune_writes_of_the_search_again_and_again_holds_no_data(work: Work, tmp_path: Path) -> None:
    # At every checkpoint it pickles its stopping rule, which is a method of the adapter.
    algorithm = adapter(work, climbing(ZERO, SMALL), tmp_path)
    algorithm.scheduler.finish(divide(ZERO, 2)[0], train(work, ZERO))
    assert len(cloudpickle.dumps((algorithm, algorithm.unwanted))) < 1000  # type: ignore[no-untyped-call]


def test_a_trial_computes_with_one_thread(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, threads = train(work, ZERO), list[int]()

    def counting(*_: object) -> Result:
        threads.extend(library["num_threads"] for library in threadpool_info())
        return result

    tune._training.cache_clear()
    monkeypatch.setattr(training, "train", counting)
    monkeypatch.setattr(ray.tune, "report", lambda _: None)
    with threadpool_limits(limits=2):
        tune._trial({"layers": 0, "units": 0, "folds": (0, 1)}, work, Store(tmp_path), "cpu")
    tune._training.cache_clear()
    assert set(threads) == {1}
    assert (tmp_path / "0x0.npz").is_file()


def test_a_gpu_that_is_not_there_is_said_before_anything_waits_for_it(
    work: Work, tmp_path: Path, params_content: Callable[[], dict[str, Any]]
) -> None:
    content = params_content()["search"]
    settings = Search(**{**content, "compute": content["compute"] | {"gpus_per_trial": 1000, "trials": 1}})
    scheduler = Scheduler(climbing(ZERO, LARGE), work, {}, lambda _: None, lambda _: None)
    with pytest.raises(
        InputError, match=r"search.compute.gpus_per_trial: 1000 asked for, but Ray sees \d+ GPUs here; set it to 0"
    ):
        tune.run_trials(work, scheduler, settings, Store(tmp_path))
