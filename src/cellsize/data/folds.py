"""Who learns from which window: the holdout, the folds, and what keeps them apart.

    time  ─────────────────────────────────────────────────────────────►
    fold 1  VVVVVVVV··tttttssttttttttttssttttttt··|··HHHHHHHHH
    fold 2  tttttss··VVVVVVVV··ttttttssttttttttt··|··HHHHHHHHH
    fold 3  tttttssttttttttss··VVVVVVVV··tttttttt·|··HHHHHHHHH

V validation set, t training set, s early-stopping set, H holdout, · purged (a window there would share a raw row with
its neighbour). The score of a fold comes from V alone; s decides when to stop and which settings to use.

With `split.holdout_of: series` each series has such a time of its own: its last part is in the holdout, and no window
of it that may be learnt from shares a row with that. Where series end at different times, some are learnt from at times
that are the holdout of others. The folds divide the time that all series share, as ever.

With `split.holdout_of: whole_series` a fraction of the series is drawn: nothing of them is learnt from. With
`split.scheme: groups` validation and early-stopping set of each fold are whole series too: then all errors are those on
series never seen.

With `window.scale: series` a series is scaled by its training rows. Where a fold has none, none of its windows is in
V or s of that fold; and none is in H if it has no window before the holdout. `collection` names such series.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data.forecast import Forecast
from cellsize.data.windows import Ints, TooFewWindowsError, Windows
from cellsize.errors import InputError
from cellsize.params_data import Split

PURGED, TRAIN, EARLY_STOPPING, VALIDATION = 0, 1, 2, 3
# With fewer series to learn from, a whole one of them would be too much to stop by.
FEWEST_SERIES = 3
Labels = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Fold:
    """The three sets of one fold: positions in `Windows.first`, each of shape (windows of the set,)."""

    train: Ints
    early_stopping: Ints
    validation: Ints


@dataclass(frozen=True)
class Folds:
    """Which windows each fold uses for what, and which are the holdout.

    Attributes:
        labels: PURGED, TRAIN, EARLY_STOPPING or VALIDATION, shape (folds, windows); PURGED on the holdout.
        holdout: True for windows of the holdout, shape (windows,).
        development: True for windows that share no row with the holdout: the folds are made of them; shape (windows,).
    """

    labels: Labels
    holdout: npt.NDArray[np.bool_]
    development: npt.NDArray[np.bool_]

    def fold(self, index: int) -> Fold:
        """The sets of one fold, counted from 0."""
        labels = self.labels[index]
        # int32: the positions of all folds are the largest arrays that a trial holds besides the base arrays.
        return Fold(
            *(np.flatnonzero(labels == label).astype(np.int32) for label in (TRAIN, EARLY_STOPPING, VALIDATION))
        )

    def all(self) -> list[Fold]:
        """Every fold in order."""
        return [self.fold(index) for index in range(len(self.labels))]


def split(windows: Windows, params: Split) -> Folds:
    """Divides the windows into a holdout and folds that share no raw row.

    Args:
        windows: All windows.
        params: Fraction of the holdout, number and scheme of the folds, fraction of the early-stopping set.

    Returns:
        The labels; every set of every fold holds at least one window.

    Raises:
        TooFewWindowsError: There are too few windows for what is asked.
        InputError: The scheme allows no scale of each series, or a set has no value of a target.
    """
    start, span = windows.start, windows.span
    unseen = (
        f"scheme: {params.scheme}" if params.scheme in ("groups", "shuffled") else f"holdout_of: {params.holdout_of}"
    )
    if windows.n_own and unseen in ("scheme: groups", "scheme: shuffled", "holdout_of: whole_series"):
        judges = "validates" if unseen.startswith("scheme") else "judges"
        raise InputError(
            f"window.scale: series scales each series by its own training rows, and split.{unseen} "
            f"{judges} on series that have none; set window.scale: global and window.normalise: standard, which scales "
            "each window by what it sees"
        )
    if params.scheme == "shuffled" or params.holdout_of == "whole_series":
        holdout, development = _holdout_of_whole_series(windows, params)
    else:
        cut = _cut(windows, params)
        holdout, development = start >= cut, start + span <= cut
        holdout = _scaled_by(windows, development, holdout)
    labels = np.zeros((params.folds, len(start)), np.int8)
    for fold_index in range(params.folds):
        validation, learnable = _validation(windows, development, params, fold_index)
        early_stopping, train = _early_stopping(windows, learnable, params)
        early_stopping, validation = (_scaled_by(windows, train, chosen) for chosen in (early_stopping, validation))
        for label, chosen in ((TRAIN, train), (EARLY_STOPPING, early_stopping), (VALIDATION, validation)):
            labels[fold_index, chosen] = label
            name = {TRAIN: "training", EARLY_STOPPING: "early-stopping", VALIDATION: "validation"}[label]
            if chosen.any():
                _require_targets(windows, np.flatnonzero(chosen), f"fold {fold_index + 1} has a {name} set")
            else:
                raise TooFewWindowsError(
                    f"split.folds: {params.folds} folds of {int(development.sum())} windows leave fold "
                    f"{fold_index + 1} without a {name} set (windows are {span} steps long)",
                    "give more data, fewer folds or blocks, or a shorter window",
                )
    if not holdout.any():
        raise TooFewWindowsError(
            f"split.holdout: {params.holdout} of the data holds no whole window of {span} steps",
            "give more data, a larger fraction or a shorter window",
        )
    _require_targets(windows, np.flatnonzero(holdout), "there is a holdout")
    return Folds(labels, holdout, development)


def of_each_series(windows: Windows, folds: Folds) -> bool:
    """Whether the holdout is the last part of each series, so that others are learnt from at its times."""
    holdout, development = windows.first[folds.holdout], windows.first[folds.development]
    by_time = windows.step[development].max() < windows.step[holdout].min()
    return not by_time and bool(np.isin(windows.series[holdout], windows.series[development]).any())


def are_unseen(windows: Windows, judged: Ints, learnt: Ints) -> bool:
    """Whether windows are of series of which nothing is learnt.

    Args:
        windows: Base arrays and index.
        judged: Positions of the windows that are judged on, shape (n,).
        learnt: Positions of those that are learnt from, shape (m,).
    """
    series = windows.series[windows.first]
    return not np.isin(series[judged], series[learnt]).any()


def _cut(windows: Windows, params: Split) -> Ints:
    """Step at which the holdout of each window's series begins, shape (windows,), or () where all have the same."""
    start, end = windows.start, windows.start + windows.span
    if params.holdout_of == "table":
        return np.asarray(end.max() - round(params.holdout * (end.max() - start.min())))
    codes = windows.series[windows.first]
    first = np.full(len(windows.names), np.iinfo(np.int64).max)
    last = np.zeros(len(windows.names), np.int64)
    np.minimum.at(first, codes, start)
    np.maximum.at(last, codes, end)
    cuts: Ints = last[codes] - np.rint(params.holdout * (last - first)[codes]).astype(np.int64)
    return cuts


def _scaled_by(windows: Windows, train: npt.NDArray[np.bool_], scored: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The scored windows less those of series without a training window, where each is scaled by its own rows.

    With the constants of all series such a window would be an outlier, whose error is that of the constants.
    """
    if not windows.n_own:
        return scored
    series = windows.series[windows.first]
    has_scale = np.zeros(len(windows.names), np.bool_)
    has_scale[series[train]] = True
    return scored & has_scale[series]


def _require_targets(windows: Windows, chosen: Ints, where: str) -> None:
    """Refuses a set in which some target was never observed: nothing could be fitted to it, or scored."""
    if (windows.observed(chosen) == windows.n_outputs).any():
        return
    rows = np.unique(Forecast.of(windows).target_rows(windows.first[chosen]))
    for column in np.flatnonzero(np.isnan(windows.target[rows]).all(axis=0)):
        raise InputError(
            f"window.observed: {where} in which no value of {windows.targets[column]!r} was observed; set "
            "window.observed: 1.0, or fewer folds"
        )


def row_mask(windows: Windows, chosen: Ints, length: int | None = None) -> npt.NDArray[np.bool_]:
    """True for the rows that the chosen windows see or predict, or for their first `length` rows; shape (rows,)."""
    edges = np.zeros(len(windows.step) + 1, np.int32)
    np.add.at(edges, windows.first[chosen], 1)
    np.add.at(edges, windows.first[chosen] + (windows.span if length is None else length), -1)
    covered: npt.NDArray[np.bool_] = np.cumsum(edges[:-1], dtype=np.int32) > 0
    return covered


def _validation(
    windows: Windows, development: npt.NDArray[np.bool_], params: Split, fold_index: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The validation windows of a fold, and those it may learn from, which share no row (and no time) with them."""
    start, span, series = windows.start, windows.span, windows.series[windows.first]
    if params.scheme in ("groups", "shuffled"):
        names = np.unique(series[development])
        if len(names) < params.folds + 1:
            raise TooFewWindowsError(
                f"split.folds: {params.folds} folds by series need at least {params.folds + 1} series, found "
                f"{len(names)}",
                "use split.scheme: contiguous",
            )
        if params.scheme == "shuffled":
            names = np.random.default_rng(0).permutation(names)
        in_fold = np.isin(series, np.array_split(names, params.folds)[fold_index])
        return development & in_fold, development & ~in_fold
    n_blocks = params.folds if params.scheme == "contiguous" else params.folds + 1
    starts = _distinct(start[development])
    if len(starts) < n_blocks:
        raise TooFewWindowsError(
            f"split.folds: {params.folds} folds need windows with at least {n_blocks} different starts, found "
            f"{len(starts)}",
            "give more data or fewer folds",
        )
    blocks = np.array_split(starts, n_blocks)
    block = blocks[fold_index if params.scheme == "contiguous" else fold_index + 1]
    validation = development & (start >= block[0]) & (start <= block[-1])
    before, after = start <= block[0] - span, start >= block[-1] + span
    if params.scheme == "contiguous":
        return validation, development & (before | after)
    if params.scheme == "sliding":
        before &= start >= block[0] - (blocks[1][0] - blocks[0][0])
    return validation, development & before


def _distinct(ascending: Ints) -> Ints:
    """What `np.unique` returns of ascending numbers; of a million, it took nine tenths of the stage's time."""
    return ascending[np.diff(ascending, prepend=ascending[:1] - 1) > 0]


def _early_stopping(
    windows: Windows, learnable: npt.NDArray[np.bool_], params: Split
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The early-stopping set, and the training set that remains: apart as training and validation set are.

    Folds by series have whole series in it, drawn from those that a fold may learn from. All others, and folds that
    learn from fewer than `FEWEST_SERIES`, have blocks of time spread over what they may learn from.
    """
    start, span, series = windows.start, windows.span, windows.series[windows.first]
    names = np.random.default_rng(1).permutation(np.unique(series[learnable]))
    if params.scheme == "shuffled" or (params.scheme == "groups" and len(names) >= FEWEST_SERIES):
        drawn = np.isin(series, names[: max(1, round(params.early_stopping.fraction * len(names)))])
        return learnable & drawn, learnable & ~drawn
    starts = _distinct(start[learnable])
    length = max(1, round(params.early_stopping.fraction * len(starts) / params.early_stopping.blocks))
    early_stopping, train = np.zeros_like(learnable), learnable.copy()
    for stretch in np.array_split(starts, params.early_stopping.blocks):
        if not stretch.size:
            continue
        begin = max((len(stretch) - length) // 2, 0)
        block = stretch[begin : begin + length]
        early_stopping |= learnable & (start >= block[0]) & (start <= block[-1])
        train &= (start <= block[0] - span) | (start >= block[-1] + span)
    return early_stopping, train


def _holdout_of_whole_series(windows: Windows, params: Split) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """A random fraction of the series; independent sequences have no last part in time that could be held out."""
    series = windows.series[windows.first]
    names = np.random.default_rng(2).permutation(np.unique(series))
    count = round(params.holdout * len(names))
    if not count:
        raise TooFewWindowsError(
            f"split.holdout: {params.holdout} of the data holds no whole window: of {len(names)} series it is none",
            "give more series, a larger fraction or split.holdout_of: table",
        )
    holdout = np.isin(series, names[:count])
    return holdout, ~holdout


def save_labels(folds: Folds) -> dict[str, npt.NDArray[np.int8]]:
    """Columns of the table of folds: one for each fold, and `holdout` (1 yes, 0 no, -1 purged)."""
    holdout = np.where(folds.holdout, 1, np.where(folds.development, 0, -1)).astype(np.int8)
    columns = {f"fold_{index + 1}": labels for index, labels in enumerate(folds.labels)}
    return {**columns, "holdout": holdout}


def load(path: Path) -> Folds:
    """Reads a table of folds."""
    table = pd.read_parquet(path)
    return load_labels({str(name): table[name].to_numpy() for name in table})


def load_labels(columns: dict[str, npt.NDArray[np.int8]]) -> Folds:
    """Makes folds of the columns that `save_labels` returned."""
    names = sorted((name for name in columns if name.startswith("fold_")), key=lambda name: int(name[5:]))
    holdout = columns["holdout"]
    return Folds(np.stack([columns[name] for name in names]), holdout == 1, holdout == 0)
