"""The task `classify` with its sequences: what `data` knows about them, as the answers to `task.Task`."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from cellsize.data.classify import Classify
from cellsize.data.forecast import Values
from cellsize.data.scaling import Scaling
from cellsize.data.sequence_batches import fit_scaling
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.params import Metric
from cellsize.tasks import reading
from cellsize.tasks.task import Read

V = TypeVar("V", bound=Values)


@dataclass(frozen=True)
class Classification:
    """Sequences of unequal length, each of one class; see `task.Task` and `data.classify.Classify`.

    Attributes:
        sequences: Base arrays and index.
    """

    sequences: Sequences

    @cached_property
    def _classify(self) -> Classify:
        return Classify(len(self.sequences.classes))

    @property
    def count(self) -> int:
        """Sequences."""
        return len(self.sequences.first)

    @property
    def samples(self) -> str:
        """Sequences."""
        return "sequences"

    @property
    def scored(self) -> int:
        """A sequence is scored by its label."""
        return 1

    def observed(self, chosen: Ints) -> Ints:
        """Every sequence has its label: ones, shape (n,)."""
        return np.ones(len(chosen), np.int64)

    def fit_scaling(self, train: Ints) -> Scaling:
        """Constants of the steps and labels of the training sequences."""
        return fit_scaling(self.sequences, train)

    def read(self, scaling: Scaling, chosen: Ints) -> Read:
        """Sequences gathered by index, scaled, and filled up to the longest."""
        return reading.read(self.sequences, scaling, chosen, self.truth(scaling, chosen))

    def truth(self, scaling: Scaling, chosen: Ints) -> Floats:
        """1 for the class of each sequence, else 0."""
        return self._classify.target(self.sequences.target[chosen])

    def loss(self, outputs: V, target: V, scale: V, metric: Metric, there: V | None = None) -> V:
        """Normalised cross-entropy; see `Classify.loss`."""
        return self._classify.loss(outputs, target, scale, there)

    def error_sum(self, outputs: V, target: V, scale: V, metric: Metric) -> V:
        """Normalised log losses summed; see `Classify.error_sum`."""
        return self._classify.error_sum(outputs, target, scale)

    def score(self, error_sum: float, values: int) -> float:
        """Normalised log loss."""
        return error_sum / values

    def residuals(self, outputs: Floats, target: Floats) -> Floats:
        """Truth minus probability of each class."""
        residuals: Floats = target - self._classify.probabilities(outputs)
        return residuals
