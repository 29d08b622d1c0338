"""Which series of a collection take part, and why the others do not."""

from dataclasses import dataclass

import numpy as np

from cellsize.data.folds import TRAIN, Folds, of_each_series
from cellsize.data.windows import Windows

NAMED = 3  # series that a line names


@dataclass(frozen=True)
class LeftOut:
    """A series from which nothing is learnt, and why."""

    series: str
    reason: str


def left_out(windows: Windows, folds: Folds | None = None) -> list[LeftOut]:
    """The series from which nothing is learnt, in the order of `Windows.names`.

    Args:
        windows: Base arrays and index.
        folds: Who learns from which window; None: not divided yet, so that a series with a window takes part.
    """
    series = windows.series[windows.first]
    rows = np.bincount(windows.series, minlength=len(windows.names))
    usable = np.bincount(series, minlength=len(windows.names))
    held, learnt = np.zeros_like(usable), usable
    drawn = False
    if folds is not None:
        held, learnt = (np.bincount(series[part], minlength=len(usable)) for part in (folds.holdout, folds.development))
        # A holdout of whole series, drawn at random, leaves none out: they are what is forecast.
        by_time = windows.start[folds.development].max() < windows.start[folds.holdout].min()
        drawn = not by_time and not of_each_series(windows, folds)
    found = []
    for code, name in enumerate(windows.names):
        if learnt[code] or (drawn and usable[code] == held[code] > 0):
            continue
        if rows[code] < windows.span:
            reason = f"too short ({rows[code]} rows, {windows.span} needed)"
        elif not usable[code]:
            reason = f"no usable window (values are missing in each of {windows.span} steps)"
        else:
            reason = "no window before the holdout"
        found.append(LeftOut(name, reason))
    return found


def unscored(windows: Windows, folds: Folds) -> dict[str, list[int]]:
    """Series that are learnt from, but have no training row and so no scale in some folds, which leave them out.

    Args:
        windows: Base arrays and index.
        folds: Who learns from which window.

    Returns:
        Name → numbers of those folds, from 1; empty unless `window.scale` is `series`.
    """
    if not windows.n_own:
        return {}
    series = windows.series[windows.first]
    learnt = np.bincount(series[folds.development], minlength=len(windows.names)) > 0
    trained = np.stack(
        [np.bincount(series[labels == TRAIN], minlength=len(windows.names)) > 0 for labels in folds.labels]
    )
    lacking = learnt & ~trained
    return {
        windows.names[code]: (np.flatnonzero(lacking[:, code]) + 1).tolist()
        for code in np.flatnonzero(lacking.any(axis=0))
    }


def unscored_sentence(series: dict[str, list[int]]) -> str:
    """Which series some folds do not score, of what `unscored` found; empty if none."""
    if not series:
        return ""
    named = ", ".join(
        f"{name} in fold{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
        for name, numbers in list(series.items())[:NAMED]
    )
    more = f" and {len(series) - NAMED:,} more" if len(series) > NAMED else ""
    return f"folds without a training window of a series have no scale for it, and do not score it: {named}{more}"


def sentence(series: list[LeftOut], count: int, of: int) -> str:
    """How many series are left out, and the first of them with the reasons; empty if none is.

    Args:
        series: Some of them, in order.
        count: All of them.
        of: All series.
    """
    if not count:
        return ""
    named = ", ".join(f"{each.series} {each.reason}" for each in series[:NAMED])
    more = f" and {count - NAMED:,} more" if count > NAMED else ""
    return f"{count:,} of {of:,} series {'is' if count == 1 else 'are'} left out: {named}{more}"
