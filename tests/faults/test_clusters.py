"""A project's run moves to a cluster by `params.yaml` alone: the same answer, and no secret on the way."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray
from moto.server import ThreadedMotoServer
from pyarrow import fs
from ray._private import ray_constants
from ray.cluster_utils import Cluster

from benchmarks import faults
from benchmarks.faults import Disturbed
from cellsize.search import exposure
from tests.servers import Server

pytestmark = pytest.mark.slow

# Of the tracking server and of S3: each stands in the environment alone.
PASSWORD, KEY = "hunter2canary", "s3canary"


@dataclass
class Watch:
    """Looks for secrets where others of this machine can look, while something runs.

    Attributes:
        folders: Where to look into every file.
        found: Where one was.
        files: The most that were there at once.
        processes: Names of those that ran.
        trials: The numbers of those that held a trial.
    """

    folders: tuple[Path, ...]
    found: set[str] = field(default_factory=set)
    files: int = 0
    processes: set[str] = field(default_factory=set)
    trials: set[int] = field(default_factory=set)

    def look(self) -> None:
        """Looks once."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                words = " ".join(process.cmdline())
                self.processes.add(process.name())
                if words.startswith("ray::ImplicitFunc"):
                    self.trials.add(process.pid)
                if PASSWORD in words or KEY in words:
                    self.found.add(f"the words of {process.name()}")
        files = list[Path]()
        for folder in self.folders:
            with suppress(OSError):  # what is listed vanishes meanwhile
                files.extend(folder.rglob("*"))
        self.files = max(self.files, len(files))
        for path in files:
            with suppress(OSError):
                content = path.read_bytes() if path.is_file() else b""
                if PASSWORD.encode() in content or KEY.encode() in content:
                    self.found.add(str(path))

    def until(self, ended: threading.Event) -> None:
        """Looks again and again."""
        while not ended.wait(0.5):
            self.look()


@dataclass(frozen=True)
class Ran:
    """What became of the run on a cluster."""

    project: Disturbed
    watch: Watch
    shards: list[str]


@pytest.fixture(scope="module")
def elsewhere(short: Path) -> Iterator[tuple[Cluster, Path]]:
    """A server of S3, and a cluster of a head and two nodes of one core each; Ray's folder."""
    temporary = short / "r"
    temporary.mkdir()
    served = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for key, value in {
            "AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": KEY, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_EC2_METADATA_DISABLED": "true", "RAY_AUTH_MODE": "token",
        }.items():  # fmt: skip
            patch.setenv(key, value)
        # A search of this machine alone, in an earlier test of this process, has it off: then the cluster would listen
        # on the loopback, where no other process looks for it.
        patch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", True)
        filesystem = fs.S3FileSystem(endpoint_override=f"{host}:{port}", scheme="http", allow_bucket_creation=True)
        filesystem.create_dir("runs")
        exposure.protect_token()
        head = {"num_cpus": 0, "include_dashboard": False, "temp_dir": str(temporary)}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        for _ in range(2):
            cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        yield cluster, temporary
        ray.shutdown()
        cluster.shutdown()  # type: ignore[no-untyped-call]
    served.stop()


@pytest.fixture(scope="module")
def ran(undisturbed: Disturbed, elsewhere: tuple[Cluster, Path], short: Path) -> Ran:
    """The project, before its search: `params.yaml` names a cluster and a bucket, and nothing else is changed."""
    cluster, rays = elsewhere
    folder = short / "server"
    folder.mkdir()
    server = Server(folder)
    server.start()
    temporary = short / "c"
    temporary.mkdir()
    made = faults.rewound(undisturbed, short / "k", "search")
    address = server.address.replace("//", f"//me:{PASSWORD}@")
    project = Disturbed(made.folder, temporary, {"MLFLOW_TRACKING_URI": address})
    project.edit({"search.compute.address": cluster.address, "search.compute.storage": "s3://runs/first"})
    watch, ended = Watch((project.folder, temporary, rays, folder)), threading.Event()
    watching = threading.Thread(target=watch.until, args=(ended,))
    watching.start()
    try:
        assert project.run() == 0, project.said()
    finally:
        ended.set()
        watching.join()
        server.kill()
    watch.look()
    filesystem, place = fs.S3FileSystem(**endpoint()), fs.FileSelector("runs", recursive=True)
    stored = [info.base_name for info in filesystem.get_file_info(place) if info.type == fs.FileType.File]
    return Ran(project, watch, sorted(stored))


def endpoint() -> dict[str, Any]:
    """Where the server of S3 is, as pyarrow wants it."""
    scheme, _, host = os.environ["AWS_ENDPOINT_URL"].partition("://")
    return {"endpoint_override": host, "scheme": scheme}


def test_a_run_on_a_cluster_with_its_storage_in_s3_gives_the_bytes_of_a_laptop(
    ran: Ran, undisturbed: Disturbed
) -> None:
    assert ran.project.answers() == undisturbed.answers()
    # What was trained lies in the bucket, and nothing of it here.
    assert ran.shards == sorted(path.name for path in undisturbed.folder.glob(".cache/search/*/*.npz"))
    assert len(ran.shards) >= 3
    assert ran.project.shards() == {}
    assert len(ran.watch.trials) >= 2


def test_no_secret_is_in_a_run_a_file_of_ray_or_the_words_of_a_process(ran: Ran) -> None:
    # They were looked at: the server's database and files, the folders of Ray and Tune, and `ps`.
    assert {"raylet", "gcs_server"} <= ran.watch.processes
    assert ran.watch.files > 50
    assert ran.watch.found == set()
    assert PASSWORD not in ran.project.said()
    assert KEY not in ran.project.said()
    assert (ran.watch.folders[-1] / "store.db").is_file()


def test_what_a_cluster_has_not_is_said_before_any_stage(
    copied: Callable[..., Disturbed], elsewhere: tuple[Cluster, Path]
) -> None:
    project = copied("prepare")
    project.edit({
        "search.compute.address": elsewhere[0].address, "search.compute.storage": "s3://runs/second",
        "search.compute.gpus_per_trial": 1.0,
    })  # fmt: skip
    assert project.run() == 1
    said = project.said()
    assert "error: search.compute.gpus_per_trial: asks for 1 GPU a trial, the cluster has none; set it to 0" in said
    assert "Running stage" not in said
    assert not (project.folder / "build/series.parquet").exists()
