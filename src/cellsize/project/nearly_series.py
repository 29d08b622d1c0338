"""Columns that tell series apart although no time repeats, or all but a few rows."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import table as tables
from cellsize.errors import InputError

FEW = 0.01  # of the rows, which may be wrong; one may be in any case


def in_blocks(table: pd.DataFrame, times: "pd.Series[Any]", taken: set[str]) -> str | None:
    """The column whose series stand one below the other, each in its own order, at times of its own; None without one.

    Series of other phases never share a time. Rows that go back in time where the name changes tell them apart.

    Args:
        table: Raw rows.
        times: Time of each row.
        taken: Columns that hold the time.
    """
    if times.is_monotonic_increasing or times.is_monotonic_decreasing:
        return None
    found = list[str]()
    for name, values in table.items():
        if name in taken or not pd.api.types.is_string_dtype(values) or values.isna().any():
            continue
        codes, levels = pd.factorize(values)
        if 2 <= len(levels) <= len(table) / 2:
            steps = times.diff()[np.concatenate([[False], codes[1:] == codes[:-1]])]
            is_sorted = bool((steps > pd.Timedelta(0)).all() or (steps < pd.Timedelta(0)).all())
            if is_sorted and (codes[1:] != codes[:-1]).sum() == len(levels) - 1:
                found.append(str(name))
    return found[0] if len(found) == 1 else None


def refuse_few(table: pd.DataFrame, path: Path, times: "pd.Series[Any]", rows: npt.NDArray[np.integer]) -> None:
    """Refuses the few rows that keep a column from telling series apart.

    Args:
        table: Raw rows whose times repeat.
        path: Where they come from, for messages.
        times: Time of each row.
        rows: Their places in the file.

    Raises:
        InputError: There are some; it names the first.
    """
    most = max(1, int(FEW * len(table)))
    for name, values in table.items():
        if pd.api.types.is_float_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
            continue
        codes, levels = pd.factorize(values.astype("str").where(values.notna()))
        if not 2 <= len(levels) <= len(table) / 4:
            continue
        empty, again = codes < 0, pd.DataFrame({"time": times.to_numpy(), "code": codes}).duplicated().to_numpy()
        if not (empty | again).any() or (empty | again).sum() > most:
            continue
        first = int(np.flatnonzero(empty if empty.any() else again)[0])
        where = f"{path}, {tables.line(path, int(rows[first]))}"
        if empty.any():
            raise InputError(
                f"{where}, column {str(name)!r}: empty, where all others tell series apart; write its series there (a "
                "text that stands for a missing value, such as NA, is no name)"
            )
        raise InputError(
            f"{where}: {times.iloc[first]} is there twice in {str(levels[codes[first]])!r} of {str(name)!r}, which "
            "else tells series apart; keep one of both rows"
        )
