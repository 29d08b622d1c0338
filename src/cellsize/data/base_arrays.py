"""Base arrays: a clean series as float32, transformed, with gaps filled; windows are an index over them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import calendar
from cellsize.data.clock import microseconds
from cellsize.data.offsets import TOO_COARSE, begins_of, coarseness, offset_of, own_offset_of
from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.data.windows import FORWARD, INTEGER, Floats, Windows
from cellsize.errors import InputError
from cellsize.params_data import Window


def base(
    frame: pd.DataFrame, schema: Schema, window: Window, offset: Floats | None = None, own_offset: Floats | None = None
) -> Windows:
    """The base arrays alone, without any window; see `usable.build`.

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
    begins, own = begins_of(codes), dict[int, npt.NDArray[np.float64]]()
    for position, (column, values) in enumerate(fill(frame, schema, window)):
        transformed = FORWARD[window.transform](values) if column in schema.targets else values
        if offset is None:
            offsets[position] = offset_of(transformed)
        subtracted: Floats = offsets[position]
        if position < n_own and (offset is None or own_offset is not None):
            given = None if own_offset is None else own_offset[:, position]
            found = own_offset_of(transformed, begins, offsets[position], given)
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
    forward, begins = FORWARD[window.transform], begins_of(arrays.series)
    inputs, target, offsets = arrays.inputs.copy(), np.empty_like(arrays.target), arrays.offset.copy()
    everywhere = np.tile(offsets[: arrays.n_own], (len(arrays.names), 1))
    own_offset = arrays.own_offset.copy() if arrays.own_offset.size else everywhere
    for position, (column, values) in zip(range(arrays.n_targets), fill(frame, schema, window), strict=False):
        transformed = forward(values)
        offsets[position] = offset_of(transformed)
        found = own_offset_of(transformed, begins, offsets[position], None) if position < arrays.n_own else None
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
    begins = begins_of(codes)
    for position, column in enumerate(schema.input_columns):
        given = column in (*schema.targets, *schema.past_covariates, *schema.known_future_covariates)
        if position < arrays.n_own or not given:
            continue
        values = frame[column].to_numpy(np.float64)
        transformed = FORWARD[arrays.transform](values) if column in schema.targets else values
        coarse = coarseness(transformed, begins, arrays.offset[position]) > TOO_COARSE
        if coarse.any():
            return str(names[np.flatnonzero(coarse)[0]]), column
    return None


def fill(frame: pd.DataFrame, schema: Schema, window: Window) -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
    """The columns of `Windows.inputs` by name, untransformed, with gaps filled as `usable.build` says."""
    groups = frame.groupby(SERIES, sort=False)
    for column in schema.past_columns:
        limit = window.fill if column in schema.targets else None
        gaps = limit != 0 and frame[column].isna().any()
        yield column, (groups[column].ffill(limit=limit) if gaps else frame[column]).to_numpy(np.float64)
    for column in schema.known_future_columns:
        yield column, frame[column].to_numpy(np.float64)
