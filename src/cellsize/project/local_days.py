"""Days that begin at a place's midnight and are written in UTC: 23:00 in winter, 22:00 in summer."""

from dataclasses import replace
from pathlib import Path
from zoneinfo import available_timezones

import pandas as pd

from cellsize.data.clock import zone
from cellsize.data.zones import COMMON
from cellsize.errors import InputError
from cellsize.project.time_columns import Time

FEW = 10  # rows that say nothing


def refuse(time: Time, path: Path) -> None:
    """Refuses instants that are no midnights in UTC and all are on the clock of some place.

    Raises:
        InputError: It is so; the message asks for the place.
    """
    if time.offset is None or len(time.local) < FEW or (time.offset != 0).any() or _are_midnights(time.local):
        return
    if not _have_zones(time):
        return
    if time.local.dt.time.nunique() != 2:  # clocks are moved: else a day has the same length everywhere
        return
    once = ~time.local.duplicated()
    distinct = replace(time, local=time.local[once], offset=time.offset[once])
    places = [name for name in _zones() if _are_midnights(_on_wall(distinct, name).local)]
    if places:
        others = f" (and {len(places) - 1} other zones)" if len(places) > 1 else ""
        raise InputError(
            f"{path}, column {', '.join(time.columns)!r}: all times are midnights on the clock of {places[0]}{others}, "
            f"written in UTC; say whose days they are, such as --timezone {places[0]}"
        )


def of_place(time: Time, timezone: str | None) -> Time:
    """The same times on the clock of a place, if these are days there; else as they are written.

    Args:
        time: As written.
        timezone: Name of the place's zone, or None.
    """
    if timezone is None or time.offset is None or not _have_zones(time):
        return time
    there = _on_wall(time, timezone)
    return there if _are_midnights(there.local) else time


def _on_wall(time: Time, timezone: str) -> Time:
    """The same times as a clock at a place shows them."""
    local = pd.Series(time.instant).dt.tz_localize("UTC").dt.tz_convert(zone(timezone)).dt.tz_localize(None)
    return replace(time, local=local, offset=(local - time.instant).dt.total_seconds().astype("int64"))


def _have_zones(time: Time) -> bool:
    """Whether all times are within the years that zones have clocks in; others are refused where they are read."""
    return bool(time.instant.min().year > 1 and time.instant.max().year < 9999)


def _are_midnights(local: "pd.Series[pd.Timestamp]") -> bool:
    return bool((local == local.dt.normalize()).all())


def _zones() -> list[str]:
    """Zones with clocks that are moved, and others; those that are common first."""
    rest = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/")))
    return list(dict.fromkeys((*COMMON, *rest)))
