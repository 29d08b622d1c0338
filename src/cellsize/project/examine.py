"""Looks at a table and decides what `params.yaml` has to say for it; nothing of the holdout has a say.

Of all rows are read: the clock, the series, and where values are missing. They say where the holdout begins. What the
other columns are is judged by the rows before it. Then every value of the holdout is covered up, and only then is
anything decided that depends on values: seasons, window, folds, and what the inspection advises, which is that of the
pipeline. A value of the holdout that does not fit what was decided is refused, as the pipeline would.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ValidationError
from ruamel.yaml import YAML

from cellsize.data import calendar, moments, series
from cellsize.data import table as tables
from cellsize.data import windows as indexing
from cellsize.data.clock import Clock
from cellsize.data.schema import MISSING, SERIES, TIME, Schema
from cellsize.errors import InputError
from cellsize.inspection import advice
from cellsize.inspection.seasons import seasons
from cellsize.inspection.wording import percent, remarks
from cellsize.params import Csv, Params
from cellsize.progress import unsaid
from cellsize.project import columns, fitting, options, source, steps, template
from cellsize.project.fitting import Fit

Flags = npt.NDArray[np.bool_]

ROUNDS = 3  # of the inspection: what is worth something may be another thing once the first advice is followed
MOST_MISSING = 0.5  # of a covariate
# What files have in place of a missing value, and how often at least.
FILL_VALUES = (-99, -999, -9999, -99999, 99, 999, 9999, 99999, -999.9, -9999.9, -99.9, 999.9, -1)
FEW_FILLED = 3
ENDED = 0.25  # of the series, before the last part of the table begins
DAY = 86_400
# Steps ahead where no season shows, by the name of the step: a day, a week, a quarter, a year.
AHEAD = {"h": 24, "D": 7, "B": 5, "C": 5, "W": 13, "MS": 12, "ME": 12, "QS": 4, "QE": 4, "YS": 5, "YE": 5}
ELSE_AHEAD = 12
MOST_AHEAD = 96


@dataclass(frozen=True)
class Asked:
    """What the user declares; None or empty: it is found out.

    Attributes:
        table: The file.
        targets: Columns to forecast.
        time: Columns with the time.
        time_format: How times are written.
        timezone: Clock of times without an offset, and of the calendar.
        series: Column that tells series apart.
        frequency: The step.
        horizon: Steps predicted.
        lookback: Steps that memory cells see.
        past: The past covariates, numbers or texts; None: all columns that may be.
        future: Covariates known in future.
    """

    table: Path
    targets: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    time_format: str | None = None
    timezone: str | None = None
    series: str | None = None
    frequency: str | None = None
    horizon: int | None = None
    lookback: int | None = None
    past: tuple[str, ...] | None = None
    future: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examined:
    """What was found.

    Attributes:
        changes: Dotted keys of `params.yaml` and their values, without `prepare.table`.
        findings: A line each: what was found, and what it is for.
    """

    changes: dict[str, template.Value]
    findings: tuple[str, ...]


@dataclass(frozen=True)
class _Rows:
    """The raw rows, and what is read of all of them."""

    table: pd.DataFrame
    path: Path
    written: Csv
    time: source.Time
    series: str | None
    codes: npt.NDArray[np.integer]
    frequency: str
    declared_zone: str | None

    @property
    def taken(self) -> set[str]:
        """Columns of the time and of the series."""
        return {*self.time.columns, *([self.series] if self.series else [])}


def examine(
    asked: Asked,
    ask: Callable[[tuple[str, ...]], tuple[str, ...]] | None = None,
    note: Callable[[str], None] = unsaid,
) -> Examined:
    """Looks at a table.

    Args:
        asked: What is declared.
        ask: Asks which of several columns are the targets; None: nobody can be asked.
        note: Is told what is done now; see `progress.lines`.

    Raises:
        InputError: The table cannot be read, is too short, or leaves something open that only the user knows.
    """
    try:
        return _examined(asked, ask, note)
    except InputError as error:
        raise options.named(error, asked.table) from None


def _examined(
    asked: Asked, ask: Callable[[tuple[str, ...]], tuple[str, ...]] | None, note: Callable[[str], None]
) -> Examined:
    _refuse_contradictions(asked)
    note("reading the table")
    rows = _rows(asked)
    for name in asked.targets:
        if name in rows.taken:
            role = "tells series apart" if name == rows.series else "holds the time"
            raise InputError(f"{asked.table}, column {name!r}: {role}, and so is not a target; name another --target")
    targets = asked.targets or _target(rows, ask)
    changes = _reading(rows, asked.timezone) | _names(asked.table, targets)
    found = _holdout(rows, targets, _params(changes | _chosen(targets)))
    changes["split.holdout_of"] = "series" if found.each else "table"
    rows = replace(rows, table=rows.table.iloc[:0].copy())  # a long table need not stay in memory twice
    chosen: dict[str, template.Value] = {}
    while True:
        bare = _params(changes | _chosen(targets)).prepare
        table = source.load_as_declared(asked.table, bare)
        before, (chosen, left_out) = chosen, _roles(table, rows, targets, asked, found.raw())
        if chosen != before:
            full = _params(changes | chosen)
            if series.texts(full.prepare) != series.texts(bare):
                del table
                table = source.load_as_declared(asked.table, full.prepare)
            schema = series.describe(table, asked.table, full.prepare)
            frame = series.clean(table, asked.table, schema)
        del table
        seen = found.seen()
        decided, said, fit = _decide(_cover(frame, schema, seen), schema, changes | chosen, asked, rows, seen, note)
        held = fit.windows.first[fit.folds.holdout]
        cuts, lower = found.cuts, found.cuts.copy()
        np.minimum.at(lower, fit.windows.series[held], fit.windows.step[held])
        if (lower >= cuts).all():
            break
        # With this window the holdout begins earlier: it is covered up from there on.
        found = replace(found, cuts=lower if found.each else np.full_like(lower, lower.min()))
    part = f"{100 * full.split.holdout:.0f} %"
    begins = moments.said(fit.windows.moment(held[[fit.windows.step[held].argmin()]])[0], rows.time.moment)
    when = f"the last {part} of each series" if found.each else f"from {begins} on, {part} of the time"
    findings = [
        *_said_of_reading(rows, frame, schema),
        *_said_of_roles({key: (chosen | decided)[key] for key in chosen}, asked), *said,
        f"holdout: {when}; of it only times, series and which values are missing had a say",
        *(f"left out: {name} ({why})" for name, why in left_out.items()),
    ]  # fmt: skip
    return Examined(changes | chosen | decided, tuple(findings))


# --- what is read of all rows ---------------------------------------------------------------------------------------


def _rows(asked: Asked) -> _Rows:
    written = source.settings(asked.table)
    table = source.load(asked.table, written)
    source.refuse_no_header(table, asked.table)
    if asked.time and asked.frequency and Clock.of(asked.frequency).unit == "integer":
        time = source.counted(table, asked.table, asked.time)
    else:
        time = source.find_time(table, asked.table, asked.time, asked.time_format)
    time = source.on_clock(time, asked.table, asked.timezone)
    named = columns.find_series(table, asked.table, time.instant, set(time.columns), asked.series) if (
        time.columns or asked.series) else None  # fmt: skip
    codes = pd.factorize(table[named])[0] if named else np.zeros(len(table), np.int64)
    frequency = asked.frequency or steps.find(time, codes)
    return _Rows(table, asked.table, written, time, named, codes, frequency, asked.timezone)


@dataclass(frozen=True)
class _Holdout:
    """Where the holdout begins.

    Attributes:
        cuts: The step at which that of each series begins, shape (series,).
        each: Whether it is the last part of each series, and not of the table.
        place: Step of each row of the clean series, shape (rows,).
        code: Series of each of these, shape (rows,).
        moment: Time of each of these, shape (rows,).
        raw_moment: Time of each raw row, shape (raw rows,).
        raw_code: Series of each raw row, shape (raw rows,).
    """

    cuts: npt.NDArray[np.int64]
    each: bool
    place: npt.NDArray[np.integer]
    code: npt.NDArray[np.integer]
    moment: "pd.Series[Any]"
    raw_moment: "pd.Series[Any]"
    raw_code: npt.NDArray[np.integer]

    def seen(self) -> Flags:
        """True for rows of the clean series before the holdout."""
        return np.asarray(self.place < self.cuts[self.code])

    def raw(self) -> Flags:
        """True for raw rows before the holdout."""
        held = np.flatnonzero(~self.seen())
        codes, first = np.unique(self.code[held], return_index=True)
        begins = pd.Series(self.moment.iloc[held[first]].to_numpy(), index=codes)
        late = self.raw_moment.to_numpy() >= begins.reindex(self.raw_code).to_numpy()
        return np.asarray(~late)


def _refuse_contradictions(asked: Asked) -> None:
    """Refuses columns that are named twice, or for two things."""
    given = {
        "--time": asked.time, "--series": (asked.series,) if asked.series else (), "--target": asked.targets,
        "--past": asked.past or (), "--future": asked.future,
    }  # fmt: skip
    uses = [(name, option) for option, names in given.items() for name in names]
    first = dict[str, str]()
    for name, option in uses:
        if name in first:
            raise InputError(
                f"{asked.table}, column {name!r}: named by {first[name]} and again by {option}; name it once"
            )
        first[name] = option


def _holdout(rows: _Rows, targets: tuple[str, ...], params: Params) -> _Holdout:
    """Where the holdout begins, by the clock and by where targets are missing."""
    path = rows.path
    columns.require_targets(rows.table, path, targets)
    bare = params.prepare.model_copy(update={"calendar": (), "linear_calendar": (), "series_as_input": False})
    table = source.load_as_declared(path, bare)
    schema = series.describe(table, path, bare)
    frame = series.clean(table, path, schema)
    arrays = indexing.base(frame, schema, params.window)
    place, code = arrays.step, arrays.series
    observed = frame[list(targets)].notna().all(axis=1).to_numpy()
    if not observed.any():
        raise InputError(f"{path}, column {targets[0]!r}: every value is missing; name another --target")
    whole = params.split.holdout
    cuts = _cuts(place, code, observed, whole, each=False)
    # Where many series end before the holdout of the table begins, it would be that of a few.
    ends = _cuts(place, code, observed, 0.0, each=True)
    each = bool((ends <= cuts).mean() > ENDED)
    if each:
        cuts = _cuts(place, code, observed, whole, each=True)
    names = pd.Index(frame[SERIES].cat.categories)
    return _Holdout(
        cuts, each, place, code, frame[TIME], series.line_of_instants(table, path, schema),
        names.get_indexer(tables.names(table, schema.series)),
    )  # fmt: skip


def _target(rows: _Rows, ask: Callable[[tuple[str, ...]], tuple[str, ...]] | None) -> tuple[str, ...]:
    """The only column of numbers, or the one that the user names: which one is meant cannot be seen.

    The holdout is not known before the targets are: the rows that none may hold out are looked at.
    """
    table, fraction = rows.table, _params({}).split.holdout
    place = rows.time.instant if rows.time.columns else pd.Series(rows.codes).groupby(rows.codes).cumcount()
    number = place.to_numpy("datetime64[us]").astype(np.int64) if place.dtype.kind == "M" else place.to_numpy(np.int64)
    taken = rows.taken
    early = np.ones(len(table), np.bool_)
    for name in map(str, table.columns):
        there = table[name].notna().to_numpy()
        if name not in taken and there.any() and pd.api.types.is_numeric_dtype(table[name]):
            early &= number < _cuts(number, np.zeros_like(rows.codes), there, fraction, each=False)[0]
            early &= number < _cuts(number, rows.codes, there, fraction, each=True)[rows.codes]
    kinds = columns.kinds(table, taken, early)
    numeric = _useful(table, rows, kinds.numeric, early)[0] or kinds.numeric
    if len(numeric) == 1:
        return numeric
    if ask is None or not numeric:
        raise columns.which_target(numeric, rows.path, kinds.left_out)
    return ask(numeric)


def _useful(
    table: pd.DataFrame, rows: _Rows, numeric: tuple[str, ...], seen: Flags
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Columns of numbers that say more than the time, and why the others do not."""
    useful, left_out = list[str](), dict[str, str]()
    for name in numeric:
        if not pd.api.types.is_numeric_dtype(table[name]):
            useful.append(name)
        elif columns.is_part_of_time(table.loc[seen, name], rows.time.moment[seen]):
            left_out[name] = "says what the time says; see prepare.calendar"
        elif columns.is_counter(table.loc[seen, name], rows.codes[seen]):
            left_out[name] = "counts the rows"
        else:
            useful.append(name)
    return tuple(useful), left_out


def _roles(
    table: pd.DataFrame, rows: _Rows, targets: tuple[str, ...], asked: Asked, seen: Flags
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
    chosen = _chosen(targets, past, texts, asked.future, fixed)
    return chosen, {name: why for name, why in left_out.items() if name not in (*targets, *past, *texts, *asked.future)}


def _chosen(
    targets: tuple[str, ...], past: Sequence[str] = (), texts: Sequence[str] = (), future: tuple[str, ...] = (),
    fixed: tuple[str, ...] = (),
) -> dict[str, template.Value]:  # fmt: skip
    return {
        "prepare.targets": targets,
        "prepare.past_covariates": past,
        "prepare.categorical_covariates": texts,
        "prepare.known_future_covariates": future,
        "prepare.static_covariates": fixed,
    }


def _reading(rows: _Rows, timezone: str | None) -> dict[str, template.Value]:
    """How the table is read, and what of the calendar a step is short enough for."""
    time = rows.time
    declared: dict[str, template.Value] = {f"prepare.csv.{key}": value for key, value in rows.written}
    declared |= {
        "prepare.time": time.columns[0] if len(time.columns) == 1 else time.columns or None,
        "prepare.time_format": time.time_format,
        "prepare.series": rows.series,
        "prepare.frequency": rows.frequency,
        "prepare.timezone": timezone,
        "prepare.ambiguous": time.ambiguous,
        "prepare.holidays": None,
        "prepare.calendar": _calendar(rows),
        "prepare.linear_calendar": (),
        # Longer than any: how long the longest is will be seen. Not without end: a wrong year is no gap.
        "prepare.gap": max(24, len(rows.table)),
        "window.lookback": 1,
        "window.linear_lookback": None,
        "window.horizon": 1,
        "window.transform": "none",
        "window.normalise": "none",
    }
    return declared


def _calendar(rows: _Rows) -> tuple[str, ...]:
    """Calendar features of every step that the table has seen come again."""
    seconds = steps.seconds(rows.frequency)
    if not seconds:
        return ()
    span = (rows.time.instant.max() - rows.time.instant.min()).total_seconds()
    names = list[str]()
    if seconds < DAY and span >= 2 * DAY:
        names.append("hour")
    if seconds < 7 * DAY and span >= 14 * DAY:
        names += ["weekday"] if rows.frequency.partition("-")[0] in ("B", "C") else ["weekday", "weekend"]
    if DAY <= seconds < 360 * DAY and span >= 730 * DAY:
        names.append("month")
    return tuple(names)


def _names(table: Path, targets: tuple[str, ...]) -> dict[str, template.Value]:
    """What the project is called, after its table."""
    stem = table.name.removesuffix(".gz").removesuffix(".csv").removesuffix(".parquet")
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-.") or "table"
    return {
        "mlflow.experiment": name,
        "register.name": name,
        "report.title": stem.replace("_", " ").strip() or name,
        "report.unit": ", ".join(targets),
    }


def _cuts(
    place: npt.NDArray[np.integer],
    code: npt.NDArray[np.integer],
    observed: npt.NDArray[np.bool_],
    fraction: float,
    *,
    each: bool,
) -> npt.NDArray[np.int64]:
    """The step at which the holdout of each series begins, shape (series,).

    Args:
        place: Step of each row, shape (rows,).
        code: Series of each row, shape (rows,).
        observed: Whether all targets of a row are there, shape (rows,).
        fraction: Of the time that is held out.
        each: Whether it is the last part of each series, and not of the table.
    """
    begin, end = np.full(code.max() + 1, np.iinfo(np.int64).max), np.full(code.max() + 1, -1)
    np.minimum.at(begin, code[observed], place[observed])
    np.maximum.at(end, code[observed], place[observed] + 1)
    if not each:
        begin[:], end[:] = begin.min(), end.max()
    begin = np.minimum(begin, end)  # of a series without any value
    return np.asarray(end - np.round(fraction * (end - begin)), np.int64)


# --- what is decided, on the rows before the holdout ------------------------------------------------------------------


def _cover(frame: pd.DataFrame, schema: Schema, seen: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """The clean series with one constant in place of each value of the holdout; what is missing stays missing.

    So windows and folds are those of the pipeline, and no value of the holdout can be read. What the clock says, and
    what is constant in each series, is no news of the holdout.
    """
    covered = frame.copy(deep=False)
    names, codes = frame[SERIES].cat.categories, frame[SERIES].cat.codes
    several = len(names) > 1
    for name in (*schema.past_columns, *schema.known_future_covariates):
        values = frame[name]
        before = values[seen]
        constant = before.median() if before.notna().any() else 0.0
        instead: Any = constant
        if several:  # at its own level: of another one, digits would be lost here alone
            medians = before.groupby(frame.loc[seen, SERIES], observed=True).median().reindex(names)
            instead = medians.fillna(constant).to_numpy()[codes]
        covered[name] = values.where(seen | values.isna().to_numpy(), instead)
    return covered


def _decide(
    frame: pd.DataFrame,
    schema: Schema,
    found: dict[str, template.Value],
    asked: Asked,
    rows: _Rows,
    seen: npt.NDArray[np.bool_],
    note: Callable[[str], None],
) -> tuple[dict[str, template.Value], list[str], Fit]:
    """What depends on values.

    Args:
        frame: Clean series, with the holdout covered up.
        schema: Meaning of their columns, all covariates among them.
        found: What was read of all rows.
        asked: What is declared.
        rows: The raw rows, for their clock.
        seen: True for rows before the holdout, shape (rows,).
        note: Is told what is done now.

    Returns:
        Keys and values, a line for each thing decided, and window and folds.
    """
    said = list[str]()
    for name in schema.targets:
        values = frame.loc[seen, name]
        if values.nunique() < 2:
            raise InputError(
                f"{rows.path}, column {name!r}: the target never changes before the holdout; name another --target"
            )
    said += _remark_on_fill_values(frame[seen], schema.targets)
    dropped = _useless(frame[seen], schema)
    said += [f"left out: {name} ({why})" for name, why in dropped.items()]
    decided: dict[str, template.Value] = {
        f"prepare.{key}": [name for name in getattr(schema, key) if name not in dropped]
        for key in ("past_covariates", "categorical_covariates", "known_future_covariates")
    }
    schema = _without(schema, dropped)
    frame = frame[[SERIES, TIME, *schema.past_columns, *schema.known_future_columns]]
    gap, fill, line = _gaps(frame, schema, found, asked, seen)
    decided |= {"prepare.gap": gap}
    said += line
    note("looking for seasons")
    in_time, main, season = _seasons(frame, schema, rows, seen)
    params = _params(found | decided)
    window = params.window.model_copy(update={"fill": fill})
    arrays = indexing.base(frame[seen], schema, window)
    close = indexing.lost_digits(arrays, frame[seen], schema) if window.scale == "global" else None
    if close is not None:
        decided["window.scale"] = "series"
        window = window.model_copy(update={"scale": "series"})
        said.append(
            f"scale: each series has its own, since one for all could not tell the values of {close[0]!r} apart"
        )
    del arrays
    note("finding a window and folds that the table is long enough for")
    fit = fitting.find(frame, schema, window, params.split, main, asked.lookback, asked.horizon)
    fit, schema, followed = _follow(frame, schema, fit, in_time, params, note)
    window = fit.window
    unit = "rows" if rows.frequency == "step" else re.split(r" \(| by ", steps.words(rows.frequency))[0]
    decided |= {
        "window.lookback": window.lookback,
        "window.linear_lookback": window.linear_lookback,
        "window.horizon": window.horizon,
        "window.fill": window.fill,
        "window.transform": window.transform,
        "window.normalise": window.normalise,
        "split.folds": fit.split.folds,
        "split.early_stopping.blocks": fit.split.early_stopping.blocks,
        "baseline.seasons": in_time,
        "baseline.history": max(params.baseline.history, 2 * max(in_time)),
        "prepare.linear_calendar": schema.linear_calendar,
        "prepare.holidays": schema.holidays,
    }
    said += [
        season,
        f"horizon: {window.horizon} steps ({unit}){_why(window.horizon, asked.horizon, main)}",
        f"lookback: {window.lookback} steps{_why(window.lookback, asked.lookback, 2 * main)}",
        f"folds: {fit.split.folds}, with {fit.split.early_stopping.blocks} early-stopping block"
        f"{'s' * (fit.split.early_stopping.blocks > 1)}; the smallest training set has {fit.smallest:,} windows",
        *followed,
    ]
    return decided, said, fit


def _why(steps_taken: int, asked: int | None, wanted: int) -> str:
    if asked is not None:
        return ", as asked for"
    return "" if steps_taken == wanted else f", since the table is too short for {wanted}"


def _useless(before: pd.DataFrame, schema: Schema) -> dict[str, str]:
    """Covariates that tell nothing before the holdout, and why."""
    found = dict[str, str]()
    for name in schema.past_covariates:
        values = before[name]
        if values.nunique() < 2:
            found[name] = "never changes before the holdout"
        elif values.isna().mean() > MOST_MISSING:
            found[name] = f"{100 * values.isna().mean():.0f} % is missing"
    for name, levels in schema.categorical_covariates.items():
        indicators = [f"{name}={level}" for level in levels]
        if (before[indicators].nunique() < 2).all():
            found[name] = "never changes before the holdout"
        elif before[indicators[0]].isna().mean() > MOST_MISSING:
            found[name] = f"{100 * before[indicators[0]].isna().mean():.0f} % is missing"
    return found


def _without(schema: Schema, dropped: dict[str, str]) -> Schema:
    return replace(
        schema,
        past_covariates=tuple(name for name in schema.past_covariates if name not in dropped),
        categorical_covariates={
            name: levels for name, levels in schema.categorical_covariates.items() if name not in dropped
        },
        flagged=tuple(name for name in schema.flagged if name not in dropped),
    )


def _gaps(
    frame: pd.DataFrame, schema: Schema, found: dict[str, template.Value], asked: Asked, seen: npt.NDArray[np.bool_]
) -> tuple[int, int, list[str]]:
    """The longest run of missing rows that is accepted, the longest that is filled, and a line on both."""
    shipped = _params({})
    given = [name for name in schema.past_columns if not name.endswith(MISSING)]
    empty = frame[given].isna().all(axis=1).to_numpy()
    codes = frame[SERIES].cat.codes.to_numpy()
    borders = np.flatnonzero(np.diff(codes)) + 1
    longest = max(fitting.longest_run(part) for part in np.split(empty, borders))
    gap = max(shipped.prepare.gap, longest)
    missing = [frame[name].isna().to_numpy() for name in schema.targets]
    parts = [part[here] for each in missing for part, here in
             zip(np.split(each, borders), np.split(seen, borders), strict=True)]  # fmt: skip
    usual = shipped.window.fill
    fill = fitting.fill_for(parts, asked.horizon or MOST_AHEAD, usual)
    share = float(np.mean([part.mean() for part in parts if part.size])) if parts else 0.0
    if not any(each.any() for each in missing):
        return gap, fill, ["gaps: none"]
    line = f"gaps: the longest has {longest} steps without a row, {100 * share:.1f} % of the targets are missing"
    line += f"; prepare.gap: {gap}" * (gap != shipped.prepare.gap) + f"; window.fill: {fill}" * (fill != usual)
    return gap, fill, [line]


def _seasons(
    frame: pd.DataFrame, schema: Schema, rows: _Rows, seen: npt.NDArray[np.bool_]
) -> tuple[tuple[int, ...], int, str]:
    """The seasons for the baselines, the main one or what stands for it, and a line on them."""
    borders = np.flatnonzero(np.diff(frame[SERIES].cat.codes.to_numpy())) + 1
    values = [part for name in schema.targets
              for part in np.split(frame[name].where(seen).to_numpy(np.float64), borders)]  # fmt: skip
    natural = steps.cycles(rows.frequency)
    found = seasons(values, natural)
    if found:
        listed = " and ".join(map(str, found))
        return found, found[0], f"seasons: {listed} steps, from the autocorrelation before the holdout"
    longest = max(np.isfinite(part).sum() for part in values)
    usual = tuple(cycle for cycle in natural if 2 * cycle <= longest)
    name = rows.frequency.lstrip("0123456789").partition("-")[0]
    ahead = next((cycle for cycle in usual if cycle <= MOST_AHEAD), AHEAD.get(name, ELSE_AHEAD))
    ahead = max(1, min(ahead, int(longest) // 20))
    baseline = usual or (ahead,)
    line = f"seasons: none in the autocorrelation; the seasonal naive forecast looks {baseline[0]} steps back"
    return baseline, ahead, line


def _follow(
    frame: pd.DataFrame, schema: Schema, fit: Fit, declared: tuple[int, ...], params: Params,
    note: Callable[[str], None],
) -> tuple[Fit, Schema, list[str]]:  # fmt: skip
    """What the inspection of the pipeline advises, followed until it advises nothing more."""
    said, tried, odd = list[str](), set[tuple[str, str]](), list[str]()
    for _ in range(ROUNDS):
        found = advice.inspect(frame, schema, fit.window, fit.folds, declared, params.choose.metric, note)
        odd = [f"remark: {line}" for line in remarks(found.remarks)]
        new = [each for each in found.advice if (each.key, each.value) not in tried]
        if not new:
            break
        for each in new:
            tried.add((each.key, each.value))
            section, key = each.key.split(".")
            value = YAML(typ="safe", pure=True).load(each.value)
            if section == "window":
                changed = fitting.attempt(frame, schema, fit.window.model_copy(update={key: value}), fit.split)
                if changed is None or changed.smallest < min(fitting.FEW, fit.smallest):
                    said.append(f"{each.key}: {each.value} would pay, but leaves too few windows")
                    continue
                fit = changed
            elif key == "linear_calendar":
                schema = replace(schema, linear_calendar=tuple(value))
            else:
                schema, frame = _with_holidays(schema, frame, value)
                fit = fitting.attempt(frame, schema, fit.window, fit.split) or fit
            said.append(f"{each.key}: {each.value}, worth {percent(each.gain)} to the linear model")
    followed = said or ["normalisation, transformation, calendar: nothing that was tried is worth 2 %"]
    return fit, schema, [*followed, *odd]


def _with_holidays(schema: Schema, frame: pd.DataFrame, country: str | None) -> tuple[Schema, pd.DataFrame]:
    """Has the holidays of a country known in future, or leaves them out."""
    changed = replace(schema, holidays=country)
    if country is not None:
        only = replace(changed, calendar=())
        frame = frame.assign(**dict(calendar.known_future(frame[TIME], only)))
    return changed, frame


# --- in words ---------------------------------------------------------------------------------------------------------


def _said_of_reading(rows: _Rows, frame: pd.DataFrame, schema: Schema) -> list[str]:
    said = list[str]()
    different = [f"{key} {value!r}" for key, value in rows.written if value != getattr(source.PLAIN, key)]
    if different:
        said.append(f"file: {', '.join(different)}")
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


def _said_of_clock(rows: _Rows, schema: Schema) -> list[str]:
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


def _said_of_roles(chosen: dict[str, template.Value], asked: Asked) -> list[str]:
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


def _remark_on_fill_values(frame: pd.DataFrame, targets: tuple[str, ...]) -> list[str]:
    """A number that stands for a missing value in many files, repeated, and far from all other values of a target."""
    found = list[str]()
    for name in targets:
        values, counts = np.unique(frame[name].dropna().to_numpy(), return_counts=True)
        for value, count in zip(values, counts, strict=True):
            others = values[values != value]
            if value not in FILL_VALUES or count < FEW_FILLED or others.size < 2:
                continue
            if not others.min() - np.ptp(others) <= value <= others.max() + np.ptp(others):
                found.append(
                    f"remark: {name!r} is {value:g} in {count:,} rows, far from all others; if that means that the "
                    "value is missing, leave these rows empty in the table"
                )
    return found


def _quoted(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(map(repr, names))


def _params(changes: dict[str, template.Value]) -> Params:
    content = YAML(typ="safe", pure=True).load(template.params(changes))
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        said = str(first["msg"]).removeprefix("Value error, ")
        raise InputError(f"{'.'.join(map(str, first['loc']))}: {said}") from None
