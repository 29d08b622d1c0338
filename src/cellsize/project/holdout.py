"""Where the holdout begins, and how its values are covered up before anything is decided."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import base_arrays, series
from cellsize.data import table as tables
from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.errors import InputError
from cellsize.params import Params
from cellsize.project import columns, source
from cellsize.project.rows import Rows

Flags = npt.NDArray[np.bool_]
ENDED = 0.25  # of the series, before the last part of the table begins


@dataclass(frozen=True)
class Holdout:
    """Where the holdout begins.

    Attributes:
        cuts: The step at which that of each series begins, shape (series,).
        each: Whether it is the last part of each series, and not of the table.
        place: Step of each row of the clean series, shape (rows,).
        code: Series of each of these, shape (rows,).
        time: Time of each of these, shape (rows,).
        raw_time: Time of each raw row, shape (raw rows,).
        raw_code: Series of each raw row, shape (raw rows,).
    """

    cuts: npt.NDArray[np.int64]
    each: bool
    place: npt.NDArray[np.integer]
    code: npt.NDArray[np.integer]
    time: "pd.Series[Any]"
    raw_time: "pd.Series[Any]"
    raw_code: npt.NDArray[np.integer]

    def seen(self) -> Flags:
        """True for rows of the clean series before the holdout."""
        return np.asarray(self.place < self.cuts[self.code])

    def raw(self) -> Flags:
        """True for raw rows before the holdout."""
        held = np.flatnonzero(~self.seen())
        codes, first = np.unique(self.code[held], return_index=True)
        # As columns: of zoned times an array is one of objects, and a series without a holdout has no number there.
        begins = self.time.iloc[held[first]].set_axis(codes).reindex(self.raw_code)
        late = self.raw_time.reset_index(drop=True) >= begins.reset_index(drop=True)
        return ~late.to_numpy(np.bool_)


def find_holdout(rows: Rows, targets: tuple[str, ...], params: Params) -> Holdout:
    """Where the holdout begins, by the clock and by where targets are missing."""
    path = rows.path
    columns.require_targets(rows.table, path, targets)
    bare = params.prepare.model_copy(update={"calendar": (), "linear_calendar": (), "series_as_input": False})
    table = source.load_as_declared(path, bare)
    schema = series.describe(table, path, bare)
    frame = series.clean(table, path, schema)
    arrays = base_arrays.base(frame, schema, params.window)
    place, code = arrays.step, arrays.series
    observed = frame[list(targets)].notna().all(axis=1).to_numpy()
    if not observed.any():
        raise InputError(f"{path}, column {targets[0]!r}: every value is missing; name another --target")
    whole = params.split.holdout
    cuts = cuts_of(place, code, observed, whole, each=False)
    # Where many series end before the holdout of the table begins, it would be that of a few.
    ends = cuts_of(place, code, observed, 0.0, each=True)
    each = bool((ends <= cuts).mean() > ENDED)
    if each:
        cuts = cuts_of(place, code, observed, whole, each=True)
    names = pd.Index(frame[SERIES].cat.categories)
    return Holdout(
        cuts, each, place, code, frame[TIME], series.line_of_instants(table, path, schema),
        names.get_indexer(tables.names(table, schema.series)),
    )  # fmt: skip


def cuts_of(
    place: npt.NDArray[np.integer],
    code: npt.NDArray[np.integer],
    observed: npt.NDArray[np.bool_],
    fraction: float,
    *,
    each: bool,
) -> npt.NDArray[np.int64]:
    """The step at which the holdout of each series begins, shape (series,).

    Args:
        place: Step of each row, shape (rows,).
        code: Series of each row, shape (rows,).
        observed: Whether all targets of a row are there, shape (rows,).
        fraction: Of the time that is held out.
        each: Whether it is the last part of each series, and not of the table.
    """
    begin, end = np.full(code.max() + 1, np.iinfo(np.int64).max), np.full(code.max() + 1, -1)
    np.minimum.at(begin, code[observed], place[observed])
    np.maximum.at(end, code[observed], place[observed] + 1)
    if not each:
        begin[:], end[:] = begin.min(), end.max()
    begin = np.minimum(begin, end)  # of a series without any value
    return np.asarray(end - np.round(fraction * (end - begin)), np.int64)


def cover(frame: pd.DataFrame, schema: Schema, seen: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """The clean series with one constant in place of each value of the holdout; what is missing stays missing.

    So windows and folds are those of the pipeline, and no value of the holdout can be read. What the clock says, and
    what is constant in each series, is no news of the holdout.
    """
    covered = frame.copy(deep=False)
    names, codes = frame[SERIES].cat.categories, frame[SERIES].cat.codes
    several = len(names) > 1
    for name in (*schema.past_columns, *schema.known_future_covariates):
        values = frame[name]
        before = values[seen]
        constant = before.median() if before.notna().any() else 0.0
        instead: Any = constant
        if several:  # at its own level: of another one, digits would be lost here alone
            medians = before.groupby(frame.loc[seen, SERIES], observed=True).median().reindex(names)
            instead = medians.fillna(constant).to_numpy()[codes]
        covered[name] = values.where(seen | values.isna().to_numpy(), instead)
    return covered
