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
from cellsize.search import tune
from cellsize.search.scheduler import Scheduler
from cellsize.search.storage import Storage
from cellsize.search.store import Store
from cellsize.sizing.sizes import Size
from cellsize.training.records import Work
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


@pytest.mark.slow
def test_all_ports_of_a_search_are_on_the_loopback(
    make_work: Callable[..., Work], params_content: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    work = make_work(check_every=2, steps=2, patience=2)
    compute = Compute(**{**params_content()["search"]["compute"], "trials": 1})
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
        tune.run_trials(work, scheduler, compute, Store(Storage(str(tmp_path))), tmp_path / "tune")
    finally:
        ended.set()
        watching.join()
    assert set(scheduler.results) == {Size(1, 1)}
    assert {"raylet", "gcs_server"} <= {name for name, _ in found}  # they were seen
    assert {address for _, address in found} == {"127.0.0.1"}, found


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
