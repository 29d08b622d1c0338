"""The one place that knows which task samples belong to; a new task is a case in each function here."""

from pathlib import Path

from cellsize.data.windows import Windows
from cellsize.tasks.forecasting import Forecasting
from cellsize.tasks.task import Task

Samples = Windows


def load(path: Path) -> Samples:
    """Reads what the stage `window` wrote, of whichever task."""
    return Windows.load(path)


def windows_of(samples: Samples) -> Windows:
    """The windows of a forecast, for what only forecasts have: an origin in time, a horizon, series."""
    return samples


def task_of(samples: Samples) -> Task:
    """The task of some samples, bound to them."""
    return Forecasting(samples)
