"""Where there are too few windows: the smallest change of `params.yaml` with which there are enough.

It is found by trying, so that what a message advises works.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import pandas as pd

from cellsize.data import base_arrays, constant_targets, folds, usable
from cellsize.data.gaps import settings_for_gaps
from cellsize.data.schema import Schema
from cellsize.data.windows import TooFewWindowsError, Windows
from cellsize.errors import InputError
from cellsize.params_data import Split, Window

T = TypeVar("T")

MOST_TRIES, FEWEST_TRIES, WINDOWS_TRIED = 3000, 20, 5_000_000
MOST_ROWS = 200_000  # of the shortest series that would do
# What a change costs: one fold or block less is a smaller change than another window, which is another forecast.
BLOCKS, FOLD, OBSERVED, HOLDOUT, LINEAR, FILL, LOOKBACK, SCHEME, HORIZON = 1, 1, 2, 4, 5, 6, 8, 10, 20
FRACTIONS = (1.0, 0.75, 0.5, 0.25, 0.125, 0.0)  # of lookback and horizon; at least one step


@dataclass(frozen=True)
class Settings:
    """What may change, as `params.yaml` has it."""

    lookback: int
    linear_lookback: int | None
    horizon: int
    fill: int
    observed: float
    split: Split

    @property
    def steps_seen(self) -> int:
        """Steps that a window sees."""
        return self.lookback if self.linear_lookback is None else self.linear_lookback

    def values(self) -> dict[str, object]:
        """Key of `params.yaml` → value."""
        return {
            "split.scheme": self.split.scheme,
            "split.folds": self.split.folds,
            "split.holdout": self.split.holdout,
            "split.early_stopping.blocks": self.split.early_stopping.blocks,
            "window.lookback": self.lookback,
            "window.linear_lookback": self.linear_lookback,
            "window.horizon": self.horizon,
            "window.fill": self.fill,
            "window.observed": self.observed,
        }


@dataclass(frozen=True)
class Change(Generic[T]):
    """A value of one key or of several, what it costs to change it, and how many keys change."""

    cost: int
    keys: int
    value: T


Make = Callable[[Settings], Windows]


def build(frame: pd.DataFrame, schema: Schema, window: Window, params: Split, source: Path) -> Windows:
    """What `usable.build` returns, or a message with settings that work; `split` has to work with them too.

    Raises:
        InputError: As `usable.build`.
    """
    try:
        return usable.build(frame, schema, window, source)
    except TooFewWindowsError as error:
        fault = error.fault
    begins = usable.may_begin(frame, schema)

    @cache
    def filled(fill: int) -> Windows:
        return replace(base_arrays.base(frame, schema, window.model_copy(update={"fill": fill})), may_begin=begins)

    gaps = settings_for_gaps(filled(window.fill), frame, schema, window)
    declared = _declared(window, params)
    # What the gaps of the table ask for, and what may do for shorter windows.
    others = (*((gaps.fill,) if gaps else ()), 6, 24)
    fills = (window.fill, *dict.fromkeys(steps for steps in others if steps > window.fill))
    fractions = tuple(dict.fromkeys((window.observed, gaps.observed if gaps else window.observed)))
    worst = None if gaps else _most_missing(frame, schema)
    remedy = _remedy(lambda settings: filled(settings.fill), declared, fills, fractions, worst)
    raise InputError(f"{fault}; {remedy}")


def split(windows: Windows, params: Split, window: Window) -> folds.Folds:
    """What `folds.split` returns, or a message with settings that work.

    Args:
        windows: Base arrays and index.
        params: See `folds.split`.
        window: What the windows were made with.

    Raises:
        InputError: As `folds.split`.
    """
    try:
        return folds.split(windows, params)
    except TooFewWindowsError as error:
        fault = error.fault
    raise InputError(
        f"{fault}; {_remedy(lambda _: windows, _declared(window, params), (window.fill,), (window.observed,))}"
    )


def _declared(window: Window, params: Split) -> Settings:
    return Settings(window.lookback, window.linear_lookback, window.horizon, window.fill, window.observed, params)


def _most_missing(frame: pd.DataFrame, schema: Schema) -> str | None:
    """The past covariate that is missing most, and what to do with it, in words; None if none is ever missing."""
    missing = {column: frame[column].isna().mean() for column in schema.past_columns if column not in schema.targets}
    worst = max(sorted(missing), key=lambda column: missing[column], default=None)
    if worst is None or not missing[worst]:
        return None
    return f"column {worst!r} is missing in {missing[worst]:.0%} of the rows: remove it from prepare"


def _remedy(
    make: Make, declared: Settings, fills: tuple[int, ...], fractions: tuple[float, ...], worst: str | None = None
) -> str:
    """What to set, or how many rows it takes, in words; `worst` is what to do where no settings do."""
    found = _smallest(make, declared, fills, fractions)
    if found is None and worst is not None:
        return worst
    rows = _rows_needed(make(declared), declared) if declared.split.scheme not in ("groups", "shuffled") else None
    needed = "" if rows is None else f"give at least {rows:,} rows without a gap"
    if found is None:
        return f"no smaller window and no fewer folds are enough; {needed or 'give more data'}"
    before = declared.values()
    changed = {key: value for key, value in found.values().items() if value != before[key]}
    changes = [f"{key}: {'null' if value is None else value}" for key, value in changed.items()]
    *others, last = changes
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"set {listed}" + (f", or {needed}" if needed else "")


def _smallest(make: Make, declared: Settings, fills: tuple[int, ...], fractions: tuple[float, ...]) -> Settings | None:
    """The settings with the smallest change that work, of those that are tried."""

    @cache
    def shown(lookback: int, seen: int, horizon: int, fill: int, observed: float) -> Windows | None:
        arrays = replace(make(replace(declared, fill=fill)), lookback=seen, cell_lookback=lookback, horizon=horizon)
        if len(arrays.step) < arrays.span:
            return None
        arrays = replace(arrays, first=usable.index_of(arrays, arrays.may_begin, observed))
        return arrays if arrays.first.size else None

    rows = len(make(declared).step)
    tries = int(np.clip(WINDOWS_TRIED // rows, FEWEST_TRIES, MOST_TRIES))
    hopeful, hopeless = set[tuple[float, ...]](), set[tuple[float, ...]]()
    tried, splits = 0, _splits(declared.split)
    for settings in _others(declared, fills, fractions, splits):
        window = settings.lookback, settings.steps_seen, settings.horizon, settings.fill, settings.observed
        arrays = None if window in hopeless else shown(*window)
        if arrays is None:
            continue
        if _works(arrays, settings.split):
            return settings
        tried += 1
        if tried > tries:
            return None
        if window not in hopeful:
            tried += len(splits)
            (hopeful if any(_works(arrays, other.value) for other in splits) else hopeless).add(window)
    return None


def _works(arrays: Windows, params: Split) -> bool:
    """Whether the stage split takes it."""
    try:
        return constant_targets.are_none(arrays, folds.split(arrays, params))
    except InputError:
        return False


def _others(
    declared: Settings, fills: tuple[int, ...], fractions: tuple[float, ...], splits: list[Change[Split]]
) -> Iterator[Settings]:
    """Other settings, those that change least first."""
    linears = [Change(0, 0, declared.linear_lookback)]
    if declared.linear_lookback is not None:
        linears.append(Change(LINEAR, 1, None))
    axes = (
        splits,
        linears,
        [Change(rank * FILL, rank > 0, fill) for rank, fill in enumerate(fills)],
        [Change(rank * OBSERVED, rank > 0, fraction) for rank, fraction in enumerate(fractions)],
        _shorter(declared.lookback, LOOKBACK),
        _shorter(declared.horizon, HORIZON),
    )
    ordered = sorted(product(*axes), key=lambda each: (sum(one.cost for one in each), sum(one.keys for one in each)))
    for of_split, linear, fill, observed, lookback, horizon in ordered[1:]:
        yield Settings(lookback.value, linear.value, horizon.value, fill.value, observed.value, of_split.value)


def _splits(plain: Split) -> list[Change[Split]]:
    """The split as it is declared, and others."""
    blocks, count = plain.early_stopping.blocks, plain.folds
    fewer = sorted({count - 1, count - 2, 5, 4, 3, 2} & set(range(2, count)), reverse=True)
    others = []
    for (rank, number), of_blocks, holdout, scheme in product(
        enumerate((count, *fewer)),
        dict.fromkeys((blocks, 1)),
        dict.fromkeys((plain.holdout, 0.1, 0.3)),
        dict.fromkeys((plain.scheme, "contiguous")),
    ):
        changed = (rank > 0, of_blocks != blocks, holdout != plain.holdout, scheme != plain.scheme)
        cost = FOLD * rank + BLOCKS * changed[1] + HOLDOUT * changed[2] + SCHEME * changed[3]
        early_stopping = plain.early_stopping.model_copy(update={"blocks": of_blocks})
        update = {"folds": number, "early_stopping": early_stopping, "holdout": holdout, "scheme": scheme}
        others.append(Change(cost, sum(changed), plain.model_copy(update=update)))
    return others


def _shorter(steps: int, cost: int) -> list[Change[int]]:
    """Fewer steps, each number once, with what they cost."""
    lengths = dict.fromkeys(max(1, round(fraction * steps)) for fraction in FRACTIONS)
    return [Change(rank * cost, rank > 0, length) for rank, length in enumerate(lengths)]


def _rows_needed(arrays: Windows, declared: Settings) -> int | None:
    """Rows of the shortest single series without a gap that is long enough; None if it is very long."""

    def enough(rows: int) -> bool:
        first = np.arange(rows - span + 1)
        return _works(
            replace(
                arrays, step=np.arange(rows), series=np.zeros(rows, np.int64), first=first, names=("all",),
                inputs=np.zeros((rows, arrays.n_inputs), np.float32), may_begin=np.ones(rows, np.bool_),
                target=np.tile(np.arange(rows, dtype=np.float32)[:, None], arrays.n_targets),  # none is constant
                lookback=declared.steps_seen, cell_lookback=declared.lookback, horizon=declared.horizon,
            ),
            declared.split,
        )  # fmt: skip

    span = declared.steps_seen + declared.horizon
    few, many = span, 2 * span
    while not enough(many):
        few, many = many, 2 * many
        if many > MOST_ROWS:
            return None
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many
