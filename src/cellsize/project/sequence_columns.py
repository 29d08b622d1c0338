"""Which columns of a long table name the sequence, the step, the label, and the part that is the holdout.

Names of sequences, steps and labels are looked at, in all rows: they say which sequences there are, and the holdout is
a part of these. What else the rows hold is not.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import table as tables
from cellsize.errors import InputError
from cellsize.params_data import HoldoutPart
from cellsize.project.asked import Asked
from cellsize.project.options import LISTED

Codes = dict[str, npt.NDArray[np.integer]]
NAMED_STEP = re.compile(r"(time[ _-]?)?(step|index|idx|position|pos|frame|order)s?|t", re.IGNORECASE)
NAMED_LABEL = re.compile(r"labels?|class(es)?|target|y|categor(y|ies)", re.IGNORECASE)
NAMED_PART = re.compile(r"part|split|subset|set|partition|fold", re.IGNORECASE)
NAMED_GROUP = re.compile(
    r"(person|subject|patient|participant|user|speaker|author|animal|machine|device|sensor|session|group|site)"
    r"s?([ _-]?(id|no|nr|number|name))?",
    re.IGNORECASE,
)
HELD_OUT = ("test", "holdout", "held_out", "held-out", "hold_out")
TRAINED = ("train", "training", "dev", "development", "learn")
MOST_MISSING = 0.05  # of a label
MOST_CLASSES = 50  # of a label that is looked for; one that is named may have more
FEWEST_NUMBERS = 20  # different ones of a label with decimals that is looked for: a few shops have a few sizes


@dataclass(frozen=True)
class Columns:
    """What was found.

    Attributes:
        sequence: Names the sequence of a row; of texts without a name the column of the text.
        step: Orders the rows of a sequence; None: they come in order.
        label: The same in all rows of a sequence.
        part: The rows that are the holdout, or None.
        text: The texts, where each row is one.
    """

    sequence: str
    step: str | None
    label: str
    part: HoldoutPart | None
    text: str | None = None

    @property
    def taken(self) -> set[str]:
        """Columns that have a role."""
        part = () if self.part is None else (self.part.column,)
        return {self.sequence, self.label, *(name for name in (self.step, self.text) if name), *part}


def find(table: pd.DataFrame, asked: Asked) -> Columns:
    """The columns of a table that holds labelled sequences, or is said to.

    Raises:
        InputError: A column that is named is not there, or none or several may be meant; the message lists them.
    """
    path = asked.table
    tables.require(table, path, asked.targets[:1], "--target")
    tables.require(table, path, asked.time[:1], "--time")
    tables.require(table, path, (asked.series,) if asked.series else (), "--series")
    if len(asked.targets) > 1 or len(asked.time) > 1:
        option, what = ("--target", "label") if len(asked.targets) > 1 else ("--time", "column of steps")
        raise InputError(f"{path}: {option} names several columns, but a sequence has one {what}; name one")
    codes = coded(table)
    labels = _numbers(table) if asked.is_number else codes
    sequence = asked.series or _sequence(codes, labels, asked, path)
    if sequence not in codes:
        codes[sequence] = pd.factorize(table[sequence])[0]
    part = part_of(table, codes, codes[sequence])
    not_labels = {sequence, asked.group, *asked.time, *([part.column] if part else [])}
    if asked.targets:
        label = asked.targets[0]
    elif asked.is_number:
        label = _number(labels, codes[sequence], not_labels, path)
    else:
        label = _label(table, codes, sequence, not_labels, path)
    return Columns(sequence, _step(table, codes[sequence], {sequence, label}, asked), label, part)


def recognised(table: pd.DataFrame, asked: Asked) -> Columns | None:
    """The columns of a table whose shape says that it holds labelled sequences: a label of text; else None."""
    try:
        found = find(table, asked)
    except InputError:
        return None
    is_text = not pd.api.types.is_numeric_dtype(table[found.label]) or pd.api.types.is_bool_dtype(table[found.label])
    return found if is_text and found.step is not None else None


def recognised_number(table: pd.DataFrame, asked: Asked) -> Columns | None:
    """The same where the shape says that each sequence has a number; None where it says nothing of the kind.

    Sure are decimals, of many different values, and more different whole numbers than there may be classes. A whole
    number of its own in each sequence is more like a name.

    Raises:
        InputError: A number is the same in all rows of each sequence, and may be something else than what is wanted.
    """
    try:
        found = find(table, replace(asked, task="regress"))
    except InputError:
        return None
    if found.step is None or _has_text(table, found):
        return None
    values = table[found.label]
    different, is_whole = values.nunique(), bool((values % 1 == 0).all())
    if not is_whole and different >= FEWEST_NUMBERS:
        return found
    if is_whole and MOST_CLASSES < different < table[found.sequence].nunique():
        return found
    is_class = pd.api.types.is_integer_dtype(values) and different <= MOST_CLASSES
    raise InputError(
        f"{asked.table}: {found.label!r} is the same in all rows of each {found.sequence!r}; --task regress if this "
        f"number is to be learnt,{' --task classify if it is a class,' * is_class} --target COLUMN if another column "
        "is to be forecast"
    )


def _has_text(table: pd.DataFrame, found: Columns) -> bool:
    """Whether a text too is the same in all rows of each sequence, so that it may be the label."""
    codes = coded(table)
    others = [name for name in codes if name not in found.taken and not NAMED_GROUP.fullmatch(name.strip())]
    texts = [name for name in others if not pd.api.types.is_numeric_dtype(table[name]) and codes[name].max() > 0]
    return any(_within(codes[name], codes[found.sequence]) for name in texts)


def coded(table: pd.DataFrame) -> Codes:
    """A number for each value of the columns that may name something: no decimals; -1 for a text that is missing."""
    found = Codes()
    for name in map(str, table.columns):
        values = table[name]
        # A label that is missing in some rows is one all the same: it is refused with its row.
        most = 0.0 if pd.api.types.is_numeric_dtype(values) else MOST_MISSING
        if values.isna().mean() > most or pd.api.types.is_float_dtype(values):
            continue
        try:
            found[name] = pd.factorize(values)[0]
        except TypeError:  # lists and dictionaries name nothing
            continue
    return found


def _numbers(table: pd.DataFrame) -> Codes:
    """The same for the columns of numbers, none missing: a label of `regress` has decimals."""
    return {
        str(name): np.asarray(pd.factorize(values)[0])
        for name, values in table.items()
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values) and not values.isna().any()
    }


def _within(codes: npt.NDArray[np.integer], of: npt.NDArray[np.integer]) -> bool:
    """Whether a column is the same in all rows of each value of another one."""
    codes, of = codes[codes >= 0], of[codes >= 0]
    first = np.full(of.max() + 1, -1)
    first[of[::-1]] = codes[::-1]
    return bool((codes == first[of]).all())


def _sequence(codes: Codes, labels: Codes, asked: Asked, path: Path) -> str:
    """The column with the most values in whose rows the label is the same, or any other column of names."""
    named = {*asked.time, *asked.targets, asked.group}
    able = {
        name: code
        for name, code in codes.items()
        if name not in named
        and code.min() >= 0
        and 2 <= code.max() + 1 <= len(code) / 2
        and not NAMED_PART.fullmatch(name)
    }
    wanted = {name: code for name, code in labels.items() if not asked.targets or name in asked.targets}
    most = 1 if asked.is_number else 0  # each sequence may have a number of its own, but a class is of several
    finest = ""
    for name, code in able.items():
        others = [other for label, other in wanted.items() if label != name]
        has_one = any(0 < other.max() < code.max() + most and _within(other, code) for other in others)
        if has_one and (not finest or code.max() > able[finest].max()):
            finest = name
    if not finest:
        shown = ", ".join(f"--series {name}" for name in list(able)[:LISTED])
        raise InputError(
            f"{path}: no column names sequences that have one label in all of their rows; name it: "
            f"{shown or '--series COLUMN'}"
        )
    return finest


def _label(table: pd.DataFrame, codes: Codes, sequence: str, taken: set[Any], path: Path) -> str:
    """The only column that may be the label: one that is called so, else one of text or truth values, else numbers."""
    of = codes[sequence]
    able = [
        name
        for name, code in codes.items()
        if name not in taken and 2 <= code.max() + 1 <= min(MOST_CLASSES, of.max()) and _within(code, of)
    ]
    # Who speaks may be what is to be told, if nothing else is.
    able = [name for name in able if not NAMED_GROUP.fullmatch(name.strip())] or able
    texts = [name for name in able if not pd.api.types.is_integer_dtype(table[name])]
    for found in ([name for name in able if NAMED_LABEL.fullmatch(name.strip())], texts, able):
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(f"--target {name}" for name in found[:LISTED])
            raise InputError(f"{path}: {len(found)} columns may be the label of a sequence; name it: {listed}")
    raise InputError(
        f"{path}: no column has one value in all rows of each {sequence!r}, and 2 to {MOST_CLASSES} in all; name the "
        "label with --target"
    )


def _number(labels: Codes, of: npt.NDArray[np.integer], taken: set[Any], path: Path) -> str:
    """The only column of numbers that is constant in each sequence, or the one that is called so."""
    able = [
        name
        for name, code in labels.items()
        if name not in taken and not NAMED_GROUP.fullmatch(name.strip()) and code.max() > 0 and _within(code, of)
    ]
    named = [name for name in able if NAMED_LABEL.fullmatch(name.strip())]
    for found in (named, able):
        if len(found) == 1:
            return found[0]
    listed = ", ".join(f"--target {name}" for name in able[:LISTED]) or "--target COLUMN"
    raise InputError(f"{path}: {len(able)} columns of numbers may be the label of a sequence; name it: {listed}")


def part_of(table: pd.DataFrame, codes: Codes, of: npt.NDArray[np.integer]) -> HoldoutPart | None:
    """The rows that the table itself declares as the holdout: a column such as `part`, with the value `test`."""
    for name, code in codes.items():
        if not NAMED_PART.fullmatch(name.strip()) or not _within(code, of):
            continue
        values = [str(value) for value in table[name].unique()]
        held = [value for value in values if value.strip().lower() in HELD_OUT]
        others = [value for value in values if value.strip().lower() in TRAINED]
        if len(held) == len(others) == 1 and len(values) == 2:
            return HoldoutPart(column=name, value=held[0])
    return None


def _step(table: pd.DataFrame, of: npt.NDArray[np.integer], taken: set[str], asked: Asked) -> str | None:
    """The column that counts the steps of each sequence: it is called so, or goes up by one in each."""
    if asked.time:
        return asked.time[0]
    for wanted in (True, False):
        for name in map(str, table.columns):
            values = table[name]
            if name in taken or not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
                continue
            if bool(NAMED_STEP.fullmatch(name.strip())) != wanted or values.isna().any():
                continue
            numbers = values.to_numpy(np.float64)
            order = np.lexsort((numbers, of))
            inside = np.diff(of[order]) == 0
            gaps = np.diff(numbers[order])[inside]
            if gaps.size and ((gaps > 0).all() if wanted else (gaps == 1).all()):
                return name
    return None
