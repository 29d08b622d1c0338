"""Who learns from which window: the holdout, the folds, and what keeps them apart.

    time  ─────────────────────────────────────────────────────────────►
    fold 1  VVVVVVVV··tttttssttttttttttssttttttt··|··HHHHHHHHH
    fold 2  tttttss··VVVVVVVV··ttttttssttttttttt··|··HHHHHHHHH
    fold 3  tttttssttttttttss··VVVVVVVV··tttttttt·|··HHHHHHHHH

V validation, t train, s stop, · purged (a window there would share a raw row with its neighbour),
H holdout. The score of a fold comes from V alone; when to stop and which learning rate comes from s.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data.windows import Ints, Windows
from cellsize.errors import InputError
from cellsize.params import Split

PURGED, TRAIN, EARLY_STOPPING, VALIDATION = 0, 1, 2, 3
Labels = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Fold:
    """Positions in `Windows.first`, each of shape (windows of that part,)."""

    train: Ints
    early_stopping: Ints
    validation: Ints


@dataclass(frozen=True)
class Folds:
    """Which windows each fold uses for what, and which are the holdout.

    Attributes:
        labels: PURGED, TRAIN, EARLY_STOPPING or VALIDATION, shape (folds, windows); 0 on the holdout.
        holdout: Windows of the holdout, shape (windows,).
        development: Windows that end before the holdout begins, shape (windows,).
    """

    labels: Labels
    holdout: npt.NDArray[np.bool_]
    development: npt.NDArray[np.bool_]

    def fold(self, number: int) -> Fold:
        """The parts of one fold, counted from 0."""
        row = self.labels[number]
        # In four bytes a window: the positions of all folds together are what a trial keeps beside the base arrays.
        return Fold(*(np.flatnonzero(row == part).astype(np.int32) for part in (TRAIN, EARLY_STOPPING, VALIDATION)))

    def all(self) -> list[Fold]:
        """Every fold in order."""
        return [self.fold(number) for number in range(len(self.labels))]


def split(windows: Windows, params: Split) -> Folds:
    """Divides the windows into a holdout and folds that share no raw row.

    Args:
        windows: All windows.
        params: Share of the holdout, number and scheme of the folds, the stop part.

    Returns:
        The labels; every part of every fold holds at least one window.

    Raises:
        InputError: There are too few windows for what is asked.
    """
    start, span = windows.start, windows.span
    if params.scheme == "shuffled":
        holdout, development = _shuffled_holdout(windows, params)
    else:
        last = start.max() + span - 1
        cut = last + 1 - round(params.holdout * (last + 1 - start.min()))
        holdout, development = start >= cut, start + span <= cut
    labels = np.zeros((params.folds, len(start)), np.int8)
    for number in range(params.folds):
        validation, candidates = _validation(windows, development, params, number)
        stop, train = _stop(windows, candidates, params)
        for part, chosen in ((TRAIN, train), (EARLY_STOPPING, stop), (VALIDATION, validation)):
            labels[number, chosen] = part
            if not chosen.any():
                name = {TRAIN: "train", EARLY_STOPPING: "early-stopping", VALIDATION: "validation"}[part]
                raise InputError(
                    f"split.folds: {params.folds} folds of {int(development.sum())} windows leave fold {number + 1} "
                    f"without a {name} part (windows are {span} steps long); give more data, fewer folds "
                    "or blocks, or a shorter window"
                )
    if not holdout.any():
        raise InputError(
            f"split.holdout: {params.holdout} of the data holds no whole window of {span} steps; "
            "give more data, a larger share or a shorter window"
        )
    return Folds(labels, holdout, development)


def row_mask(windows: Windows, chosen: Ints) -> npt.NDArray[np.bool_]:
    """Raw rows that the chosen windows see or predict, shape (rows,)."""
    edges = np.zeros(len(windows.step) + 1, np.int64)
    np.add.at(edges, windows.first[chosen], 1)
    np.add.at(edges, windows.first[chosen] + windows.span, -1)
    covered: npt.NDArray[np.bool_] = np.cumsum(edges[:-1]) > 0
    return covered


def _validation(
    windows: Windows, development: npt.NDArray[np.bool_], params: Split, number: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """One fold's validation windows, and those that share no row (nor moment) with them."""
    start, span, series = windows.start, windows.span, windows.series[windows.first]
    if params.scheme in ("groups", "shuffled"):
        names = np.unique(series[development])
        if len(names) < params.folds + 1:
            raise InputError(
                f"split.folds: {params.folds} folds by series need at least {params.folds + 1} series, found "
                f"{len(names)}; use split.scheme: contiguous"
            )
        if params.scheme == "shuffled":
            names = np.random.default_rng(0).permutation(names)
        mine = np.isin(series, np.array_split(names, params.folds)[number])
        return development & mine, development & ~mine
    blocks = params.folds if params.scheme == "contiguous" else params.folds + 1
    moments = np.unique(start[development])
    if len(moments) < blocks:
        raise InputError(
            f"split.folds: {params.folds} folds need at least {blocks} moments to begin a window, found "
            f"{len(moments)}; give more data or fewer folds"
        )
    parts = np.array_split(moments, blocks)
    block = parts[number if params.scheme == "contiguous" else number + 1]
    validation = development & (start >= block[0]) & (start <= block[-1])
    before, after = start <= block[0] - span, start >= block[-1] + span
    if params.scheme == "contiguous":
        return validation, development & (before | after)
    if params.scheme == "sliding":
        before &= start >= block[0] - (parts[1][0] - parts[0][0])
    return validation, development & before


def _stop(
    windows: Windows, candidates: npt.NDArray[np.bool_], params: Split
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Takes blocks out of the training part, spread over it, and purges around them."""
    start, span = windows.start, windows.span
    if params.scheme == "shuffled":
        series = windows.series[windows.first]
        names = np.random.default_rng(1).permutation(np.unique(series[candidates]))
        mine = np.isin(series, names[: max(1, round(params.early_stopping.fraction * len(names)))])
        return candidates & mine, candidates & ~mine
    moments = np.unique(start[candidates])
    wanted = max(1, round(params.early_stopping.fraction * len(moments) / params.early_stopping.blocks))
    stop, train = np.zeros_like(candidates), candidates.copy()
    for part in np.array_split(moments, params.early_stopping.blocks):
        if not part.size:
            continue
        at = (len(part) - wanted) // 2
        block = part[max(at, 0) : max(at, 0) + wanted]
        stop |= candidates & (start >= block[0]) & (start <= block[-1])
        train &= (start <= block[0] - span) | (start >= block[-1] + span)
    return stop, train


def _shuffled_holdout(windows: Windows, params: Split) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Independent sequences have no last part in time: the holdout is a drawn share of them."""
    series = windows.series[windows.first]
    names = np.random.default_rng(2).permutation(np.unique(series))
    holdout = np.isin(series, names[: round(params.holdout * len(names))])
    return holdout, ~holdout


def save_labels(folds: Folds) -> dict[str, npt.NDArray[np.int8]]:
    """Columns for the table of folds: one a fold, and `holdout` (1 yes, 0 no, -1 purged)."""
    place = np.where(folds.holdout, 1, np.where(folds.development, 0, -1)).astype(np.int8)
    columns = {f"fold_{number + 1}": row for number, row in enumerate(folds.labels)}
    return {**columns, "holdout": place}


def load(path: Path) -> Folds:
    """Reads a table of folds."""
    table = pd.read_parquet(path)
    return load_labels({str(name): table[name].to_numpy() for name in table})


def load_labels(columns: dict[str, npt.NDArray[np.int8]]) -> Folds:
    """Makes folds of what `save_labels` gave."""
    names = sorted((name for name in columns if name.startswith("fold_")), key=lambda name: int(name[5:]))
    place = columns["holdout"]
    return Folds(np.stack([columns[name] for name in names]), place == 1, place == 0)
