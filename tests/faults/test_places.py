"""What the run writes to goes away: the disk is full, the MLflow server is down; and two clones share one."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import mlflow
import pytest

from benchmarks.faults import Disturbed
from cellsize import files
from tests.servers import Server

pytestmark = pytest.mark.slow


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("stage", ["search", "refit"])
def test_a_full_disk_is_said_in_one_line_and_costs_nothing_once_there_is_space(
    copied: Callable[..., Disturbed], holds: Callable[..., None], disk: Path, stage: str
) -> None:
    project = copied(stage, disk / "p")
    fill(disk)
    assert project.run() == 1  # before anything has begun
    said_once(project.said())
    (disk / "ballast").unlink()
    before, running = len(project.said()), project.begin()
    deadline = time.monotonic() + 600
    while f"Running stage '{stage}'" not in project.said()[before:] and time.monotonic() < deadline:
        time.sleep(0.01)
    fill(disk)
    assert running.wait(timeout=300) == 1, project.said()
    said_once(project.said()[before:])
    kept = project.shards()
    (disk / "ballast").unlink()
    assert project.run() == 0, project.said()
    holds(project, kept)


def said_once(said: str) -> None:
    """Asserts that it is one line, and whose."""
    lines = [line for line in said.splitlines() if "disk is full" in line or "No space left" in line]
    assert len(lines) == 1, said
    assert lines[0].startswith("error: ")
    assert lines[0].endswith("the disk is full; make space there, then run again: what is finished is kept")
    assert "Traceback" not in said


def fill(disk: Path) -> None:
    """Leaves no byte."""
    with (disk / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        for size in (1 << 16, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))


def stored(server: Server) -> tuple[list[str], list[str], str]:
    """What the server holds: the statuses of runs, the versions, and which is champion."""
    client = mlflow.MlflowClient(tracking_uri=server.address, registry_uri=server.address)
    experiments = [one.experiment_id for one in client.search_experiments()]
    statuses = [run.info.status for run in client.search_runs(experiments)]
    versions = sorted(str(version.version) for version in client.search_model_versions())
    return statuses, versions, str(client.get_model_version_by_alias("table", "champion").version)


def test_a_server_that_goes_away_costs_no_training_and_the_next_run_writes_what_is_missing(
    copied: Callable[..., Disturbed], holds: Callable[..., None], server: Server
) -> None:
    project = copied("search", MLFLOW_TRACKING_URI=server.address)
    running = project.begin()
    deadline = time.monotonic() + 600
    while not project.shards() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    server.kill()
    assert running.wait(timeout=600) == 1, project.said()
    errors = [line for line in project.said().splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert f"mlflow.uri: {server.address} is not reachable" in errors[0]
    assert "Traceback" not in project.said()
    kept = project.shards()
    server.start()
    assert project.run() == 0, project.said()
    assert "nothing left to train" in project.said()
    holds(project, kept, has_registry=False)
    statuses, versions, champion = stored(server)
    assert "RUNNING" not in statuses
    assert (versions, champion) == (["1"], "1")


def test_two_clones_share_a_server_and_both_finish(copied: Callable[..., Disturbed], server: Server) -> None:
    one = copied("search", MLFLOW_TRACKING_URI=server.address)
    other = copied("search", one.folder.with_name("other"), MLFLOW_TRACKING_URI=server.address)
    other.edit({"search.seed": 1, "refit.seed": 1})  # another model: the same one would be the same version
    running = [project.begin() for project in (one, other)]
    for process, project in zip(running, (one, other), strict=True):
        assert process.wait(timeout=1200) == 0, project.said()
    statuses, versions, champion = stored(server)
    assert set(statuses) == {"FINISHED"}
    assert versions == ["1", "2"]
    said = [files.read_json(project.folder / "reports/registration.json") for project in (one, other)]
    assert {each["version"] for each in said} == {"1", "2"}
    assert champion in {each["version"] for each in said if each["promoted"]}


def test_two_clones_with_the_same_model_have_one_version_and_both_finish(
    copied: Callable[..., Disturbed], server: Server
) -> None:
    one = copied("refit", MLFLOW_TRACKING_URI=server.address)
    other = copied("refit", one.folder.with_name("other"), MLFLOW_TRACKING_URI=server.address)
    running = [project.begin() for project in (one, other)]  # they come to the registry at about the same time
    for process, project in zip(running, (one, other), strict=True):
        assert process.wait(timeout=1200) == 0, project.said()
    said = [files.read_json(project.folder / "reports/registration.json") for project in (one, other)]
    statuses, versions, champion = stored(server)
    assert set(statuses) == {"FINISHED"}
    assert {each["version"] for each in said} == set(versions) == {champion}
    assert len(versions) == 1
    assert all(each["promoted"] for each in said)
