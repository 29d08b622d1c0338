"""What decides the last digits is named, and the same in every process."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cellsize.search import versions


def test_what_else_is_imported_changes_no_store() -> None:
    # The driver need not load torch; its key is the same as that of a process that has.
    script = "from cellsize.search.versions import versions; print(dict(versions()))"
    found = {
        subprocess.run([sys.executable, "-c", f"{before}{script}"], check=True, capture_output=True, text=True).stdout
        for before in ("", "import torch, numba; ")
    }
    assert len(found) == 1


def test_a_gpu_is_named_with_how_torch_computes_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "asked", lambda what: ["NVIDIA A100", "NVIDIA A100", "Tesla T4"])
    assert re.fullmatch(r"NVIDIA A100 and Tesla T4, CUDA \S+, cuDNN \S+, TF32 [01]{2}", versions.gpu())
    monkeypatch.setattr(versions, "asked", lambda what: [])
    assert versions.gpu() == ""


def test_a_machine_without_the_drivers_program_has_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert versions.asked("name") == []
    program = tmp_path / "nvidia-smi"
    program.write_text('#!/bin/sh\necho "$1"\necho\n')
    program.chmod(0o755)
    assert versions.asked("name") == ["--query-gpu=name"]


def test_the_memory_of_the_smallest_gpu_is_what_the_driver_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    for lines, expected in ((["81559", "15360"], 15360 * 2**20), ([], None), (["[N/A]", "15360"], None)):
        monkeypatch.setattr(versions, "asked", lambda what, lines=lines: lines)
        assert versions.gpu_memory() == expected


def test_versions_and_kernels_are_named() -> None:
    found = versions.versions()
    assert set(found) == {*(f"cellsize.version.{name}" for name in versions.TRAINED_WITH), "cellsize.kernels"}
    assert all(found.values())
