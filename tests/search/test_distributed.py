"""One trial on several devices: what ends it, and as Ray runs it."""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from ray.exceptions import ActorDiedError
from ray.train import TrainingFailedError

from cellsize.params import Search
from cellsize.search import distributed, driver, trial
from cellsize.search.scheduler import Scheduler
from cellsize.training.records import Result, Work
from cellsize.training.train import train
from tests.search.conftest import SMALL, climbing


class FailedError(TrainingFailedError):
    """What Ray Train raises, with what became of each worker."""

    def __init__(self, **failures: Exception) -> None:
        super().__init__("Training failed\nand much more")
        if failures:
            self.worker_failures = {int(rank[1:]): failure for rank, failure in failures.items()}


class WrappedError(Exception):
    """Ray's word for an error of a worker."""

    def __init__(self, inner: Exception) -> None:
        self._base_exc = inner


def test_a_worker_that_is_lost_is_told_from_an_error_of_the_program() -> None:
    lost, mine = ActorDiedError(), ValueError("no")
    assert distributed.cause(FailedError(w0=WrappedError(mine), w1=WrappedError(KeyError()))) is mine
    assert distributed.cause(FailedError(w0=mine)) is mine
    # The others fail too, since it answers no more.
    cause = distributed.cause(FailedError(w0=WrappedError(RuntimeError("Connection closed by peer")), w1=lost))
    assert isinstance(cause, trial.LostWorkerError)
    assert str(cause) == "Training failed"
    # The controller itself.
    assert isinstance(distributed.cause(FailedError()), trial.LostWorkerError)


@pytest.fixture
def on_two(params_content: Callable[[], dict[str, Any]]) -> Search:
    """Every size on two cores, one trial at a time."""
    content = params_content()["search"]
    return Search(**content | {"compute": content["compute"] | {"devices_per_trial": 2, "trials": 1}})


def kill_a_worker(told: list[int], store: Path, at: list[int]) -> None:
    """Kills one of the workers as soon as their state was saved, and notes how far they were."""
    deadline = time.monotonic() + 300
    while not list(store.rglob("*.ckpt")) and time.monotonic() < deadline:
        time.sleep(0.2)
    workers = [
        process
        for process in psutil.Process().children(recursive=True)
        if any("RayTrainWorker" in word for word in process.cmdline())
    ]
    at.append(len(told))
    workers[-1].send_signal(signal.SIGKILL)


@pytest.mark.slow
def test_a_search_on_two_devices_resumes_after_a_worker_is_killed_and_has_the_losses_of_one_device(
    make_work: Callable[..., Work], on_two: Search, tmp_path: Path
) -> None:
    work = driver.located(make_work(check_every=10, steps=6000, patience=6000, seeds=1), on_two.compute)
    assert work.devices == 2
    steps, at = list[int](), list[int]()

    def show(scheduler: Scheduler) -> None:
        steps.extend(set(scheduler.steps.values()) - set(steps[-1:]))

    killer = threading.Thread(target=kill_a_worker, args=(steps, tmp_path, at), daemon=True)
    killer.start()
    said, results = list[str](), list[Result]()
    (result,) = driver.run(work, climbing(SMALL), on_two, tmp_path, results.append, said.append, show)
    killer.join(1)
    before, after = steps[: at[0]], steps[at[0] :]
    # It was saved after twenty seconds, and not begun anew.
    assert max(before) > 500
    assert after
    assert min(after) > 500
    alone = train(work, SMALL)
    assert [row.status for row in result.rows] == [row.status for row in alone.rows]
    for row, expected in zip(result.rows, alone.rows, strict=True):
        assert (row.steps, row.trained) == (expected.steps, expected.trained)
        assert row.score == pytest.approx(expected.score, abs=1e-4)
    np.testing.assert_allclose(
        [check.early_stopping_score for check in result.checks],
        [check.early_stopping_score for check in alone.checks],
        atol=1e-4,
    )
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{SMALL}.npz"]
