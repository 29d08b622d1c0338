"""Nothing phones home, ports are this machine's own, and passwords stand nowhere."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from cellsize import params_file, process
from cellsize.errors import InputError
from cellsize.params import Compute, Mlflow
from cellsize.project import runner
from cellsize.registry.store import connect
from cellsize.search import driver, tune
from cellsize.search.scheduler import Scheduler
from cellsize.search.storage import Storage
from cellsize.search.store import Store
from cellsize.sizing.sizes import Size
from cellsize.training.records import Work
from tests.namespaces import two_machines
from tests.search.conftest import climbing

CANARY = "hunter2canary"


def bare() -> dict[str, str]:
    """The environment of somebody who has set nothing."""
    keys = (*process.ENVIRONMENT, "DVC_NO_ANALYTICS", "PYTEST_CURRENT_TEST", "CI")
    return {key: value for key, value in os.environ.items() if key not in keys}


ASK_THE_LIBRARIES = """
from dvc.analytics import is_enabled
from mlflow.telemetry.utils import is_telemetry_disabled
from ray._common.usage.usage_lib import usage_stats_enabled
print(is_enabled(), is_telemetry_disabled(), usage_stats_enabled())
"""


def test_dvc_mlflow_and_ray_phone_nobody_in_the_environment_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in set(os.environ) - set(bare()):
        monkeypatch.delenv(key)
    ran = subprocess.run(
        [sys.executable, "-c", ASK_THE_LIBRARIES], env=runner.environment(), capture_output=True, text=True, timeout=120
    )
    assert ran.stdout.split() == ["False", "True", "False"], ran.stderr


def test_ray_asks_for_a_token_unless_somebody_has_decided_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    assert runner.environment()["RAY_AUTH_MODE"] == "token"
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert runner.environment()["RAY_AUTH_MODE"] == "disabled"


def test_params_with_a_password_are_refused_without_saying_it(
    params_content: Callable[[], dict[str, object]], write_params: Callable[..., Path]
) -> None:
    # DVC copies the section to dvc.lock, and both are committed.
    for uri in (
        f"postgresql+psycopg://me:{CANARY}@db/x",
        f"https://me:{CANARY}@host",
        f"mysql://db/x?password={CANARY}",
    ):
        path = write_params(params_content() | {"mlflow": {"uri": uri, "experiment": "toy"}})
        with pytest.raises(InputError, match=r"mlflow\.uri: .* in dvc\.lock; set the environment variable") as refused:
            params_file.load(path)
        assert CANARY not in str(refused.value)


@pytest.mark.parametrize(
    "uri", [f"postgresql+psycopg2://me:{CANARY}@127.0.0.1:9/x", f"http://me:{CANARY}@127.0.0.1:9", f"me:{CANARY}@host"]
)
def test_a_tracking_server_that_cannot_be_reached_is_named_without_its_password(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)  # it comes before mlflow.uri
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(InputError) as refused:
        connect(Mlflow(uri="sqlite:///store.db", experiment="toy"))
    captured = capfd.readouterr()
    assert CANARY not in str(refused.value) + captured.out + captured.err
    assert not list(tmp_path.iterdir())


def test_a_traceback_says_no_password(tmp_path: Path) -> None:
    script = tmp_path / "fails.py"
    script.write_text(
        "from pathlib import Path\nfrom cellsize import stage, params_file\n"
        "params_file.load = lambda _: None\n"
        f"def main(params):\n    raise RuntimeError('http://me:{CANARY}@host is gone')\n"
        "stage.enter(main)\n",
        encoding="utf-8",
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert ran.returncode == 1
    assert "RuntimeError: http://me:***@host is gone" in ran.stderr


def test_an_experiment_keeps_its_files_beside_the_database_whatever_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for name in ("../outside", "/tmp/elsewhere", "a/../../b", "plain"):
        client, experiment = connect(Mlflow(uri="sqlite:///store.db", experiment=name))
        location = client.get_experiment(experiment).artifact_location.removeprefix("file://")
        assert Path(location).resolve().is_relative_to(tmp_path / "project" / "mlartifacts"), name


@pytest.mark.parametrize("name", ["..", ".", ".hidden", "a/b", "-x", ""])
def test_a_model_is_called_nothing_that_leads_elsewhere(
    params_content: Callable[[], dict[str, object]], write_params: Callable[..., Path], name: str
) -> None:
    path = write_params(params_content() | {"register": {"name": name, "beat": ["naive"]}})
    with pytest.raises(InputError, match=r"register\.name"):
        params_file.load(path)


@pytest.fixture
def listeners(
    make_work: Callable[..., Work], params_content: Callable[[], dict[str, Any]], tmp_path: Path
) -> Callable[..., set[tuple[str, str]]]:
    """Searches on this machine, with other keys in `search.compute`; what has listened, and at which address."""

    def search(**changes: Any) -> set[tuple[str, str]]:
        work = make_work(check_every=2, steps=2, patience=2)
        compute = Compute(**params_content()["search"]["compute"] | {"trials": 1} | changes)
        work = driver.located(work, compute)
        scheduler = Scheduler(climbing(Size(1, 1)), work, {}, lambda _: None, lambda _: None)
        found, ended = set[tuple[str, str]](), threading.Event()

        def watch() -> None:
            me = psutil.Process()
            while not ended.wait(0.1):
                for one in me.children(recursive=True):
                    found.update(listening(one))

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            tune.run_trials(work, scheduler, compute, Store(Storage(str(tmp_path / "store"))), tmp_path / "tune")
        finally:
            ended.set()
            watching.join()
        assert set(scheduler.results) == {Size(1, 1)}
        assert {"raylet", "gcs_server"} <= {name for name, _ in found}  # they were seen
        return found

    return search


@pytest.mark.slow
def test_all_ports_of_a_search_are_on_the_loopback(listeners: Callable[..., set[tuple[str, str]]]) -> None:
    found = listeners()
    assert {address for _, address in found} == {"127.0.0.1"}, found


@pytest.mark.slow
def test_of_a_search_on_two_devices_torchs_store_alone_listens_elsewhere(
    listeners: Callable[..., set[tuple[str, str]]],
) -> None:
    # torch binds it to all addresses, whatever is set: SECURITY.md says so. One that no longer does is good news.
    found = listeners(devices_per_trial=2)
    elsewhere = {(name, address) for name, address in found if address != "127.0.0.1"}
    assert {address for _, address in elsewhere} == {"::"}, found
    assert all(name.startswith("ray::") for name, _ in elsewhere), found  # no process of Ray's own: a trial's


# What processes that train together do first. Each says where it listens, but for the wildcard of torch's store.
MEET = """
import os, psutil, sys
from cellsize.search import cluster
import torch, torch.distributed as distributed
if sys.argv[2] == "as in a search":
    cluster._listen_on_loopback()
os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
distributed.init_process_group("gloo", rank=int(sys.argv[1]), world_size=2)
distributed.all_reduce(torch.ones(1))
ports = psutil.Process().net_connections("tcp")
print(*{port.laddr.ip for port in ports if port.status == "LISTEN"} - {"::"})
distributed.barrier()
"""


@pytest.mark.slow
@pytest.mark.parametrize(("how", "where"), [("as in a search", "127.0.0.1"), ("bare", "10.77.0.1")])
def test_processes_that_train_together_meet_on_the_loopback_where_the_machines_name_is_not_there(
    tmp_path: Path, how: str, where: str
) -> None:
    with two_machines(tmp_path) as (machine, _):
        environment = {key: value for key, value in os.environ.items() if not key.endswith("_SOCKET_IFNAME")}
        processes = [
            subprocess.Popen(
                machine.words(tmp_path, sys.executable, "-c", MEET, str(rank), how), env=environment, text=True,
                stdout=subprocess.PIPE,
            )
            for rank in range(2)
        ]  # fmt: skip
        said = [process.communicate(timeout=300)[0].strip() for process in processes]
    assert said == [where, where]


def listening(one: psutil.Process) -> set[tuple[str, str]]:
    """Name of a process, and each address that it listens at."""
    try:
        return {(one.name(), address.removeprefix("::ffff:")) for address, _ in ports(one)}
    except psutil.Error:  # it has ended
        return set()


def ports(one: psutil.Process) -> set[tuple[str, int]]:
    """Each address and port that a process listens at."""
    return {(port.laddr.ip, port.laddr.port) for port in one.net_connections("tcp") if port.status == "LISTEN"}


@pytest.mark.end_to_end
def test_a_served_model_listens_on_the_loopback_alone_where_nobody_names_a_host(
    registered: tuple[Mlflow, Any], tmp_path: Path
) -> None:
    served = subprocess.Popen(
        [sys.executable, "-m", "cellsize", "serve", "toy", "--port", "0"], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, env={**runner.environment(), "MLFLOW_TRACKING_URI": registered[0].uri},
    )  # fmt: skip
    try:
        assert served.stdout is not None
        said = served.stdout.readline()
        found = re.fullmatch(r"serving models:/toy/1 on http://127\.0\.0\.1:(\d+)/invocations\n", said)
        assert found is not None, said
        process = psutil.Process(served.pid)
        everything = [process, *process.children(recursive=True)]
        assert set().union(*map(ports, everything)) == {("127.0.0.1", int(found[1]))}
    finally:
        served.kill()
        served.wait()
