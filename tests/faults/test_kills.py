"""A kill costs no finished shard, changes no answer and leaves no mess; `make torture` kills far more often."""

import signal
import time
from collections.abc import Callable

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


def killed(project: Disturbed, kind: str) -> None:
    """Kills one of a kind, which has to be there, and waits until it is gone."""
    deadline = time.monotonic() + 300
    while not (found := faults.victims(project).get(kind, [])) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found, project.said()
    hit = faults.kill(found[:1])
    assert hit == found[:1]
    assert faults.dead(hit[0])


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
