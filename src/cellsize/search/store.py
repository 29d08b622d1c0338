"""The store of a search: what is finished lies in a folder that is named after data, parameters, code and machine."""

import hashlib
import json
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from cellsize import stage
from cellsize.search.shards import Shard
from cellsize.search.versions import versions
from cellsize.training.records import Result, Work

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
    for field in fields(work.windows):  # and nothing that is cached beside them
        value = getattr(work.windows, field.name)
        digest.update(np.ascontiguousarray(value).data if isinstance(value, np.ndarray) else repr(value).encode())
    digest.update(work.folds.labels.tobytes())
    settings = {"network": work.network.model_dump(), "training": work.training.model_dump()}
    digest.update(json.dumps([settings, work.penalties, work.seed, work.metric], sort_keys=True).encode())
    digest.update(json.dumps([stage.code_hash(CODE), dict(versions())]).encode())
    return digest.hexdigest()[:16]
