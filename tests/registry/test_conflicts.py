"""Two that write at once: each call of the one is a moment at which the other does all of its work."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from cellsize.params import Mlflow, Register
from cellsize.registry import logged, moves, versions
from cellsize.registry.champion import current_version
from cellsize.registry.conflicts import TIMES, making, moving, repeated
from cellsize.registry.store import connect
from cellsize.sizing.evaluation_records import Registration
from tests.registry.test_versions import BETTER, evaluation

GATE = Register(name="toy", beat=("naive",), margin=1.0, probability=0.9, not_worse=0.8, blocks=8)
MOMENTS = 14  # one more than the calls of a client while a version is judged and promoted


@pytest.fixture
def client(settings: Mlflow) -> MlflowClient:
    """A registry with two versions of `toy`, of two models."""
    made, experiment = connect(settings)
    made.create_registered_model("toy")
    run = made.create_run(experiment)
    for model in ("one", "other"):
        made.create_model_version("toy", f"{run.info.artifact_uri}/m", run.info.run_id, {logged.FINGERPRINT: model})
    return made


@pytest.fixture
def as_on_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lock keeps two apart; and none is waited for, who waits for the other to return."""

    @contextmanager
    def none(_: str) -> Iterator[bool]:
        yield False

    monkeypatch.setattr(moves, "moving", none)
    monkeypatch.setattr(moves, "SETTLES", 0.0)
    monkeypatch.setattr(moves, "UNDER_WAY", 0.0)


class Interrupted:
    """A client, before whose call of some number something else happens."""

    def __init__(self, client: MlflowClient, moment: int, other: Callable[[], None]) -> None:
        self.client, self.moment, self.other, self.calls = client, moment, other, 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls == self.moment:
                self.other()
            return found(*arguments, **named)

        return call


def decided(client: Any, version: str) -> Registration:
    return versions._decide_again(client, GATE, version, evaluation(BETTER), compare=True)


def both(client: MlflowClient, moment: int, one: str, other: str) -> list[Registration]:
    """Two registrations, the second of which has all of its calls before one call of the first."""
    said = list[Registration]()
    interrupted = Interrupted(client, moment, lambda: said.append(decided(client, other)))
    return [decided(interrupted, one), *said]


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(1, MOMENTS))
def test_two_projects_that_decide_about_one_version_at_once_both_find_it_champion(
    client: MlflowClient, as_on_a_server: None, moment: int
) -> None:
    said = both(client, moment, "1", "1")
    assert [(each.version, each.alias, each.promoted) for each in said] == [("1", "champion", True)] * len(said)
    assert len({each.reason for each in said}) == 1
    assert current_version(client, "toy") == "1"
    (entry,) = moves.heal(client, "toy")
    assert (entry.begin, entry.end, entry.kind, entry.finished) == (None, "1", "gate", True)


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(1, MOMENTS))
def test_of_two_models_that_are_promoted_at_once_both_end_well_and_one_is_champion(
    client: MlflowClient, as_on_a_server: None, moment: int
) -> None:
    said = both(client, moment, "1", "2")
    champion = current_version(client, "toy")
    assert champion in {each.version for each in said if each.promoted}
    assert moves.heal(client, "toy")[-1].end == champion
    assert all(each.finished for each in moves.history(client, "toy"))


def test_the_moments_are_all_there_are(client: MlflowClient, as_on_a_server: None) -> None:
    counted = Interrupted(client, 0, lambda: None)
    decided(counted, "1")
    assert counted.calls == MOMENTS - 1


def refused(times: int, code: str, done: list[int]) -> Callable[[int], None]:
    def write(value: int) -> None:
        nonlocal times
        if times:
            times -= 1
            raise MlflowException("(psycopg.errors.UniqueViolation) duplicate key", getattr(_codes(), code))
        done.append(value)

    return write


def _codes() -> Any:
    from mlflow.protos import databricks_pb2

    return databricks_pb2


def test_a_write_that_another_has_made_in_this_moment_is_made_again() -> None:
    done = list[int]()
    repeated(refused(TIMES - 1, "BAD_REQUEST", done), 7)
    assert done == [7]


@pytest.mark.parametrize(("times", "code"), [(TIMES, "BAD_REQUEST"), (1, "INVALID_PARAMETER_VALUE")])
def test_a_write_that_is_refused_for_good_is_not_made_for_ever(times: int, code: str) -> None:
    done = list[int]()
    with pytest.raises(MlflowException):
        repeated(refused(times, code, done), 7)
    assert done == []


def _counts(uri: str, context: str, counter: Path) -> None:
    """Reads a number and writes the next one, far enough apart for others to come between."""
    import time

    for _ in range(5):
        with {"making": making, "moving": moving}[context](uri):
            number = int(counter.read_text())
            time.sleep(0.01)
            counter.write_text(str(number + 1))


@pytest.mark.parametrize("context", ["making", "moving"])
def test_processes_with_one_sqlite_file_work_one_after_the_other(tmp_path: Path, context: str) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    spawn = multiprocessing.get_context("fork")
    uri = f"sqlite:///{tmp_path}/store.db"
    processes = [spawn.Process(target=_counts, args=(uri, context, counter)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert counter.read_text() == "15"


def test_a_server_has_no_lock() -> None:
    with moving("http://127.0.0.1:5000") as locked:
        assert not locked
