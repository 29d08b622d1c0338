"""The rows that sizes are searched on: all of them, or those until a time.

A size that is kept while new rows come in was measured on the rows of its day. `split.searched_until` names the last of
them: of the longer table the search then gets arrays with the same bytes as before, and DVC runs nothing again. So the
parameters say what the size was measured on, and anybody who has the table gets the same choice from it.

Rows beyond the last observed target, whose covariates alone are known, are searched on in no case: no window predicts
anything there, and a later table has other values in them.
"""

from typing import Any

import numpy as np
import pandas as pd

from cellsize.data.clock import microseconds
from cellsize.data.schema import TIME, Schema
from cellsize.errors import InputError

KEY = "split.searched_until"


def last_searched(frame: pd.DataFrame, schema: Schema, said: str | None) -> str:
    """Time of the last row that is searched on, as `rows_until` reads it.

    Args:
        frame: Clean series, as `series.clean` returns them.
        schema: Its targets.
        said: `split.searched_until`; None: the last row in which a target of any series was observed.
    """
    if said is not None:
        return said
    seen = frame[list(schema.targets)].notna().any(axis=1)
    return in_words(frame.loc[seen if seen.any() else slice(None), TIME].max())


def in_words(moment: Any) -> str:
    """A time in ISO 8601, or a whole number."""
    return str(moment) if isinstance(moment, int | np.integer) else str(moment.isoformat())


def rows_until(frame: pd.DataFrame, schema: Schema, said: str) -> pd.DataFrame:
    """The rows of clean series until a time, that one included.

    Args:
        frame: Clean series, as `series.clean` returns them.
        schema: Its clock and zone.
        said: The time, as `Windows.said` writes it: in ISO 8601, with an offset if the series have a zone, or a whole
            number.

    Raises:
        InputError: It is no such time, or no row is so early.
    """
    if schema.clock.unit == "integer":
        moments, limit = frame[TIME].to_numpy(), _whole(said)
    else:
        moments, limit = microseconds(frame[TIME]), _instant(said, schema.timezone is not None)
    kept = moments <= limit
    if not kept.any():
        raise InputError(f"{KEY}: {said!r} is before the first row; set null, which searches on all rows")
    return frame[kept].reset_index(drop=True)


def _whole(said: str) -> int:
    if not said.lstrip("-").isdigit():
        raise InputError(f"{KEY}: {said!r} is not a whole number, as the times are; set null to search on all rows")
    return int(said)


def _instant(said: str, zoned: bool) -> int:
    try:
        moment: Any = pd.Timestamp(said)  # or NaT
    except ValueError:
        raise InputError(f"{KEY}: {said!r} is not a time in ISO 8601; set null to search on all rows") from None
    if pd.isna(moment) or (moment.tzinfo is not None) != zoned:
        lacks = "no offset, but the times have one" if zoned else "an offset, but the times have none"
        raise InputError(f"{KEY}: {said!r} has {lacks}; write it as they are, or set null to search on all rows")
    return int(microseconds(pd.DatetimeIndex([moment]))[0])
