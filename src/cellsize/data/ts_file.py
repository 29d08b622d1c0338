"""The text format `.ts` of aeon and sktime: a line for each labelled sequence, its features apart by colons.

A header of lines that begin with `@`, then `@data`, then `1,2,3:4,5,6:label`: the values of the first feature, those of
the second, the label. `?` and `NaN` are missing values. Lines that begin with `#` or `%` are comments. The rules are
those of the page "Loading data from file" of aeon; whatever the header promises is held.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import long_table
from cellsize.data.number_text import EXACT
from cellsize.errors import InputError

Floats = npt.NDArray[np.float64]
FLAGS = ("timestamps", "missing", "univariate", "equallength", "classlabel", "targetlabel")
COUNTS = {"dimensions": "dimensions", "dimension": "dimensions", "serieslength": "serieslength"}
MISSING = ("?", "nan")
LARGEST = 9e36  # as of tables; a network would read infinity beyond


@dataclass(frozen=True)
class Header:
    """What the lines before `@data` promise; None: nothing.

    Attributes:
        flags: Name in lower case → true or false.
        counts: `dimensions` and `serieslength`, those that are given.
        classes: The labels that may be there; empty: any.
    """

    flags: dict[str, bool]
    counts: dict[str, int]
    classes: tuple[str, ...]

    @property
    def is_a_number(self) -> bool:
        """Whether a label is a number to be estimated (`@targetLabel`), and not a class."""
        return self.flags.get("targetlabel", False)


def read(path: Path) -> pd.DataFrame:
    """Reads a file of sequences as a long table; see `long_table.of`. The label is text, or of `@targetLabel` a number.

    Raises:
        InputError: A line is not as the format has it, or not as the header says; it names file and line.
    """
    # Not `splitlines`, which ends a line at a form feed too: behind one in a comment, a sequence was read.
    lines = re.split(r"\r\n|\r|\n", path.read_bytes().decode("utf-8-sig", errors="surrogateescape"))
    header, begin = _header(path, lines)
    values, labels = list[Floats](), list[str | float]()
    for number, line in enumerate(lines[begin:], start=begin + 1):
        text = line.strip()
        if not text or text[0] in "#%":
            continue
        where = f"{path}, line {number}"
        _refuse_other_letters(where, text)
        *dimensions, label = text.split(":")
        values.append(_values(where, dimensions, header))
        labels.append(_label(where, label.strip(), header))
        if values[-1].shape[1] != values[0].shape[1]:
            raise InputError(
                f"{where}: {values[-1].shape[1]} dimensions, and the first sequence has {values[0].shape[1]}; give "
                "each sequence all of them, divided by colons"
            )
        if header.flags.get("equallength") and len(values[-1]) != len(values[0]):
            raise InputError(
                f"{where}: {len(values[-1])} values, and the first sequence has {len(values[0])}; write @equalLength "
                "false, or fix the line"
            )
    if not values:
        raise InputError(f"{path}: no sequence behind @data; give a line for each")
    length = np.array([len(one) for one in values])
    return long_table.of(np.concatenate(values), length, {long_table.LABEL: np.asarray(labels)})


def _header(path: Path, lines: list[str]) -> tuple[Header, int]:
    """What the header says, and how many lines it has, `@data` among them."""
    flags, counts, classes = dict[str, bool](), dict[str, int](), list[str]()
    for number, line in enumerate(lines, start=1):
        text, where = line.strip(), f"{path}, line {number}"
        if not text or text[0] in "#%":
            continue
        _refuse_other_letters(where, text)
        key, *words = text.split()
        name = key.lower().removeprefix("@")
        if not key.startswith("@"):
            raise InputError(f"{where}: {_cut(text)} before @data; begin a line of the header with @, a comment with #")
        if name == "data":
            if words:
                raise InputError(f"{where}: {_cut(text)}: more than @data; begin the sequences in the next line")
            if flags.get("classlabel", False) == flags.get("targetlabel", False):
                raise InputError(
                    f"{where}: the header must say which label a line ends with; write @classLabel true and the "
                    "classes above @data, or @targetLabel true for numbers"
                )
            return Header(flags, counts, tuple(classes)), number
        if name in flags or name in counts:
            raise InputError(f"{where}: {key} is there twice; remove one")
        if name in FLAGS:
            flags[name] = _flag(where, key, words[0] if words else "")
            classes += words[1:] if name == "classlabel" else []
        elif name in COUNTS:
            counts[COUNTS[name]] = _count(where, key, words[0] if words else "")
        elif name != "problemname":
            raise InputError(f"{where}: {key} is no key of a .ts file; remove the line, or make it a comment with #")
        if name == "timestamps" and flags[name]:
            raise InputError(
                f"{where}: values with times are not read, since steps count here; write each value alone, and "
                "@timeStamps false"
            )
    raise InputError(f"{path}: no line @data; write it above the sequences")


def _flag(where: str, key: str, word: str) -> bool:
    if word.lower() not in ("true", "false"):
        raise InputError(f"{where}: {key} {word[:40]}: neither true nor false; write one of them")
    return word.lower() == "true"


def _count(where: str, key: str, word: str) -> int:
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", word):
        raise InputError(f"{where}: {key} {word[:40]}: not a whole number above 0; write one, or remove the line")
    return int(word)


def _values(where: str, dimensions: list[str], header: Header) -> Floats:
    """The values of one sequence, shape (steps, features)."""
    if not dimensions:
        raise InputError(f"{where}: no colon, but a label stands behind one; write value,value:label")
    wanted = 1 if header.flags.get("univariate") else header.counts.get("dimensions", len(dimensions))
    if len(dimensions) != wanted:
        key = "@univariate true" if header.flags.get("univariate") else f"@dimensions {wanted}"
        raise InputError(
            f"{where}: {len(dimensions)} dimensions, but the header says {key}; fix the line, or the header"
        )
    columns = [_numbers(where, number, text, header) for number, text in enumerate(dimensions, start=1)]
    length = header.counts.get("serieslength", 0) if header.flags.get("equallength") else 0
    for number, column in enumerate(columns, start=1):
        if len(column) != len(columns[0]):
            raise InputError(
                f"{where}: dimension {number} has {len(column)} values, and dimension 1 {len(columns[0])}; a step has "
                "a value of each, ? where it is missing"
            )
    if length and len(columns[0]) != length:
        raise InputError(
            f"{where}: {len(columns[0])} values, but the header says @seriesLength {length}; write @equalLength false, "
            "or fix the line"
        )
    return np.stack(columns, axis=1)


def _numbers(where: str, dimension: int, text: str, header: Header) -> Floats:
    """The values of one dimension, NaN where missing, shape (steps,)."""
    cells = [cell.strip() for cell in text.split(",")]
    missing = [cell.lower() in MISSING for cell in cells]
    if any(missing) and header.flags.get("missing") is False:
        raise InputError(
            f"{where}, dimension {dimension}: a value is missing, but the header says @missing false; write @missing "
            "true, or fix the line"
        )
    found = np.full(len(cells), np.nan)
    for position, cell in enumerate(cells):
        if not missing[position]:
            found[position] = _number(f"{where}, dimension {dimension}, value {position + 1}", cell)
    return found


def _number(where: str, cell: str) -> float:
    """A number that a network can read."""
    try:
        value = float(cell) if cell.isascii() and "_" not in cell else None
    except ValueError:
        value = None
    if value is None:
        raise InputError(f"{where}: {_cut(cell)} is not a number; fix it, or write ? where it is missing")
    if not abs(value) <= LARGEST:
        raise InputError(f"{where}: {cell[:40]} is infinite for a network; fix it, or write ? where it is missing")
    if abs(value) >= EXACT and re.fullmatch(r"[+-]?\d+", cell) and int(cell) != int(value):
        raise InputError(
            f"{where}: {cell} is a whole number beyond ±2^53, and would lose digits; write ? if it means a missing "
            "value, else subtract a constant"
        )
    return value


def _label(where: str, text: str, header: Header) -> str | float:
    if header.is_a_number:
        return _number(f"{where}, label", text)
    if not text or text == "?":
        raise InputError(f"{where}: no label behind the last colon; give each sequence one, or remove the line")
    if header.classes and text not in header.classes:
        raise InputError(
            f"{where}: label {_cut(text)} is not among those of @classLabel ({' '.join(header.classes[:12])}); add it "
            "there, or fix the line"
        )
    return text


def _refuse_other_letters(where: str, text: str) -> None:
    """Refuses bytes that are not UTF-8; a comment may have any."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError(f"{where}: not UTF-8; save the file in it")


def _cut(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
