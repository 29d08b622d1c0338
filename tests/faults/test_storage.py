"""A real server of S3 that goes away while a trial trains: for a while, or for good."""

import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from pyarrow import fs

from cellsize.search import storage, trial
from cellsize.search.shards import divide
from cellsize.search.store import Store, open_store
from cellsize.sizing.sizes import Size
from cellsize.training import fit
from cellsize.training.records import Work

pytestmark = pytest.mark.slow

(SHARD,) = divide(Size(1, 1), 2)


@dataclass
class Server:
    """A server of S3 on the loopback, with one bucket; it has the same port each time."""

    port: int = 0
    served: Any = None
    waited: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Starts it."""
        self.served = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self.served.start()
        self.port = self.served.get_host_and_port()[1]
        made = fs.S3FileSystem(
            endpoint_override=f"127.0.0.1:{self.port}", scheme="http", allow_bucket_creation=True,
            access_key="somebody", secret_key="secret", region="us-east-1",
        )  # fmt: skip
        with suppress(OSError):  # it is there from before
            made.create_dir("shared")

    def forget(self) -> None:
        """Empties it: what it holds is the process's, and another test's server would have it too."""
        urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{self.port}/moto-api/reset", method="POST"), timeout=30
        )

    def stop(self) -> None:
        """Ends it."""
        if self.served is not None:
            self.served.stop()
            self.served = None


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()
    made.start()
    made.forget()
    made.stop()
    made.start()
    for key, value in {
        "AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{made.port}", "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(key, value)
    storage._opened.cache_clear()
    yield made
    storage._opened.cache_clear()
    made.stop()


@pytest.fixture
def trains(
    make_work: Callable[..., Work], server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[int], None]], tuple[Store, list[dict[str, Any]]]]:
    """Trains a shard as a worker does; calls for each wait for the storage, and saves after each check."""
    work = make_work(check_every=2, steps=20, maximum_steps=20, patience=20)
    monkeypatch.setattr(fit, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(trial, "REPORT_SECONDS", 0.0)
    monkeypatch.chdir(tmp_path)
    store = open_store(storage.opened("s3://shared/searches", tmp_path), work)

    def run(waiting: Callable[[int], None]) -> tuple[Store, list[dict[str, Any]]]:
        def sleep(seconds: float) -> None:
            server.waited.append(seconds)
            waiting(len(server.waited))

        monkeypatch.setattr(storage, "time", SimpleNamespace(sleep=sleep, time=time.time))
        reports = list[dict[str, Any]]()

        def report(metrics: dict[str, Any]) -> None:
            reports.append(metrics)
            if metrics["check"] == 3:
                server.stop()

        trial.run(trial.configuration(SHARD, None), work, store, report)
        return store, reports

    return run


def test_a_trial_outlasts_a_storage_that_is_gone_for_a_while(
    trains: Callable[..., tuple[Store, list[dict[str, Any]]]], server: Server
) -> None:
    def back(times: int) -> None:
        if times == 2:
            server.start()

    store, reports = trains(back)
    assert server.waited == list(storage.PAUSES[:2])
    assert [entry["check"] for entry in reports] == [*range(1, 11), trial.ALL_CHECKS]  # none a second time
    assert store.load(SHARD) is not None
    assert store.storage.names() == [f"{SHARD.name}.npz"]


def test_a_storage_that_is_gone_for_good_is_said_in_a_line_and_the_shard_goes_on_at_its_saved_epoch(
    trains: Callable[..., tuple[Store, list[dict[str, Any]]]], server: Server
) -> None:
    _, reports = trains(lambda _: None)
    assert server.waited == list(storage.PAUSES)
    assert [entry["check"] for entry in reports] == [1, 2, 3, 0]
    assert len(reports[-1][trial.FAILED].splitlines()) == 1
    server.start()
    server.waited.clear()
    store, reports = trains(lambda _: None)
    assert server.waited == []
    assert [entry["check"] for entry in reports] == [*range(4, 11), trial.ALL_CHECKS]
    assert store.load(SHARD) is not None
