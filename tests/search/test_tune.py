"""The scheduler as Ray Tune knows it, without starting Ray."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import ray
from ray import cloudpickle
from ray.tune.execution import class_cache
from ray.tune.search import Searcher

from cellsize.errors import InputError
from cellsize.params import Compute
from cellsize.search import cluster, trial, tune
from cellsize.search.cluster import Node, Resources
from cellsize.search.scheduler import Scheduler
from cellsize.search.shards import divide
from cellsize.search.spread import Room
from cellsize.search.storage import Storage, opened
from cellsize.search.store import Store
from cellsize.sizing.sizes import ZERO
from cellsize.sizing.walk import Plan, Walk
from cellsize.training.records import Work
from cellsize.training.train import train
from tests.search.conftest import LARGE, SMALL, climbing

FINISHED: Any = Searcher.FINISHED  # a word, where Ray Tune's type says a configuration


def adapter(work: Work, plan: Plan, folder: Path, **options: Any) -> tune.Adapter:
    scheduler = Scheduler(plan, work, {}, lambda _: None, lambda _: None)
    return tune.Adapter(scheduler, Store(Storage(str(folder))), **options)


def test_a_trial_is_a_shard_until_all_is_done(work: Work, tmp_path: Path) -> None:
    algorithm = adapter(work, climbing(ZERO), tmp_path)
    assert algorithm.suggest("a") == {"name": "0x0", "layers": 0, "units": 0, "folds": (0, 1)}
    assert algorithm.suggest("b") is None
    train(work, ZERO).save(tmp_path / "0x0.npz")
    algorithm.on_trial_complete("a")
    assert set(algorithm.scheduler.results) == {ZERO}
    assert algorithm.suggest("b") == FINISHED


def test_what_fails_twice_in_the_program_is_a_failure_of_its_size(work: Work, tmp_path: Path) -> None:
    algorithm = adapter(work, climbing(SMALL), tmp_path)
    algorithm.suggest("a")
    algorithm.on_trial_result("a", {"check": 0, trial.FAILED: "ValueError: no"})
    algorithm.on_trial_complete("a")
    # Once more: a disk may have been full for a moment.
    assert algorithm.suggest("b") == {"name": "1x1", "layers": 1, "units": 1, "folds": (0, 1)}
    algorithm.on_trial_complete("b", {"check": 0, trial.FAILED: "ValueError: no"})
    assert algorithm.suggest("c") == FINISHED
    assert algorithm.scheduler.failure == (
        "search: 1 × 1 failed twice: ValueError: no; what is finished is kept, so run again once the cause is fixed"
    )


@pytest.mark.parametrize("result", [None, {"check": 0, trial.FAILED: "OSError: no"}])
def test_a_shard_whose_worker_dies_or_fails_after_its_result_was_kept_is_finished(
    work: Work, tmp_path: Path, result: dict[str, Any] | None
) -> None:
    algorithm = adapter(work, climbing(ZERO), tmp_path)
    algorithm.suggest("a")
    train(work, ZERO).save(tmp_path / "0x0.npz")
    algorithm.on_trial_complete("a", result, error=result is None)
    assert set(algorithm.scheduler.results) == {ZERO}
    assert algorithm.suggest("b") == FINISHED


def test_what_a_trial_says_is_printed(work: Work, tmp_path: Path) -> None:
    lines = list[str]()
    scheduler = Scheduler(climbing(SMALL), work, {}, lambda _: None, lines.append)
    algorithm = tune.Adapter(scheduler, Store(Storage(str(tmp_path))))
    algorithm.suggest("a")
    algorithm.on_trial_result("a", {"check": 0, trial.SAID: "search: a line"})
    assert lines == ["search: a line"]


def test_workers_that_are_killed_end_no_search_while_they_get_further(work: Work, tmp_path: Path) -> None:
    algorithm = adapter(work, climbing(SMALL), tmp_path)
    for check in range(3 * tune.DEATHS):
        assert algorithm.suggest(f"{check}") == {"name": "1x1", "layers": 1, "units": 1, "folds": (0, 1)}
        algorithm.on_trial_result(f"{check}", {"check": check, "steps": 2 * check})
        algorithm.on_trial_complete(f"{check}", error=True)
    assert not algorithm.scheduler.ended()


def test_workers_that_are_killed_at_one_place_again_and_again_end_the_search(work: Work, tmp_path: Path) -> None:
    # For want of memory, for instance: without an end to it the search would never end.
    algorithm = adapter(work, climbing(SMALL), tmp_path)
    for death in range(tune.DEATHS):
        algorithm.suggest(f"{death}")
        # Resumed at an epoch before, and killed at the latest where the first one was.
        algorithm.on_trial_result(f"{death}", {"check": 7 - death % 2, "steps": 14})
        algorithm.on_trial_complete(f"{death}", error=True)
    assert algorithm.suggest("last") == FINISHED
    assert "1 × 1 was killed 5 times and got no further" in algorithm.scheduler.failure
    assert "the last time" not in algorithm.scheduler.failure


def test_what_the_last_lost_worker_left_as_its_reason_is_said(work: Work, tmp_path: Path) -> None:
    algorithm = adapter(work, climbing(SMALL), tmp_path)
    for death in range(tune.DEATHS):
        algorithm.suggest(f"{death}")
        algorithm.on_trial_result(f"{death}", {"check": 0, trial.LOST: f"NodeDiedError: {death}"})
        algorithm.on_trial_complete(f"{death}", error=True)
    assert algorithm.suggest("last") == FINISHED
    assert "(search.compute); the last time: NodeDiedError: 4; what is finished" in algorithm.scheduler.failure


def test_a_search_without_a_sign_of_life_gives_up(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    algorithm = adapter(work, climbing(SMALL), tmp_path, patience=60.0)
    stopping = tune.Stopping(algorithm)
    algorithm.suggest("a")
    now += 60
    assert not stopping.stop_all()
    algorithm.on_trial_result("a", {"check": 1, "steps": 2})
    now += 60
    assert not stopping.stop_all()
    now += 1
    assert stopping.stop_all()
    assert algorithm.scheduler.failure.startswith("search: no sign of life from any trial for 1 min")
    assert algorithm.suggest("b") == FINISHED


def test_a_trial_waits_until_there_is_room_and_is_handed_out_then(work: Work, tmp_path: Path) -> None:
    both: Plan = lambda known: Walk(tuple(known), tuple(size for size in (SMALL, LARGE) if size not in known), ())  # noqa: E731
    algorithm = adapter(work, both, tmp_path, room=Room(2.0, lambda shard: 2.0 if shard.size == LARGE else 1.0))
    assert algorithm.suggest("a") == {"name": "1x1", "layers": 1, "units": 1, "folds": (0, 1)}
    assert algorithm.suggest("b") is None
    assert set(algorithm.trials) == {"a"}
    train(work, SMALL).save(tmp_path / "1x1.npz")
    algorithm.on_trial_complete("a")
    assert algorithm.suggest("b") == {"name": "1x2", "layers": 1, "units": 2, "folds": (0, 1)}


def test_a_trial_that_was_stopped_leaves_nothing(work: Work, tmp_path: Path) -> None:
    algorithm = adapter(work, climbing(SMALL), tmp_path)
    algorithm.suggest("a")
    algorithm.on_trial_complete("a")
    algorithm.on_trial_complete("never begun")
    assert algorithm.scheduler.results == {}
    assert algorithm.suggest("b") == {"name": "1x1", "layers": 1, "units": 1, "folds": (0, 1)}


def test_a_trial_is_stopped_once_nobody_wants_its_size(work: Work, tmp_path: Path) -> None:
    # The second size turns out not to be needed: the plan ends with the first.
    both, first = climbing(ZERO, SMALL), climbing(ZERO)
    algorithm = adapter(work, lambda scores: first(scores) if scores else both(scores), tmp_path)
    algorithm.suggest("a")
    algorithm.suggest("b")
    assert not algorithm.unwanted("b")
    train(work, ZERO).save(tmp_path / "0x0.npz")
    algorithm.on_trial_complete("a")
    assert algorithm.unwanted("b")
    assert not algorithm.unwanted("never begun")


def test_what_ray_tune_writes_of_the_search_again_and_again_holds_no_data(work: Work, tmp_path: Path) -> None:
    # At every checkpoint it pickles its stopping rule, which is a method of the adapter.
    algorithm = adapter(work, climbing(ZERO, SMALL), tmp_path)
    algorithm.scheduler.finish(divide(ZERO, 2)[0], train(work, ZERO))
    assert len(cloudpickle.dumps((algorithm, tune.Stopping(algorithm)))) < 1000  # type: ignore[no-untyped-call]


def test_what_a_node_asks_for_in_vain_is_said_before_anything_waits_for_it(
    work: Work, tmp_path: Path, params_content: Callable[[], dict[str, Any]]
) -> None:
    compute = Compute(**{**params_content()["search"]["compute"], "gpus_per_trial": 1000, "devices_per_trial": 2})
    scheduler = Scheduler(climbing(ZERO, LARGE), work, {}, lambda _: None, lambda _: None)
    with pytest.raises(InputError, match=r"search.compute.gpus_per_trial: asks for 1000 GPUs a trial, this machine"):
        tune.run_trials(work, scheduler, compute, Store(Storage(str(tmp_path))), tmp_path / "tune")


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({}, None),
        (
            {"gpus_per_trial": 1.0},
            "search.compute.gpus_per_trial: asks for 1 GPU a trial, this machine has none; set it",
        ),
        (
            {"cpus_per_trial": 3},
            "search.compute.cpus_per_trial: asks for 3 cores a trial, this machine has 2; set it to",
        ),
        ({"storage": "/proc/nowhere"}, "search.compute.storage: /proc/nowhere: "),
    ],
)
def test_what_a_search_asks_for_is_refused_before_one_begins_and_nothing_is_left(
    params_content: Callable[[], dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: dict[str, Any],
    refusal: str | None,
) -> None:
    ended = list[bool]()
    monkeypatch.setattr(cluster, "connect", lambda _: Resources((Node("here", "n", 2.0, 0.0),)))
    monkeypatch.setattr(ray, "shutdown", lambda: ended.append(True))
    compute = Compute(**params_content()["search"]["compute"] | asked)
    if refusal is None:
        tune.reach(compute, opened(compute.storage, tmp_path / "search"))
    else:
        with pytest.raises(InputError) as refused:
            tune.reach(compute, opened(compute.storage, tmp_path / "search"))
        assert str(refused.value).startswith(refusal)
    assert ended == [True]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.slow
def test_the_data_go_to_the_workers_once_however_many_shards_there_are(
    work: Work, params_content: Callable[[], dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, plain = list[Work](), Work.__reduce_ex__

    def noted(self: Work, protocol: Any) -> Any:
        sent.append(self)
        return plain(self, protocol)

    monkeypatch.setattr(Work, "__reduce_ex__", noted)
    scheduler = Scheduler(climbing(ZERO, SMALL, LARGE), work, {}, lambda _: None, lambda _: None)
    compute = Compute(**params_content()["search"]["compute"] | {"trials": 2})
    tune.run_trials(work, scheduler, compute, Store(Storage(str(tmp_path / "store"))), tmp_path / "tune")
    assert set(scheduler.results) == {ZERO, SMALL, LARGE}
    assert sent == [work]


def test_ray_tune_hands_keys_to_trials_by_a_list_that_is_still_where_it_was() -> None:
    # What is on it stands in process lists; `tests/faults/test_clusters.py` looks there while a run is on.
    assert isinstance(class_cache.ENV_VARS_TO_PROPAGATE, set)
    assert "RAY_CHDIR_TO_TRIAL_DIR" in class_cache.ENV_VARS_TO_PROPAGATE
