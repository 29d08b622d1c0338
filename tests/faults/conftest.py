"""One tiny project and its undisturbed run; the tests disturb copies of it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import ray

from benchmarks import faults
from benchmarks.faults import Disturbed
from tests.servers import Server


@pytest.fixture(scope="session")
def short() -> Iterator[Path]:
    """A folder with a short path: Ray's sockets lie below it."""
    folder = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def undisturbed(short: Path) -> Disturbed:
    """The project after a run that nobody disturbed."""
    made = faults.make(short / "p", short / "t")
    assert made.run() == 0, made.said()
    assert faults.mess(made, made) == []
    return made


@pytest.fixture
def copied(undisturbed: Disturbed, short: Path, tmp_path: Path) -> Callable[..., Disturbed]:
    """A copy as it was before a stage, whose temporary files are in a folder of its own.

    Whoever loads a model by `mlflow.pyfunc` from a server leaves a folder there, which is no mess of a run's.
    """

    def copy(stage: str, place: Path | None = None, **variables: str) -> Disturbed:
        made = faults.rewound(undisturbed, place or tmp_path / "p", stage)
        temporary = short / str(len(list(short.iterdir())))  # a long name has no room for Ray's sockets
        temporary.mkdir()
        return Disturbed(made.folder, temporary, variables)

    return copy


@pytest.fixture
def holds(undisturbed: Disturbed) -> Callable[..., None]:
    """Asserts that all is as if nothing had happened: the answer, its shards, the registry, and nothing left over."""

    def check(project: Disturbed, shards: dict[str, tuple[int, int]], has_registry: bool = True) -> None:
        assert project.answers() == undisturbed.answers()
        assert {name: mark for name, mark in project.shards().items() if name in shards} == shards
        assert faults.gone(project) < 300
        assert faults.mess(project, undisturbed) == []
        if has_registry:
            stored = faults.registry(project)
            assert (stored.running, stored.versions, stored.aliases) == (0, [1], {"champion": 1})

    return check


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "server").mkdir()
    made = Server(tmp_path / "server")
    made.start()
    yield made
    made.kill()


@contextmanager
def one_worker(set_up: Callable[[], None]) -> Iterator[None]:
    """Ray on this machine with one worker, which calls `set_up` before it works."""
    ray.init(
        address="local", num_cpus=1, include_dashboard=False, log_to_driver=False,
        runtime_env={"worker_process_setup_hook": set_up},
    )  # fmt: skip
    yield
    ray.shutdown()
