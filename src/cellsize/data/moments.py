"""Times as a reader wants them, by the clock that they are of."""

from typing import Any

import pandas as pd


def said(moment: Any, among: "pd.Series[Any] | pd.Index") -> str:
    """A time: `1959-08-01` where all times of its table are midnights, else `2026-01-31 14:00`, or a whole number.

    Args:
        moment: A timestamp, with or without a zone, or a whole number.
        among: Times of its table, by which it is told whether the times of day say anything.
    """
    times = pd.Index(among).dropna()
    if not isinstance(moment, pd.Timestamp) or not isinstance(times, pd.DatetimeIndex):
        return str(moment)
    if bool((times.normalize() == times).all()) and moment.normalize() == moment:
        return f"{moment:%Y-%m-%d}"
    seconds = ":%S" if bool((times.second != 0).any()) or moment.second else ""
    return moment.strftime(f"%Y-%m-%d %H:%M{seconds}") + (moment.strftime("%z") and f"{moment.isoformat()[-6:]}")
