"""One trial on several devices: what ends it, and as Ray runs it."""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from ray.exceptions import ActorDiedError, WorkerCrashedError
from ray.train import TrainingFailedError
from ray.train.v2._internal.exceptions import WorkerGroupStartupTimeoutError, WorkerHealthCheckFailedError
from ray.train.v2.api.exceptions import ControllerError

from cellsize.params import Search
from cellsize.search import distributed, driver, trial
from cellsize.search.scheduler import Scheduler
from cellsize.sizing.sizes import Size
from cellsize.training import fit
from cellsize.training.records import Work
from cellsize.training.train import train
from tests.search.conftest import climbing


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
    assert str(cause).startswith("ActorDiedError: The actor died")


def test_what_ends_the_controller_is_lost_only_if_ray_lost_it_and_its_reason_is_kept() -> None:
    ended: Callable[[Exception], Any] = ControllerError
    refused, lost = OSError("read-only"), WorkerCrashedError()
    assert distributed.cause(ended(refused)) is refused
    unhealthy = WorkerHealthCheckFailedError("no answer", lost)
    for failure in (lost, WorkerGroupStartupTimeoutError(2)):
        assert isinstance(distributed.cause(ended(failure)), trial.LostWorkerError)
    assert isinstance(distributed.cause(FailedError(w0=unhealthy)), trial.LostWorkerError)
    unknown = FailedError()
    assert distributed.cause(unknown) is unknown


@pytest.fixture
def on_two(params_content: Callable[[], dict[str, Any]]) -> Search:
    """Every size on two cores, one trial at a time."""
    content = params_content()["search"]
    return Search(**content | {"compute": content["compute"] | {"devices_per_trial": 2, "trials": 1}})


SIZE = Size(1, 12)


def kill_a_worker(told: list[int], store: Path, noted: dict[str, int]) -> None:
    """Kills one of the workers once their state is saved; notes how far it was, and how much was told by then."""
    until(lambda: bool(told))
    workers = [
        process
        for process in psutil.Process().children(recursive=True)
        if any("RayTrainWorker" in word for word in process.cmdline())
    ]
    # It is saved at the first check after twenty seconds: however fast the machine is, these pass.
    workers[-1].send_signal(signal.SIGSTOP)
    time.sleep(fit.SAVE_SECONDS + 1)
    workers[-1].send_signal(signal.SIGCONT)
    until(lambda: bool(list(store.rglob("*.ckpt"))))
    workers[-1].send_signal(signal.SIGKILL)
    (saved,) = store.rglob("*.ckpt")
    noted |= {"workers": len(workers), "told": len(told)}
    noted["saved"] = torch.load(saved, weights_only=True)["states"][0]["steps"]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)


@pytest.mark.slow
def test_a_search_on_two_devices_resumes_after_a_worker_is_killed_and_has_the_losses_of_one_device(
    make_work: Callable[..., Work], on_two: Search, tmp_path: Path
) -> None:
    work = driver.located(make_work(check_every=2, steps=2500, patience=2500), on_two.compute)
    assert work.devices == 2
    steps, noted = list[int](), dict[str, int]()

    def show(scheduler: Scheduler) -> None:
        steps.extend(set(scheduler.steps.values()) - set(steps[-1:]))

    killer = threading.Thread(target=kill_a_worker, args=(steps, tmp_path, noted), daemon=True)
    killer.start()
    (result,) = driver.run(work, climbing(SIZE), on_two, tmp_path, lambda _: None, lambda _: None, show)
    killer.join(1)
    assert noted["workers"] == 2
    # Not begun anew: whoever does tells of its first steps after two seconds.
    assert min(steps[noted["told"] :]) > noted["saved"] > 0
    alone = train(work, SIZE)
    for row, expected in zip(result.rows, alone.rows, strict=True):
        assert (row.status, row.steps, row.trained) == (expected.status, expected.steps, expected.trained)
        assert row.score == pytest.approx(expected.score, abs=1e-4)
    # Of a hundred steps: of thousands the training itself makes the last digits that differ large.
    begun = [pair for pair in zip(result.checks, alone.checks, strict=True) if pair[0].step <= 100]
    assert len(begun) == 2 * 50
    for check, expected_check in begun:
        assert check.early_stopping_score == pytest.approx(expected_check.early_stopping_score, abs=1e-4)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{SIZE}@2.npz"]
