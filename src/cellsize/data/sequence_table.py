"""A long table of sequences, a row for each step, as clean sequences: what its columns mean, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data import sequence_features, text_file
from cellsize.data import table as tables
from cellsize.data.sequence_schema import GROUP, HELD_OUT, LABEL, SEQUENCE, SequenceSchema, label_type
from cellsize.errors import InputError
from cellsize.params_data import HoldoutPart, Prepare

MOST_CLASSES = 1000


def texts(prepare: Prepare, part: HoldoutPart | None, is_number: bool = False) -> tuple[str, ...]:
    """The columns that hold names; the label does where it is not a number."""
    text = None if prepare.text is None else prepare.text.column
    named = (
        prepare.series, *(() if is_number else prepare.targets), prepare.group,
        None if part is None else part.column, text, *sequence_features.texts(prepare),
    )  # fmt: skip
    return tuple(dict.fromkeys(column for column in named if column is not None))


def clean(
    table: pd.DataFrame,
    path: Path,
    prepare: Prepare,
    part: HoldoutPart | None,
    known: SequenceSchema | None = None,
    is_number: bool = False,
) -> tuple[pd.DataFrame, SequenceSchema]:
    """Checks the rows of a long table, and puts them in order.

    Args:
        table: Raw rows in any order.
        path: Where they come from, for messages.
        prepare: Meaning of the columns: `series` names the sequence, `time` the step, `past_covariates` the features,
            `targets` the label.
        part: The column and value that declare the holdout, or None.
        known: What the columns mean to a model that is asked; None: that is found out.
        is_number: Whether the label is a number, and no class.

    Returns:
        A frame ordered by sequence (as they come first in the table), then step: `schema.input_columns` in float64, NaN
        where a number is missing, and columns for sequence, label, group and holdout; and what the columns mean.

    Raises:
        InputError: A name is missing, a step is there twice, or a sequence has two labels, groups or parts.
    """
    assert prepare.series is not None
    is_number = is_number or (known is not None and not known.classes)
    table = table.reset_index(drop=True)
    step = prepare.time if isinstance(prepare.time, str) else None
    named = [*texts(prepare, part), *prepare.targets, *([] if step is None else [step])]
    tables.require(table, path, tuple(named), "prepare")
    frame = pd.DataFrame({SEQUENCE: _names(table, path, prepare.series)})
    frame[LABEL] = (_numbers if is_number else _names)(table, path, prepare.targets[0])
    frame[GROUP] = frame[SEQUENCE] if prepare.group is None else _names(table, path, prepare.group)
    frame[HELD_OUT] = False if part is None else _names(table, path, part.column) == part.value
    _refuse_two_values(frame, path, prepare, part)
    if part is not None and not frame[HELD_OUT].any():
        raise InputError(
            f"{path}, column {part.column!r}: no row is {part.value!r}; fix split.holdout_part, or set it to null"
        )
    classes = _classes(frame[LABEL], path, prepare.targets[0], is_number) if known is None else known.classes
    schema = _described(table, path, prepare, step, classes) if known is None else known
    frame = pd.concat([frame, pd.DataFrame(sequence_features.columns(table, path, schema))], axis=1)
    order = pd.Series(pd.factorize(frame[SEQUENCE])[0])
    in_order = np.argsort(order.to_numpy(), kind="stable")
    frame = frame.iloc[in_order] if step is None else _by_step(frame, order, table, path, step)
    return frame.reset_index(drop=True), schema


def _classes(labels: pd.Series, path: Path, column: str, is_number: bool) -> tuple[str, ...]:
    """The classes, sorted; none of numbers, which are not all the same."""
    if is_number and labels.nunique() < 2:
        raise InputError(
            f"{path}, column {column!r}: all sequences have {labels[0]:g}; name another column in prepare.targets"
        )
    classes = () if is_number else tuple(sorted(labels.unique()))
    if not is_number and not 2 <= len(classes) <= MOST_CLASSES:
        raise InputError(
            f"{path}, column {column!r}: {len(classes)} classes, but a label has 2 to {MOST_CLASSES}; "
            "name another column in prepare.targets"
        )
    return classes


def _described(
    table: pd.DataFrame, path: Path, prepare: Prepare, step: str | None, classes: tuple[str, ...]
) -> SequenceSchema:
    """What the columns mean, with what is found out of their values."""
    assert prepare.series is not None
    label = table[prepare.targets[0]]
    return SequenceSchema(
        prepare.series,
        step,
        prepare.past_covariates,
        prepare.targets[0],
        prepare.group,
        classes,
        label_type(label, classes, text_file.is_text(path)) if classes else "number",
        **vars(sequence_features.describe(table, path, prepare)),
    )


def _names(table: pd.DataFrame, path: Path, column: str) -> pd.Series:
    """A column of names, none of them missing."""
    names = tables.labels(table[column])
    missing = np.flatnonzero(names.isna().to_numpy())
    if missing.size:
        raise InputError(f"{path}, {tables.line(path, int(missing[0]))}, column {column!r}: missing; fill it in")
    return names


def _numbers(table: pd.DataFrame, path: Path, column: str) -> np.ndarray:
    """A column of numbers, none of them missing."""
    values = tables.numbers(table, path, column)
    missing = np.flatnonzero(np.isnan(values))
    if missing.size:
        where = tables.line(path, int(missing[0]))
        raise InputError(f"{path}, {where}, column {column!r}: missing; fill it in, or leave the row out")
    return values


def _refuse_two_values(frame: pd.DataFrame, path: Path, prepare: Prepare, part: HoldoutPart | None) -> None:
    """Refuses a sequence whose rows do not agree on its label, its group or its part."""
    columns = {LABEL: prepare.targets[0], GROUP: prepare.group, HELD_OUT: None if part is None else part.column}
    for made, column in columns.items():
        of_first = frame.groupby(SEQUENCE, sort=False)[made].transform("first")
        other = np.flatnonzero((frame[made] != of_first).to_numpy())
        if column is not None and other.size:
            row = int(other[0])
            raise InputError(
                f"{path}, {tables.line(path, row)}, column {column!r}: sequence {frame[SEQUENCE][row]!r} has another "
                "value in an earlier row; a sequence has one, in all of its rows"
            )


def _by_step(frame: pd.DataFrame, order: pd.Series, table: pd.DataFrame, path: Path, step: str) -> pd.DataFrame:
    """The rows ordered by sequence, then step; each step is there once."""
    steps = pd.Series(tables.numbers(table, path, step))
    missing = np.flatnonzero(steps.isna().to_numpy())
    if missing.size:
        raise InputError(f"{path}, {tables.line(path, int(missing[0]))}, column {step!r}: missing; fill it in")
    again = np.flatnonzero(pd.DataFrame({"sequence": order, "step": steps}).duplicated().to_numpy())
    if again.size:
        row = int(again[0])
        raise InputError(
            f"{path}, {tables.line(path, row)}, column {step!r}: sequence {frame[SEQUENCE][row]!r} has step "
            f"{steps[row]:g} twice; remove one, or set prepare.time: null to take the rows as they come"
        )
    return frame.iloc[np.lexsort((steps.to_numpy(), order.to_numpy()))]
