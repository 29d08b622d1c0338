"""Searches on real clusters of this machine, and with a real server of S3: the same bytes as one process alone."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray
from moto.server import ThreadedMotoServer
from pyarrow import fs
from ray.cluster_utils import Cluster

from cellsize.errors import InputError
from cellsize.params import Search
from cellsize.search import driver, exposure, storage, tables
from cellsize.search.driver import up_to
from cellsize.search.scheduler import Scheduler
from cellsize.search.shards import divide
from cellsize.search.store import open_store
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Plan
from cellsize.training.records import Result, Work
from cellsize.training.train import train
from tests.search.conftest import SMALL, climbing

pytestmark = pytest.mark.slow

LARGE = Size(1, 48)  # in as many shards as there are folds
MakeSearch = Callable[..., Search]


@pytest.fixture
def long(make_work: Callable[..., Work]) -> Work:
    """Four folds, and trainings of some seconds."""
    return make_work(check_every=20, steps=200, maximum_steps=200, patience=200, split={"folds": 4})


@pytest.fixture
def work(make_work: Callable[..., Work]) -> Work:
    return make_work(check_every=2, steps=2, patience=2)


@pytest.fixture
def make_search(params_content: Callable[[], dict[str, Any]]) -> MakeSearch:
    """The section `search` with other keys in `compute`."""
    content = params_content()["search"]
    return lambda **compute: Search.model_validate(content | {"compute": content["compute"] | compute})


def alone(work: Work, plan: Plan) -> list[Result]:
    """The search of one process without Ray: every shard after the one before it."""
    scheduler = Scheduler(plan, work, {}, lambda _: None, lambda _: None)
    while not scheduler.ended():
        shard = scheduler.next_shard()
        assert shard is not None
        scheduler.finish(shard, train(work, shard.size, folds=shard.folds, more_seeds=scheduler.more_seeds(shard)))
    return up_to(scheduler.walk(), scheduler.results, work.training.seeds)


def written(results: list[Result], folder: Path) -> dict[str, bytes]:
    """The tables of a search, but for its times."""
    names = ["trials.csv", "curves.csv", "timings.csv", "residuals.npz"]
    tables.write(results, *(folder / name for name in names))
    return {name: (folder / name).read_bytes() for name in names if name != "timings.csv"}


# --- S3 ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    served = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    for key, value in {
        "AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(key, value)
    fs.S3FileSystem(endpoint_override=f"{host}:{port}", scheme="http", allow_bucket_creation=True).create_dir("shared")
    storage._opened.cache_clear()
    yield "s3://shared/searches"
    storage._opened.cache_clear()
    served.stop()


def test_a_search_with_its_storage_in_s3_resumes_and_gives_the_bytes_of_one_process(
    long: Work, make_search: MakeSearch, bucket: str, tmp_path: Path
) -> None:
    plan, search = climbing(ZERO, SMALL), make_search(storage=bucket, trials=2)

    def interrupt(_: Result) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        driver.run(long, plan, search, tmp_path / "here", interrupt)
    place = open_store(storage.opened(bucket, tmp_path), long).storage
    assert "0x0.npz" in place.names()
    lines = list[str]()
    results = driver.run(long, plan, search, tmp_path / "here", lambda _: None, lines.append)
    assert lines[0].startswith("search: 1 sizes were finished before; resuming")
    assert place.names() == ["0x0.npz", "1x1.npz"]
    assert list((tmp_path / "here").iterdir()) == []
    assert written(results, tmp_path) == written(alone(long, plan), tmp_path)


# --- several devices --------------------------------------------------------------------------------------------------


@pytest.fixture
def devices(tmp_path: Path) -> Iterator[Path]:
    """Four GPUs that Ray only counts: training for them computes on the CPU, once all four are taken.

    Yields:
        A folder with a file for each shard, which says what Ray gave it.
    """
    met = tmp_path / "met"
    met.mkdir()

    def wait_for_all() -> None:
        import os

        from cellsize.training import train as module

        real = module.train

        def on_cpu(work: Work, size: Size, checkpoint: Any, on_check: Any, accelerator: str, *others: Any) -> Result:
            assert work.accelerator == accelerator == "gpu"
            (met / f"fold {others[0][0]}").write_text(os.environ["CUDA_VISIBLE_DEVICES"])
            deadline = time.monotonic() + 120
            while len(list(met.iterdir())) < 4:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            return real(replace(work, accelerator="cpu"), size, checkpoint, on_check, "cpu", *others)

        module.train = on_cpu  # type: ignore[assignment]

    ray.init(
        address="local", num_cpus=4, num_gpus=4, include_dashboard=False, log_to_driver=False,
        runtime_env={"worker_process_setup_hook": wait_for_all},
    )  # fmt: skip
    yield met
    ray.shutdown()


def test_on_gpus_the_folds_of_one_small_size_are_trained_on_all_devices_at_once(
    make_work: Callable[..., Work], make_search: MakeSearch, devices: Path, tmp_path: Path
) -> None:
    work = make_work(check_every=20, steps=40, maximum_steps=40, patience=40, split={"folds": 4})
    assert [shard.folds for shard in divide(SMALL, 4)] == [(0, 1, 2, 3)]  # on a CPU one worker trains them all
    on_gpus = replace(work, accelerator="gpu")
    results = driver.run(on_gpus, climbing(SMALL), make_search(gpus_per_trial=1.0), tmp_path / "here", lambda _: None)
    assert sorted(path.name for path in devices.iterdir()) == ["fold 0", "fold 1", "fold 2", "fold 3"]
    assert sorted(path.read_text() for path in devices.iterdir()) == ["0", "1", "2", "3"]
    (folder,) = (tmp_path / "here").iterdir()
    names = [shard.name for shard in divide(SMALL, 4, on_gpu=True)]
    assert sorted(path.stem for path in folder.glob("*.npz")) == names == ["1x1-1", "1x1-2", "1x1-3", "1x1-4"]
    # How folds are divided changes no number.
    assert results[0].rows == train(work, SMALL).rows


# --- several nodes ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nodes() -> Iterator[Cluster]:
    """A head without cores, and two nodes of one core each; with a token, as our pages say."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        exposure.protect_token()  # of this user: Ray reads a token once in a process, and others have searched here
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        for _ in range(2):
            cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        yield cluster
        ray.shutdown()
        cluster.shutdown()  # type: ignore[no-untyped-call]


def processes(node: Any) -> list[psutil.Process]:
    """All processes of a node."""
    roots = [psutil.Process(info[0].process.pid) for info in node.all_processes.values()]
    return [process for root in roots for process in [root, *root.children(recursive=True)]]


def trials(node: Any) -> list[psutil.Process]:
    """Its processes that hold a trial."""
    return [process for process in processes(node) if "ImplicitFunc" in " ".join(process.cmdline())]


def test_what_a_cluster_has_not_is_said_before_anything_is_trained(
    work: Work, make_search: MakeSearch, nodes: Cluster, tmp_path: Path
) -> None:
    def refusal(**compute: Any) -> str:
        search = make_search(**{"address": nodes.address, "storage": str(tmp_path / "all")} | compute)
        with pytest.raises(InputError) as caught:
            driver.run(work, climbing(ZERO), search, tmp_path / "here", lambda _: None)
        assert list(tmp_path.glob("**/*.npz")) == []
        return str(caught.value)

    assert refusal(gpus_per_trial=1.0).endswith("asks for 1 GPU a trial, the cluster has none; set it to 0")
    assert refusal(cpus_per_trial=3).endswith("the cluster's largest node has 1; set it to 1 or less")
    assert "the cluster has 2 nodes; name a folder that all share" in refusal(storage=None)


def test_a_node_that_dies_half_way_loses_no_finished_shard_and_changes_no_byte(
    long: Work, make_search: MakeSearch, nodes: Cluster, tmp_path: Path
) -> None:
    plan = climbing(ZERO, LARGE)
    search = make_search(address=nodes.address, storage=str(tmp_path / "shared"))
    first, second = nodes.list_all_nodes()[1:]  # type: ignore[no-untyped-call]
    finished = dict[Path, int]()

    def show(scheduler: Scheduler) -> None:
        if finished or "1x48-1" not in scheduler.finished:
            return
        paths = (tmp_path / "shared").glob("*/*.npz")
        finished.update({path: path.stat().st_mtime_ns for path in paths})
        # It has spread over both, and the one that dies has not finished.
        deadline = time.monotonic() + 30
        while not (trials(first) and trials(second)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert trials(first)
        assert trials(second)
        for process in processes(second):
            process.kill()

    results = driver.run(long, plan, search, tmp_path / "here", lambda _: None, print, show)
    assert {"0x0", "1x48-1"} <= {path.stem for path in finished}
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    (folder,) = (tmp_path / "shared").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["0x0.npz", *(f"1x48-{fold}.npz" for fold in (1, 2, 3, 4))]
    assert written(results, tmp_path) == written(alone(long, plan), tmp_path)
