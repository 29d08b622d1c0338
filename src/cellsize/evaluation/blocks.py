"""The blocks of time over which models are compared."""

from cellsize.data.folds import Folds, of_each_series
from cellsize.data.windows import Ints, Windows


def block_length(season: int, horizon: int) -> int:
    """Steps of a block: whole seasons, at least as many as forecasts overlap."""
    return season * -(-horizon // season)


def block_of(windows: Windows, folds: Folds, chosen: Ints, season: int) -> Ints:
    """The block of time of some windows, by the first step that they predict, shape (n,).

    Sequences that are not divided by time are a block each.
    """
    if not by_time(windows, folds) and not of_each_series(windows, folds):
        return windows.series[windows.first[chosen]]
    steps: Ints = windows.step[windows.first[chosen] + windows.lookback] // block_length(season, windows.horizon)
    return steps


def by_time(windows: Windows, folds: Folds) -> bool:
    """Whether the holdout is what comes last, of all series at once."""
    return bool(windows.start[folds.development].max() < windows.start[folds.holdout].min())
