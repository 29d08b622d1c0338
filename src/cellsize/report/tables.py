"""The tables of the page, as rows of text that HTML and Markdown both can show."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cellsize.report.wording import MODELS, NONE, SAMPLES, Artefact, decimals, entry, number, same, short

METRICS = {"mae": "MAE", "rmse": "RMSE", "mase": "MASE", "nmse": "MSE, in variances"}


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        cells: Its text.
        strong: Positions of the cells to stress.
        chosen: Whether the row is about what was chosen.
    """

    cells: tuple[str, ...]
    strong: frozenset[int] = frozenset()
    chosen: bool = False


@dataclass(frozen=True)
class Table:
    """Head, rows, and how many of the first columns are text (the others are numbers)."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]
    text: int = 1


def errors(models: dict[str, Artefact], unit: str) -> Table:
    """Errors of several models on the same rows, the best of each column stressed.

    Args:
        models: Name → metrics; the row `model` is ours.
        unit: Unit of MAE and RMSE.
    """
    columns = {key: [scores.get(key) for scores in models.values()] for key in METRICS}
    text = {key: [number(value, decimals(values)) for value in values] for key, values in columns.items()}
    lowest = {
        key: min((value for value in values if value is not None and math.isfinite(value)), default=None)
        for key, values in columns.items()
    }
    rows = [
        Row(
            cells=(MODELS.get(name, name), *(text[key][at] for key in METRICS)),
            strong=frozenset(n for n, key in enumerate(METRICS, 1) if columns[key][at] == lowest[key] is not None),
            chosen=name == "model",
        )
        for at, name in enumerate(models)
    ]
    head = tuple(f"{name}, {unit}" if key in ("mae", "rmse") and unit else name for key, name in METRICS.items())
    return Table(("Model", *head), tuple(rows))


def holdout(evaluation: Artefact, unit: str) -> Table:
    """The model, the baselines and the champion of the registry, on the whole holdout."""
    order = [*(name for name in MODELS if name in evaluation["baselines"]), *evaluation["baselines"]]
    models = {"model": evaluation["model"], **{name: evaluation["baselines"][name] for name in order}}
    if evaluation["champion"]:
        models[f"champion until now (version {evaluation['champion']['version']})"] = evaluation["champion"]
    return errors(models, unit)


def sizes(choice: Artefact, timings: pd.DataFrame) -> Table:
    """Every size tried."""
    tried = sorted(choice["sizes"], key=lambda row: (row["layers"], row["units"]))
    took = {(row["layers"], row["units"]): row for row in timings.to_dict("records")}
    places = decimals(row["score"] for row in tried)
    rows = []
    for row in tried:
        time = took.get((row["layers"], row["units"]), {"seconds": None, "milliseconds": None})
        best = same(row, choice["best"])
        error = NONE if best else f"{number(row['difference'], places)} ± {number(row['difference_se'], places)}"
        parts = (row["recurrent"], row["head"], row["linear"], row["parameters"])
        cells = (
            short(row),
            *(number(part) for part in parts),
            f"{row['learning_rate']:g}" if row["learning_rate"] and row["units"] else NONE,
            number(row["score"], places),
            "the best" if best else error,
            "yes" if row["within"] else "no",
            number(time["milliseconds"], decimals(timings["milliseconds"], 2)),
            number(time["seconds"], 0 if (time["seconds"] or 0) >= 10 else 1),
        )
        rows.append(Row(cells, chosen=same(row, choice)))
    parameters = ("Recurrent", "Head", "Linear map", "All parameters")
    scores = ("Score", "Difference to the best", "Within one standard error")
    return Table(("Size", *parameters, "Learning rate", *scores, "Forecast, ms", "Training, s"), tuple(rows))


def untried(candidates: Artefact, choice: Artefact) -> list[str]:
    """Sizes of the grid that have no score."""
    return [short(size) for size in candidates["candidates"] if entry(choice, size) is None]


def costs(candidates: Artefact, choice: Artefact) -> Table:
    """What every candidate costs, tried or not."""
    keys = ("recurrent", "textbook", "parameters", "multiply_adds", "bytes")
    ladder = [
        one
        for one in candidates["alpha_ladder"]
        if choice["procedure"] == "alpha" and not any(same(one, other) for other in candidates["candidates"])
    ]
    rows = [
        Row((short(one), *(number(one[key]) for key in keys)), chosen=same(one, choice))
        for one in (*candidates["candidates"], *ladder)
    ]
    heads = (
        "Recurrent parameters",
        "With one bias, as in textbooks",
        "All parameters",
        "Multiply-adds a step",
        "Bytes",
    )
    return Table(("Size", *heads), tuple(rows))


def bounds(candidates: Artefact) -> Table:
    """The bound under each definition of a sample."""
    rows, before = [], None
    for bound in candidates["bounds"]:
        name = bound["samples"]
        count = f"{number(candidates['samples'][name])} {SAMPLES.get(name, name)}" if name != before else ""
        used = name == candidates["counted"] and math.isclose(bound["alpha"], candidates["bound"]["alpha"])
        cells = (
            f"{count}{' (counted here)' if count and name == candidates['counted'] else ''}",
            f"{bound['alpha']:g}",
            number(bound["neurons"]),
            f"{number(bound['parameters_by_outputs'])} → {_cells(bound['units_by_outputs'])}",
            f"{number(bound['parameters_by_samples'])} → {_cells(bound['units_by_samples'])}",
        )
        column = 2 if candidates["bound"]["kind"] == "neurons" else 3 if _by_outputs(candidates) else 4
        rows.append(Row(cells, frozenset({column}) if used else frozenset(), used))
        before = name
    rules = ("Cells in all layers", "Parameters, N_s·N_o/α", "Parameters, N_s/α")
    return Table(("What counts as a sample", "α", *rules), tuple(rows))


def _cells(units: int) -> str:
    """`1 cell`, `24 cells`."""
    return f"{units:,} cell{'' if units == 1 else 's'}"


def bound_lines(candidates: Artefact) -> dict[str, int]:
    """The loose and the tight bound on one layer, for the chart."""
    key = "neurons" if candidates["bound"]["kind"] == "neurons" else "units_by_samples"
    if key != "neurons" and _by_outputs(candidates):
        key = "units_by_outputs"
    own = [bound for bound in candidates["bounds"] if bound["samples"] == candidates["counted"]]
    ends = [bound for bound in own if bound["alpha"] in (2, 10)]
    lines = {f"bound, α = {bound['alpha']:g}": int(bound[key]) for bound in ends}
    # The grid's own α is always drawn, also where it is neither 2 nor 10.
    return lines | {f"bound, α = {candidates['bound']['alpha']:g}": int(candidates["bound"]["units"])}


def _by_outputs(candidates: Artefact) -> bool:
    """Which of the two parameter bounds gave the grid's bound."""
    used = candidates["bound"]
    own = [bound for bound in candidates["bounds"] if bound["samples"] == candidates["counted"]]
    at = [bound["units_by_outputs"] for bound in own if math.isclose(bound["alpha"], used["alpha"])]
    return used["units"] in at


def rules_of_thumb(choice: Artefact) -> Table:
    """What each rule of thumb would have said, and its score where that size was tried; last what was measured."""
    rules: Sequence[Artefact] = choice["rules_of_thumb"]
    places = decimals(row["score"] for row in choice["sizes"])
    rows = []
    for rule in (*rules, {**choice, "rule": "measured"}):
        found = entry(choice, rule)
        apart = NONE
        if found is not None and not same(rule, choice):
            apart = f"{number(rule['difference'], places)} ± {number(rule['difference_se'], places)}"
        score = "not tried" if found is None else number(found["score"], places)
        cells = (rule["rule"], short(rule), number(rule["parameters"]), score, apart)
        rows.append(Row(cells, chosen=same(rule, choice)))
    return Table(("Rule", "Size", "All parameters", "Score", "Worse than the choice by"), tuple(rows), text=2)
