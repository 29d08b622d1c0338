"""What depends on values: seasons, window, folds, and what the inspection advises; from rows before the holdout."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from ruamel.yaml import YAML

from cellsize.data import base_arrays, calendar
from cellsize.data.schema import MISSING, SERIES, TIME, Schema
from cellsize.errors import InputError
from cellsize.inspection import advice
from cellsize.inspection.seasons import seasons
from cellsize.inspection.wording import percent, remarks
from cellsize.params import Params
from cellsize.project import fitting, steps, template
from cellsize.project.asked import Asked
from cellsize.project.fitting import Fit
from cellsize.project.rows import Rows

ROUNDS = 3  # of the inspection: what is worth something may be another thing once the first advice is followed
MOST_MISSING = 0.5  # of a covariate
# What files have in place of a missing value, and how often at least.
FILL_VALUES = (-99, -999, -9999, -99999, 99, 999, 9999, 99999, -999.9, -9999.9, -99.9, 999.9, -1)
FEW_FILLED = 3
# Steps ahead where no season shows, by the name of the step: a day, a week, a quarter, a year.
AHEAD = {"h": 24, "D": 7, "B": 5, "C": 5, "W": 13, "MS": 12, "ME": 12, "QS": 4, "QE": 4, "YS": 5, "YE": 5}
ELSE_AHEAD = 12
MOST_HISTORY = 3000  # of the classical model, which takes two seconds an origin then, and with 20,000 two minutes
MOST_AHEAD = 96  # a training costs as many steps as a window sees: of a longer season a half is taken, or a quarter


def decide(
    frame: pd.DataFrame,
    schema: Schema,
    found: dict[str, template.Value],
    asked: Asked,
    rows: Rows,
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
    params = template.validated(found | decided)
    window = params.window.model_copy(update={"fill": fill})
    arrays = base_arrays.base(frame[seen], schema, window)
    close = base_arrays.lost_digits(arrays, frame[seen], schema) if window.scale == "global" else None
    if close is not None:
        decided["window.scale"] = "series"
        window = window.model_copy(update={"scale": "series"})
        said.append(
            f"scale: each series has its own, since one for all could not tell the values of {close[0]!r} apart"
        )
    del arrays
    note("finding a window and folds that the table is long enough for")
    ahead = next(steps for steps in fitting.halves(main) if steps <= MOST_AHEAD)
    fit = fitting.find(frame, schema, window, params.split, ahead, asked.lookback, asked.horizon)
    fit, schema, followed = _follow(frame, schema, fit, in_time, params, note)
    window = fit.window
    classical, of_classical = _classical(in_time, params)
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
        **classical,
        "prepare.linear_calendar": schema.linear_calendar,
        "prepare.holidays": schema.holidays,
    }
    said += [
        season,
        *of_classical,
        f"horizon: {window.horizon} steps ({unit}){_why(window.horizon, asked.horizon, ahead, main)}",
        f"lookback: {window.lookback} steps{_why(window.lookback, asked.lookback, 2 * ahead, 2 * main)}",
        f"folds: {fit.split.folds}, with {fit.split.early_stopping.blocks} early-stopping block"
        f"{'s' * (fit.split.early_stopping.blocks > 1)}; the smallest training set has {fit.smallest:,} windows",
        *followed,
    ]
    return decided, said, fit


def _classical(seasons: tuple[int, ...], params: Params) -> tuple[dict[str, template.Value], list[str]]:
    """On how many steps the classical model is fitted: two of each season that it has time for; a line if on none."""
    if 2 * seasons[0] > MOST_HISTORY:
        return {"baseline.classical": "none"}, [
            f"baseline.classical: none, since two seasons of {seasons[0]:,} steps would take it minutes an origin"
        ]
    longest = max(season for season in seasons if 2 * season <= MOST_HISTORY)
    return {"baseline.history": max(params.baseline.history, 2 * longest)}, []


def _why(steps_taken: int, asked: int | None, wanted: int, of_season: int) -> str:
    if asked is not None:
        return ", as asked for"
    if steps_taken != wanted:
        return f", since the table is too short for {wanted}"
    return "" if wanted == of_season else f", since {of_season:,} are many for memory cells"


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
    shipped = template.validated({})
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
    frame: pd.DataFrame, schema: Schema, rows: Rows, seen: npt.NDArray[np.bool_]
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


def _remark_on_fill_values(frame: pd.DataFrame, targets: tuple[str, ...]) -> list[str]:
    """A number that stands for a missing value in many files, repeated, and far from all other values of a target."""
    found = list[str]()
    for name in targets:
        values, counts = np.unique(frame[name].dropna().to_numpy(), return_counts=True)
        # Of a long table most values are there once: to look at each would take hours.
        for at in np.flatnonzero(np.isin(values, FILL_VALUES) & (counts >= FEW_FILLED)):
            value, count, others = values[at], counts[at], np.delete(values, at)
            if others.size < 2:
                continue
            if not others.min() - np.ptp(others) <= value <= others.max() + np.ptp(others):
                found.append(
                    f"remark: {name!r} is {value:g} in {count:,} rows, far from all others; if that means that the "
                    "value is missing, leave these rows empty in the table"
                )
    return found
