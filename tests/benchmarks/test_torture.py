"""Moments of kills are drawn once for all, and in the order in which a run comes to them."""

import random

from benchmarks import faults, torture
from benchmarks.faults import _kind


def test_a_seed_gives_the_same_moments_in_the_order_of_the_stages() -> None:
    drawn = torture.moments(random.Random(7), 200)
    assert drawn == torture.moments(random.Random(7), 200)
    numbers = [faults.STAGES.index(stage) + fraction for stage, fraction in drawn]
    assert numbers == sorted(numbers)
    assert {stage for stage, _ in drawn} == set(faults.STAGES)
    assert all(0 <= fraction < 1 for _, fraction in drawn)


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
