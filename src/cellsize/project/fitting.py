"""Window and folds that a table is long enough for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import usable
from cellsize.data.folds import EARLY_STOPPING, TRAIN, VALIDATION, Folds, split
from cellsize.data.schema import Schema
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.params_data import Split, Window

Flags = npt.NDArray[np.bool_]

FOLDS = ((5, 2), (5, 1), (4, 1), (3, 1))  # with the blocks of the early-stopping set, best first
LEAST_FOLDS = (*FOLDS, (2, 1))
ENOUGH = 0.25  # of the development windows in the smallest training set
MANY, FEW = 30, 10  # windows in the smallest training set
LEAST = 3  # windows in any other set


@dataclass(frozen=True)
class Fit:
    """A window and folds that fit.

    Attributes:
        window: What a window sees and predicts.
        split: The folds.
        windows: The index of all usable windows, without the values of the base arrays.
        folds: Who learns from which window.
    """

    window: Window
    split: Split
    windows: Windows
    folds: Folds

    @property
    def smallest(self) -> int:
        """Windows of the smallest training set."""
        return int((self.folds.labels == TRAIN).sum(axis=1).min())


def find(
    frame: pd.DataFrame, schema: Schema, window: Window, parts: Split, season: int, lookback: int | None,
    horizon: int | None,
) -> Fit:  # fmt: skip
    """The longest window, up to two seasons and one ahead, with as many folds as the table is long enough for.

    What is first given up: the second season that a window sees, early-stopping blocks and folds, then steps ahead, and
    only then the whole season that a window sees.

    Args:
        frame: Clean series.
        schema: Meaning of their columns.
        window: Its other settings.
        parts: Its other settings.
        season: Steps in the main season, or what stands for one.
        lookback: As asked for, or None.
        horizon: As asked for, or None.

    Raises:
        InputError: Nothing fits.
    """
    rows = int(frame.groupby("series", observed=True).size().max())
    horizons = [horizon] if horizon else halves(season)
    long = [lookback] if lookback else sorted({2 * season, season}, reverse=True)
    short = [lookback] if lookback else [steps for steps in halves(season)[1:] if steps > 1]
    sweeps: list[tuple[Iterator[tuple[int, int]], tuple[tuple[int, int], ...], float, int]] = [
        (((ahead, seen) for ahead in horizons[:3] for seen in long), FOLDS, ENOUGH, MANY),
        (((ahead, seen) for ahead in horizons for seen in long[-1:]), LEAST_FOLDS, 0.0, FEW),
        (((ahead, seen) for seen in short for ahead in horizons if horizon or ahead <= seen), LEAST_FOLDS, 0.0, FEW),
    ]
    for pairs, folds, fraction, least in sweeps:
        for ahead, seen in pairs:
            if (seen + ahead) * 2 > rows:
                continue
            tried = window.model_copy(update={"lookback": seen, "horizon": ahead, "linear_lookback": None})
            for count, blocks in folds:
                found = attempt(frame, schema, tried, _divided(parts, count, blocks))
                if found is not None and found.smallest >= max(least, fraction * found.folds.development.sum()):
                    return found
    # What was asked for is given up in turn: what is named works.
    less: tuple[tuple[int | None, int | None], ...] = ((None, horizon), (lookback, None), (None, None))
    for fewer in less:
        if fewer == (lookback, horizon):
            continue
        try:
            fits = find(frame, schema, window, parts, season, *fewer).window
        except InputError:
            continue
        raise InputError(
            f"{rows} rows are too few for {_asked(horizon, lookback)}, with some held out and folds on the others; "
            f"--horizon {fits.horizon} --lookback {fits.lookback} fit, or give a longer table"
        )
    raise InputError(f"{rows} rows are too few to hold some out and to compare sizes on the others; give a longer "
                     "table")  # fmt: skip


def _asked(horizon: int | None, lookback: int | None) -> str:
    given = {"--horizon": horizon, "--lookback": lookback}
    return " ".join(f"{option} {value}" for option, value in given.items() if value is not None)


def attempt(frame: pd.DataFrame, schema: Schema, window: Window, parts: Split, least: int = LEAST) -> Fit | None:
    """A window and folds, if every set of every fold has enough windows; else None."""
    try:
        arrays = usable.build(frame, schema, window, Path("table"))
        folds = split(arrays, parts)
    except InputError:
        return None
    sizes = [(folds.labels == label).sum(axis=1).min() for label in (EARLY_STOPPING, VALIDATION)]
    if min(*sizes, folds.holdout.sum()) < least:
        return None
    # Of a long table the values of all windows need not stay in memory: the index says where the holdout begins.
    inputs, target = (np.empty_like(values[:0]) for values in (arrays.inputs, arrays.target))
    index = replace(arrays, inputs=inputs, target=target, origin=np.empty_like(arrays.origin[:0]))
    return Fit(window, parts, index, folds)


def _divided(parts: Split, folds: int, blocks: int) -> Split:
    early_stopping = parts.early_stopping.model_copy(update={"blocks": blocks})
    return parts.model_copy(update={"folds": folds, "early_stopping": early_stopping})


def halves(steps: int) -> list[int]:
    """A number, its half, and so on, down to 1."""
    found = [steps]
    while found[-1] > 1:
        found.append(found[-1] // 2)
    return found


def fill_for(missing: list[Flags], horizon: int, usual: int) -> int:
    """How many missing targets in a row are filled in the past of a window.

    Args:
        missing: Of each series and target whether it is missing, shape (rows,).
        horizon: Steps predicted.
        usual: What is filled where that is enough.

    Returns:
        The usual number, unless longer runs of up to `horizon` are more than a hundredth of the rows.
    """
    lengths = np.concatenate([_runs(each) for each in missing]) if missing else np.empty(0, int)
    longer = lengths[(lengths > usual) & (lengths <= horizon)]
    rows = sum(len(each) for each in missing)
    return int(longer.max()) if longer.sum() > rows / 100 else usual


def _runs(missing: Flags) -> npt.NDArray[np.integer]:
    """Lengths of the runs of missing values between two that are there."""
    there = np.flatnonzero(~missing)
    return np.asarray(np.diff(there) - 1)


def longest_run(missing: Flags) -> int:
    """The longest run of missing values between two that are there; 0 if none is missing."""
    return int(_runs(missing).max(initial=0))
