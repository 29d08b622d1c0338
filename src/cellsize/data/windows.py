"""Windows as an index over base arrays: what each window sees and must predict, without a copy of any."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize import files
from cellsize.data import calendar
from cellsize.data.clock import microseconds, zone
from cellsize.data.forecast import Forecast
from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.errors import InputError
from cellsize.params import Window

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]
Transform = Literal["none", "log1p", "sqrt"]
Normalise = Literal["none", "last", "standard"]

FORWARD: dict[str, Callable[..., npt.NDArray[np.float64]]] = {"none": np.asarray, "log1p": np.log1p, "sqrt": np.sqrt}
BACKWARD: dict[str, Callable[..., npt.NDArray[np.float64]]] = {"none": np.asarray, "log1p": np.expm1, "sqrt": np.square}

INTEGER = "step"  # in place of a zone
SAMPLE = 10_000  # rows that a column's offset is found on
# How coarse float32 may be at the level of a series, in its standard deviations: coarser, and the series has an offset
# of its own, or is refused where all series have one scale.
COARSE, TOO_COARSE = 1e-3, 2e-2


class TooFewWindowsError(InputError):
    """There are too few windows, or none; `remedies` finds settings with which there are enough.

    Attributes:
        fault: What is wrong, without a remedy.
    """

    def __init__(self, fault: str, remedy: str) -> None:
        super().__init__(f"{fault}; {remedy}")
        self.fault = fault


@dataclass(frozen=True)
class Windows:
    """Base arrays, and where each window begins in them.

    A row is one step of one series; rows are ordered by series, then time, without a hole. A window is `span`
    consecutive rows of one series: it sees the first `lookback` of them, and predicts the targets of the others. Of
    what it sees, memory cells see the last `cell_lookback` rows, and the linear part all.

    Attributes:
        inputs: Inputs of each step less `offset`, float32, shape (rows, n_inputs). The first `n_past` columns are seen
            in the past only: targets (transformed), past covariates, indicators of levels and of missing values; gaps
            are filled from earlier rows. The last `n_known_future` are known for the steps to be predicted too; of
            these the first `n_static` are constant in each series.
        n_known_future: Columns of `inputs` that are known in future.
        n_own: Columns of `inputs` that are scaled by the constants of their own series, the first ones: targets and
            past covariates, or none; see `batches.Scaling`.
        target: What is to be predicted, transformed, less `offset`, float32, shape (rows, n_targets); NaN where
            unobserved.
        offset: What was subtracted from each column in float64, shape (n_inputs,); see `offset_of`.
        own_offset: What was subtracted of the first `n_own` columns in its place, for each series, shape
            (names, n_own); empty where `offset` costs no series its digits.
        step: Step of each row since the first of all series, shape (rows,).
        stamp: Time of each row, shape (rows,): microseconds since 1970-01-01 in UTC, or without a zone, or a whole
            number; see `zone`.
        series: Series of each row, as a position in `names`, shape (rows,).
        first: First row of each window, shape (windows,), ordered by time, then series.
        names: Names of the series.
        targets: Names of the target columns, length n_targets.
        zone: Zone of the times; empty for times without one; `step` for whole numbers.
        seconds: Length of a step in seconds, on average.
        lookback: Steps that a window sees.
        cell_lookback: The last of them, which memory cells see.
        horizon: Steps that it must predict.
        transform: Transformation of the targets, undone by `batches.original`.
        normalise: Normalisation of each window, made by `batches.gather`.
        origin: Level of each calendar feature of the linear part at each row, int16, shape (rows, features);
            `batches.gather` makes columns of those of the first row to be predicted.
        linear_calendar: Names of these features.
        n_static: Columns of `inputs` that are constant in each series, the first of those known in future.
        may_begin: True for the rows that were observed, so that a window may begin there, shape (rows,); empty where
            nobody asked.
    """

    inputs: Floats
    n_known_future: int
    n_own: int
    target: Floats
    offset: Floats
    step: Ints
    stamp: Ints
    series: Ints
    first: Ints
    names: tuple[str, ...]
    targets: tuple[str, ...]
    zone: str
    seconds: float
    lookback: int
    cell_lookback: int
    horizon: int
    transform: Transform
    normalise: Normalise
    origin: Ints
    linear_calendar: tuple[str, ...]
    n_static: int = 0
    may_begin: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    own_offset: Floats = field(default_factory=lambda: np.empty((0, 0)))

    def offsets(self, codes: Ints) -> Floats:
        """What was subtracted of the first `n_own` columns of some series, shape (n, n_own), from their codes (n,)."""
        if self.own_offset.size:
            return self.own_offset[codes]
        return np.broadcast_to(self.offset[: self.n_own], (len(codes), self.n_own))

    @property
    def span(self) -> int:
        """Rows of a window: lookback + horizon."""
        return self.lookback + self.horizon

    @property
    def n_targets(self) -> int:
        """Number of targets."""
        return int(self.target.shape[1])

    @property
    def n_inputs(self) -> int:
        """Inputs of one step."""
        return int(self.inputs.shape[1])

    @property
    def n_cell_inputs(self) -> int:
        """Inputs of one step that memory cells see: all but those that are constant in each series."""
        return self.n_inputs - self.n_static

    @property
    def n_past(self) -> int:
        """Inputs that are seen in the past only: the first columns of `inputs`."""
        return self.n_inputs - self.n_known_future

    @property
    def n_origin(self) -> int:
        """Columns that the linear part reads of the calendar."""
        return calendar.width(self.linear_calendar, self.seconds)

    @property
    def n_known(self) -> int:
        """Values known of the steps to be predicted: what is constant in each series counts once for a window."""
        return self.n_static + (self.n_known_future - self.n_static) * self.horizon

    @property
    def n_linear(self) -> int:
        """Inputs of the ridge-linear model, with its bias."""
        return self.n_past * self.lookback + self.n_known + self.n_origin + 1

    @property
    def n_outputs(self) -> int:
        """Numbers that a window must predict, N_o: horizon × targets."""
        return Forecast.of(self).n_outputs

    @cached_property
    def extent(self) -> Floats:
        """Smallest and largest value of each column of `inputs`, shape (2, n_inputs)."""
        extent: Floats = np.stack([np.fmin.reduce(self.inputs), np.fmax.reduce(self.inputs)])
        return extent

    @cached_property
    def clipped(self) -> dict[bytes, Any]:
        """Which values of `inputs` are clipped, for each scaling; `batches.gather` looks for them once."""
        return {}

    @cached_property
    def _observed_before(self) -> Ints:
        """Observed targets in the rows before each row, shape (rows + 1,)."""
        return np.concatenate([[0], np.cumsum(Forecast.of(self).observed(self.target))])

    def observed(self, chosen: Ints) -> Ints:
        """How many targets of their horizons some windows have to predict, shape (n,).

        Args:
            chosen: Positions in `first`, shape (n,).
        """
        ends = self.first[chosen] + self.span
        counts: Ints = self._observed_before[ends] - self._observed_before[ends - self.horizon]
        return counts

    @property
    def start(self) -> Ints:
        """Step of the first row of each window, shape (windows,)."""
        return self.step[self.first]

    def moment(self, rows: Ints) -> pd.Index:
        """The times of some rows, shape (n,), for a reader: with their zone if they have one, or whole numbers."""
        stamps = self.stamp[rows]
        if self.zone == INTEGER:
            return pd.Index(stamps)
        times = pd.DatetimeIndex(stamps.astype("datetime64[us]"))
        return times.tz_localize("UTC").tz_convert(zone(self.zone)) if self.zone else times

    def said(self, row: int) -> str:
        """The time of a row in ISO 8601, or its whole number; `stamp_of` reads it."""
        moment = self.moment(np.array([row]))[0]
        return str(moment) if self.zone == INTEGER else str(moment.isoformat())

    def stamp_of(self, said: str) -> int:
        """What `stamp` has for a time that `said` wrote, of these windows or of others of the same schema."""
        if self.zone == INTEGER:
            return int(said)
        return int(microseconds(pd.DatetimeIndex([pd.Timestamp(said)]))[0])

    def save(self, path: Path) -> None:
        """Writes an uncompressed npz without pickles, whole or not at all."""
        files.write_npz(path, **{each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Windows":
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as content:
            values = dict(content)
        for key in ("zone", "transform", "normalise"):
            values[key] = str(values[key])
        for key in ("lookback", "cell_lookback", "horizon", "n_known_future", "n_own", "n_static"):
            values[key] = int(values[key])
        values["seconds"] = float(values["seconds"])
        for key in ("names", "targets", "linear_calendar"):
            values[key] = tuple(map(str, values[key]))
        return cls(**values)


def build(frame: pd.DataFrame, schema: Schema, window: Window, source: Path) -> Windows:
    """Makes base arrays and the index of all usable windows.

    A window is usable if its first row was observed, every input it sees has a value, and at least the fraction
    `window.observed` of the targets that it must predict was really observed. Gaps in what it sees are filled with the
    last value before them: targets over at most `window.fill` steps, covariates without limit (an indicator column says
    where). Targets to be predicted are never filled: missing ones are left out of loss and score.

    Args:
        frame: Clean series, as `series.clean` returns them.
        schema: Meaning of the columns, and the clock.
        window: Lookback, horizon, filling, transformation and normalisation.
        source: Where the series come from, for messages.

    Returns:
        The arrays and the index, with at least one window.

    Raises:
        TooFewWindowsError: Every series is shorter than one window, or no window is usable.
        InputError: A target cannot be transformed, or a series would lose its digits beside the others.
    """
    span = window.steps_seen + window.horizon
    lengths = frame.groupby(SERIES, sort=False).size()
    if lengths.max() < span:
        raise TooFewWindowsError(
            f"{source}, series {lengths.idxmax()!r}: {lengths.max()} rows, but a window needs {span} "
            f"(window.{'linear_' * (window.steps_seen > window.lookback)}lookback + window.horizon)",
            "give more rows or shorten the window",
        )
    arrays = base(frame, schema, window)
    refuse_lost_digits(arrays, frame, schema, source)
    begins = may_begin(frame, schema)
    usable = index_of(arrays, begins, window.observed)
    if not usable.size:
        raise TooFewWindowsError(
            f"{source}: no window of {span} steps has every value it needs", "give more data or shorten the window"
        )
    return replace(arrays, first=usable, may_begin=begins)


def index(arrays: Windows, frame: pd.DataFrame, schema: Schema, fraction: float) -> Ints:
    """First rows of the usable windows of some base arrays, ordered by time, then series; see `build`.

    Args:
        arrays: Base arrays.
        frame: The series they are made of.
        schema: Meaning of its columns.
        fraction: How many of the targets of its horizon a window must have.
    """
    return index_of(arrays, may_begin(frame, schema), fraction)


def may_begin(frame: pd.DataFrame, schema: Schema) -> npt.NDArray[np.bool_]:
    """True for the rows that were observed, shape (rows,).

    The first row of a window must be: a gap there would be filled from a row before the window, and a training window
    would so see a row of the validation set before it.
    """
    observed = np.ones(len(frame), np.bool_)
    for column in schema.past_columns:
        observed &= frame[column].notna().to_numpy()
    return observed


def index_of(arrays: Windows, begins: npt.NDArray[np.bool_], fraction: float) -> Ints:
    """First rows of the usable windows, of those that begin where they may; see `index`."""
    can_be_seen = np.asarray(np.isfinite(arrays.inputs).all(axis=1))
    usable = np.flatnonzero(_seen(arrays, can_be_seen, begins) & _predicted(arrays, fraction))
    if len(arrays.names) > 1:
        usable = usable[np.lexsort((arrays.series[usable], arrays.step[usable]))]
    return usable


def base(
    frame: pd.DataFrame, schema: Schema, window: Window, offset: Floats | None = None, own_offset: Floats | None = None
) -> Windows:
    """The base arrays alone, without any window; see `build`.

    Args:
        frame: Clean series.
        schema: Meaning of the columns, and the clock.
        window: Lookback, horizon, filling, transformation and normalisation.
        offset: What is subtracted from each column, shape (n_inputs,); None: what `offset_of` finds. A served model
            gives that of its training, for the same last digits.
        own_offset: The same of the first columns of each series, shape (names, n_own), where it is of its own; NaN is
            found out. None: found out where `offset` is, and needed.
    """
    _refuse_negative(frame, schema, window)
    codes, names = pd.factorize(frame[SERIES], sort=True)
    clock = schema.clock
    steps = clock.places(frame[TIME], np.asarray(codes, np.int64))
    steps -= steps.min()
    # Column by column: a float64 copy of all of them at once would be the stage's largest array.
    inputs = np.empty((len(frame), len(schema.past_columns) + len(schema.known_future_columns)), np.float32)
    offsets = np.zeros(inputs.shape[1]) if offset is None else offset
    n_own = len(schema.targets) + len(schema.past_covariates) if window.scale == "series" else 0
    begins, own = _begins(codes), dict[int, npt.NDArray[np.float64]]()
    for position, (column, values) in enumerate(fill(frame, schema, window)):
        transformed = FORWARD[window.transform](values) if column in schema.targets else values
        if offset is None:
            offsets[position] = offset_of(transformed)
        subtracted: Floats = offsets[position]
        if position < n_own and (offset is None or own_offset is not None):
            given = None if own_offset is None else own_offset[:, position]
            found = _own_offset(transformed, begins, offsets[position], given)
            if found is not None:
                own[position], subtracted = found, found[codes]
        np.subtract(transformed, subtracted, out=inputs[:, position], casting="same_kind")
    target = np.empty((len(frame), len(schema.targets)), np.float32)
    for position, column in enumerate(schema.targets):
        subtracted = own[position][codes] if position in own else offsets[position]
        transformed = FORWARD[window.transform](frame[column].to_numpy(np.float64))
        np.subtract(transformed, subtracted, out=target[:, position], casting="same_kind")
    whole = [own.get(position, np.full(len(begins), offsets[position])) for position in range(n_own)] if own else []
    return Windows(
        inputs=inputs,
        n_known_future=len(schema.known_future_columns),
        n_own=n_own,
        target=target,
        offset=offsets,
        step=steps,
        stamp=frame[TIME].to_numpy() if clock.unit == "integer" else microseconds(frame[TIME]),
        series=np.asarray(codes, np.int64),
        first=np.empty(0, np.int64),
        names=tuple(map(str, names)),
        targets=schema.targets,
        zone=INTEGER if clock.unit == "integer" else schema.timezone or "",
        seconds=clock.seconds,
        lookback=window.steps_seen,
        cell_lookback=window.lookback,
        horizon=window.horizon,
        transform=window.transform,
        normalise=window.normalise,
        origin=calendar.levels(frame[TIME], schema),
        linear_calendar=schema.linear_calendar,
        n_static=len(schema.static_columns),
        own_offset=np.stack(whole, axis=1) if own else np.empty((0, 0)),
    )


def with_transform(arrays: Windows, frame: pd.DataFrame, schema: Schema, window: Window) -> Windows:
    """What `base` makes of a frame with another transformation of the targets, from arrays of the same frame.

    All but the targets is shared, or copied as it is.

    Args:
        arrays: Base arrays, of another transformation; the frame of these may differ in its targets.
        frame: Clean series.
        schema: Meaning of the columns.
        window: What is declared, with this transformation.
    """
    _refuse_negative(frame, schema, window)
    forward, begins = FORWARD[window.transform], _begins(arrays.series)
    inputs, target, offsets = arrays.inputs.copy(), np.empty_like(arrays.target), arrays.offset.copy()
    everywhere = np.tile(offsets[: arrays.n_own], (len(arrays.names), 1))
    own_offset = arrays.own_offset.copy() if arrays.own_offset.size else everywhere
    for position, (column, values) in zip(range(arrays.n_targets), fill(frame, schema, window), strict=False):
        transformed = forward(values)
        offsets[position] = offset_of(transformed)
        found = _own_offset(transformed, begins, offsets[position], None) if position < arrays.n_own else None
        if position < arrays.n_own:
            own_offset[:, position] = offsets[position] if found is None else found
        subtracted: Floats = offsets[position] if found is None else found[arrays.series]
        np.subtract(transformed, subtracted, out=inputs[:, position], casting="same_kind")
        raw = forward(frame[column].to_numpy(np.float64))
        np.subtract(raw, subtracted, out=target[:, position], casting="same_kind")
    is_own = (own_offset != offsets[: arrays.n_own]).any()
    return replace(
        arrays, inputs=inputs, target=target, offset=offsets, transform=window.transform, first=np.empty(0, np.int64),
        own_offset=own_offset if is_own else np.empty((0, 0)),
    )  # fmt: skip


def _refuse_negative(frame: pd.DataFrame, schema: Schema, window: Window) -> None:
    """Refuses negative targets where they cannot be transformed."""
    for column in schema.targets if window.transform != "none" else ():
        if (frame[column] < 0).any():
            row = frame.loc[frame[column] < 0].iloc[0]
            raise InputError(
                f"column {column!r}, {row[TIME]}: {row[column]} is negative; window.transform is "
                f"{window.transform}: set window.transform: none",
                "send values that are not negative, as those were that the model has learned from",
            )


def refuse_lost_digits(arrays: Windows, frame: pd.DataFrame, schema: Schema, source: Path) -> None:
    """Refuses a series whose values would be all alike in float32, far from those of the others as they are.

    Args:
        arrays: Base arrays of the frame.
        frame: Clean series.
        schema: Meaning of its columns.
        source: Where they come from, for the message.

    Raises:
        InputError: It names the column and the series.
    """
    found = lost_digits(arrays, frame, schema)
    if found is None:
        return
    name, column = found
    remedy = "" if column in schema.known_future_covariates else "set window.scale: series, or "
    raise InputError(
        f"{source}, column {column!r}, series {name!r}: its values lie so close together, and so far from those of "
        f"other series, that a network cannot tell them apart; {remedy}subtract a constant from them"
    )


def lost_digits(arrays: Windows, frame: pd.DataFrame, schema: Schema) -> tuple[str, str] | None:
    """A series, and the column whose digits it would lose beside the others; None if none would.

    Columns that are scaled for each series are not looked at: there the series has an offset of its own.

    Args:
        arrays: Base arrays of the frame, or of more rows of the same series.
        frame: Clean series.
        schema: Meaning of its columns.
    """
    codes, names = pd.factorize(frame[SERIES], sort=True)
    if len(names) < 2:
        return None
    begins = _begins(codes)
    for position, column in enumerate(schema.input_columns):
        given = column in (*schema.targets, *schema.past_covariates, *schema.known_future_covariates)
        if position < arrays.n_own or not given:
            continue
        values = frame[column].to_numpy(np.float64)
        transformed = FORWARD[arrays.transform](values) if column in schema.targets else values
        coarse = _coarseness(transformed, begins, arrays.offset[position]) > TOO_COARSE
        if coarse.any():
            return str(names[np.flatnonzero(coarse)[0]]), column
    return None


def _begins(codes: Ints) -> Ints:
    """First row of each series, shape (names,), from the ascending codes of all rows."""
    return np.flatnonzero(np.diff(codes, prepend=-1))


def _own_offset(
    values: npt.NDArray[np.float64], begins: Ints, offset: float, given: Floats | None
) -> npt.NDArray[np.float64] | None:
    """The offset of each series, shape (names,), where one offset would cost some series its digits; else None.

    Args:
        values: A column, shape (rows,), NaN where missing.
        begins: First row of each series, shape (names,).
        offset: The one offset, of the other series too.
        given: What is known already, shape (names,); NaN where it is not.
    """
    if given is None:
        if len(begins) < 2:
            return None
        needed = np.flatnonzero(_coarseness(values, begins, offset) > COARSE)
        if not needed.size:
            return None
        offsets = np.full(len(begins), offset)
    else:
        offsets, needed = np.array(given, np.float64), np.flatnonzero(np.isnan(given))
    ends = np.append(begins[1:], len(values))
    for code in needed:
        offsets[code] = offset_of(values[begins[code] : ends[code]])
    return offsets


def _coarseness(values: npt.NDArray[np.float64], begins: Ints, offset: float) -> npt.NDArray[np.float64]:
    """The step of float32 at the mean of each series, in its standard deviations; 0 where it never changes: (names,).

    Args:
        values: A column, shape (rows,), NaN where missing.
        begins: First row of each series.
        offset: What is subtracted.
    """
    there = np.isfinite(values)
    count = np.maximum(np.add.reduceat(there, begins, dtype=np.int64), 1)
    centred = np.where(there, values - offset, 0.0)
    mean = np.add.reduceat(centred, begins) / count
    centred -= np.repeat(mean, np.diff(begins, append=len(values)))
    std = np.sqrt(np.add.reduceat(np.square(centred, where=there, out=np.zeros_like(centred)), begins) / count)
    changes = std > 1e-12 * (np.abs(mean) + abs(offset))
    step = np.spacing(np.abs(mean).astype(np.float32)).astype(np.float64)
    return np.divide(step, std, where=changes, out=np.zeros_like(std))


def offset_of(values: npt.NDArray[np.float64]) -> float:
    """A coarse number near most values of a column, to be subtracted before they become float32.

    1e9 ± 3 would lose its digits otherwise. It is the median, rounded to a power of two of at least eight times the
    interquartile range: so it is 0 for most columns. It is no leak, though it is found on the whole table: scaling adds
    it to the mean of the training rows and subtracts it again, so that nothing but rounding depends on it; and a number
    as coarse as this hardly ever depends on any part of the table.

    Args:
        values: A column, shape (rows,), NaN where missing.
    """
    if len(values) > SAMPLE:  # drawn, since every 24th hour would be the same hour
        values = values[np.random.default_rng(0).integers(0, len(values), SAMPLE)]
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75], method="lower")
    if high == low:
        return float(median)
    grain = np.ldexp(1.0, int(np.frexp(high - low)[1]) + 3)
    return float(np.round(median / grain) * grain) + 0.0  # never -0.0


def fill(frame: pd.DataFrame, schema: Schema, window: Window) -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
    """The columns of `Windows.inputs` by name, untransformed, with gaps filled as `build` says."""
    groups = frame.groupby(SERIES, sort=False)
    for column in schema.past_columns:
        limit = window.fill if column in schema.targets else None
        gaps = limit != 0 and frame[column].isna().any()
        yield column, (groups[column].ffill(limit=limit) if gaps else frame[column]).to_numpy(np.float64)
    for column in schema.known_future_columns:
        yield column, frame[column].to_numpy(np.float64)


def _before(mask: npt.NDArray[Any]) -> Ints:
    """Sums of what lies before each row: all rows of a stretch count if it grows by the length of the stretch."""
    sums: Ints = np.concatenate([[0], np.cumsum(mask, dtype=np.int32)], dtype=np.int32)
    return sums


def _seen(
    arrays: Windows, can_be_seen: npt.NDArray[np.bool_], first_rows: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Whether a window that begins in a row lies in one series and sees values alone, shape (starts,)."""
    n_rows = len(arrays.step)
    n_starts = max(n_rows - arrays.span + 1, 0)
    sums = _before(can_be_seen)
    usable: npt.NDArray[np.bool_] = first_rows[:n_starts] & (
        arrays.series[:n_starts] == arrays.series[n_rows - n_starts :]
    )
    usable &= sums[arrays.lookback :][:n_starts] - sums[:n_starts] == arrays.lookback
    return usable


def _predicted(arrays: Windows, fraction: float) -> npt.NDArray[np.bool_]:
    """Whether it has enough targets to predict, and all that is known in future, shape (starts,)."""
    n_starts, task = max(len(arrays.step) - arrays.span + 1, 0), Forecast.of(arrays)
    known = _before(np.asarray(np.isfinite(arrays.inputs[:, arrays.n_past :]).all(axis=1)))
    usable: npt.NDArray[np.bool_] = _targets(arrays) >= task.fewest(fraction)
    usable &= known[arrays.span :][:n_starts] - known[arrays.lookback :][:n_starts] == arrays.horizon
    return usable


def _targets(arrays: Windows) -> Ints:
    """How many targets a window that begins in a row has to predict, shape (starts,)."""
    n_starts = max(len(arrays.step) - arrays.span + 1, 0)
    sums = _before(Forecast.of(arrays).observed(arrays.target))
    counts: Ints = sums[arrays.span :][:n_starts] - sums[arrays.lookback :][:n_starts]
    return counts


# --- where no window is usable ----------------------------------------------------------------------------------------

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


def gaps(arrays: Windows, frame: pd.DataFrame, schema: Schema, window: Window) -> Gaps | None:
    """Looks for settings that give windows where targets are missing; None: no filling gives any.

    Args:
        arrays: Base arrays of `base`.
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
    targets, known = _targets(arrays), _predicted(replace(arrays, target=np.zeros_like(arrays.target)), 1.0)
    usable = {int(fill): _seen(arrays, others & (since <= fill), begins) & known & (targets > 0) for fill in tried}
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
