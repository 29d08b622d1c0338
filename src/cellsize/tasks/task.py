"""What a task is: the questions that are asked of it by what trains, scores or counts samples of any task.

A task is bound to its samples: windows of series to be forecast, whole sequences to be labelled, or whole sequences
with a number each. `tasks.samples.task_of` makes it, and who has it need not know which it is.

Networks of all tasks have one form: something of shape (horizon, n_targets) for each sample. A forecast has its steps
and columns there, a classification one step with a log-odds for each class, a regression one step with one column.
"""

from typing import NamedTuple, Protocol, TypeVar

from cellsize.data.forecast import Values
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints
from cellsize.params import Metric

V = TypeVar("V", bound=Values)


class Read(NamedTuple):
    """Some samples as the networks and the linear model read them; all arrays float32.

    Attributes:
        steps: What memory cells see, shape (n, steps, n_cell_inputs); behind the end of a shorter sequence zeros.
        known_future: Known-future covariates, shape (n, horizon, n_known_future).
        linear_inputs: What the linear model reads, a 1 last, shape (n, n_linear).
        target: What is to be predicted, as the loss reads it, shape (n, horizon, n_targets).
        location: What is added to outputs, after they were multiplied, so that they are in the units of `Task.truth`.
        scale: What they are multiplied by: both to be broadcast over (n, horizon, n_targets).
        lengths: Steps of each sample, int64, shape (n,); None where all have the same.
    """

    steps: Floats
    known_future: Floats
    linear_inputs: Floats
    target: Floats
    location: Floats
    scale: Floats
    lengths: Ints | None = None


class Task(Protocol):
    """A task and its samples.

    `forecasting.Forecasting`, `classification.Classification` and `regression.Regression` are such.
    """

    @property
    def count(self) -> int:
        """How many samples there are; each is a position from 0."""

    @property
    def samples(self) -> str:
        """What they are, in a word for a reader."""

    @property
    def scored(self) -> int:
        """Values that a whole sample is scored by: those of its horizon, or one label or number."""

    def observed(self, chosen: Ints) -> Ints:
        """How many of these values were observed of some samples, shape (n,)."""

    def fit_scaling(self, train: Ints) -> Scaling:
        """Constants of the training samples, and of no other; with what the error of the best constant is."""

    def read(self, scaling: Scaling, chosen: Ints) -> Read:
        """Copies some samples out of the base arrays, scaled."""

    def truth(self, scaling: Scaling, chosen: Ints) -> Floats:
        """What is to be predicted, as `error_sum` compares it, shape (n, horizon, n_targets)."""

    def loss(self, outputs: V, target: V, scale: V, metric: Metric, there: V | None = None) -> V:
        """The training loss of each network, shape (networks,); see `Forecast.loss`."""

    def error_sum(self, outputs: V, target: V, scale: V, metric: Metric) -> V:
        """Errors summed over samples in float64; see `Forecast.error_sum`."""

    def score(self, error_sum: float, values: int) -> float:
        """The score, from the sum over all samples and the number of values in it: the best constant has about 1."""

    def residuals(self, outputs: Floats, target: Floats) -> Floats:
        """Truth minus prediction, of the shape of both."""
