"""Windows as an index over base arrays: what each window sees and must predict, never copied out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.data.series import step
from cellsize.errors import InputError
from cellsize.params import Window

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]
Transform = Literal["none", "log1p", "sqrt"]
Normalise = Literal["none", "last", "standard"]

FORWARD: dict[str, Callable[..., npt.NDArray[np.float64]]] = {"none": np.asarray, "log1p": np.log1p, "sqrt": np.sqrt}
BACKWARD: dict[str, Callable[..., npt.NDArray[np.float64]]] = {"none": np.asarray, "log1p": np.expm1, "sqrt": np.square}


@dataclass(frozen=True)
class Windows:
    """Base arrays, and where each window begins in them.

    Attributes:
        inputs: Features of each step, shape (rows, n_inputs): what only the past shows (targets first,
            transformed, gaps filled from before), then what is known for the hours to be predicted too.
        n_known_future: Features known ahead: the last columns of `inputs`.
        target: What is to be predicted, shape (rows, n_targets), transformed, NaN where unobserved.
        step: Time of each row as a number of steps since the first of all, shape (rows,).
        series: Series of each row, as a position in `names`, shape (rows,).
        first: First row of each window, shape (windows,), ordered by time, then series.
        names: Names of the series.
        targets: Names of the target columns.
        epoch: Time of step 0, in ISO 8601.
        seconds: Seconds a step.
        lookback: Steps a window sees.
        horizon: Steps it must predict.
        transform: Transformation of the targets.
        normalise: Normalisation of each window.
    """

    inputs: Floats
    n_known_future: int
    target: Floats
    step: Ints
    series: Ints
    first: Ints
    names: tuple[str, ...]
    targets: tuple[str, ...]
    epoch: str
    seconds: float
    lookback: int
    horizon: int
    transform: Transform
    normalise: Normalise

    @property
    def span(self) -> int:
        """Rows a window covers."""
        return self.lookback + self.horizon

    @property
    def n_targets(self) -> int:
        """Target columns."""
        return int(self.target.shape[1])

    @property
    def n_inputs(self) -> int:
        """Features a step, N_i."""
        return int(self.inputs.shape[1])

    @property
    def n_past(self) -> int:
        """Features that only the past shows: the first columns of `inputs`."""
        return self.n_inputs - self.n_known_future

    @property
    def n_outputs(self) -> int:
        """Numbers to predict, N_o: horizon × targets."""
        return self.horizon * self.n_targets

    @property
    def start(self) -> Ints:
        """Time of each window's first row, in steps, shape (windows,)."""
        return self.step[self.first]

    def moment(self, steps: Ints) -> pd.DatetimeIndex:
        """The time of steps, for reading."""
        return pd.DatetimeIndex(pd.Timestamp(self.epoch) + pd.to_timedelta(steps * self.seconds, unit="s"))

    def save(self, path: Path) -> None:
        """Writes an uncompressed npz without pickles."""
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **vars(self))

    @classmethod
    def load(cls, path: Path) -> "Windows":
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as content:
            arrays = dict(content)
        for key in ("epoch", "transform", "normalise"):
            arrays[key] = str(arrays[key])
        for key in ("lookback", "horizon", "n_known_future"):
            arrays[key] = int(arrays[key])
        arrays["seconds"] = float(arrays["seconds"])
        for key in ("names", "targets"):
            arrays[key] = tuple(map(str, arrays[key]))
        return cls(**arrays)


def build(frame: pd.DataFrame, schema: Schema, window: Window, source: Path) -> Windows:
    """Makes base arrays and the index of all usable windows.

    A window is usable if its first row was observed, everything it sees is there (targets are filled from
    before over at most `window.fill` steps, features without limit, and flagged), and every target it must
    predict was really observed.

    Args:
        frame: Clean series, as `series.clean` returns them.
        schema: Meaning of the columns.
        window: Lookback, horizon and scales.
        source: Where the series come from, for messages.

    Returns:
        The arrays and the index, with at least one window.

    Raises:
        InputError: A series is shorter than one window, no window is usable, or a target cannot
            be transformed.
    """
    span = window.lookback + window.horizon
    lengths = frame.groupby(SERIES, sort=False).size()
    if lengths.max() < span:
        raise InputError(
            f"{source}, series {lengths.idxmax()!r}: {lengths.max()} rows, but one window needs {span} "
            "(window.lookback + window.horizon); give more rows or shorten the window"
        )
    arrays = base(frame, schema, window)
    # Its first row must be observed: what a window fills its gaps from has to be a row of its own, or a training
    # window would see a row of the validation block before it.
    observed = np.ones(len(frame), np.bool_)
    for column in schema.past_columns:
        observed &= frame[column].notna().to_numpy()
    usable = _usable(arrays, window, observed)
    if not usable.size:
        raise InputError(
            f"{source}: no window of {span} steps has every value it needs; raise window.fill, or remove the "
            "features that are mostly missing"
        )
    if len(arrays.names) > 1:
        usable = usable[np.lexsort((arrays.series[usable], arrays.step[usable]))]
    return replace(arrays, first=usable)


def base(frame: pd.DataFrame, schema: Schema, window: Window) -> Windows:
    """The base arrays alone, without any window; see `build`."""
    raw = frame[list(schema.targets)].to_numpy(np.float64)
    lowest = np.nanmin(raw, axis=0, initial=0.0)
    if window.transform != "none" and (lowest < 0).any():
        column = schema.targets[int(np.flatnonzero(lowest < 0)[0])]
        row = frame.loc[frame[column] < 0].iloc[0]
        raise InputError(
            f"column {column!r}, {row[TIME]}: {row[column]} is negative and window.transform is {window.transform}; "
            "set window.transform: none"
        )
    target = FORWARD[window.transform](raw)
    codes, names = pd.factorize(frame[SERIES], sort=True)
    times = frame[TIME].to_numpy("datetime64[ns]").astype(np.int64)
    begin, every = times.min(), int(step(schema.frequency).total_seconds() * 1e9)
    times -= begin
    times //= every
    # Column by column: the frame holds every value in eight bytes, and a copy of it would be the stage's largest.
    inputs = np.empty((len(frame), len(schema.past_columns) + len(schema.known_future_columns)), np.float32)
    for number, (column, values) in enumerate(fill(frame, schema, window)):
        inputs[:, number] = FORWARD[window.transform](values) if column in schema.targets else values
    return Windows(
        inputs=inputs,
        n_known_future=len(schema.known_future_columns),
        target=np.ascontiguousarray(target, np.float32),
        step=times,
        series=np.asarray(codes, np.int64),
        first=np.empty(0, np.int64),
        names=tuple(map(str, names)),
        targets=schema.targets,
        epoch=str(pd.Timestamp(begin).isoformat()),
        seconds=every / 1e9,
        lookback=window.lookback,
        horizon=window.horizon,
        transform=window.transform,
        normalise=window.normalise,
    )


def fill(frame: pd.DataFrame, schema: Schema, window: Window) -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
    """The columns of the inputs by name, gaps filled from before: targets over at most `window.fill` steps."""
    groups = frame.groupby(SERIES, sort=False)
    for column in schema.past_columns:
        limit = window.fill if column in schema.targets else None
        gaps = limit != 0 and frame[column].isna().any()
        yield column, (groups[column].ffill(limit=limit) if gaps else frame[column]).to_numpy(np.float64)
    for column in schema.known_future_columns:
        yield column, frame[column].to_numpy(np.float64)


def _usable(arrays: Windows, window: Window, observed: npt.NDArray[np.bool_]) -> Ints:
    """First rows of the usable windows, by running sums over the rows."""
    rows, span = len(arrays.step), window.lookback + window.horizon
    seen = np.isfinite(arrays.inputs).all(axis=1)
    predicted = np.isfinite(arrays.target).all(axis=1) & np.isfinite(arrays.inputs[:, arrays.n_past :]).all(axis=1)
    number = max(rows - span + 1, 0)
    usable = observed[:number] & (arrays.series[:number] == arrays.series[rows - number :])
    # A running sum's difference over a stretch is its length if every row of it counts.
    sums = np.concatenate([[0], np.cumsum(seen, dtype=np.int32)], dtype=np.int32)
    usable &= sums[window.lookback :][:number] - sums[:number] == window.lookback
    sums = np.concatenate([[0], np.cumsum(predicted, dtype=np.int32)], dtype=np.int32)
    usable &= sums[span:][:number] - sums[window.lookback :][:number] == window.horizon
    return np.flatnonzero(usable)
