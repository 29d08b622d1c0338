"""How the report speaks of a task: what needs memory cells, and what the model without them is."""

from dataclasses import dataclass
from typing import Literal

SEEN = {"window": "of the window", "known_future": "of what is known of the future"}


@dataclass(frozen=True)
class Words:
    """The words of a task.

    Attributes:
        needs: What needs memory cells or none, with its verb.
        linear: The model without memory cells, in two words.
        reads: What it reads.
        says: What a constant does: it always forecasts the mean.
        output: What a network gives.
    """

    needs: str
    linear: str
    reads: str
    says: str
    output: str

    @property
    def zero_cells(self) -> str:
        """The model without memory cells, as `a ridge-linear model of the window`."""
        return f"a {self.linear} {self.reads}"


def of_forecast(sees: Literal["window", "known_future"]) -> Words:
    """The words of a forecast.

    Args:
        sees: What the model without memory cells reads: with the skip connection the whole window.
    """
    return Words("This forecast needs", "ridge-linear model", SEEN[sees], "forecasting", "A forecast")


OF_CLASSES = Words(
    "These sequences need", "logistic regression", "on summaries of each sequence", "giving", "An answer"
)
OF_NUMBERS = Words("These sequences need", "ridge regression", "on summaries of each sequence", "giving", "A number")
