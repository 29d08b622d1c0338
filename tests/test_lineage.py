"""Whose process this is, and that it ends with its run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cellsize import lineage


def test_a_process_has_one_name_and_none_once_it_is_gone() -> None:
    assert lineage.name(os.getpid()) == lineage.name(os.getpid())
    assert lineage.name(os.getpid()).startswith(f"{os.getpid()}:")
    with subprocess.Popen(["sleep", "60"]) as process:
        assert lineage.name(process.pid)
        process.kill()
        deadline = time.monotonic() + 10
        while lineage.name(process.pid) and time.monotonic() < deadline:  # dead, and not yet waited for
            time.sleep(0.01)
        assert lineage.name(process.pid) == ""
    assert lineage.arguments(process.pid) == []


def test_watched_is_what_stands_between_a_stage_and_its_run() -> None:
    parent = lineage.name(os.getppid())
    assert lineage.ancestors({lineage.RUN: parent}) == [parent]


def test_a_run_that_is_no_ancestor_is_gone() -> None:
    # DVC has outlived it, and begins the next stage.
    assert lineage.ancestors({lineage.RUN: "1:0"}) == [""]


def test_a_stage_that_somebody_calls_by_hand_watches_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "is_dvc", lambda _: False)
    assert lineage.ancestors({}) == []


def test_a_process_that_cannot_be_looked_at_is_nobodys_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # /proc mounted with hidepid=2: the parent, of another user, is not there, and has no name.
    monkeypatch.setattr(lineage, "PROC", tmp_path)
    assert lineage.name(os.getppid()) == ""
    assert lineage.ancestors({}) == []
    with lineage.ended_with_its_run():
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["/home/me/.venv/bin/python", "/home/me/.venv/bin/dvc", "repro"], True),
        (["python", "-m", "dvc", "repro"], True),
        (["vim", "dvc.yaml"], False),
        ([], False),
    ],
)
def test_dvc_is_known_by_its_command(words: list[str], expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "arguments", lambda _: words)
    assert lineage.is_dvc(1) == expected


# A run that starts a stage; both say their number.
RUN = """
import os, subprocess, sys
from cellsize import lineage
os.environ[lineage.RUN] = lineage.name(os.getpid())
subprocess.run([sys.executable, "-c", sys.argv[1]])
"""
STAGE = """
import os, sys, time
from cellsize import lineage
try:
    with lineage.ended_with_its_run():
        print(os.getpid(), flush=True)
        time.sleep(600)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_a_stage_ends_when_its_run_is_killed(tmp_path: Path) -> None:
    # A search once trained on beside the next run.
    with subprocess.Popen(
        [sys.executable, "-c", RUN, STAGE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        stage = int(run.stdout.readline())
        assert lineage.descendants(lineage.name(run.pid)) == [stage]
        run.send_signal(signal.SIGKILL)
        assert run.stdout.readline() == "interrupted\n"
        assert run.stderr.read() == f"error: {lineage.ORPHANED}\n"
    assert lineage.name(stage) == ""


def test_rays_files_are_in_the_folder_of_a_run_unless_its_path_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/tmp/cellsize-12345678")
    monkeypatch.delenv(lineage.RUN, raising=False)
    assert lineage.temporary() is None
    monkeypatch.setenv(lineage.RUN, "1:1")
    assert lineage.temporary() == "/tmp/cellsize-12345678/ray"
    monkeypatch.setenv("TMPDIR", "/tmp/" + "x" * 40)
    assert lineage.temporary() is None
