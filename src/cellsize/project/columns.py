"""What the columns of a table may be: series, targets, covariates. Their kinds are read, never their course."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import regular
from cellsize.data import table as tables
from cellsize.errors import InputError
from cellsize.project import hours_of_day, nearly_series, options
from cellsize.project.options import LISTED

Flags = npt.NDArray[np.bool_]

MOST_LEVELS = 50
ROWS_OF_A_LEVEL = 5  # on average; rarer texts are names or remarks
# Numbers, some in groups of three digits, or with a comma.
GROUPED = r"[-+]?\d+([,.\u2019' ]\d{3})*([.,]\d+)?"


@dataclass(frozen=True)
class Kinds:
    """The columns besides time and series, in the table's order.

    Attributes:
        numeric: Columns of numbers.
        texts: Columns of text with few levels.
        left_out: Other columns, and why.
    """

    numeric: tuple[str, ...]
    texts: tuple[str, ...]
    left_out: dict[str, str]


def kinds(table: pd.DataFrame, taken: set[str], seen: Flags) -> Kinds:
    """Sorts the columns by their kind, which the rows before the holdout tell.

    A column that holds numbers before the holdout is one of numbers, whatever follows: what cannot be read there is
    refused where numbers are read, with its row.

    Args:
        table: Raw rows.
        taken: Columns that have a role already.
        seen: True for rows before the holdout, shape (rows,).
    """
    numeric, texts, left_out = list[str](), list[str](), dict[str, str]()
    for name in map(str, table.columns):
        if name in taken:
            continue
        values = table[name]
        if values.isna().all():
            left_out[name] = "empty"
        elif pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
            left_out[name] = "times"
        elif pd.api.types.is_numeric_dtype(values) or _was_numeric(values, seen):
            numeric.append(name)
        else:
            reason = _why_no_levels(values[seen])
            if reason:
                left_out[name] = reason
            else:
                texts.append(name)
    return Kinds(tuple(numeric), tuple(texts), left_out)


def _was_numeric(values: "pd.Series[Any]", seen: Flags) -> bool:
    """Whether only the holdout makes text of a column of numbers or of truth values."""
    before, every = values[seen].dropna().astype("str"), values.dropna().astype("str")
    if not len(before):
        return False
    truth = before.isin(("True", "False")).all() and not every.isin(("True", "False")).all()
    return bool(truth or (_are_numbers(before).all() and not _are_numbers(every).all()))


def _are_numbers(texts: "pd.Series[str]") -> "pd.Series[bool]":
    return pd.to_numeric(texts, errors="coerce").notna()


def _why_no_levels(values: "pd.Series[Any]") -> str:
    """Why a column of text is not a categorical covariate; empty if it is one."""
    levels = values.dropna().astype("str")
    count = levels.nunique()
    if not count:
        return "empty before the holdout"
    if (parsed := _are_numbers(levels)).mean() > 0.5:
        return f"numbers, but for such as {levels[~parsed].iloc[0]!r}" if not parsed.all() else "numbers as text"
    if levels.str.contains(r"[$€£¥%]").all() and _are_numbers(levels.str.replace(r"[$€£¥%,\s]", "", regex=True)).all():
        return f"numbers with a sign, such as {levels.iloc[0]!r}"
    if levels.str.fullmatch(GROUPED).all():
        return f"numbers with a sign between their digits, such as {levels[~parsed].iloc[0]!r}"
    if not 2 <= count <= MOST_LEVELS:
        return f"text with {count} level{'s' * (count != 1)}; a categorical covariate has 2 to {MOST_LEVELS}"
    if count * ROWS_OF_A_LEVEL > len(levels):
        return f"text with {count} levels in {len(levels)} rows"
    return ""


def find_series(
    table: pd.DataFrame, path: Path, times: "pd.Series[Any]", taken: set[str], declared: str | None,
    doubtful: Flags | None = None,
) -> str | None:  # fmt: skip
    """The column that tells several series apart; None if no time repeats, so that there is one, or blocks of several.

    Args:
        table: Raw rows.
        path: Where they come from, for messages.
        times: Time of each row.
        taken: Columns that hold the time.
        declared: The column as declared, or None to look for it.
        doubtful: Rows whose times a clock shows twice, shape (rows,): they repeat in a single series too. None: no row.

    Raises:
        InputError: Times repeat, and no column or more than one tells the series apart.
    """
    if declared is not None:
        tables.require(table, path, (declared,), "--series")
        return declared
    rows = np.arange(len(table))
    if doubtful is not None and doubtful.any():
        rows = np.flatnonzero(~doubtful)
        table, times = table.iloc[rows], times.iloc[rows]
    again = times.duplicated()
    if not again.any():
        return nearly_series.in_blocks(table, times, taken) if pd.api.types.is_datetime64_any_dtype(times) else None
    found = list[str]()
    for name, codes in _that_may_name(table, taken):
        tells_apart = 2 <= codes.max() + 1 <= len(table) / 2 and not _repeats(times, codes)
        # An id and a name of the same series are one.
        if tells_apart and not any(_alike(codes, pd.factorize(table[other])[0]) for other in found):
            found.append(name)
    named = dict[str, Any]()  # of a long table not before they are needed
    if not found:
        named = {name: codes for name, codes in _that_may_name(table, taken) if 2 <= codes.max() + 1 <= len(table) / 2}
        _refuse_set_back(named, path, times)
    hours_of_day.refuse(table, path, times, found)
    texts = [name for name in found if not pd.api.types.is_numeric_dtype(table[name])]
    first = int(np.flatnonzero(again.to_numpy())[0])
    where = f"{path}, {tables.line(path, int(rows[first]))}: {times.iloc[first]} is duplicated"
    if len(texts) == 1 or len(found) == 1:
        return (texts or found)[0]
    if found:
        raise InputError(f"{where}; name the column that tells series apart: {options.listed('--series', found)}")
    both = _two_that_tell_apart(named, times)
    if both:
        hours_of_day.refuse(table, path, times, list(both))
        raise InputError(
            f"{where}; {both[0]!r} and {both[1]!r} together tell series apart: write both into one column, such as "
            f"{table[both[0]].iloc[0]}-{table[both[1]].iloc[0]}, and name it with --series"
        )
    nearly_series.refuse_few(table.drop(columns=list(taken)), path, times, rows)
    raise InputError(
        f"{where}, and no column tells series apart; keep one row of each time, or give --series, or, if the rows are "
        "in order and that is not their time, --frequency step"
    )


def _codes(values: "pd.Series[Any]") -> Any:
    """A number for each different value; None of lists and dictionaries, which name nothing."""
    try:
        return pd.factorize(values)[0]
    except TypeError:
        return None


def _that_may_name(table: pd.DataFrame, taken: set[str]) -> Iterator[tuple[str, Any]]:
    """Columns of names or whole numbers, each with a number for each different value."""
    for name, values in table.items():
        if name not in taken and not values.isna().any() and not pd.api.types.is_float_dtype(values):
            codes = _codes(values)
            if codes is not None:
                yield str(name), codes


def _two_that_tell_apart(named: dict[str, Any], times: "pd.Series[Any]") -> tuple[str, str] | None:
    """Two columns that tell series apart together, or None."""
    for one, other in _pairs(named, len(times)):
        codes = named[one] * (named[other].max() + 1) + named[other]
        if len(np.unique(codes)) <= len(times) / 2 and not _repeats(times, codes):
            return one, other
    return None


def _pairs(named: dict[str, Any], rows: int) -> Iterator[tuple[str, str]]:
    few = [name for name, codes in named.items() if 2 <= codes.max() + 1 <= rows / 4]
    return itertools.combinations(few[:LISTED], 2)


def _refuse_set_back(named: dict[str, Any], path: Path, times: "pd.Series[Any]") -> None:
    """Refuses times that are there twice where some clock shows them twice, in one series or in each of several.

    Args:
        named: Columns that may name series, each with a number for each different value.
        path: Where they come from, for messages.
        times: Time of each row.

    Raises:
        InputError: It is so; the message asks for the clock.
    """
    if not pd.api.types.is_datetime64_any_dtype(times) or (times == times.dt.normalize()).all():
        return
    for names in ((), *((name,) for name in named), *_pairs(named, len(times))):
        frame = pd.DataFrame({"times": times.to_numpy()} | {name: named[name] for name in names})
        again = times[frame.duplicated().to_numpy()]
        place = regular.set_back(again) if len(again) else None
        if place is not None:
            each = f" for the same {' and '.join(map(repr, names))}" if names else ""
            raise InputError(
                f"{path}: {again.iloc[0]} is there twice{each}, as where a clock is set back (daylight saving ends); "
                f"say whose clock it is, such as --timezone {place}"
            )


def _repeats(times: "pd.Series[Any]", codes: Any) -> bool:
    return bool(pd.DataFrame({"times": times.to_numpy(), "code": codes}).duplicated().any())


def _alike(one: Any, other: Any) -> bool:
    """Whether two columns divide the rows alike."""
    pairs = pd.DataFrame({"one": one, "other": other}).drop_duplicates()
    return bool(len(pairs) == one.max() + 1 == other.max() + 1)


def require_targets(table: pd.DataFrame, path: Path, targets: tuple[str, ...]) -> None:
    """Refuses targets that are no column, or no numbers."""
    tables.require(table, path, targets, "--target")
    for name in targets:
        tables.numbers(table, path, name)


def which_target(numeric: tuple[str, ...], path: Path, left_out: dict[str, str]) -> InputError:
    """What to say where no column, or several, may be the target; with what else is there, and why it is not."""
    if not numeric:
        why = "; ".join(f"{name}: {reason}" for name, reason in list(left_out.items())[:LISTED])
        return InputError(
            f"{path}: no column of numbers to forecast"
            + (f" ({why}); write numbers alone, and nothing where one is missing" if "numbers" in why else
               f"{f' ({why})' * bool(why)}; check separator and decimal sign of the file")
        )  # fmt: skip
    return InputError(
        f"{path}: {len(numeric)} columns hold numbers; name the one to forecast: "
        f"{options.listed('--target', list(numeric))}"
    )


def static(table: pd.DataFrame, names: tuple[str, ...], series: str | None) -> tuple[str, ...]:
    """Those of some columns that are constant in each series, and not in all together."""
    if series is None:
        return ()
    groups = table.groupby(series)
    return tuple(name for name in names if table[name].nunique() > 1 and bool((groups[name].nunique() == 1).all()))


def is_part_of_time(values: "pd.Series[Any]", times: "pd.Series[Any]") -> bool:
    """Whether a column repeats what the time says: year, month, day, hour, weekday."""
    if not pd.api.types.is_datetime64_any_dtype(times) or values.nunique() < 2:
        return False
    there = values.notna()
    clock = times[there].dt
    weekday = clock.day_of_week
    parts = (clock.year, clock.month, clock.day, clock.hour, weekday, weekday + 1, clock.day_of_year, clock.quarter)
    return bool(there.any()) and any((values[there].to_numpy() == part.to_numpy()).all() for part in parts)


def is_counter(values: "pd.Series[Any]", codes: npt.NDArray[np.integer]) -> bool:
    """Whether a column only counts the rows, all or those of each series: 1, 2, 3.

    Args:
        values: The column.
        codes: The series of each row, shape (rows,).
    """
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    if np.isinf(numbers).any():
        return False
    if len(numbers) > 3 and (np.diff(numbers) == 1).all():
        return True
    order = np.argsort(codes, kind="stable")
    inside = np.diff(codes[order]) == 0
    return bool(inside.sum() > 2 and (np.diff(numbers[order])[inside] == 1).all())
