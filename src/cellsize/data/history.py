"""What a model has learned from, in a few digits: whether a longer table begins with the same rows.

Only rows that were observed count. Beyond the last target of a series there may be rows already whose covariates are
known, and whose targets come later.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.data.searched import in_words, last_searched


@dataclass(frozen=True)
class Past:
    """The rows of one series until its last observed target.

    Attributes:
        begin: Time of the first one.
        end: Time of the last one.
        rows: Their number.
        columns: Column → digest of its values.
    """

    begin: str
    end: str
    rows: int
    columns: dict[str, str]


@dataclass(frozen=True)
class History:
    """The rows of a table.

    Attributes:
        searched_until: Time of the last row that its size was searched on, in ISO 8601 or as a whole number.
        series: Name → its rows.
    """

    searched_until: str
    series: dict[str, Past]

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def read(cls, text: str) -> "History":
        """What `text` wrote."""
        content: dict[str, Any] = json.loads(text)
        content.pop("until", None)  # of the first versions that kept their rows
        series = {name: Past(**past) for name, past in content.pop("series").items()}
        return cls(**content, series=series)


def history_of(frame: pd.DataFrame, schema: Schema, searched_until: str | None) -> History:
    """The history of clean series.

    Args:
        frame: Clean series, as `series.clean` returns them.
        schema: Meaning of the columns.
        searched_until: `split.searched_until`; None: the last row in which a target was observed.
    """
    until = last_searched(frame, schema, searched_until)
    return History(until, {name: _past(rows, schema) for name, rows in _observed(frame, schema)})


def differs(before: History, frame: pd.DataFrame, schema: Schema) -> str | None:
    """In which way clean series do not begin with the rows of before; None if they do.

    New series are no difference, nor are columns that only one of both has: `params.yaml` says which are read.
    """
    there = _observed_by_name(frame, schema)
    for name, past in before.series.items():
        of = f"series {name!r}: " if len(before.series) > 1 else ""
        if name not in there:
            return f"{of or 'its series: '}gone, which had {past.rows:,} rows until {past.end}"
        rows = there[name]
        begin, end = in_words(rows[TIME].iloc[0]), in_words(rows[TIME].iloc[-1])
        if begin != past.begin:
            return f"{of}the first row is of {begin}, and was of {past.begin}"
        if len(rows) < past.rows:
            return (
                f"{of}{past.rows - len(rows):,} rows fewer than before: the last one is of {end}, and was of {past.end}"
            )
        now = _digests(rows.iloc[: past.rows], schema)
        for column, digest in past.columns.items():
            if now.get(column, digest) != digest:
                return f"{of}column {column!r}: values until {past.end} are not what they were"
    return None


def _past(rows: pd.DataFrame, schema: Schema) -> Past:
    return Past(in_words(rows[TIME].iloc[0]), in_words(rows[TIME].iloc[-1]), len(rows), _digests(rows, schema))


def _observed(frame: pd.DataFrame, schema: Schema) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each series until its last observed target; no series that never was observed."""
    found = []
    for name, rows in frame.groupby(SERIES, observed=True, sort=True):
        seen = np.flatnonzero(rows[list(schema.targets)].notna().any(axis=1).to_numpy())
        if seen.size:
            found.append((str(name), rows.iloc[: seen[-1] + 1]))
    return found


def _observed_by_name(frame: pd.DataFrame, schema: Schema) -> Mapping[str, pd.DataFrame]:
    return dict(_observed(frame, schema))


def _digests(rows: pd.DataFrame, schema: Schema) -> dict[str, str]:
    columns = [name for name in rows.columns if name not in (SERIES, TIME, *schema.calendar_columns)]
    return {str(name): _digest(rows[name].to_numpy(np.float64)) for name in columns}


def _digest(values: np.ndarray) -> str:
    plain = np.where(np.isnan(values), np.nan, values) + 0.0  # one NaN and one zero: both have several patterns of bits
    return hashlib.sha256(np.ascontiguousarray(plain).data).hexdigest()[:16]
