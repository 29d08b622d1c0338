"""The role of each column: target, covariate, or none."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from cellsize.data import table as tables
from cellsize.errors import InputError
from cellsize.project import columns, template
from cellsize.project.asked import Asked
from cellsize.project.holdout import Flags, cuts_of
from cellsize.project.rows import Rows


def which_targets(rows: Rows, ask: Callable[[tuple[str, ...]], tuple[str, ...]] | None) -> tuple[str, ...]:
    """The only column of numbers, or the one that the user names: which one is meant cannot be seen.

    The holdout is not known before the targets are: the rows that none may hold out are looked at.
    """
    table, fraction = rows.table, template.validated({}).split.holdout
    place = rows.time.instant if rows.time.columns else pd.Series(rows.codes).groupby(rows.codes).cumcount()
    number = place.to_numpy("datetime64[us]").astype(np.int64) if place.dtype.kind == "M" else place.to_numpy(np.int64)
    taken = rows.taken
    early = np.ones(len(table), np.bool_)
    for name in map(str, table.columns):
        there = table[name].notna().to_numpy()
        if name not in taken and there.any() and pd.api.types.is_numeric_dtype(table[name]):
            early &= number < cuts_of(number, np.zeros_like(rows.codes), there, fraction, each=False)[0]
            early &= number < cuts_of(number, rows.codes, there, fraction, each=True)[rows.codes]
    kinds = columns.kinds(table, taken, early)
    numeric = _useful(table, rows, kinds.numeric, early)[0] or kinds.numeric
    if len(numeric) == 1:
        return numeric
    if ask is None or not numeric:
        raise columns.which_target(numeric, rows.path, kinds.left_out)
    return ask(numeric)


def _useful(
    table: pd.DataFrame, rows: Rows, numeric: tuple[str, ...], seen: Flags
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Columns of numbers that say more than the time, and why the others do not."""
    useful, left_out = list[str](), dict[str, str]()
    for name in numeric:
        if not pd.api.types.is_numeric_dtype(table[name]):
            useful.append(name)
        elif columns.is_part_of_time(table.loc[seen, name], rows.time.local[seen]):
            left_out[name] = "says what the time says; see prepare.calendar"
        elif columns.is_counter(table.loc[seen, name], rows.codes[seen]):
            left_out[name] = "counts the rows"
        else:
            useful.append(name)
    return tuple(useful), left_out


def roles_of(
    table: pd.DataFrame, rows: Rows, targets: tuple[str, ...], asked: Asked, seen: Flags
) -> tuple[dict[str, template.Value], dict[str, str]]:
    """The role of each column, and the columns that have none, with the reason.

    Args:
        table: Raw rows.
        rows: What was read of all of them.
        targets: What is forecast.
        asked: What is declared.
        seen: True for rows before the holdout, shape (rows,).
    """
    path = rows.path
    for option, names in (("--past", asked.past or ()), ("--future", asked.future)):
        tables.require(table, path, names, option)
        for name in names:
            if name in rows.taken or name in targets:
                what = "the target" if name in targets else "the series" if name == rows.series else "the time"
                raise InputError(f"{path}, column {name!r}: {what}, and so no covariate; leave it out of {option}")
    kinds = columns.kinds(table, rows.taken, seen)
    for name in asked.past or ():
        if name in kinds.left_out:
            raise InputError(f"{path}, column {name!r}: {kinds.left_out[name]}; leave it out of --past")
    useful, left_out = _useful(table, rows, kinds.numeric, seen)
    left_out |= kinds.left_out
    others = [name for name in useful if name not in (*targets, *asked.future)]
    texts = [name for name in kinds.texts if name not in asked.future]
    free = tuple(name for name in (*others, *texts) if name not in (asked.past or ()))
    fixed = columns.static(table[seen], free, rows.series)
    if asked.past is not None:
        left_out |= {name: "not among --past" for name in free if name not in fixed}
    past = [name for name in (others if asked.past is None else asked.past) if name in kinds.numeric
            and name not in fixed]  # fmt: skip
    texts = [name for name in texts if name not in fixed and (asked.past is None or name in asked.past)]
    for name in past:
        tables.numbers(table, path, name)
    for name in texts:
        count = table[name].nunique()
        if count > columns.MOST_LEVELS:
            raise InputError(
                f"{path}, column {name!r}: {count} levels, of which {table.loc[seen, name].nunique()} are there before "
                f"the holdout; a categorical covariate has at most {columns.MOST_LEVELS}; join rare ones, or leave it "
                "out: name the others with --past, or take it out of the table"
            )
    chosen = chosen_roles(targets, past, texts, asked.future, fixed)
    return chosen, {name: why for name, why in left_out.items() if name not in (*targets, *past, *texts, *asked.future)}


def chosen_roles(
    targets: tuple[str, ...], past: Sequence[str] = (), texts: Sequence[str] = (), future: tuple[str, ...] = (),
    fixed: tuple[str, ...] = (),
) -> dict[str, template.Value]:  # fmt: skip
    """The keys of `params.yaml` that give columns their roles."""
    return {
        "prepare.targets": targets,
        "prepare.past_covariates": past,
        "prepare.categorical_covariates": texts,
        "prepare.known_future_covariates": future,
        "prepare.static_covariates": fixed,
    }
