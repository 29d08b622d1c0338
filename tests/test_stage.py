"""Every stage enters by one door."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# As wide as the linear map of the default data: two threads sum in another order there.
SCRIPT = """
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from scipy import linalg
from threadpoolctl import threadpool_info

from cellsize import stage


def threads():
    return [pool["num_threads"] for pool in threadpool_info()]


def main(params, out: Path):
    inputs = np.random.default_rng(0).normal(size=(512, 169))
    gram = inputs.T @ inputs
    solved = linalg.cho_solve(linalg.cho_factor(gram + np.eye(169)), inputs.T @ inputs[:, :24])
    torch.ones(64, 64) @ torch.ones(64, 64)
    digest = hashlib.sha256(gram.tobytes() + solved.tobytes()).hexdigest()
    out.write_text(json.dumps([before, threads(), torch.get_num_threads(), digest]))


before = threads()
stage.run(main)
"""


def test_a_stage_computes_with_one_thread_whatever_it_is_granted(
    tmp_path: Path, write_params: Callable[[dict[str, Any]], Path], params_content: Callable[[], dict[str, Any]]
) -> None:
    write_params(params_content())
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    found = {}
    for granted in ("1", "2"):
        subprocess.run(
            [sys.executable, "script.py", f"{granted}.json"],
            cwd=tmp_path,
            env={"OMP_NUM_THREADS": granted, "OPENBLAS_NUM_THREADS": granted, "MKL_NUM_THREADS": granted, "PATH": ""},
            check=True,
        )
        found[granted] = json.loads((tmp_path / f"{granted}.json").read_text(encoding="utf-8"))
    assert 2 in found["2"][0]
    for _, within, of_torch, digest in found.values():
        assert set(within) == {1}
        assert of_torch == 1
        assert digest == found["1"][-1]


def test_a_stage_looks_for_garbage_though_its_imports_did_not(
    tmp_path: Path, write_params: Callable[[dict[str, Any]], Path], params_content: Callable[[], dict[str, Any]]
) -> None:
    write_params(params_content())
    script = "import gc, pipeline\nfrom cellsize import stage\nprint(gc.isenabled())\n"
    script += "def main(params):\n    print(gc.isenabled())\nstage.run(main)\n"
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    root = str(Path(__file__).parents[1])
    found = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env={"PYTHONPATH": root, "PATH": ""}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert found.stdout.split() == ["False", "True"]
