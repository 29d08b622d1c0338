"""Machines that are apart: a cluster of two network namespaces that S3 alone joins, and a cable that is pulled."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from benchmarks.faults import Disturbed
from cellsize.search import cluster, exposure
from tests.namespaces import Machine, two_machines

pytestmark = pytest.mark.slow

PORT, S3_PORT = 6379, 5005
MAKE_BUCKET = (
    "import sys; from pyarrow import fs; fs.S3FileSystem(endpoint_override=sys.argv[1], scheme='http', "
    "allow_bucket_creation=True).create_dir('apart')"
)


@dataclass(frozen=True)
class Apart:
    """Two machines. The first one has the project, the server of S3 and the head of the cluster.

    Attributes:
        first: One machine.
        second: The other one, which sees neither the project nor the first one's temporary files.
        folder: Ray's, on each of them another one.
        variables: What both have in their environment.
    """

    first: Machine
    second: Machine
    folder: Path
    variables: dict[str, str]

    @property
    def address(self) -> str:
        """Of the cluster's head."""
        return f"{self.first.address}:{PORT}"

    def begin(self, machine: Machine, *words: str, **variables: str) -> subprocess.Popen[bytes]:
        """Begins a program of this environment on a machine."""
        environment = os.environ | self.variables | variables
        with (self.folder.parent / "log").open("ab") as log:
            return subprocess.Popen(
                machine.words(Path("/"), sys.executable, *words), env=environment, stdout=log, stderr=log
            )

    def ray(self, machine: Machine, cores: int, **variables: str) -> None:
        """Starts Ray on a machine: the head on the first one."""
        where = ["--address", self.address]
        if machine == self.first:
            where = ["--head", "--port", str(PORT), "--include-dashboard=false"]
        self.begin(
            machine, "-m", "ray.scripts.scripts", "start", *where, "--node-ip-address", machine.address, "--num-cpus",
            str(cores), "--object-store-memory", "200000000", "--disable-usage-stats", "--temp-dir", str(self.folder),
            "--block", **variables,
        )  # fmt: skip
        until(lambda: "raylet" in {name(process) for process in machine.processes()})

    def run(self, project: Disturbed) -> subprocess.Popen[bytes]:
        """Begins `cellsize run` on the first machine."""
        with project.log.open("ab") as log:
            return subprocess.Popen(
                self.first.words(project.folder, sys.executable, "-m", "cellsize", "run"), stdout=log, stderr=log,
                env=project.environment() | self.variables,
            )  # fmt: skip

    def log(self) -> str:
        """What Ray and the server of S3 have said."""
        return (self.folder.parent / "log").read_text(encoding="utf-8", errors="replace")


def name(process: psutil.Process) -> str:
    """A process's name; empty if it has ended."""
    with suppress(psutil.Error):
        return str(process.name())
    return ""


def until(true: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def trains(machine: Machine) -> bool:
    """Whether a trial runs on a machine."""
    for process in machine.processes():
        with suppress(psutil.Error):
            if "ImplicitFunc" in " ".join(process.cmdline()):
                return True
    return False


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Apart]:
    with two_machines(tmp_path) as (first, second):
        # Ray's sockets lie in it, so that its path is short.
        folder = Path(f"/tmp/a{os.getpid()}")
        folder.mkdir()
        variables = {
            "AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{first.address}:{S3_PORT}", "AWS_EC2_METADATA_DISABLED": "true",
            "RAY_AUTH_MODE": "token",
        }  # fmt: skip
        made = Apart(first, second, folder / "ray", variables)
        try:
            made.folder.mkdir()
            second.hide(folder)
            second.do("mkdir", str(made.folder))
            exposure.protect_token()
            made.begin(first, "-m", "moto.server", "-H", first.address, "-p", str(S3_PORT))
            until(lambda: made.begin(first, "-c", MAKE_BUCKET, f"{first.address}:{S3_PORT}").wait() == 0)
            yield made
        finally:
            for machine in (second, first):
                machine.end()
            subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture
def project(copied: Callable[..., Disturbed], apart: Apart) -> Disturbed:
    """The project before its search: `params.yaml` names the cluster and a bucket."""
    made = copied("search")
    apart.second.hide(made.folder)
    made.edit({"search.compute.address": apart.address, "search.compute.storage": "s3://apart/search"})
    return made


def test_a_node_that_is_cut_off_in_the_search_changes_no_byte_of_the_answer(
    apart: Apart, project: Disturbed, undisturbed: Disturbed
) -> None:
    for machine in (apart.first, apart.second):
        apart.ray(machine, 1)
    running = apart.run(project)
    until(lambda: trains(apart.second) or running.poll() is not None, 300)
    assert running.poll() is None, project.said() + apart.log()
    apart.second.pull()
    assert trains(apart.second)  # what it holds is never heard of again
    assert running.wait(timeout=600) == 0, project.said() + apart.log()
    assert project.answers() == undisturbed.answers()
    assert project.shards() == {}


def test_a_driver_that_is_cut_off_from_all_nodes_gives_up_and_resumes_elsewhere(
    apart: Apart, project: Disturbed, undisturbed: Disturbed
) -> None:
    project.edit({"search.compute.timeout": 0.5})  # Ray itself takes longer to give up a node
    apart.ray(apart.first, 0)
    apart.ray(apart.second, 1)
    running = apart.run(project)
    until(lambda: trains(apart.second) or running.poll() is not None, 300)
    assert running.poll() is None, project.said() + apart.log()
    apart.second.pull()
    began = time.monotonic()
    assert running.wait(timeout=300) == 1, project.said() + apart.log()
    assert time.monotonic() - began >= 20
    assert (
        "error: search: no sign of life from any trial for 0.5 min (search.compute.timeout); look at " in project.said()
    )
    project.edit({"search.compute.address": "local"})
    assert apart.run(project).wait(timeout=600) == 0, project.said()
    assert project.answers() == undisturbed.answers()


def test_a_cluster_that_checks_no_token_is_told_from_one_that_does(apart: Apart) -> None:
    asked = f"from cellsize.search import cluster; print(cluster.answers_anybody({apart.address!r}))"
    for mode, answers in (("disabled", "True"), ("token", "False")):
        apart.ray(apart.first, 0, RAY_AUTH_MODE=mode)
        ran = subprocess.run(
            apart.first.words(Path("/"), sys.executable, "-c", asked), env=os.environ | apart.variables, text=True,
            capture_output=True, timeout=cluster.ANSWER_SECONDS + 60,
        )  # fmt: skip
        assert ran.stdout.strip() == answers, ran.stderr
        for process in apart.first.processes():
            if name(process) in ("raylet", "gcs_server"):
                process.kill()
                process.wait(timeout=60)
