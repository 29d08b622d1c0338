"""From times as they are written to one line of instants, and the zone whose clock a model goes by.

Times that are written with an offset are instants, whatever their offsets. Times without one are readings of a clock:
of the zone that is declared, or of a clock that never changes.
"""

from datetime import tzinfo
from pathlib import Path
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from cellsize.data import table as tables
from cellsize.data.clock import BEFORE, BEYOND, Ints, microseconds, zone
from cellsize.data.times import Written
from cellsize.errors import InputError
from cellsize.params_data import Ambiguous

# Of several zones that fit, the first of these is taken; the table itself cannot tell them apart.
COMMON = (
    "UTC", "Europe/Berlin", "Europe/London", "Europe/Athens", "Europe/Lisbon", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo",
    "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
HOUR = 3600


def zone_of(written: Written, declared: str | None, path: Path, column: str) -> tuple[str | None, int]:
    """The zone that a model of these times goes by.

    Args:
        written: The times of the table.
        declared: `prepare.timezone`.
        path: Where they come from, for messages.
        column: Their name, for messages.

    Returns:
        The name of the zone: the one declared, or that of the column; one offset of all times; else the first zone on
        whose clock the offsets change like that. None for times without offsets. And how many other zones fit as well.

    Raises:
        InputError: The zone declared is unknown, or the offsets change as in no zone.
    """
    if declared is not None:
        zone(declared)
        return declared, 0
    if written.offset is None:
        return None, 0
    if written.zone is not None:
        return written.zone, 0
    offsets = written.offset.unique()
    if len(offsets) == 1:
        return _named(int(offsets[0])), 0
    fitting = _fitting(written)
    if not fitting:
        raise InputError(
            f"{path}, column {column!r}: the offsets change ({', '.join(_named(int(offset)) for offset in offsets[:3])}"
            "), but as on the clock of no zone; set prepare.timezone to the zone whose calendar counts, such as UTC"
        )
    return fitting[0], len(fitting) - 1


def instants(
    written: Written, name: str | None, ambiguous: Ambiguous, path: Path, column: str, is_local: bool = False,
    series: pd.Series | None = None,
) -> pd.Series:  # fmt: skip
    """The times on one line.

    Args:
        written: The times, each on the clock that it was written for.
        name: Name of the model's zone, or None.
        ambiguous: What a time without an offset means that a clock set back shows twice.
        path: Where they come from, for messages.
        column: Their name, for messages.
        is_local: Whether steps are days or longer: midnight is then the first instant of a day, whatever clocks show.
        series: The series of each row, whose order tells two meanings apart; None: all rows are of one.

    Returns:
        Times of that zone; without one, times as they are written.

    Raises:
        InputError: There are offsets and no zone, or a time does not exist on the zone's clock, or exists twice.
    """
    if name is not None:
        outside = np.flatnonzero((microseconds(written.local) < BEFORE) | (microseconds(written.local) >= BEYOND))
        if outside.size:
            raise InputError(
                f"{path}, {tables.line(path, int(outside[0]))}, column {column!r}: {written.local.iloc[outside[0]]} "
                "is not within the years 1 to 9998, where zones have clocks; fix it",
                "fix it",
            )
    if written.offset is not None:
        if name is None:
            raise InputError(
                f"{path}, column {column!r}: times with an offset, but the model was trained on times without; send "
                "them without one"
            )
        utc = written.local - pd.to_timedelta(written.offset, unit="s").astype("timedelta64[us]")
        return utc.dt.tz_localize("UTC").dt.tz_convert(zone(name))
    if name is None:
        return written.local
    if is_local:
        index = pd.DatetimeIndex(written.local)
        first = np.ones(len(index), np.bool_)
        begins = index.tz_localize(zone(name), ambiguous=first, nonexistent="shift_forward")
        return pd.Series(begins, index=written.local.index)
    groups = np.zeros(len(written.local), np.int64) if series is None else pd.factorize(series)[0]
    return _local(written.local, groups, zone(name), name, ambiguous, path, column)


def _local(
    local: pd.Series, groups: Ints, place: tzinfo, name: str, ambiguous: Ambiguous, path: Path, column: str
) -> pd.Series:
    """Times on the clock of a place as instants."""
    index = pd.DatetimeIndex(local)
    exists = index.tz_localize(place, ambiguous=np.ones(len(index), np.bool_), nonexistent="NaT")
    skipped = np.flatnonzero(exists.isna())
    if skipped.size:
        raise InputError(
            f"{path}, {tables.line(path, int(skipped[0]))}, column {column!r}: {local.iloc[skipped[0]]} does not "
            f"exist in {name}: clocks were set forward; remove the row, or declare their clock under "
            "prepare.timezone",
            "send times with their offset",
        )
    later = index.tz_localize(place, ambiguous=np.zeros(len(index), np.bool_))
    if ambiguous == "first" or exists.equals(later):
        return pd.Series(exists, index=local.index)
    if ambiguous == "infer":
        return pd.Series(_in_order(exists, later, groups), index=local.index)
    twice = int(np.flatnonzero(exists != later)[0])
    raise InputError(
        f"{path}, {tables.line(path, twice)}, column {column!r}: {local.iloc[twice]} exists twice in {name}: clocks "
        "were set back (daylight saving ends); set prepare.ambiguous: infer where both hours are there in order, or "
        "first where the table has only the first",
        "send times with their offset",
    )


def _in_order(first: pd.DatetimeIndex, second: pd.DatetimeIndex, groups: Ints) -> pd.DatetimeIndex:
    """Takes the second meaning where the first one would go back in time, in the rows of each series.

    Not the inference of pandas, which looks at all rows as one series, and wants each hour twice.

    Args:
        first: The first meaning of each time.
        second: The second one.
        groups: The series of each, shape (n,): rows of several may alternate, and may be in order or the newest first.
    """
    early, late = microseconds(first), microseconds(second)
    chosen = early.copy()
    for group in np.unique(groups[early != late]):
        rows = np.flatnonzero(groups == group)
        change = np.diff(early[rows])
        if (change < 0).sum() > (change > 0).sum():
            rows = rows[::-1]
        chosen[rows] = _rising(early[rows], late[rows])
    return pd.DatetimeIndex(chosen.astype("datetime64[us]")).tz_localize("UTC").tz_convert(first.tz)


def _rising(early: Ints, late: Ints) -> Ints:
    """The meaning of each time of one series, in order: where the early one is no step forward, it is the late one."""
    chosen, previous = early.copy(), -1
    for row in np.flatnonzero(early != late).tolist():
        goes_back = row > 0 and chosen[row] <= chosen[row - 1] < late[row]
        # Once the clock was set back it stays so until the doubtful hours end.
        follows = previous == row - 1 and chosen[row - 1] == late[row - 1] < late[row]
        if goes_back or follows:
            chosen[row] = late[row]
        previous = row
    return chosen


def _named(offset: int) -> str:
    """The name of a constant offset in seconds."""
    if offset == 0:
        return "UTC"
    hours, rest = divmod(abs(offset), HOUR)
    return f"{'-' if offset < 0 else '+'}{hours:02d}:{rest // 60:02d}"


def _fitting(written: Written) -> list[str]:
    """Zones on whose clocks all times were written, those of `COMMON` first, then by name."""
    assert written.offset is not None
    offset = written.offset.to_numpy(np.int64)
    utc = written.local.to_numpy("datetime64[us]").astype(np.int64) - offset * 1_000_000
    order = np.argsort(utc, kind="stable")
    utc, offset = utc[order], offset[order]
    # A zone that fits at the edges of each stretch with one offset nearly always fits inside; a few more make sure.
    changes = np.flatnonzero(np.diff(offset))
    few = np.unique([0, len(utc) - 1, *changes, *(changes + 1), *np.linspace(0, len(utc) - 1, 200).astype(int)])
    at, expected = pd.DatetimeIndex(utc[few].astype("datetime64[us]")).tz_localize("UTC"), offset[few]
    rest = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/")))
    found = []
    for name in dict.fromkeys((*COMMON, *rest)):
        local = at.tz_convert(zone(name)).tz_localize(None)
        if np.array_equal((microseconds(local) - microseconds(at)) // 1_000_000, expected):
            found.append(name)
    return found
