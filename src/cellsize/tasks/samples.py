"""Which samples a file holds, and the task that is bound to them; a new task is a case in each function here.

Other modules ask which task it is too, where one is read, kept, served or told in another way: the doors of
docs/architecture.md, which tests/test_structure.py lists.
"""

from pathlib import Path

import numpy as np

from cellsize.data.sequences import Sequences
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.tasks.classification import Classification
from cellsize.tasks.forecasting import Forecasting
from cellsize.tasks.regression import Regression
from cellsize.tasks.task import Task

Samples = Windows | Sequences


def load(path: Path) -> Samples:
    """Reads what the stage `window` wrote, of whichever task."""
    with np.load(path, allow_pickle=False) as content:
        is_of_sequences = "task" in content
    return Sequences.load(path) if is_of_sequences else Windows.load(path)


def windows_of(samples: Samples) -> Windows:
    """The windows of a forecast, for what only forecasts have: an origin in time, a horizon, series.

    Raises:
        InputError: The samples are those of another task.
    """
    if isinstance(samples, Sequences):
        raise InputError(f"task: {samples.task} has no windows in time; this part of cellsize is for task: forecast")
    return samples


def task_of(samples: Samples) -> Task:
    """The task of some samples, bound to them."""
    if isinstance(samples, Sequences):
        return Regression(samples) if samples.task == "regress" else Classification(samples)
    return Forecasting(samples)
