"""`cellsize check` of a forecast: what is measured, and what is compared."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cellsize.data.history import History
from cellsize.data.names import score_name
from cellsize.evaluation.blocks import block_length
from cellsize.evaluation.holdout import LEVELS
from cellsize.lifecycle import check_verdict, new_rows, shift, sketch, unpaired
from cellsize.lifecycle.block_losses import measure
from cellsize.lifecycle.check_verdict import CheckResult
from cellsize.lifecycle.new_rows import NewRows
from cellsize.lifecycle.reference import Reference, standardised
from cellsize.lifecycle.shift import Shift
from cellsize.lifecycle.unpaired import Intervals
from cellsize.models.forecaster import Forecaster

NO_SEASON = 24  # steps of a block where the version does not say what a season is


def measured(
    name: str,
    version: str,
    data: Path,
    model: Forecaster,
    reference: Reference | None,
    history: History | None = None,
) -> CheckResult:
    """Measures a model on new rows, and compares what there is to compare.

    Args:
        name: Of the registered model.
        version: Its version.
        data: The file with the new rows.
        model: What is served.
        reference: What the version keeps; None: nothing.
        history: The rows that it has learned from; None: it does not keep them, or they have times.
    """
    new = new_rows.read(data, model, new_rows.PLAIN if reference is None else reference.csv, history)
    windows, chosen = new.windows, np.arange(len(new.windows.first))
    season = NO_SEASON if reference is None else reference.season
    steps = block_length(season, windows.horizon)
    blocks = windows.step[windows.first + windows.lookback] // steps
    if reference is not None and reference.are_sequences:
        blocks = windows.series[windows.first]
    metric = "mse" if reference is None else reference.metric
    losses = measure(windows, chosen, blocks, [new.model], new.model.fitted.scaling, season, metric)
    shifts, compared_steps, held, why = inputs(new, reference)
    return CheckResult(
        name=name,
        version=version,
        data=str(data),
        first=new.first,
        last=new.last,
        rows=int(new.is_new.sum()),
        unknown=new.unknown,
        taken_as_new=new.taken_as_new,
        steps=steps,
        new=losses,
        holdout=None if reference is None else reference.holdout,
        metric=score_name(metric),
        compared=None if reference is None else unpaired.compare(losses, reference.holdout),
        shifts=shifts,
        compared_steps=compared_steps,
        windows=held,
        no_inputs=why,
    )


def inputs(new: NewRows, reference: Reference | None) -> tuple[tuple[Shift, ...], int, int, str]:
    """How far the inputs have shifted; over how many steps, compared with how many windows as long; or why not.

    Of several series those count that the model has learned from and that are among the new rows: a series that is not
    there this time is no shift. Independent sequences are new ones each time, and are compared as they are.
    """
    if reference is None:
        return (), 0, 0, "the version does not keep what they were"
    windows, rows = new.windows, np.flatnonzero(new.is_new)
    if reference.are_sequences:
        step, old = windows.series, np.arange(len(reference.step))
    else:
        known = [name for name in windows.names if name in reference.names and name not in new.unknown]
        rows = rows[np.isin(windows.series[rows], [windows.names.index(name) for name in known])]
        there = [reference.names.index(windows.names[code]) for code in np.unique(windows.series[rows])]
        step, old = windows.step, np.flatnonzero(np.isin(reference.series, there))
    if not rows.size or not old.size:
        return (), 0, 0, "the model has learned from none of the series"
    span = int(np.ptp(reference.step[old])) + 1
    length, count = shift.length_of(span, reference.season, int(np.ptp(step[rows])) + 1)
    if not count:
        return (), 0, 0, _too_short(span, length, reference)
    places = [new.model.schema.input_columns.index(column) for column in reference.columns]
    values = standardised(windows, new.model.fitted.scaling)[rows][:, places]
    codes = sketch.codes(values, reference.borders)
    before = sketch.counts(reference.codes[old], sketch.blocks_of(reference.step[old], length), span // length)
    now = sketch.counts(codes, sketch.blocks_of(step[rows], length), count)
    return shift.shifts(reference.columns, before, now), count * length, span // length // count, ""


def _too_short(span: int, length: int, reference: Reference) -> str:
    """Why there is nothing to compare inputs by."""
    unit = "series" if reference.are_sequences else "steps"
    if span < shift.FEWEST_WINDOWS * length:
        return f"the model has learned from {span:,} {unit}, fewer than {shift.FEWEST_WINDOWS} times {length:,}"
    return f"the new rows are fewer than {length:,} {unit}"


def content(result: CheckResult) -> dict[str, Any]:
    """What was measured, for a program: the keys are on docs/drift.md."""
    holdout, compared = result.holdout, result.compared
    return {
        "verdict": result.verdict,
        "status": check_verdict.STATUS[result.verdict],
        "words": check_verdict.lines(result),
        "model": result.name,
        "version": result.version,
        "data": result.data,
        "rows": result.rows,
        "from": result.first,
        "until": result.last,
        "new_series": result.unknown,
        "error": {
            "metric": result.metric,
            "windows": int(result.new.windows.sum()),
            "new": result.new.error,
            "holdout": None if holdout is None else holdout.error,
            "seasonal_naive_new": result.new.naive_error,
            "seasonal_naive_holdout": None if holdout is None else holdout.naive_error,
            **({} if compared is None else asdict(compared)),
        },
        "coverage": coverage(result.new, holdout),
        "inputs": {
            "steps": result.compared_steps,
            "windows": result.windows,
            "not_compared": result.no_inputs or None,
            "columns": {
                each.column: {
                    "ks": each.ks, "usual_ks": each.usual_ks, "psi": each.psi, "usual_psi": each.usual_psi,
                    "p": each.p, "adjusted_p": each.adjusted, "shifted": each.is_shifted,
                }
                for each in result.shifts
            },
        },
    }  # fmt: skip


def coverage(side: Intervals, holdout: Intervals | None, fewest: int = unpaired.FEWEST_BLOCKS) -> dict[str, Any]:
    """How often intervals hold what is new, by their level in percent; see `unpaired.coverage_interval`."""
    found = {}
    for at, level in enumerate(LEVELS):
        if np.isfinite(side.coverage(at)):
            before = None if holdout is None else holdout.coverage(at)
            found[f"{100 * level:g}"] = {
                "new": side.coverage(at),
                "interval": unpaired.coverage_interval(side, at, fewest),
                "holdout": before if before is not None and np.isfinite(before) else None,
            }
    return found
