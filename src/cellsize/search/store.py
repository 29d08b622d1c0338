"""The store of a search: what is finished lies in a folder that is named after data, parameters, code and machine."""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from cellsize import stage
from cellsize.search.shards import Shard
from cellsize.search.storage import Storage, patiently
from cellsize.search.versions import versions
from cellsize.training.records import MoreSeeds, Result, Work

CODE = "cellsize.training.train"
DAMAGED = (BadZipFile, EOFError, KeyError, TypeError, ValueError)


@dataclass(frozen=True)
class Store:
    """Finished shards and saved epochs of one search; it can be sent to another machine.

    Attributes:
        storage: Where they lie.
    """

    storage: Storage

    def finished(self, say: Callable[[str], None] = print) -> dict[str, Result]:
        """The results of the shards that are finished, by name.

        Args:
            say: Is told of a file that a disk or a copy has damaged: its shard is trained again.
        """
        results: dict[str, Result] = {}
        for name in patiently(self.storage.names):
            if name.endswith(".npz"):
                try:
                    content = patiently(lambda name=name: self.storage.read(name))  # type: ignore[misc]
                    results[name.removesuffix(".npz")] = Result.from_bytes(content or b"")
                except DAMAGED:
                    say(f"search: {name} in {self.storage.address} is damaged; its shard is trained again")
        return results

    def load(self, shard: Shard, more_seeds: MoreSeeds | None = None) -> Result | None:
        """The result of a shard; None if it is not finished, or damaged.

        Args:
            shard: The shard.
            more_seeds: Of added seeds, the settings that count: a search in which others did may have left a result.
        """
        content = patiently(lambda: self.storage.read(f"{shard.name}.npz"))
        try:
            result = None if content is None else Result.from_bytes(content)
        except DAMAGED:
            return None
        if result is not None and more_seeds is not None:
            is_meant = all(row.setting == more_seeds.settings[row.fold - 1] for row in result.rows)
            return result if is_meant else None
        return result

    def save(self, shard: Shard, result: Result) -> None:
        """Keeps the result of a shard; its saved epoch is needed no more, and does no harm if it cannot be removed."""
        content = result.to_bytes()
        patiently(lambda: self.storage.write(f"{shard.name}.npz", content))
        with suppress(OSError):
            self.storage.remove(f"{shard.name}.ckpt")

    def fetch(self, shard: Shard, checkpoint: Path) -> None:
        """Brings the last saved epoch of a shard, if there is one, to a file of this machine."""
        content = patiently(lambda: self.storage.read(f"{shard.name}.ckpt"))
        if content is not None:
            checkpoint.write_bytes(content)

    def forget(self, shard: Shard) -> None:
        """Removes the saved epoch of a shard, if there is one."""
        patiently(lambda: self.storage.remove(f"{shard.name}.ckpt"))

    def end(self) -> None:
        """Removes the saved epochs of what was begun ahead and turned out not to be needed; the search is at its end.

        Another search that is in the middle of the same work loses none of its own but by being killed just then.
        """
        with suppress(OSError):
            for name in self.storage.names():
                if name.endswith(".ckpt"):
                    self.storage.remove(name)

    def keep(self, shard: Shard, checkpoint: Path) -> None:
        """Keeps a saved epoch of a shard."""
        content = checkpoint.read_bytes()
        patiently(lambda: self.storage.write(f"{shard.name}.ckpt", content))


def open_store(root: Storage, work: Work) -> Store:
    """The store for some work, below a folder that all searches share."""
    return Store(root.below(key(work)))


def key(work: Work) -> str:
    """Names the work: the same data, folds, parameters, code, versions and kernels give the same 16 digits.

    Versions and kernels are part of it, since half of a size trained with other last digits than the other half would
    be nobody's numbers. They are no dependency for DVC: what one machine has finished serves another one. Over how many
    devices a shard is spread is no part of it, but of the shard's own name: see `spread.named`.
    """
    digest = hashlib.sha256()
    for field in fields(work.samples):  # and nothing that is cached beside them
        value = getattr(work.samples, field.name)
        digest.update(np.ascontiguousarray(value).data if isinstance(value, np.ndarray) else repr(value).encode())
    digest.update(work.folds.labels.tobytes())
    settings = {"network": work.network.model_dump(), "training": work.training.model_dump()}
    shared = [settings, work.penalties, work.seed, work.metric, work.accelerator, work.precision]
    shared += [work.gpu] if work.accelerator == "gpu" else []
    digest.update(json.dumps(shared, sort_keys=True).encode())
    digest.update(json.dumps([stage.code_hash(CODE), dict(versions())]).encode())
    return digest.hexdigest()[:16]
