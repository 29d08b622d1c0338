"""How the report speaks of a task: what needs memory cells, and what the model without them is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cellsize.params import Counted

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
        fed: What a network is fed as a whole.
        samples: What samples are called, by the ways to count them that differ, given the way that counts; None: as
            they are in a forecast.
    """

    needs: str
    linear: str
    reads: str
    says: str
    output: str
    fed: str = "a window"
    samples: Callable[[Counted], dict[Counted, str]] | None = None

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


def _of_sequences(counted: Counted) -> dict[Counted, str]:
    """A sequence is one sample however it is counted, but for those that belong together."""
    plain: Counted = "sequences" if counted == "effective" else counted
    return {plain: "sequences", "effective": "groups of sequences, equal ones as one"}


# Summaries of numbers, n-grams of a text: this is true of both.
OF_CLASSES = Words(
    "These sequences need", "logistic regression", "of each sequence as a whole", "giving", "An answer",
    "the longest sequence", _of_sequences,
)  # fmt: skip
OF_NUMBERS = Words(
    "These sequences need", "ridge regression", "on summaries of each sequence", "giving", "A number",
    "the longest sequence", _of_sequences,
)  # fmt: skip
