"""Looks at a table and decides what `params.yaml` has to say for it; nothing of the holdout has a say.

Of all rows are read: the clock, the series, and where values are missing. They say where the holdout begins. What the
other columns are is judged by the rows before it. Then every value of the holdout is covered up, and only then is
anything decided that depends on values: seasons, window, folds, and what the inspection advises, which is that of the
pipeline. A value of the holdout that does not fit what was decided is refused, as the pipeline would.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cellsize.data import moments, series
from cellsize.errors import InputError
from cellsize.evaluation.blocks import block_length, block_of
from cellsize.progress import unsaid
from cellsize.project import options, recognise, source, template
from cellsize.project.asked import Asked, refuse_contradictions
from cellsize.project.compared import compared
from cellsize.project.decide import decide
from cellsize.project.holdout import cover, find_holdout
from cellsize.project.roles import chosen_roles, roles_of, which_targets
from cellsize.project.rows import read_rows, reading
from cellsize.project.wording import said_of_reading, said_of_roles


@dataclass(frozen=True)
class Examined:
    """What was found.

    Attributes:
        changes: Dotted keys of `params.yaml` and their values, without `prepare.table`.
        findings: A line each: what was found, and what it is for.
    """

    changes: dict[str, template.Value]
    findings: tuple[str, ...]


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
    refuse_contradictions(asked)
    note("reading the table")
    found_sequences = recognise.sequences(asked)
    if found_sequences is not None:
        note("looking at the sequences")
        changed, findings = recognise.examined(found_sequences, asked)
        return Examined(_names(asked.table, (found_sequences.columns.label,)) | changed, tuple(findings))
    rows = read_rows(asked)
    for name in asked.targets:
        if name in rows.taken:
            role = "tells series apart" if name == rows.series else "holds the time"
            raise InputError(f"{asked.table}, column {name!r}: {role}, and so is not a target; name another --target")
    targets = asked.targets or which_targets(rows, ask)
    changes = reading(rows, asked.timezone) | _names(asked.table, targets)
    found = find_holdout(rows, targets, template.validated(changes | chosen_roles(targets)))
    changes["split.holdout_of"] = "series" if found.each else "table"
    rows = replace(rows, table=rows.table.iloc[:0].copy())  # a long table need not stay in memory twice
    chosen: dict[str, template.Value] = {}
    while True:
        bare = template.validated(changes | chosen_roles(targets)).prepare
        table = source.load_as_declared(asked.table, bare)
        before, (chosen, left_out) = chosen, roles_of(table, rows, targets, asked, found.raw())
        if chosen != before:
            full = template.validated(changes | chosen)
            if series.texts(full.prepare) != series.texts(bare):
                del table
                table = source.load_as_declared(asked.table, full.prepare)
            schema = series.describe(table, asked.table, full.prepare)
            frame = series.clean(table, asked.table, schema)
        del table
        seen = found.seen()
        decided, said, fit = decide(cover(frame, schema, seen), schema, changes | chosen, asked, rows, seen, note)
        held = fit.windows.first[fit.folds.holdout]
        cuts, lower = found.cuts, found.cuts.copy()
        np.minimum.at(lower, fit.windows.series[held], fit.windows.step[held])
        if (lower >= cuts).all():
            break
        # With this window the holdout begins earlier: it is covered up from there on.
        found = replace(found, cuts=lower if found.each else np.full_like(lower, lower.min()))
    part = f"{100 * full.split.holdout:.0f} %"
    begins = moments.said(fit.windows.moment(held[[fit.windows.step[held].argmin()]])[0], rows.time.local)
    when = f"the last {part} of each series" if found.each else f"from {begins} on, {part} of the time"
    seasons = template.validated(changes | chosen | decided).baseline.seasons
    blocks = block_of(fit.windows, fit.folds, np.flatnonzero(fit.folds.holdout), seasons[0])
    length = block_length(seasons[0], fit.windows.horizon)
    asked_for = full.register_.blocks
    comparable = compared(
        len(np.unique(blocks)), asked_for, asked_for, "block", f" of {length} step{'s' * (length != 1)}"
    )[1]
    findings = [
        *said_of_reading(rows, frame, schema),
        *said_of_roles({key: (chosen | decided)[key] for key in chosen}, asked), *said,
        f"holdout: {when}; of it only times, series and which values are missing had a say",
        *comparable,
        *(f"left out: {name} ({why})" for name, why in left_out.items()),
    ]  # fmt: skip
    return Examined(changes | chosen | decided, tuple(findings))


def _names(table: Path, targets: tuple[str, ...]) -> dict[str, template.Value]:
    """What the project is called, after its table."""
    stem = re.sub(r"(\.(csv|tsv|txt|parquet|ts|npz))?(\.gz)?$", "", table.name, flags=re.IGNORECASE)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-.") or "table"
    return {
        "mlflow.experiment": name,
        "register.name": name,
        "report.title": stem.replace("_", " ").strip() or name,
        "report.unit": ", ".join(targets),
    }
