"""The task `regress` with its sequences: what `data` knows about them, as the answers to `task.Task`."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from cellsize.data.forecast import Values
from cellsize.data.regress import FORM, Regress
from cellsize.data.scaling import Scaling
from cellsize.data.sequence_batches import fit_scaling
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.params import Metric
from cellsize.tasks import reading
from cellsize.tasks.task import Read

V = TypeVar("V", bound=Values)


@dataclass(frozen=True)
class Regression:
    """Sequences of unequal length, each with one number; see `task.Task` and `data.regress.Regress`.

    Attributes:
        sequences: Base arrays and index.
    """

    sequences: Sequences

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
        """A sequence is scored by its number."""
        return 1

    def observed(self, chosen: Ints) -> Ints:
        """Every sequence has its number: ones, shape (n,)."""
        return np.ones(len(chosen), np.int64)

    def fit_scaling(self, train: Ints) -> Scaling:
        """Constants of the steps and numbers of the training sequences."""
        return fit_scaling(self.sequences, train)

    def read(self, scaling: Scaling, chosen: Ints) -> Read:
        """Sequences gathered by index, scaled, and filled up to the longest."""
        return reading.read(self.sequences, scaling, chosen, self.truth(scaling, chosen))

    def truth(self, scaling: Scaling, chosen: Ints) -> Floats:
        """Numbers in standard deviations from the mean of the training sequences."""
        return Regress.of(scaling).target(self.sequences.target[chosen])

    def loss(self, outputs: V, target: V, scale: V, metric: Metric, there: V | None = None) -> V:
        """Mean squared or absolute error; see `Forecast.loss`."""
        return FORM.loss(outputs, target, scale, metric, there)

    def error_sum(self, outputs: V, target: V, scale: V, metric: Metric) -> V:
        """Squared or absolute errors summed; see `Forecast.error_sum`."""
        return FORM.error_sum(outputs, target, scale, metric)

    def score(self, error_sum: float, values: int) -> float:
        """Normalised MSE or MAE."""
        return FORM.score(error_sum, values)

    def residuals(self, outputs: Floats, target: Floats) -> Floats:
        """Truth minus prediction."""
        residuals: Floats = target - outputs
        return residuals
