"""A kill costs no finished shard, changes no answer and leaves no mess; `make torture` kills far more often."""

import resource
import signal
import time
from collections.abc import Callable

import psutil
import pytest

from benchmarks import faults
from benchmarks.faults import Disturbed

pytestmark = pytest.mark.slow


def a_shard(project: Disturbed) -> None:
    """Waits until a first shard is finished."""
    deadline = time.monotonic() + 300
    while not project.shards() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert project.shards(), project.said()


def wait_for(project: Disturbed, kind: str) -> psutil.Process:
    """One of a kind, as soon as it is there."""
    deadline = time.monotonic() + 300
    while not (found := faults.victims(project).get(kind, [])) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found, project.said()
    return found[0]


def killed(project: Disturbed, kind: str) -> None:
    """Kills one of a kind, which has to be there, and waits until it is gone."""
    victim = wait_for(project, kind)
    assert faults.kill([victim]) == [victim]
    assert faults.dead(victim)


@pytest.mark.parametrize("kind", ["run", "gcs_server"])
def test_the_next_run_gives_the_same_answer_after_a_kill_in_the_search(
    copied: Callable[..., Disturbed], holds: Callable[..., None], kind: str
) -> None:
    project = copied("search")
    running = project.begin()
    a_shard(project)
    killed(project, kind)
    running.wait(timeout=300)
    assert running.returncode != 0
    kept = project.shards()
    assert project.run() == 0, project.said()  # at once, beside whatever has not ended yet
    holds(project, kept)


def test_a_killed_worker_costs_the_run_nothing_but_time(
    copied: Callable[..., Disturbed], holds: Callable[..., None]
) -> None:
    # As the kernel does where memory runs out.
    project = copied("search")
    running = project.begin()
    a_shard(project)
    assert running.poll() is None
    killed(project, "worker")
    kept = project.shards()
    assert running.wait(timeout=600) == 0, project.said()
    holds(project, kept)


def test_a_trial_that_runs_out_of_memory_is_trained_again_and_costs_nothing_else(
    copied: Callable[..., Disturbed], holds: Callable[..., None]
) -> None:
    # No word from the kernel here: what the process asks for is refused, and it ends as it may.
    project = copied("search")
    running = project.begin()
    a_shard(project)
    starved = wait_for(project, "worker")
    resource.prlimit(starved.pid, resource.RLIMIT_AS, (starved.memory_info().vms,) * 2)
    kept = project.shards()
    assert running.wait(timeout=600) == 0, project.said()
    assert "Traceback" not in project.said()
    assert "tried again" in project.said() or faults.dead(starved)
    holds(project, kept)


def test_a_second_run_is_refused_and_ctrl_c_ends_the_first_within_ten_seconds(
    copied: Callable[..., Disturbed], holds: Callable[..., None]
) -> None:
    project = copied("search")
    running = project.begin()
    a_shard(project)
    for word in ("run", "plan"):
        before = project.said()
        assert project.run(word) == 1
        said = [line for line in project.said()[len(before) :].splitlines() if line.startswith("error: ")]
        assert len(said) == 1
        assert f"another cellsize run works here, process {running.pid} on " in said[0]
    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=60) == 130
    assert time.monotonic() - began < 10
    assert "interrupted; what is finished is kept, and this resumes there: cellsize run" in project.said()
    kept = project.shards()
    assert project.run() == 0, project.said()
    holds(project, kept)
    assert "Traceback" not in project.said()
