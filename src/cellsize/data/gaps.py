"""Settings that give windows where targets are missing and none is usable."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data.forecast import Forecast
from cellsize.data.schema import SERIES, Schema
from cellsize.data.usable import may_begin, predicted, seen, targets_of
from cellsize.data.windows import Windows
from cellsize.params_data import Window

ENOUGH = 0.5  # of the windows that the longest `fill` would give: a lower one that gives so many is named
MOST_OF = 0.1  # quantile of the windows' fractions of targets: nine tenths have the fraction that is named


@dataclass(frozen=True)
class Gaps:
    """How targets are missing, and settings with which there are windows all the same.

    Attributes:
        fill: `window.fill` that is enough for most windows.
        observed: `window.observed` that most of them reach.
        windows: About how many windows the settings give.
    """

    fill: int
    observed: float
    windows: int


def settings_for_gaps(arrays: Windows, frame: pd.DataFrame, schema: Schema, window: Window) -> Gaps | None:
    """Looks for settings that give windows where targets are missing; None: no filling gives any.

    Args:
        arrays: Base arrays of `base_arrays.base`.
        frame: What they are made of.
        schema: Meaning of its columns.
        window: What is declared: filling and fraction are raised and lowered, no other key is changed.
    """
    n_targets, begins = arrays.n_targets, may_begin(frame, schema)
    others = np.asarray(np.isfinite(arrays.inputs[:, n_targets:]).all(axis=1))
    since = _steps_since(frame, schema)
    reached = since[np.isfinite(since)]
    lengths = np.unique(reached[reached >= window.fill]).astype(int)
    tried = np.unique([window.fill, *lengths[np.linspace(0, len(lengths) - 1, min(len(lengths), 50)).astype(int)]])
    targets, known = targets_of(arrays), predicted(replace(arrays, target=np.zeros_like(arrays.target)), 1.0)
    usable = {int(fill): seen(arrays, others & (since <= fill), begins) & known & (targets > 0) for fill in tried}
    counts = {fill: int(starts.sum()) for fill, starts in usable.items()}
    enough = max(1.0, ENOUGH * max(counts.values()))
    fill = next((fill for fill, count in counts.items() if count >= enough), None)
    if fill is None:
        return None
    fractions = targets[usable[fill]] / Forecast.of(arrays).n_outputs
    fraction = float(np.quantile(fractions, MOST_OF, method="lower"))
    grain = 100 if fraction >= 0.01 else 10_000
    return Gaps(
        fill=fill,
        observed=min(window.observed, int(round(fraction * grain, 6)) / grain),  # never more than is there
        windows=counts[fill],
    )


def _steps_since(frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.float64]:
    """Steps since each target was last there, the most of all targets; 0 where all are, infinite before the first."""
    rows, since = np.arange(len(frame)), np.zeros(len(frame))
    codes = pd.factorize(frame[SERIES])[0]
    begins = np.maximum.accumulate(np.where(np.diff(codes, prepend=-1) != 0, rows, 0))
    for column in schema.targets:
        last = np.maximum.accumulate(np.where(frame[column].notna().to_numpy(), rows, -1))
        since = np.maximum(since, np.where(last >= begins, rows - last, np.inf))
    return since
