"""Several processes that train one size together, one on each device: what each takes, and what they agree on.

Each takes its share of the windows of every batch, so that the batch stays what `params.yaml` says. Sums over the
shares are the same bytes in all processes: whatever is decided by them, all decide alike.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_lightning.strategies import Strategy
from torch import Tensor, distributed


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together; whoever starts them has made torch's process group.

    Attributes:
        rank: Number of this process, from 0.
        size: How many there are.
        strategy: Lightning's, which knows this process's device; None for one process.
        plugins: Lightning's, which know who started the processes.
    """

    rank: int = 0
    size: int = 1
    strategy: Strategy | None = None
    plugins: list[Any] = field(default_factory=list)

    def share(self, count: int) -> slice:
        """Which of some windows are this process's: shares differ by one at most, and may be empty."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def total(self, values: Tensor) -> Tensor:
        """The sum of all processes' values, in place, the same bytes in each of them."""
        if self.size > 1:
            distributed.all_reduce(values)
        return values

    @property
    def device(self) -> torch.device:
        """Where this process's tensors travel from and to; a strategy knows its device only once a trainer has it."""
        if self.strategy is None or distributed.get_backend() == distributed.Backend.GLOO:
            return torch.device("cpu")
        return self.strategy.root_device

    def agree(self, decision: bool) -> bool:
        """What the first process decides: clocks, and files, differ."""
        if self.size == 1:
            return decision
        return bool(self.total(torch.tensor([float(decision and self.rank == 0)], device=self.device)).item())

    def first(self, values: list[float]) -> list[float]:
        """The first process's numbers in every process: each may have worked them out with other last digits."""
        if self.size == 1:
            return values
        sent = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.broadcast(sent, src=0)
        found: list[float] = sent.tolist()
        return found

    def first_file(self, path: Path | None, folder: Path) -> Path | None:
        """The first process's file in every process: nothing else has to be shared among machines.

        Args:
            path: A file of the first process, or None; what others give does not count.
            folder: Where the others put their copy.

        Returns:
            The file in the first process, a copy in the others; None if there is none.
        """
        if self.size == 1:
            return path
        is_first = self.rank == 0
        content = np.fromfile(path, np.uint8) if is_first and path is not None else np.empty(0, np.uint8)
        length = int(self.total(torch.tensor([len(content)], device=self.device)).item())
        if not length:
            return None
        values = torch.from_numpy(content) if is_first else torch.empty(length, dtype=torch.uint8)
        values = values.to(self.device)
        distributed.broadcast(values, src=0)
        if is_first:
            return path
        copy = folder / "state.ckpt"
        values.cpu().numpy().tofile(copy)
        return copy


ALONE = Ranks()
