"""Every stage enters by one door."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

SCRIPT = """
import json
from pathlib import Path

import torch
from scipy import linalg
from threadpoolctl import threadpool_info

from cellsize import stage


def threads():
    return [pool["num_threads"] for pool in threadpool_info()]


def main(params, out: Path):
    out.write_text(json.dumps([before, threads()]))


before = threads()
stage.run(main)
"""


def test_a_stage_computes_with_one_thread_whatever_it_is_granted(
    tmp_path: Path, write_params: Callable[[dict[str, Any]], Path], params_content: Callable[[], dict[str, Any]]
) -> None:
    write_params(params_content())
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    subprocess.run(
        [sys.executable, "script.py", "out.json"],
        cwd=tmp_path,
        env={"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "PATH": ""},
        check=True,
    )
    before, within = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert set(before) == {2}
    assert set(within) == {1}
