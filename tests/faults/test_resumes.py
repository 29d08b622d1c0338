"""A killed worker's shard resumes at its last saved epoch, and not anew: asserted by the first step told after it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from benchmarks import faults
from cellsize.params import Search
from cellsize.search import driver
from cellsize.search.scheduler import Scheduler
from cellsize.search.shards import divide
from cellsize.sizing.sizes import Size
from cellsize.training.records import Work
from cellsize.training.train import train
from tests.faults.conftest import one_worker
from tests.search.conftest import climbing

pytestmark = pytest.mark.slow

SIZE = Size(1, 8)  # one shard
EVERY = 10


@pytest.fixture
def cluster() -> Iterator[None]:
    """Ray on this machine, whose workers save after each check and tell each: in 20 seconds tiny trainings are over."""

    def often() -> None:
        from cellsize.search import trial
        from cellsize.training import fit

        assert fit.SAVE_SECONDS > 0
        assert trial.REPORT_SECONDS > 0
        fit.SAVE_SECONDS = trial.REPORT_SECONDS = 0.0

    with one_worker(often):
        yield


def trials() -> list[psutil.Process]:
    """The processes of this one's Ray that hold a trial."""
    mine = psutil.Process().children(recursive=True)
    return [process for process in mine if "ImplicitFunc" in " ".join(process.cmdline())]


def saved_steps(folder: Path) -> int:
    """Steps of the epoch that is saved; 0 if none is."""
    for path in folder.glob("*/*.ckpt"):
        return EVERY * int(torch.load(path, weights_only=True)["epoch"] + 1)
    return 0


def test_a_killed_workers_shard_goes_on_at_its_last_saved_epoch(
    make_work: Callable[..., Work], params_content: Callable[[], dict[str, Any]], cluster: None, tmp_path: Path
) -> None:
    work = make_work(check_every=EVERY, steps=1500, maximum_steps=1500, patience=1500, split={"folds": 2})
    content = params_content()["search"]
    search = Search.model_validate(content | {"compute": content["compute"] | {"storage": str(tmp_path / "stored")}})
    (shard,) = divide(SIZE, 2)
    told = list[int]()
    killed = dict[str, int]()

    def show(scheduler: Scheduler) -> None:
        steps = scheduler.steps.get(shard, 0)
        if steps and (not told or steps != told[-1]):
            told.append(steps)
        if not killed and steps >= 20 * EVERY:  # well beyond what a new beginning would tell first
            hit = faults.kill(trials())
            assert len(hit) == 1
            assert faults.dead(hit[0])
            killed.update(saved=saved_steps(tmp_path / "stored"), before=len(told))

    results = driver.run(work, climbing(SIZE), search, tmp_path / "here", lambda _: None, print, show)
    before, after = told[: killed["before"]], told[killed["before"] :]
    assert before[0] == EVERY  # each check is told: so would the first one of a training that began anew
    # What was on its way may arrive after the kill; then the training resumes after the saved epoch.
    assert before[-1] <= killed["saved"] <= before[-1] + 3 * EVERY
    assert next(steps for steps in after if steps > killed["saved"]) == killed["saved"] + EVERY
    assert min(after) > before[-1]
    undisturbed = train(work, SIZE, folds=shard.folds)
    assert results[0].rows == undisturbed.rows
