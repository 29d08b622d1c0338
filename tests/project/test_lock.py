"""One run at a time in a project; what a killed one has left is ended and removed."""

import errno
import fcntl
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellsize import lineage
from cellsize.errors import InputError
from cellsize.project import lock

ROOT = Path(__file__).parents[2]


def test_the_second_run_is_told_who_works_here_and_how_to_end_it(tmp_path: Path) -> None:
    message = (
        rf"^{re.escape(str(tmp_path))}: another cellsize run works here, process {os.getpid()} on "
        rf"{re.escape(platform.node())} since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d; "
        rf"wait for it, or end it: kill {os.getpid()}$"
    )
    with lock.held(tmp_path):
        with pytest.raises(InputError, match=message), lock.held(tmp_path):
            pass
        with lock.held(tmp_path / "another"):
            pass
    with lock.held(tmp_path):
        pass


def test_a_second_make_run_in_a_clone_is_told_who_works_here(
    tmp_path: Path, write_params: Callable[[dict[str, Any]], Path], params_content: Callable[[], dict[str, Any]]
) -> None:
    content = params_content()
    write_params(content)
    table, python = tmp_path / content["prepare"]["table"], tmp_path / ".venv/bin/python"
    for path in (table, python):
        path.parent.mkdir(parents=True, exist_ok=True)
    table.write_text("a table", encoding="utf-8")
    for name in ("Makefile", "dvc.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    # Runs the command in this environment, and never pip.
    python.write_text(
        f'#!/bin/sh\n[ "$1 $2" = "-m cellsize" ] && exec {sys.executable} "$@"\nexit 9\n', encoding="utf-8"
    )
    python.chmod(0o755)
    with lock.held(tmp_path):
        ran = subprocess.run(
            ["make", "--assume-old", ".venv/.installed", "PYTHON=false", "run"], cwd=tmp_path, capture_output=True,
            text=True, timeout=300,
        )  # fmt: skip
    assert ran.returncode == 2, ran.stderr
    # `make[1]: ` where make itself runs this test.
    said = [line for line in ran.stderr.splitlines() if not re.match(r"make(\[\d+\])?: ", line)]
    assert len(said) == 1, ran.stderr
    assert f"another cellsize run works here, process {os.getpid()} on {platform.node()} since " in said[0]
    assert said[0].endswith(f"wait for it, or end it: kill {os.getpid()}")


def test_a_lock_held_on_another_machine_says_where_it_is_to_be_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lock.held(tmp_path):
        monkeypatch.setattr(platform, "node", lambda: "elsewhere")
        with pytest.raises(InputError, match=r"end it on \S+: kill \d+$"), lock.held(tmp_path):
            pass


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO])
def test_a_file_system_without_locks_is_not_taken_for_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(_: object, __: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    message = (
        rf"^{re.escape(str(tmp_path / lock.LOCK))}: cannot be locked \({os.strerror(number)}\), so that two runs could "
        "work here at once; put the project on a local disk, or mount this one with locks$"
    )
    with pytest.raises(InputError, match=message), lock.held(tmp_path):
        pass


def test_what_a_run_starts_knows_whose_it_is_and_where_temporary_files_go(tmp_path: Path) -> None:
    before = dict(os.environ)
    with lock.held(tmp_path) as own:
        assert os.environ[lineage.RUN] == lineage.name(os.getpid()) == own.process
        assert os.environ["TMPDIR"] == own.temporary
        (Path(own.temporary) / "something").touch()
    assert not Path(own.temporary).exists()
    assert dict(os.environ) == before


HOLDER = """
import os, subprocess, sys, time
from pathlib import Path
from cellsize.project import lock
with lock.held(Path(sys.argv[1])) as own:
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    print(child.pid, own.temporary, flush=True)
    time.sleep(600)
"""


def test_a_killed_run_holds_nothing_and_the_next_one_ends_what_it_has_left(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        child, temporary = run.stdout.readline().split()
        with pytest.raises(InputError, match=f"process {run.pid} "), lock.held(tmp_path):
            pass
        assert lineage.name(int(child))
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert Path(temporary).is_dir()
        with lock.held(tmp_path):
            assert lineage.name(int(child)) == ""
            assert not Path(temporary).exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"process": "1:1"}'])
def test_a_lock_file_that_was_cut_off_stops_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / lock.LOCK).parent.mkdir()
    (tmp_path / lock.LOCK).write_text(text)
    with lock.held(tmp_path):
        pass


def test_a_lock_file_that_names_a_folder_of_somebody_is_not_believed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    lock._remove_temporary(lock.Holder("1:1", "here", "now", str(precious)))
    assert precious.is_dir()
