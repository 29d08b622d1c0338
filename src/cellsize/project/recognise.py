"""Which task a table is for: what is asked for, what its format says, or what its shape says; and why, in words."""

from dataclasses import dataclass, replace

import pandas as pd

from cellsize.errors import InputError
from cellsize.params_data import Csv
from cellsize.project import examine_sequences, sequence_columns, sequence_roles, source, template, time_columns
from cellsize.project.asked import Asked
from cellsize.project.sequence_columns import Columns

OF_SEQUENCES = {".ts": "a .ts file holds labelled sequences", ".npz": "an .npz file holds labelled sequences"}
# Options of forecasts alone.
ONLY_FORECASTS = ("timezone", "time_format", "frequency", "horizon", "future")


@dataclass(frozen=True)
class Found:
    """Labelled sequences.

    Attributes:
        columns: Those with a role.
        table: Raw rows.
        written: How the file is written.
        why: What says that it holds labelled sequences.
    """

    columns: Columns
    table: pd.DataFrame
    written: Csv
    why: str


def sequences(asked: Asked) -> Found | None:
    """The labelled sequences of a table; None where it is one for a forecast.

    Raises:
        InputError: It is said to hold sequences, and their columns are not found.
    """
    suffix = asked.table.suffix.lower()
    if asked.task == "forecast" or (asked.task is None and _is_forecast(asked)):
        return None
    written = source.settings(asked.table)
    table = source.load(asked.table, written)
    source.refuse_no_header(table, asked.table)
    if asked.task is not None or suffix in OF_SEQUENCES:
        why = "as asked for" if asked.task is not None else OF_SEQUENCES[suffix]
        columns = sequence_columns.find(table, asked)
    else:
        recognised = None if _has_times(table, asked) else sequence_columns.recognised(table, asked)
        if recognised is None:
            return None
        columns = recognised
        why = (
            f"{columns.label!r} is the same in all rows of each {columns.sequence!r}, {columns.step!r} counts its "
            "rows, and no column holds a time; --task forecast if a forecast is meant"
        )
    for name in ONLY_FORECASTS:
        if getattr(asked, name):
            raise InputError(
                f"{asked.table}: --{name.replace('_', '-')} is for forecasts, and labelled sequences have no time; "
                "leave it out"
            )
    return Found(columns, table, written, why)


def examined(found: Found, asked: Asked) -> tuple[dict[str, template.Value], list[str]]:
    """What `examine_sequences` finds; sequences that seem to belong together stay so, if there are enough groups."""
    lines = [f"task: classify, {'' if asked.task else 'since '}{found.why}"]
    group = sequence_roles.group_of(found.table, found.columns) if asked.group is None else None
    if group is not None:
        try:
            changes, said = examine_sequences.examine(found.written, found.columns, replace(asked, group=group))
        except InputError:  # what has another cause is raised again below
            lines.append(
                f"remark: {group!r} may say what sequences belong to, and they cannot be divided by it; "
                f"--group {group} says why"
            )
        else:
            return changes, [*lines, *said]
    changes, said = examine_sequences.examine(found.written, found.columns, asked)
    return changes, [*lines, *said]


def _is_forecast(asked: Asked) -> bool:
    """Whether what is declared says that a forecast is meant."""
    of_sequences = asked.table.suffix.lower() in OF_SEQUENCES or asked.group is not None
    return not of_sequences and any(getattr(asked, name) for name in ONLY_FORECASTS)


def _has_times(table: pd.DataFrame, asked: Asked) -> bool:
    """Whether a column holds times, or may."""
    try:
        return bool(time_columns.find_time(table, asked.table, asked.time, asked.time_format).columns)
    except InputError:
        return not asked.time
