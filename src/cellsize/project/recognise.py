"""Which task a table is for: what is asked for, what its format says, or what its shape says; and why, in words."""

from dataclasses import dataclass, replace

import pandas as pd

from cellsize.data import long_table
from cellsize.errors import InputError
from cellsize.params import Task
from cellsize.params_data import Csv
from cellsize.project import (
    examine_sequences,
    examine_texts,
    nearly_sequences,
    sequence_columns,
    sequence_roles,
    source,
    template,
    text_columns,
    time_columns,
)
from cellsize.project.asked import Asked
from cellsize.project.sequence_columns import NAMED_GROUP, NAMED_LABEL, Columns
from cellsize.project.wording import said_of_file

OF_SEQUENCES = {".ts": "a .ts file holds labelled sequences", ".npz": "an .npz file holds labelled sequences"}
ASKED = "as asked for"
# Options of forecasts alone.
ONLY_FORECASTS = ("timezone", "time_format", "frequency", "horizon", "future")


@dataclass(frozen=True)
class Found:
    """Labelled sequences, or texts.

    Attributes:
        task: What is to be learnt of them.
        columns: Those with a role.
        table: Raw rows.
        written: How the file is written.
        why: What says that it holds labelled sequences.
    """

    task: Task
    columns: Columns
    table: pd.DataFrame
    written: Csv
    why: str


def sequences(asked: Asked) -> Found | None:
    """The labelled sequences of a table; None where it is one for a forecast.

    Raises:
        InputError: It is said to hold sequences, and their columns are not found; or they have a number that may be
            theirs, a class, or a constant beside what is to be forecast.
    """
    suffix = asked.table.suffix.lower()
    _refuse_text(asked)
    if asked.task == "forecast" or (asked.task is None and _is_forecast(asked)):
        return None
    written = source.settings(asked.table)
    table = source.load(asked.table, written)
    source.refuse_no_header(table, asked.table)
    task: Task = "classify"
    texts = _texts(table, asked)
    if texts is not None:
        columns, why = texts
    elif asked.task is not None or suffix in OF_SEQUENCES:
        why = ASKED if asked.task is not None else OF_SEQUENCES[suffix]
        task = asked.task or _task_of(table, suffix)
        columns = sequence_columns.find(table, replace(asked, task=task))
    else:
        shape = _by_shape(table, asked)
        if shape is None:
            return None
        task, columns = shape
        why = (
            f"{columns.label!r} is {'a number, ' * (task == 'regress')}the same in all rows of each "
            f"{columns.sequence!r}, {columns.step!r} counts its rows, and no column holds a time; --task forecast if a "
            "forecast is meant"
        )
    for name in ONLY_FORECASTS:
        if getattr(asked, name):
            raise InputError(
                f"{asked.table}: --{name.replace('_', '-')} is for forecasts, and labelled sequences have no time; "
                "leave it out"
            )
    return Found(task, columns, table, written, why)


def examined(found: Found, asked: Asked) -> tuple[dict[str, template.Value], list[str]]:
    """What `examine_sequences` finds; sequences that seem to belong together stay so, if there are enough groups."""
    lines = [f"task: {found.task}, {'' if found.why == ASKED else 'since '}{found.why}"]
    lines += said_of_file(found.written)
    asked = replace(asked, task=found.task)
    is_text = found.columns.text is not None
    group_of = text_columns.group_of if is_text else sequence_roles.group_of
    examine = examine_texts.examine if is_text else examine_sequences.examine
    group = group_of(found.table, found.columns) if asked.group is None else None
    if group is not None:
        try:
            changes, said = examine(found.written, found.columns, replace(asked, group=group))
        except InputError:  # what has another cause is raised again below
            lines.append(
                f"remark: {group!r} may say what sequences belong to, and they cannot be divided by it; "
                f"--group {group} says why"
            )
        else:
            return changes, [*lines, *said]
    changes, said = examine(found.written, found.columns, asked)
    return changes, [*lines, *said]


def _by_shape(table: pd.DataFrame, asked: Asked) -> tuple[Task, Columns] | None:
    """What the shape of a long table says: a label for each sequence, or a number; None: neither."""
    if _has_times(table, asked):
        return None
    of_classes = sequence_columns.recognised(table, asked)
    if of_classes is None or not NAMED_LABEL.fullmatch(of_classes.label.strip()):
        nearly_sequences.refuse_few(table, asked)
    if of_classes is not None and (asked.targets or not NAMED_GROUP.fullmatch(of_classes.label.strip())):
        return "classify", of_classes
    # On which machine a run was is a label if nothing else is, and a number that is surely one comes first.
    try:
        of_numbers = sequence_columns.recognised_number(table, asked)
    except InputError:
        if of_classes is None:
            raise
        of_numbers = None
    if of_numbers is not None:
        return "regress", of_numbers
    return None if of_classes is None else ("classify", of_classes)


def _texts(table: pd.DataFrame, asked: Asked) -> tuple[Columns, str] | None:
    """The columns of a table of texts, and why; None where it is none."""
    if asked.text is not None:
        return text_columns.find(table, asked), ASKED
    if asked.task == "regress" or asked.table.suffix.lower() in OF_SEQUENCES:
        return None
    found = text_columns.recognised(table, asked)
    return None if found is None else (found[0], f"{found[1]}; --task forecast if one is meant")


def _refuse_text(asked: Asked) -> None:
    """Refuses `--text` beside what does not go with it."""
    if asked.text is None:
        return
    if asked.task in ("forecast", "regress"):
        raise InputError(f"{asked.table}: --text is for --task classify; leave one of them out")
    for name, given in (("--time", asked.time), ("--past", asked.past)):
        if given:
            raise InputError(
                f"{asked.table}: {name} is not for texts, of which characters alone are read; leave it out"
            )


def _task_of(table: pd.DataFrame, suffix: str) -> Task:
    """What labels of a file say: numbers of `@targetLabel`, or numbers with decimals, are no classes."""
    label = table[long_table.LABEL]
    if not pd.api.types.is_float_dtype(label) or (suffix == ".npz" and (label % 1 == 0).all()):
        return "classify"
    return "regress"


def _is_forecast(asked: Asked) -> bool:
    """Whether what is declared says that a forecast is meant."""
    of_sequences = asked.table.suffix.lower() in OF_SEQUENCES or bool(asked.group or asked.text)
    return not of_sequences and any(getattr(asked, name) for name in ONLY_FORECASTS)


def _has_times(table: pd.DataFrame, asked: Asked) -> bool:
    """Whether a column holds times, or may. Decimals do not count: what a sequence shows may be the time it took."""
    if not asked.time:
        table = table.loc[:, [not pd.api.types.is_float_dtype(table[name]) for name in table.columns]]
    try:
        return bool(time_columns.find_time(table, asked.table, asked.time, asked.time_format).columns)
    except InputError:
        return not asked.time
