"""What was found in a table, in words."""

import pandas as pd

from cellsize.data.schema import SERIES, Schema
from cellsize.params_data import Csv
from cellsize.project import source, steps, template
from cellsize.project.asked import Asked
from cellsize.project.rows import Rows


def said_of_file(written: Csv) -> list[str]:
    """A line on how the file is written, if that is not as usual."""
    different = [f"{key} {value!r}" for key, value in written if value != getattr(source.PLAIN, key)]
    return [f"file: {', '.join(different)}"] if different else []


def said_of_reading(rows: Rows, frame: pd.DataFrame, schema: Schema) -> list[str]:
    """Lines on how the file is written, on its time, its clock and its series."""
    said = said_of_file(rows.written)
    if rows.time.columns:
        written = rows.time.time_format or ("ISO 8601" if steps.seconds(rows.frequency) else "whole numbers")
        first, last = (rows.time.shown(int(getattr(rows.time.instant.to_numpy(), which)())) for which in
                       ("argmin", "argmax"))  # fmt: skip
        said.append(
            f"time: {_quoted(rows.time.columns)} ({written}), {first} to {last}, "
            f"in steps of {rows.frequency} ({steps.words(rows.frequency)})"
        )
        said += _said_of_clock(rows, schema)
    else:
        said.append("time: no column; the rows are taken in their order")
    if rows.series:
        said.append(f"series: {frame[SERIES].nunique():,}, told apart by {rows.series!r}")
    return said


def _said_of_clock(rows: Rows, schema: Schema) -> list[str]:
    """Whose clock it is, and what of it the network reads."""
    said = list[str]()
    if schema.timezone is not None and rows.declared_zone is None:
        others = f", as do {schema.other_zones} others" * bool(schema.other_zones)
        said.append(
            f"clock: the calendar is that of {schema.timezone}, which fits the offsets{others}; if it is another, give "
            "--timezone"
        )
    elif schema.timezone is not None:
        said.append(f"clock: that of {schema.timezone}, as declared")
    if rows.time.ambiguous == "infer":
        said.append("ambiguous: infer, since a clock that is set back shows some times twice")
    if schema.calendar:
        said.append(f"calendar: {', '.join(schema.calendar)}: cycles that the table shows more than once")
    return said


def said_of_roles(chosen: dict[str, template.Value], asked: Asked) -> list[str]:
    """Lines on the targets and the covariates."""
    roles = {key.removeprefix("prepare."): value for key, value in chosen.items()}
    why = "" if asked.targets else ", the only column of numbers" * (len(roles["past_covariates"]) == 0)  # type: ignore[arg-type]
    said = [f"target: {_quoted(roles['targets'])}{why}"]  # type: ignore[arg-type]
    for key, words in (
        ("past_covariates", "numbers seen in the past"), ("categorical_covariates", "texts seen in the past"),
        ("known_future_covariates", "known in future, as declared"), ("static_covariates", "constant in each series"),
    ):  # fmt: skip
        if roles[key]:
            said.append(f"covariates: {_quoted(roles[key])} ({words})")  # type: ignore[arg-type]
    return said


def _quoted(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(map(repr, names))
