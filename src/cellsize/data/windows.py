"""Windows as an index over base arrays: what each window sees and must predict, without a copy of any."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
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
from cellsize.errors import InputError

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]
Transform = Literal["none", "log1p", "sqrt"]
Normalise = Literal["none", "last", "standard"]

FORWARD: dict[str, Callable[..., npt.NDArray[np.float64]]] = {"none": np.asarray, "log1p": np.log1p, "sqrt": np.sqrt}
BACKWARD: dict[str, Callable[..., npt.NDArray[np.float64]]] = {"none": np.asarray, "log1p": np.expm1, "sqrt": np.square}

INTEGER = "step"  # in place of a zone


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
            past covariates, or none; see `scaling.Scaling`.
        target: What is to be predicted, transformed, less `offset`, float32, shape (rows, n_targets); NaN where
            unobserved.
        offset: What was subtracted from each column in float64, shape (n_inputs,); see `offsets.offset_of`.
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
        quantiles: Levels that are forecast of each target (`choose.quantiles`); none: a value alone.
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
    quantiles: tuple[float, ...] = ()

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
        """Numbers that a window is scored by: horizon × targets."""
        return Forecast.of(self).n_outputs

    @property
    def n_columns(self) -> int:
        """Columns that are forecast: one for each target, or for each level of each target."""
        return Forecast.of(self).n_columns

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
        content = {each.name: getattr(self, each.name) for each in fields(self)}
        if not self.quantiles:  # so that the file of a forecast of values stays what it was
            del content["quantiles"]
        files.write_npz(path, **content)

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
        values["quantiles"] = tuple(map(float, values.get("quantiles", ())))
        return cls(**values)
