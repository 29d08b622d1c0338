"""What a killed run has left is put in order; what lives is left alone."""

import itertools
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from cellsize import lineage
from cellsize.errors import InputError
from cellsize.project import leftovers

LOCK = "schema: '2.0'\nstages:\n  prepare:\n    cmd: one\n  window:\n    cmd: two\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (".dvc/tmp", "build", "reports", ".cache/search/key"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_halves_of_files_are_removed_and_what_stepped_aside_is_put_back(project: Path) -> None:
    (project / "build/.trials.csv.partial").write_text("ha")
    (project / ".cache/search/key/.1x2.npz.partial").write_text("ha")
    (project / "build/.model.old").mkdir()
    (project / "build/.model.old/weights").write_text("whole")
    (project / "reports/page").write_text("new")
    (project / "reports/.page.old").write_text("old")
    (project / ".mine.partial").write_text("not ours to judge")
    leftovers.tidy(project, killed=True)
    left = sorted(str(path.relative_to(project)) for path in project.rglob("*") if path.is_file())
    assert left == [".mine.partial", "build/model/weights", "reports/page"]


THIS = "this process"  # its number would name the test otherwise in each process that collects it


@pytest.mark.parametrize(
    "text",
    [
        "", '{"write": {"/x": {"pid": 12', "[1]", '{"write": {"/x": 3}}',
        json.dumps({"write": {"/x/y": {"pid": 2**22 + 1, "cmd": "dvc repro"}}, "read": {}}),
        # The number of a killed process was given to another program.
        json.dumps({"write": {}, "read": {"/x/y": [{"pid": THIS, "cmd": "dvc repro"}]}}),
    ],
)  # fmt: skip
def test_dvcs_list_of_who_works_is_rid_of_killed_processes(project: Path, text: str) -> None:
    path = project / ".dvc/tmp/rwlock"
    path.write_text(text.replace(f'"{THIS}"', str(os.getpid())))
    leftovers.tidy(project, killed=False)
    assert not path.exists()


def test_a_living_dvc_in_the_folder_is_waited_for_in_words(project: Path) -> None:
    with subprocess.Popen(["dvc", "60"], executable="sleep") as dvc:
        deadline = time.monotonic() + 10
        while not lineage.is_dvc(dvc.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        path = project / ".dvc/tmp/rwlock"
        path.write_text(json.dumps({"write": {str(project / "build/x"): {"pid": dvc.pid, "cmd": "dvc repro"}}}))
        with pytest.raises(InputError, match=rf"dvc works here, process {dvc.pid}; wait for it, or end it"):
            leftovers.tidy(project, killed=False)
        (project / "other").mkdir()
        leftovers.tidy(project / "other", killed=False)  # another project of the repository
        assert path.exists()
        dvc.kill()


def test_a_dvc_lock_that_is_cut_off_is_put_back(project: Path) -> None:
    path = project / "dvc.lock"
    path.write_text(LOCK)
    seen = leftovers.keep_lock(project, 0)
    assert leftovers.keep_lock(project, seen) == seen
    for cut in (0, 3, LOCK.index("  window"), len(LOCK) - 5):
        path.write_text(LOCK[:cut])
        assert (leftovers.keep_lock(project, seen) == seen) == (cut != LOCK.index("  window"))
        (project / leftovers.KEPT).write_text(LOCK)
        leftovers.tidy(project, killed=True)
        assert path.read_text() == LOCK


def test_a_dvc_lock_of_fewer_stages_is_believed_unless_a_run_was_killed(project: Path) -> None:
    path, fewer = project / "dvc.lock", LOCK[: LOCK.index("  window")]
    path.write_text(LOCK)
    leftovers.keep_lock(project, 0)
    path.write_text(fewer)
    leftovers.tidy(project, killed=False)
    assert path.read_text() == fewer
    leftovers.forget_lock(project)
    leftovers.tidy(project, killed=True)
    assert path.read_text() == fewer


def test_without_a_copy_a_lock_that_is_cut_off_goes_and_every_stage_is_looked_at_anew(project: Path) -> None:
    (project / "dvc.lock").write_text("stages:\n  prepare: {")
    leftovers.tidy(project, killed=True)
    assert not (project / "dvc.lock").exists()


IN_PEACE = 'trap "sleep 0.2; touch put-away; exit" TERM; echo; while :; do sleep 0.05; done'


def test_what_a_run_has_left_may_end_in_peace_even_if_the_machine_stood_still_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = os.environ | {lineage.RUN: "1:1"}
    with subprocess.Popen(["sh", "-c", IN_PEACE], env=own, cwd=tmp_path, stdout=subprocess.PIPE) as left:
        assert left.stdout is not None
        left.stdout.readline()
        clock = itertools.count(0, 1000)
        monkeypatch.setattr("cellsize.project.leftovers.time.monotonic", lambda: next(clock))
        monkeypatch.setattr(leftovers, "FEWEST_LOOKS", 100)  # however busy the machine is: it returns once all is ended
        leftovers.end("1:1")
        assert (tmp_path / "put-away").exists()
        assert lineage.name(left.pid) == ""
