"""The store of a search: what is finished lies in a folder that is named after data, parameters, code and machine."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from cellsize import stage
from cellsize.search.shards import Shard
from cellsize.training.records import Result, Work

# What trains, and so what decides the last digits of a score.
TRAINED_WITH = ("numpy", "torch", "pytorch-lightning", "numba", "scipy")
CODE = "cellsize.training.train"


@dataclass(frozen=True)
class Store:
    """Finished shards and saved epochs of one search.

    Attributes:
        folder: Where they lie.
    """

    folder: Path

    def finished(self) -> dict[str, Result]:
        """The results of the shards that are finished, by name."""
        return {path.stem: Result.load(path) for path in self.folder.glob("*.npz")}

    def result(self, shard: Shard) -> Path:
        """Where the result of a shard is."""
        return self.folder / f"{shard.name}.npz"

    def checkpoint(self, shard: Shard) -> Path:
        """Where the last saved epoch of a shard is."""
        return self.folder / f"{shard.name}.ckpt"


def open_store(root: Path, work: Work) -> Store:
    """The store for some work, below a folder that all searches share."""
    folder = (root / key(work)).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return Store(folder)


def key(work: Work) -> str:
    """Names the work: the same data, folds, parameters, code, versions and kernels give the same 16 digits.

    Versions and kernels are part of it, since half of a size trained with other last digits than the other half would
    be nobody's numbers. They are no dependency for DVC: what one machine has finished serves another one.
    """
    digest = hashlib.sha256()
    for value in vars(work.windows).values():
        digest.update(np.ascontiguousarray(value).data if isinstance(value, np.ndarray) else repr(value).encode())
    digest.update(work.folds.labels.tobytes())
    settings = {"network": work.network.model_dump(), "training": work.training.model_dump()}
    digest.update(json.dumps([settings, work.penalties, work.seed], sort_keys=True).encode())
    digest.update(json.dumps([stage.code_hash(CODE), dict(versions())]).encode())
    return digest.hexdigest()[:16]


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
