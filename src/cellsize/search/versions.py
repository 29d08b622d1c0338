"""What decides the last digits of a score, apart from data, parameters and code."""

import contextlib
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np  # noqa: F401 - loads the library of its products, which is asked for below
from threadpoolctl import threadpool_info

from cellsize import process

# What trains, and so what decides the last digits of a score.
TRAINED_WITH = ("numpy", "torch", "pytorch-lightning", "numba", "scipy", "scikit-learn")


GPU_SECONDS = 10.0


def gpu() -> str:
    """What decides the last digits on this machine's GPUs: their names, and how torch computes on them.

    An A100 has TF32, a T4 has not. Empty where no driver tells of a GPU; the names come from it, since whoever asks
    need not be able to use them.
    """
    names = sorted(set(asked("name")))
    if not names:
        return ""
    with process.importing():
        from cellsize.training import on_gpu  # it loads torch
    return ", ".join([" and ".join(names), on_gpu.kernels()])


def asked(what: str) -> list[str]:
    """What NVIDIA's driver says of each GPU of this machine; nothing if there is no driver. Loads no torch."""
    command = ["nvidia-smi", f"--query-gpu={what}", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=GPU_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in said.splitlines() if line.strip()]


def gpu_memory() -> float | None:
    """Bytes of this machine's smallest GPU; None if there is none, or no driver tells. Loads no torch."""
    with contextlib.suppress(ValueError):
        return min((float(line) * 2**20 for line in asked("memory.total")), default=None)
    return None


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
