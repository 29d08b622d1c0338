"""Which column of a table holds texts, a row for each, and which one their label.

Whether texts and labels are many or few is looked at, in all rows; what a text says is not.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellsize.data import table as tables
from cellsize.errors import InputError
from cellsize.project import sequence_columns, time_columns
from cellsize.project.asked import Asked
from cellsize.project.options import LISTED
from cellsize.project.sequence_columns import MOST_CLASSES, NAMED_GROUP, NAMED_LABEL, NAMED_PART, Columns

MANY = 20  # different values that a column of texts has, at least; fewer are levels
ROWS_OF_A_TEXT = 10  # on average, at most: names of people repeat
ROWS_BESIDE_NUMBERS = 2  # the same, where a column of numbers may be what is meant


def find(table: pd.DataFrame, asked: Asked) -> Columns:
    """The columns of a table whose column of texts is declared.

    Raises:
        InputError: A column that is named is not there, or none or several may be the label.
    """
    assert asked.text is not None
    named = {
        "--text": (asked.text,), "--target": asked.targets, "--series": (asked.series,) if asked.series else (),
        "--group": (asked.group,) if asked.group else (),
    }  # fmt: skip
    for option, names in named.items():
        tables.require(table, asked.table, names, option)
    if len(asked.targets) > 1:
        raise InputError(f"{asked.table}: --target names several columns, but a text has one label; name one")
    if asked.targets:
        return _columns(table, asked, asked.text, asked.targets[0])
    able = _labels(table, asked, asked.text)
    if len(able) != 1:
        listed = ", ".join(f"--target {name}" for name in able[:LISTED])
        raise InputError(
            f"{asked.table}: {len(able)} columns may be the label of a text; name it: {listed}" if able else
            f"{asked.table}: no column but {asked.text!r} has 2 to {MOST_CLASSES} different values; name the label "
            "with --target"
        )  # fmt: skip
    return _columns(table, asked, asked.text, able[0])


def recognised(table: pd.DataFrame, asked: Asked) -> tuple[Columns, str] | None:
    """The columns of a table that holds texts and nothing that could be forecast, and why; None: it holds none.

    Raises:
        InputError: It may hold texts, and which column is meant, or whether a forecast is, only the user knows.
    """
    if asked.series or asked.time or asked.past or len(asked.targets) > 1:  # those of a forecast, or of sequences
        return None
    texts = _texts(table, asked)
    if not texts or not set(asked.targets) <= {name for text in texts for name in _labels(table, asked, text)}:
        return None
    numbers, options = _numbers(table, asked), [f"--text {name}" for name in texts[:LISTED]]
    able = [text for text in texts if _labels(table, asked, text)]
    if not able:
        return None
    if numbers:
        rare = [text for text in able if table[text].nunique() * ROWS_BESIDE_NUMBERS >= len(table)]
        labels = {name for text in rare for name in _labels(table, asked, text) if not _is_whole(table[name])}
        if not rare or not labels or _has_times(table, asked.table):
            return None
        raise InputError(
            f"{asked.table}: {rare[0]!r} may be texts and {sorted(labels)[0]!r} their label, but {numbers[0]!r} holds "
            f"numbers; say what is meant: --text {rare[0]}, or --task forecast"
        )
    if len(able) > 1:
        raise InputError(
            f"{asked.table}: {len(able)} columns may hold texts to classify; name it: {', '.join(options)}"
        )
    if _are_steps(table, able[0], _labels(table, asked, able[0])):
        return None
    found = find(table, replace(asked, text=able[0]))
    return found, (
        f"{found.text!r} holds {table[able[0]].nunique():,} different texts in {len(table):,} rows, {found.label!r} is "
        "a label for each, and no column of numbers could be forecast"
    )


def group_of(table: pd.DataFrame, found: Columns) -> str | None:
    """The only column that says what a text belongs to, by its name."""
    able = [
        name
        for name in map(str, table.columns)
        if name not in found.taken and NAMED_GROUP.fullmatch(name.strip()) and table[name].notna().all()
        and 2 <= table[name].nunique() < len(table)
    ]  # fmt: skip
    return able[0] if len(able) == 1 else None


def _columns(table: pd.DataFrame, asked: Asked, text: str, label: str) -> Columns:
    rows = np.arange(len(table))
    part = sequence_columns.part_of(table, sequence_columns.coded(table), rows)
    return Columns(asked.series or text, None, label, part, text)


def _texts(table: pd.DataFrame, asked: Asked) -> list[str]:
    """Columns of many different texts that are no times."""
    return [
        name
        for name in map(str, table.columns)
        if name not in {asked.group, *asked.targets} and not NAMED_PART.fullmatch(name.strip())
        and not NAMED_GROUP.fullmatch(name.strip()) and not NAMED_LABEL.fullmatch(name.strip())
        and _is_text(table[name]) and table[name].nunique() >= max(MANY, len(table) / ROWS_OF_A_TEXT)
        and not _has_times(table[[name]], asked.table)
    ]  # fmt: skip


def _labels(table: pd.DataFrame, asked: Asked, text: str) -> list[str]:
    """Columns that may be the label of a text: those called so, else those of text or truth values, else numbers."""
    able = list[str]()
    for name in map(str, table.columns):
        values = table[name]
        if name in {text, asked.group, asked.series} or NAMED_PART.fullmatch(name.strip()):
            continue
        if pd.api.types.is_float_dtype(values) and not _is_whole(values):
            continue
        # One that is missing somewhere may be the label too: that is refused with its row.
        if _is_name(values) and 2 <= values.nunique() <= min(MOST_CLASSES, table[text].nunique() - 1):
            able.append(name)
    able = [name for name in able if not NAMED_GROUP.fullmatch(name.strip())] or able
    named = [name for name in able if NAMED_LABEL.fullmatch(name.strip())]
    texts = [name for name in able if not _is_whole(table[name])]
    found = next((names for names in (named, texts) if names), able)
    return [name for name in found if not asked.targets or name in asked.targets]


def _numbers(table: pd.DataFrame, asked: Asked) -> list[str]:
    """Columns of numbers that are no label and do not count the rows: what a forecast could be of."""
    return [
        name
        for name in map(str, table.columns)
        if pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name])
        and name not in {asked.group, *asked.targets}
        and not NAMED_GROUP.fullmatch(name.strip()) and not NAMED_PART.fullmatch(name.strip())
        and not (_is_whole(table[name]) and table[name].is_unique)
        and not (_is_whole(table[name]) and NAMED_LABEL.fullmatch(name.strip()))
    ]  # fmt: skip


def _are_steps(table: pd.DataFrame, text: str, labels: list[str]) -> bool:
    """Whether rows are rather steps of sequences: equal names have equal labels, and something changes in them."""
    others = [
        name
        for name in map(str, table.columns)
        if name != text and not table[name].is_unique
        and not NAMED_GROUP.fullmatch(name.strip()) and not NAMED_PART.fullmatch(name.strip())
    ]  # fmt: skip
    of_each = table.groupby(text)
    changes = {name: bool((of_each[name].nunique() > 1).any()) for name in others}
    return bool(table[text].duplicated().any()) and any(changes.values()) and not all(changes[name] for name in labels)


def _has_times(table: pd.DataFrame, path: Path) -> bool:
    """Whether a column holds times."""
    try:
        return bool(time_columns.find_time(table, path, (), None).columns)
    except InputError:
        return False


def _is_name(values: "pd.Series[Any]") -> bool:
    try:
        values.nunique()
    except TypeError:  # lists and dictionaries name nothing
        return False
    return not pd.api.types.is_datetime64_any_dtype(values)


def _is_text(values: "pd.Series[Any]") -> bool:
    there = values.dropna()
    return not pd.api.types.is_numeric_dtype(values) and all(isinstance(value, str) for value in there)


def _is_whole(values: "pd.Series[Any]") -> bool:
    """Whether a column holds whole numbers, some perhaps missing."""
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return False
    there = values.dropna().to_numpy(np.float64)
    return bool((there % 1 == 0).all())
