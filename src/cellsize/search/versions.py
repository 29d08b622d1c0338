"""What decides the last digits of a score, apart from data, parameters and code."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np  # noqa: F401 - loads the library of its products, which is asked for below
from threadpoolctl import threadpool_info

# What trains, and so what decides the last digits of a score.
TRAINED_WITH = ("numpy", "torch", "pytorch-lightning", "numba", "scipy")


def versions() -> Mapping[str, str]:
    """What decides the last digits, apart from data, parameters and code: versions and the processor's kernels."""
    # NumPy's products alone: which other libraries are loaded by now differs between processes.
    kernels = {
        f"{pool['internal_api']} {pool.get('architecture', '')}".strip()
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    }
    versions = {f"cellsize.version.{name}": version(name) for name in TRAINED_WITH}
    return {**versions, "cellsize.kernels": ", ".join([platform.machine(), *sorted(kernels), *_vector_extensions()])}


def _vector_extensions() -> list[str]:
    """The vector instructions that torch and Numba choose their kernels by; none where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    flags = next((line.split() for line in lines if line.startswith(("flags", "Features"))), [])
    return sorted(flag for flag in flags if flag in ("avx2", "avx512f", "fma", "asimd", "sve"))
