"""How a project's stages are run: one line for what is wrong, nothing left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cellsize import lineage
from cellsize.errors import InputError, disk_full
from cellsize.project import leftovers, lock, runner, template


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_text(template.params({"prepare.table": "sales.csv"}))
    (tmp_path / "dvc.yaml").write_text(template.stages())
    (tmp_path / "sales.csv").write_text("time,y\n")
    return tmp_path


def test_the_stages_are_those_of_dvc_yaml(project: Path) -> None:
    stages = runner.check(project)
    assert stages[:3] == ["code", "prepare", "window"]
    assert stages[-1] == "report"


@pytest.mark.parametrize("name", ["params.yaml", "dvc.yaml"])
def test_a_folder_that_is_no_project_is_told_how_to_become_one(project: Path, name: str) -> None:
    (project / name).unlink()
    with pytest.raises(InputError, match=rf"{name}: no such file; make a project with cellsize init TABLE --into"):
        runner.run(project)


def test_a_missing_table_is_named_before_dvc_speaks(project: Path) -> None:
    (project / "sales.csv").unlink()
    with pytest.raises(InputError, match=r"sales.csv: no such file; set prepare.table in "):
        runner.run(project)


def test_a_dvc_yaml_without_stages_is_refused(project: Path) -> None:
    (project / "dvc.yaml").write_text("[")
    with pytest.raises(InputError, match="no stages"):
        runner.check(project)


@pytest.mark.parametrize(
    ("asked", "is_asked"),
    [
        ({}, False),
        ({"trials": 1, "timeout": 1.0, "devices_per_trial": None}, False),
        ({"address": "auto"}, True),
        ({"address": "10.0.0.1:6379"}, True),
        ({"storage": "s3://bucket/prefix"}, True),
        ({"gpus_per_trial": 1.0}, True),
        ({"gpus_per_trial": None}, True),
        ({"cpus_per_trial": 2}, True),
        ({"devices_per_trial": 2}, True),
    ],
)
def test_what_a_search_asks_for_is_asked_before_any_stage_unless_it_is_a_core_of_this_machine(
    project: Path, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], is_asked: bool
) -> None:
    # A search once said after hours of other stages that the cluster has no GPU.
    changes = {f"search.compute.{key}": value for key, value in asked.items()}
    (project / "params.yaml").write_text(template.params({"prepare.table": "sales.csv"} | changes))
    order = list[str]()
    for name in ("dvc", "stage", "answer"):

        def noted(_: Path, *words: str, name: str = name, **options: bool) -> int:
            order.append(" ".join([name, *words]))
            return 1 if options.get("may_fail") else 0

        monkeypatch.setattr(runner, name, noted)
    runner.run(project)
    before = [
        "dvc status --quiet dvc.yaml:prepare dvc.yaml:window dvc.yaml:split dvc.yaml:propose dvc.yaml:search",
        "stage reach",
    ] * is_asked
    assert order[2:] == [*before, "dvc repro dvc.yaml", "answer"]
    assert order[1].startswith("dvc status --quiet dvc.yaml:prepare dvc.yaml:window dvc.yaml:split dvc.yaml:inspect")


def test_where_the_search_is_up_to_date_nobody_is_asked_for_machines(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "params.yaml").write_text(
        template.params({"prepare.table": "sales.csv", "search.compute.address": "auto"})
    )
    monkeypatch.setattr(runner, "dvc", lambda *_, **__: 0)
    monkeypatch.setattr(runner, "stage", lambda *_: pytest.fail("asked"))
    runner.reach(project, runner.check(project))


def test_a_run_phones_nobody_and_has_this_python_first() -> None:
    found = runner.environment()
    assert found["DVC_NO_ANALYTICS"] == "1"
    assert found["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert found["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


def run_python(script: str, folder: Path, may_fail: bool = False) -> int:
    return runner._run([sys.executable, "-c", script], folder, may_fail)


def test_a_failure_ends_with_its_status(tmp_path: Path) -> None:
    assert run_python("raise SystemExit(3)", tmp_path, may_fail=True) == 3
    with pytest.raises(SystemExit) as ended:
        run_python("raise SystemExit(3)", tmp_path)
    assert ended.value.code == 3


def test_what_a_stage_says_is_passed_on_and_not_said_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    again = "ERROR: failed to reproduce 'prepare': failed to run: python -m x, exited with 1"
    run_python(f"import sys; print('error: wrong', file=sys.stderr); print({again!r}, file=sys.stderr)", tmp_path)
    assert capfd.readouterr().err == "error: wrong\n"


def test_an_interrupted_stage_does_not_say_what_the_command_says(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said = "interrupted; what is finished is kept, and the next run resumes there"
    run_python(f"import sys; print({said!r}, file=sys.stderr); print('error: wrong', file=sys.stderr)", tmp_path)
    assert capfd.readouterr().err == "error: wrong\n"


def test_mlflows_own_lines_are_left_out_and_what_else_it_says_is_not(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = ["Successfully registered model 'a b'.", "Created version '12' of model 'a b'.", "Created no model: broken"]
    run_python(f"import sys; print(*{lines!r}, sep=chr(10), file=sys.stderr)", tmp_path)
    assert capfd.readouterr().err == "Created no model: broken\n"


def test_a_full_disk_is_said_once_in_our_words_whoever_says_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = ["ERROR: unexpected error - [Errno 28] No space left on device", "OSError: No space left on device: 'x'"]
    run_python(f"import sys; print(*{lines!r}, 'more', sep=chr(10), file=sys.stderr)", tmp_path)
    assert capfd.readouterr().err == f"error: {disk_full(str(tmp_path))}\nmore\n"
    said = f"error: {disk_full('/a/stage/said/it')}"
    run_python(f"import sys; print({said!r}, *{lines!r}, sep=chr(10), file=sys.stderr)", tmp_path)
    assert capfd.readouterr().err == f"{said}\n"


SCRIPT = """
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, file=open("child", "w"), flush=True)
signal.signal(signal.SIGINT, signal.SIG_IGN)  # as DVC does while a stage runs
child.wait()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_that_was_started(tmp_path: Path, number: signal.Signals) -> None:
    def blow() -> None:
        while not (tmp_path / "child").is_file() or not (tmp_path / "child").read_text():
            time.sleep(0.05)
        os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    threading.Thread(target=blow, daemon=True).start()
    with pytest.raises(runner.Interrupted):
        run_python(SCRIPT, tmp_path)
    assert signal.getsignal(number) == before
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True).stdout
        if not state.strip() or state.startswith("Z"):
            return
        time.sleep(0.05)
    raise AssertionError(state)


STUBBORN = """
import signal, subprocess, sys, time
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", deaf], start_new_session=True, stdout=open("apart", "w"))  # as Ray's are
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while not open("apart").read():
    time.sleep(0.05)
print(1, file=open("ready", "w"), flush=True)
time.sleep(600)
"""


def test_what_is_deaf_to_every_signal_is_gone_within_one_deadline_that_all_waits_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each wait had a limit of its own, and together they were more than the ten seconds that are promised.
    waited = list[float]()
    end = leftovers.end

    def noted(run: str, patience: float) -> None:
        waited.append(patience)
        end(run, patience)

    monkeypatch.setattr(leftovers, "end", noted)
    monkeypatch.setattr(runner, "PATIENCE", 4.0)  # of which the steps leave one second to end in peace

    def blow() -> None:
        while not (tmp_path / "ready").is_file():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=blow, daemon=True).start()
    with pytest.raises(runner.Interrupted), lock.held(tmp_path) as own:
        run_python(STUBBORN, tmp_path)
    assert lineage.descendants(own.process) == []
    assert waited[0] <= 2.5  # the rest of the four seconds, after 1.5 until all but the last signal were sent
    assert waited[1:] == [lock.SHORT]


def test_all_waits_together_are_less_than_ten_seconds() -> None:
    assert runner.LOOK + runner.PATIENCE + runner.LOOK + lock.SHORT < 10
