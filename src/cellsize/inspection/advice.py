"""What a window should show: every option measured, and the best ones taken together."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from cellsize.data.calendar import DAY, WEEK
from cellsize.data.clock import Clock
from cellsize.data.folds import Folds
from cellsize.data.schema import HOLIDAY, Schema
from cellsize.inspection import measurement, options, remarks
from cellsize.inspection.measurement import Errors, Material, Part
from cellsize.inspection.options import Key, Option
from cellsize.inspection.seasons import seasons
from cellsize.params import Metric
from cellsize.params_data import Window
from cellsize.progress import unsaid
from cellsize.sizing.inspection_records import Advice, InspectedOption, Inspection

WORTH = 0.02  # a gain that is worth a line
EQUAL = 0.005  # of two options so close the simpler one is taken
NEGLIGIBLE = 1e-6  # a normalised MSE that is nothing but rounding
PROMISING = 0.005  # alone, so that something is tried in addition to what is taken


class _Measured(NamedTuple):
    option: Option
    errors: tuple[Errors, ...]

    @property
    def nmse(self) -> float:
        return float(np.mean([error.nmse for error in self.errors]))

    @property
    def nmae(self) -> float:
        return float(np.mean([error.nmae for error in self.errors]))

    def score(self, metric: Metric) -> float:
        return self.nmse if metric == "mse" else self.nmae


def inspect(
    frame: pd.DataFrame,
    schema: Schema,
    window: Window,
    folds: Folds,
    declared_seasons: tuple[int, ...],
    metric: Metric = "mse",
    note: Callable[[str], None] = unsaid,
) -> Inspection:
    """The content of `inspection.json`.

    Args:
        frame: Clean series.
        schema: Meaning of their columns.
        window: What a window shows.
        folds: Who learns from which window.
        declared_seasons: Seasons of the seasonal naive baselines.
        metric: The error that ranks the options.
        note: Is told which key is tried now; see `progress.lines`.
    """
    content = measurement.material(frame, schema, window, folds, metric)
    found = _seasons(content)
    longer = options.lookbacks(window, found)
    longest = measurement.longest(content, longer)
    tried = [steps for steps in longer if steps <= longest]
    columns = measurement.columns(content, longest)
    parts = [measurement.thinned(part, columns) for part in measurement.parts(content, longest)]
    plain = _measure(content, parts, options.declared(schema, window))
    country = content.schema.holidays
    choices = options.alternatives(
        schema, window, tried, measurement.days(content), measurement.lowest(content), country
    )
    alone = dict[Key, list[_Measured]]()
    for key, given in choices.items():
        note(f"what {key} is worth")
        alone[key] = [_measure(content, parts, option) for option in given]
    note("what the best of them are worth together")
    taken, together = _combine(content, parts, plain, alone)
    return Inspection(
        metric=metric,
        folds=len(parts),
        windows=sum(len(part.scored) for part in parts),
        nmse=plain.nmse,
        nmae=plain.nmae,
        seasons=found,
        declared_seasons=declared_seasons,
        not_tried=tuple(steps for steps in longer if steps > longest),
        holidays=country or (HOLIDAY if HOLIDAY in schema.input_columns else None),
        options=tuple(
            InspectedOption(
                key=key,
                value=each.option.value(key, window.lookback),
                nmse=each.nmse,
                nmae=each.nmae,
                gain=_gain(plain, each, metric),
                gain_mae=_gain(plain, each, "mae"),
                worth=_is_worth(plain, each, metric),
            )
            for key, measured in alone.items()
            for each in measured
        ),
        advice=tuple(
            Advice(key=key, value=now.option.value(key, window.lookback), gain=_gain(before, now, metric))
            for key, before, now in taken
        ),
        gain=_gain(plain, together, metric),
        remarks=remarks.collect(content, folds),
    )


def _seasons(content: Material) -> tuple[int, ...]:
    """The seasons that most of the folds show."""
    cycles = cycles_of(content.schema.clock)
    found = [seasons(values, cycles) for values in measurement.training_targets(content)]
    every = sorted({season for one in found for season in one})
    return tuple(season for season in every if 2 * sum(season in one for one in found) > len(found))


def cycles_of(clock: Clock) -> list[int]:
    """Steps of the cycles that people live by: a day, a week, a year, shortest first, where they are whole steps."""
    match clock.unit:
        case "months":
            return [12 // clock.count] if 12 % clock.count == 0 and clock.count < 12 else []
        case "business":
            return [5] if clock.count == 1 and clock.holidays is None else []
        case "integer":
            return []
        case _:
            return [
                int(cycle // clock.seconds)
                for cycle in (DAY, WEEK)
                if cycle % clock.seconds == 0 and cycle > clock.seconds
            ]


def _measure(content: Material, parts: list[Part], option: Option) -> _Measured:
    return _Measured(option, tuple(measurement.measure(content, part, option) for part in parts))


def _gain(before: _Measured, now: _Measured, metric: Metric) -> float:
    """Fraction of an error that is saved."""
    return 1 - now.score(metric) / before.score(metric) if before.nmse > NEGLIGIBLE else 0.0


def _is_worth(before: _Measured, now: _Measured, metric: Metric) -> bool:
    """Whether it saves enough, on every fold, and at no cost in absolute errors."""
    pairs = zip(before.errors, now.errors, strict=True)
    everywhere = all(new.score(metric) < old.score(metric) for old, new in pairs)
    return everywhere and _gain(before, now, metric) >= WORTH and now.nmae <= before.nmae


def _best(before: _Measured, measured: list[_Measured], metric: Metric) -> _Measured | None:
    """The first, and so the simplest, of those that are as good as the best one; None if none is worth it."""
    worthy = [each for each in measured if _is_worth(before, each, metric)]
    lowest = min((each.score(metric) for each in worthy), default=0.0)
    return next((each for each in worthy if each.score(metric) <= lowest * (1 + EQUAL)), None)


def _combine(
    content: Material, parts: list[Part], plain: _Measured, alone: dict[Key, list[_Measured]]
) -> tuple[list[tuple[Key, _Measured, _Measured]], _Measured]:
    """Takes the best option of one key, then of the next in addition to it, beginning with what gains most alone.

    Returns:
        Of each key that is to change: its name, the model before and the model with it; and the last of these models.
    """
    now, taken, metric = plain, list[tuple[Key, _Measured, _Measured]](), content.metric
    most = {key: max((_gain(plain, each, metric) for each in measured), default=0.0) for key, measured in alone.items()}
    for key in sorted(alone, key=lambda key: -most[key]):
        if most[key] < PROMISING:
            break
        measured = alone[key]
        if now is not plain:
            measured = [_measure(content, parts, now.option.adopt(key, each.option)) for each in measured]
        best = _best(now, measured, metric)
        if best is not None:
            taken.append((key, now, best))
            now = best
    return taken, now
