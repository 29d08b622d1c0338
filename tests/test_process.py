"""What a process is set to, and that imports set nothing."""

import gc
import json
import logging
import os
import subprocess
import sys

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from cellsize import process


def test_what_a_user_has_set_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in process.ENVIRONMENT:
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    process.set_environment()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "1"
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_imports_are_not_looked_through_for_garbage_and_later_work_is() -> None:
    with process.importing():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_garbage_is_collected_again_after_an_import_that_fails() -> None:
    with pytest.raises(ModuleNotFoundError), process.importing():
        __import__("cellsize_is_not_there")
    assert gc.isenabled()


def test_everything_computes_with_one_thread() -> None:
    with threadpool_limits(limits=2), process.one_thread():
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}


def test_freed_arrays_of_some_size_go_back_to_the_system() -> None:
    # In a process of its own, which they would not leave otherwise: an array of 30 MB that is freed has glibc keep all
    # that are smaller.
    script = (
        "import sys, numpy as np; from pathlib import Path; from cellsize import process\n"
        "resident = lambda: int(Path('/proc/self/statm').read_text().split()[1]) * 4096\n"
        "sys.argv[1] == 'set' and process.return_memory()\n"
        "np.ones(30_000_000, np.uint8)\n"
        "kept = [(np.ones(20_000_000, np.uint8), bytearray(1000)) for _ in range(4)]\n"
        "before = resident(); kept = [small for _, small in kept]; print(before - resident())"
    )
    freed = [
        int(subprocess.run([sys.executable, "-c", script, word], check=True, capture_output=True, text=True).stdout)
        for word in ("set", "not")
    ]
    assert freed[0] > 75_000_000
    assert freed[1] < freed[0]


def test_a_solver_ends_where_no_more_memory_is_given() -> None:
    # Without its buffers scipy's OpenBLAS asks for them for ever, in a loop that no signal handler of Python ends.
    script = (
        "import resource, psutil, numpy as np; from scipy.linalg import cho_factor; from cellsize import process\n"
        "process.take_buffers()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms, resource.RLIM_INFINITY))\n"
        "print(np.linalg.cholesky(4 * np.eye(2))[0, 0], cho_factor(9 * np.eye(2))[0][1, 1])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.split() == ["2.0", "3.0"]


def test_quiet_loggers_say_errors_alone() -> None:
    process.quiet("cellsize.test")
    assert logging.getLogger("cellsize.test").level == logging.ERROR


SCRIPT = """
import gc, importlib, json, os, pkgutil, sys
import cellsize
before = dict(os.environ)
names = [one.name for one in pkgutil.walk_packages(cellsize.__path__, "cellsize.")]
for name in names:
    if name != "cellsize.registry.served":  # MLflow runs this file; it names its model when it is imported
        importlib.import_module(name)
# Ray and MLflow set variables of their own: what matters is that we set none.
ours = json.loads(sys.argv[1])
changed = [key for key in ours if os.environ.get(key) != before.get(key)]
print(json.dumps([len(names), changed, gc.isenabled(), gc.get_freeze_count()]))
"""


def test_importing_every_module_sets_nothing() -> None:
    environment = {key: value for key, value in os.environ.items() if key not in process.ENVIRONMENT}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(list(process.ENVIRONMENT))],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    count, changed, collects, frozen = json.loads(ran.stdout.splitlines()[-1])
    assert count > 50
    assert (changed, collects, frozen) == ([], True, 0)
