"""The task `forecast` with its windows: what `data` knows about them, as the answers to `task.Task`."""

from dataclasses import dataclass
from typing import TypeVar

from cellsize.data.batches import cell_steps, design, gather, truth
from cellsize.data.forecast import Forecast, Values
from cellsize.data.quantiles import central
from cellsize.data.scaling import Scaling, fit_scaling
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.params import Metric
from cellsize.tasks.task import Read

V = TypeVar("V", bound=Values)


@dataclass(frozen=True)
class Forecasting:
    """Windows of series, each to be continued over a horizon; see `task.Task` and `data.forecast.Forecast`.

    Attributes:
        windows: Base arrays and index.
    """

    windows: Windows

    @property
    def count(self) -> int:
        """Windows."""
        return len(self.windows.first)

    @property
    def samples(self) -> str:
        """Windows."""
        return "windows"

    @property
    def scored(self) -> int:
        """Targets of a whole horizon."""
        return self.windows.n_outputs

    def observed(self, chosen: Ints) -> Ints:
        """Targets of their horizons that were observed, shape (n,)."""
        return self.windows.observed(chosen)

    def fit_scaling(self, train: Ints) -> Scaling:
        """Constants of the rows of the training windows."""
        return fit_scaling(self.windows, train)

    def read(self, scaling: Scaling, chosen: Ints) -> Read:
        """Windows gathered by index, scaled and normalised."""
        batch = gather(self.windows, scaling, chosen)
        inputs = design(self.windows, batch)
        steps = cell_steps(self.windows, batch.steps)
        return Read(steps, batch.known_future, inputs, batch.target, batch.location, batch.scale)

    def truth(self, scaling: Scaling, chosen: Ints) -> Floats:
        """Targets in standard deviations of the training rows, NaN where unobserved."""
        return truth(self.windows, scaling, chosen)

    def loss(self, outputs: V, target: V, scale: V, metric: Metric, there: V | None = None) -> V:
        """Mean squared or absolute error; see `Forecast.loss`."""
        return Forecast.of(self.windows).loss(outputs, target, scale, metric, there)

    def error_sum(self, outputs: V, target: V, scale: V, metric: Metric) -> V:
        """Squared or absolute errors summed; see `Forecast.error_sum`."""
        return Forecast.of(self.windows).error_sum(outputs, target, scale, metric)

    def score(self, error_sum: float, values: int) -> float:
        """Normalised MSE or MAE."""
        return Forecast.of(self.windows).score(error_sum, values)

    def residuals(self, outputs: Floats, target: Floats) -> Floats:
        """Truth minus forecast, of quantiles the median."""
        residuals: Floats = target - central(outputs, self.windows.quantiles, self.windows.n_targets)
        return residuals
