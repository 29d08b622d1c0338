"""The role of each other column of labelled sequences: a number or a text of each step, a constant, or none."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import table as tables
from cellsize.errors import InputError
from cellsize.project import columns, template
from cellsize.project.asked import Asked
from cellsize.project.sequence_columns import NAMED_GROUP, Columns

MOST_MISSING = 0.5  # of a feature


def roles_of(
    table: pd.DataFrame, found: Columns, asked: Asked, seen: npt.NDArray[np.bool_]
) -> tuple[dict[str, template.Value], dict[str, str]]:
    """The keys of `params.yaml` that name the features, and the columns that have no role, with the reason.

    Args:
        table: Raw rows.
        found: The columns that have a role.
        asked: What is declared.
        seen: True for rows before the holdout, shape (rows,).

    Raises:
        InputError: A column that is named is none, or nothing is left to learn from.
    """
    taken = found.taken | ({asked.group} if asked.group else set())
    path = asked.table
    tables.require(table, path, asked.past or (), "--past")
    for name in asked.past or ():
        if name in taken:
            raise InputError(f"{path}, column {name!r}: has another role already; leave it out of --past")
    kinds, before = columns.kinds(table, taken, seen), table[seen]
    left_out = dict(kinds.left_out)
    for name in asked.past or ():
        if name in left_out:
            raise InputError(f"{path}, column {name!r}: {left_out[name]}; leave it out of --past")
    able = list[str]()
    for name in (*kinds.numeric, *kinds.texts):
        why = _useless(before[name], before[found.sequence])
        if asked.past is None and NAMED_GROUP.fullmatch(name.strip()):
            why = "says what a sequence belongs to: --group keeps these together"
        if asked.past is not None and name not in asked.past:
            left_out[name] = "not among --past"
        elif why and asked.past is None:
            left_out[name] = why
        else:
            able.append(name)
    if not able:
        listed = "; ".join(f"{name}: {why}" for name, why in list(left_out.items())[:5])
        raise InputError(f"{path}: no column of numbers to learn a label from{f' ({listed})' * bool(listed)}; add one")
    fixed = columns.static(before, tuple(able), found.sequence)
    if len(fixed) == len(able):  # every sequence is one step long: nothing changes within it
        fixed = ()
    return {
        "prepare.past_covariates": [name for name in able if name in kinds.numeric and name not in fixed],
        "prepare.categorical_covariates": [name for name in able if name in kinds.texts and name not in fixed],
        "prepare.known_future_covariates": [],
        "prepare.static_covariates": list(fixed),
    }, left_out


def _useless(values: pd.Series, sequences: pd.Series) -> str:
    """Why a column tells nothing before the holdout; empty if it may."""
    if values.nunique() < 2:
        return "never changes before the holdout"
    if values.isna().mean() > MOST_MISSING:
        return f"{100 * values.isna().mean():.0f} % is missing"
    if pd.api.types.is_numeric_dtype(values) and columns.is_counter(values, pd.factorize(sequences)[0]):
        return "counts the rows"
    return ""


def group_of(table: pd.DataFrame, found: Columns) -> str | None:
    """The only column that says what a sequence belongs to, by its name, and that is the same in all of its rows."""
    able = [
        name
        for name in map(str, table.columns)
        if name not in found.taken and NAMED_GROUP.fullmatch(name.strip()) and table[name].notna().all()
        and (table.groupby(found.sequence)[name].nunique() == 1).all()
        and 2 <= table[name].nunique() < table[found.sequence].nunique()
    ]  # fmt: skip
    return able[0] if len(able) == 1 else None


def said(table: pd.DataFrame, found: Columns, asked: Asked, features: dict[str, template.Value]) -> list[str]:
    """Lines on the columns and what they are for."""
    label, sequence = table[found.label], table[found.sequence]
    lines = [
        f"sequences: {sequence.nunique():,}, told apart by {found.sequence!r}, in "
        + (f"the order of {found.step!r}" if found.step else "the order of their rows: no column counts the steps"),
        f"label: {found.label!r}, "
        + ("a number" if asked.is_number else
           f"{label.nunique()} classes: {listed(sorted(map(str, label.dropna().unique())))}"),
    ]  # fmt: skip
    if asked.group:
        lines.append(f"group: sequences of one {asked.group!r} stay together ({table[asked.group].nunique()} of them)")
    for key, words in (
        ("past_covariates", "numbers of each step"), ("categorical_covariates", "texts of each step"),
        ("static_covariates", "constant in each sequence"),
    ):  # fmt: skip
        names = list(map(str, features[f"prepare.{key}"]))  # type: ignore[arg-type]
        if names:
            lines.append(f"features: {listed([repr(name) for name in names])} ({words})")
    return lines


def listed(names: list[str]) -> str:
    """The first names, and how many there are."""
    return ", ".join(names[:12]) + f", … ({len(names)} in all)" * (len(names) > 12)
