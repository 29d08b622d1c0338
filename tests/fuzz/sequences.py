"""Random labelled sequences, and the many ways to write one and the same: as a long table, as `.ts`, as `.npz`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import strategies as st

from cellsize.params_data import Prepare
from tests.fuzz.tables import COLUMNS, NAMES, PREPARE, Toy, numbers

Floats = npt.NDArray[np.float64]
KINDS = ("whole", "decimals", "decimals", "full", "offset", "large", "counter", "huge", "beyond")
WHOLE, TRUTH = ("7", "2", "10", "-3"), ("True", "False")


@dataclass(frozen=True)
class Labelled:
    """Sequences of a file that is no table, whose columns have the names that are made for them.

    Attributes:
        values: The steps of each sequence, shape (steps, features), NaN where missing.
        labels: The class of each as text; or its number, if `task` is `regress`.
        groups: What each belongs to; None: nothing is said.
        task: As params.yaml has it.
    """

    values: list[Floats]
    labels: list[Any]
    groups: list[str] | None
    task: str

    def prepare(self, path: Path) -> Prepare:
        """The section `prepare`, the same whatever the file."""
        features = [f"x{number + 1}" for number in range(self.values[0].shape[1])]
        return Prepare.model_validate(PREPARE | {
            "table": str(path), "time": "step", "series": "sequence", "targets": ["label"], "frequency": "step",
            "past_covariates": features, "group": None if self.groups is None else "person",
        })  # fmt: skip

    def write_table(self, path: Path) -> None:
        """Writes a long table as Parquet."""
        parts = []
        for number, sequence in enumerate(self.values):
            part = pd.DataFrame(sequence, columns=[f"x{column + 1}" for column in range(sequence.shape[1])])
            part["sequence"], part["step"], part["label"] = number + 1, np.arange(len(part)) + 1, self.labels[number]
            parts.append(part if self.groups is None else part.assign(person=self.groups[number]))
        pd.concat(parts).to_parquet(path, index=False)


def _values(draw: st.DrawFn, rows: int, rng: np.random.Generator) -> npt.NDArray[Any]:
    kind = draw(st.sampled_from(KINDS))
    if kind == "beyond":  # whole numbers some of which float64 does not hold
        return (2**53 + rng.integers(-3, 3, rows)).astype(np.int64)
    return np.asarray(numbers(kind, rows, rng))


@st.composite
def labelled(draw: st.DrawFn, least: int = 2, most: int = 8) -> Labelled:
    """Few short sequences of unequal length."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lengths = draw(st.lists(st.integers(1, 6), min_size=least, max_size=most))
    if draw(st.booleans()):
        lengths = [lengths[0]] * len(lengths)
    columns = [_values(draw, sum(lengths), rng).astype(np.float64) for _ in range(draw(st.integers(1, 3)))]
    rows = np.stack(columns, axis=1)
    if draw(st.booleans()):
        rows = np.where(rng.random(rows.shape) < 0.2, np.nan, rows)
    task = draw(st.sampled_from(["classify", "classify", "regress"]))
    labels: list[Any]
    if task == "regress":
        labels = np.round(rng.normal(0, 50, len(lengths)), draw(st.integers(0, 3))).tolist()
    else:
        pool = draw(st.sampled_from([NAMES, NAMES, WHOLE, TRUTH]))
        classes = draw(st.lists(st.sampled_from(pool), min_size=2, max_size=min(len(pool), 3), unique=True))
        labels = draw(st.lists(st.sampled_from(classes), min_size=len(lengths), max_size=len(lengths)))
    people = st.lists(st.sampled_from(NAMES), min_size=len(lengths), max_size=len(lengths))
    groups = draw(st.none() | people)
    return Labelled(np.split(rows, np.cumsum(lengths)[:-1]), labels, groups, task)


# --- .ts ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ts:
    """How a `.ts` file is written.

    Attributes:
        said: What of the header is given, of what may be left out.
        case: How keys are written: `str` (as the format has them), `str.lower` or `str.upper`.
        missing: What stands for a missing value.
        number: How numbers are formatted.
        blanks: Between values.
        newline: Between lines.
        mark: Whether the file begins with the mark of its encoding.
        comment: A line of comment among the sequences; empty: none.
    """

    said: frozenset[str]
    case: str
    missing: str
    number: str
    blanks: str
    newline: str
    mark: bool
    comment: str


OPTIONAL = (
    "problemName",
    "timeStamps",
    "missing",
    "univariate",
    "dimensions",
    "equalLength",
    "seriesLength",
    "classes",
)
COMMENTS = ("", "# a comment", "% 1,2:up", "#1,2:3,4:up", "# one\x0b1,2:up", "# one\x85two", "#\u2028:", "%\x1c1:1")


@st.composite
def ts_ways(draw: st.DrawFn) -> Ts:
    """Ways to write a `.ts` file that lose nothing of it."""
    return Ts(
        said=frozenset(draw(st.lists(st.sampled_from(OPTIONAL), unique=True))),
        case=draw(st.sampled_from(["as it is", "lower", "upper"])),
        missing=draw(st.sampled_from(["?", "NaN", "nan", "NAN", " ? "])),
        number=draw(st.sampled_from(["repr", "exponent", "sign", "point"])),
        blanks=draw(st.sampled_from(["", " ", "\t", "  "])),
        newline=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        mark=draw(st.booleans()), comment=draw(st.sampled_from(COMMENTS)),
    )  # fmt: skip


def fits_ts(label: str) -> bool:
    """Whether a class can be written in a `.ts` file."""
    return label != "?" and not any(sign in label for sign in ":\n\r")


def as_ts(made: Labelled, way: Ts) -> bytes:
    """The bytes of a `.ts` file; groups are left out."""
    features, lengths = made.values[0].shape[1], {len(sequence) for sequence in made.values}
    has_missing = any(np.isnan(sequence).any() for sequence in made.values)
    flag = {True: "true", False: "false"}
    header = [
        ("problemName", "toy"), ("timeStamps", "false"), ("missing", flag[has_missing]),
        ("univariate", flag[features == 1]), ("dimensions", str(features)), ("equalLength", flag[len(lengths) == 1]),
    ]  # fmt: skip
    if len(lengths) == 1:
        header.append(("seriesLength", str(*lengths)))
    header = [(key, value) for key, value in header if key in way.said]
    if made.task == "regress":
        header.append(("targetLabel", "true"))
    else:
        classes = list(dict.fromkeys(made.labels))
        listed = "classes" in way.said and not any(" " in label for label in classes)
        header.append(("classLabel", " ".join(["true", *(classes if listed else [])])))
    change = {"lower": str.lower, "upper": str.upper}.get(way.case, str)
    lines = [f"@{change(key)} {value}" for key, value in header] + [f"@{change('data')}"]
    for sequence, label in zip(made.values, made.labels, strict=True):
        if way.comment:
            lines.append(way.comment)
        cells = [
            f",{way.blanks}".join(way.missing if np.isnan(value) else _shown(value, way.number) for value in column)
            for column in sequence.T
        ]
        lines.append(
            ":".join([*cells, f"{way.blanks}{label if made.task == 'classify' else _shown(label, way.number)}"])
        )
    text = way.newline.join([*lines, ""])
    return text.encode("utf-8-sig" if way.mark else "utf-8")


def _shown(value: float, how: str) -> str:
    text = {"exponent": f"{value:.17E}", "point": f"{value:.17g}"}.get(how, repr(float(value)))
    return f"+{text}" if how == "sign" and value > 0 else text


# --- .npz -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Npz:
    """How an `.npz` file is written.

    Attributes:
        kind: Type of the values, where it holds them all; else float64.
        behind: What stands behind the end of a short sequence.
        is_flat: Whether the dimension of an only feature is left out.
        is_fortran: The order of the values.
        lengths: Type of the lengths; empty: they are given only if they are unequal.
        is_column: Whether labels have the shape (n, 1).
        labels: Type of the labels: text; or, where they are such, whole numbers, floats or booleans.
        is_packed: Whether it is compressed.
        is_reversed: The order of the arrays.
    """

    kind: str
    behind: float
    is_flat: bool
    is_fortran: bool
    lengths: str
    is_column: bool
    labels: str
    is_packed: bool
    is_reversed: bool


@st.composite
def npz_ways(draw: st.DrawFn) -> Npz:
    """Ways to write an `.npz` file that lose nothing of it."""
    return Npz(
        kind=draw(st.sampled_from(["<f8", ">f8", "f4", "i8", "i4", "u8", "f2", ">i2", "g"])),
        behind=draw(st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1e300])),
        is_flat=draw(st.booleans()), is_fortran=draw(st.booleans()),
        lengths=draw(st.sampled_from(["", "i8", "u1", ">i4", "u8"])), is_column=draw(st.booleans()),
        labels=draw(st.sampled_from(["text", "i8", "u1", "f8", "bool", ">i4"])), is_packed=draw(st.booleans()),
        is_reversed=draw(st.booleans()),
    )  # fmt: skip


def write_npz(made: Labelled, way: Npz, path: Path) -> None:
    """Writes an `.npz` file."""
    lengths, features = [len(sequence) for sequence in made.values], made.values[0].shape[1]
    values = np.full((len(lengths), max(lengths), features), way.behind)
    for number, sequence in enumerate(made.values):
        values[number, : len(sequence)] = sequence
    values = _as(values, way.kind)
    values = values[:, :, 0] if features == 1 and way.is_flat else values
    values = np.asfortranarray(values) if way.is_fortran else values
    labels = _labels(made, way.labels)
    arrays: dict[str, Any] = {"X": values, "y": labels[:, None] if way.is_column else labels}
    if way.lengths or len(set(lengths)) > 1:
        arrays["lengths"] = np.array(lengths, way.lengths or "i8")
    if made.groups is not None:
        arrays["person"] = np.array(made.groups)
    if way.is_reversed:
        arrays = dict(reversed(arrays.items()))
    (np.savez_compressed if way.is_packed else np.savez)(path, **arrays)


def _as(values: npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
    """Values of another type, if it holds them all."""
    with np.errstate(all="ignore"):
        other = values.astype(kind)
        same = np.array_equal(other.astype(values.dtype), values, equal_nan=values.dtype.kind == "f")
    return other if same else values


def _labels(made: Labelled, kind: str) -> npt.NDArray[Any]:
    if made.task == "regress":
        return _as(np.array(made.labels), "f8" if kind in ("text", "bool") else kind)
    if kind == "bool" and set(made.labels) <= set(TRUTH):
        return np.array([label == "True" for label in made.labels])
    if kind not in ("text", "bool") and set(made.labels) <= set(WHOLE):
        return _as(np.array([int(label) for label in made.labels]), kind)
    return np.array(made.labels)


# --- long tables ----------------------------------------------------------------------------------------------------


@st.composite
def long_tables(draw: st.DrawFn, least: int = 2, most: int = 6) -> Toy:
    """Long tables with columns of all roles, under names that have gone wrong somewhere."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    columns = [str(name) for name in draw(st.permutations(COLUMNS))[:9]]
    name, step, label, past, other, level, place, static, person = columns
    names = draw(st.lists(st.sampled_from(NAMES), min_size=least, max_size=most, unique=True))
    lengths = [draw(st.integers(1, 6)) for _ in names]
    task = draw(st.sampled_from(["classify", "classify", "regress"]))
    pool = draw(st.lists(st.sampled_from(draw(st.sampled_from([NAMES, WHOLE]))), min_size=2, max_size=3, unique=True))
    parts = []
    for number, (each, length) in enumerate(zip(names, lengths, strict=True)):
        part = pd.DataFrame({name: [each] * length, step: rng.permutation(length) * 3 - 1})
        part[label] = float(np.round(rng.normal(0, 50), 2)) if task == "regress" else draw(st.sampled_from(pool))
        part[level] = rng.choice(names[:3], length)
        part[place] = draw(st.sampled_from(["N", "S", "south west"]))
        part[static] = number * 2.5
        part[person] = draw(st.sampled_from(NAMES))
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    frame[past], frame[other] = (_values(draw, len(frame), rng) for _ in range(2))
    if draw(st.booleans()):
        frame[past] = frame[past].astype("float64").where(rng.random(len(frame)) > 0.2)
        frame[level] = frame[level].where(rng.random(len(frame)) > 0.2)
    prepare: dict[str, Any] = {
        "targets": [label],
        "series": name,
        "past_covariates": [past, other],
        "frequency": "step",
    }
    prepare["time"] = draw(st.sampled_from([step, step, None]))
    prepare["categorical_covariates"] = [level] * draw(st.booleans())
    prepare["static_covariates"] = [[], [place], [static], [place, static]][draw(st.integers(0, 3))]
    prepare["group"] = draw(st.sampled_from([None, person]))
    return Toy(frame[draw(st.permutations(columns))], prepare)
