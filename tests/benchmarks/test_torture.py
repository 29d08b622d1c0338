"""Moments of kills are drawn once for all, and in the order in which a run comes to them."""

import random
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from ruamel.yaml import YAML

from benchmarks import data, faults, torture
from benchmarks.faults import Disturbed, _kind
from cellsize.project import template


def test_a_seed_gives_the_same_moments_in_the_order_of_the_stages() -> None:
    drawn = torture.moments(random.Random(7), 200)
    assert drawn == torture.moments(random.Random(7), 200)
    numbers = [faults.STAGES.index(stage) + fraction for stage, fraction in drawn]
    assert numbers == sorted(numbers)
    assert {stage for stage, _ in drawn} == set(faults.STAGES)
    assert all(0 <= fraction < 1 for _, fraction in drawn)


def test_all_stages_of_dvc_yaml_can_be_killed_in_their_order() -> None:
    # `code` was once left out: no kill could hit it.
    stages = YAML(typ="safe", pure=True).load(data.ROOT / "dvc.yaml")["stages"]
    assert list(stages) == list(faults.STAGES)


def test_mess_is_what_an_undisturbed_run_does_not_leave(tmp_path: Path) -> None:
    usual = ("params.yaml", "dvc.lock", ".dvc/tmp/rwlock", "mlartifacts/toy/*/artifacts/choice.json")
    for name, number in (("one", "0"), ("other", "1")):
        for path in usual:
            file = tmp_path / name / path.replace("*", number * 32)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    (tmp_path / "t").mkdir()
    undisturbed, project = (Disturbed(tmp_path / name, tmp_path / "t") for name in ("one", "other"))
    assert faults.mess(project, undisturbed) == []
    left = [
        ".cache/dvc.lock", ".dvc/tmp/junk", "build/.model.partial", "core.1", f"mlartifacts/toy/{'2' * 32}/half",
        "mlruns",
    ]  # fmt: skip
    for path in left:
        (project.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / path).touch()
    (tmp_path / "t" / "ray").mkdir()
    assert faults.mess(project, undisturbed) == [*sorted([*left, ".cache", "build"]), "TMPDIR/ray"]


def test_a_project_is_rewound_to_any_stage(tmp_path: Path) -> None:
    yaml, folder = YAML(), tmp_path / "ran"
    folder.mkdir()
    (folder / "dvc.yaml").write_text(template.stages(), encoding="utf-8")
    outs = {"code": "build/code/search", "search": "build/trials.csv", "report": "reports/index.html"}
    for path in outs.values():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    yaml.dump({"stages": {stage: {"cmd": ""} for stage in faults.STAGES}}, folder / "dvc.lock")
    for stage, kept in (("code", []), ("search", ["code"]), ("report", ["code", "search"])):
        made = faults.rewound(Disturbed(folder, tmp_path), tmp_path / stage, stage).folder
        assert [name for name, path in outs.items() if (made / path).exists()] == kept
        locked = yaml.load(made / "dvc.lock")["stages"]
        assert list(locked) == list(faults.STAGES[: faults.STAGES.index(stage)])


def test_who_is_killed_is_known_by_the_command() -> None:
    for line, kind in (
        ("/home/me/.venv/bin/python -m cellsize run", "run"),
        ("/home/me/.venv/bin/python -m cellsize answer", ""),
        ("/home/me/.venv/bin/python -m dvc repro dvc.yaml", "dvc"),
        ("python -m cellsize.stage search build/windows.npz", "stage"),
        ("/site-packages/ray/core/src/ray/raylet/raylet --raylet_socket_name=x", "raylet"),
        ("/site-packages/ray/core/src/ray/gcs/gcs_server --log_dir=x", "gcs_server"),
        ("ray::ImplicitFunc.train()", "worker"),
        ("ray::IDLE", ""),
        ("ray::DashboardAgent", ""),
    ):
        assert _kind(line.split()) == kind, line


def test_a_kind_that_too_few_kills_have_hit_is_named_as_often_as_it_lacks() -> None:
    rows = [
        {"killed": kind} for kind in ("run", "run", "run", "dvc", "stage", "stage", "raylet", "gcs_server", "worker")
    ]
    assert torture.lacking(rows, 2) == ["dvc", "worker", "raylet", "gcs_server"]
    assert torture.lacking(rows, 1) == []
    assert torture.lacking([], 1) == list(torture.KINDS)


def test_a_moment_that_came_too_late_is_no_kill(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # A row without a victim once counted like a kill that had done no harm.
    def too_late(*_: object) -> dict[str, object]:
        return {"killed": "", "status": 0}

    project = SimpleNamespace(shards=dict, answers=list, said=str, run=lambda: 0, log=tmp_path / "log")
    project.log.touch()
    monkeypatch.setattr(torture, "disturb", too_late)
    monkeypatch.setattr(faults, "make", lambda *_: project)
    monkeypatch.setattr(faults, "gone", lambda _: 0.0)
    monkeypatch.setattr(faults, "registry", lambda _: faults.Stored(0, [1], {"champion": 1}))
    monkeypatch.setattr(faults, "mess", lambda *_: [])
    assert torture.round_of(0, 1, 5, tmp_path, ([], {})) == []


def test_only_what_lives_can_be_killed() -> None:
    with subprocess.Popen(["sleep", "60"]) as begun:
        victim = psutil.Process(begun.pid)
        assert faults.kill([victim]) == [victim]
        while victim.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert faults.kill([victim]) == []  # dead, and not yet waited for
    assert faults.kill([victim]) == []
