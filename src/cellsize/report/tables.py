"""The tables of the page, as rows of text that HTML and Markdown both can show."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from cellsize.report.wording import MODELS, NONE, SAMPLES, decimals, number, plural, short, tried
from cellsize.sizing.artefacts import Candidates, Choice, Errors, Evaluation, RuleOfThumb, TriedSize
from cellsize.sizing.sizes import Size


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


def errors(models: Mapping[str, Errors], unit: str) -> Table:
    """Errors of several models on the same windows, the best of each column stressed.

    Args:
        models: Name → errors; the row `model` is ours.
        unit: Unit of MAE and RMSE.
    """
    measured = [(scores.mae, scores.rmse, scores.mase, scores.nmse) for scores in models.values()]
    columns: list[tuple[float | None, ...]] = list(zip(*measured, strict=True))
    places = [decimals(column) for column in columns]
    lowest = [min((value for value in column if value is not None), default=None) for column in columns]
    rows = [
        Row(
            cells=(MODELS.get(name, name), *(number(value, places[at]) for at, value in enumerate(values))),
            strong=frozenset(at + 1 for at, value in enumerate(values) if value == lowest[at] is not None),
            chosen=name == "model",
        )
        for name, values in zip(models, measured, strict=True)
    ]
    of_unit = f", {unit}" if unit else ""
    return Table(("Model", f"MAE{of_unit}", f"RMSE{of_unit}", "MASE", "nmse"), tuple(rows))


def holdout(evaluation: Evaluation, unit: str) -> Table:
    """The model, the baselines and the champion of the registry, on the whole holdout."""
    baselines = evaluation.baselines
    order = [*(name for name in MODELS if name in baselines), *baselines]
    models: dict[str, Errors] = {"model": evaluation.model, **{name: baselines[name] for name in order}}
    if evaluation.champion:
        models[f"champion before this run (version {evaluation.champion.version})"] = evaluation.champion
    return errors(models, unit)


def sizes(choice: Choice, timings: pd.DataFrame) -> Table:
    """Every size tried.

    Args:
        choice: The choice.
        timings: Rows of `timings.csv`.
    """
    entries = sorted(choice.sizes, key=lambda entry: entry.size)
    times = {
        Size(int(layers), int(units)): (float(seconds), float(milliseconds))
        for layers, units, seconds, milliseconds in zip(
            *(timings[key] for key in ("layers", "units", "seconds", "milliseconds")), strict=True
        )
    }
    places = decimals(entry.score for entry in entries)
    places_of_milliseconds = decimals(timings["milliseconds"], 2)
    rows = []
    for entry in entries:
        seconds, milliseconds = times.get(entry.size, (math.nan, math.nan))
        difference = f"{number(entry.difference, places)} ± {number(entry.difference_se, places)}"
        parts = (entry.recurrent, entry.head, entry.linear, entry.parameters)
        cells = (
            short(entry.size),
            *(number(part) for part in parts),
            *_setting(entry),
            f"{100 * entry.failure_rate:.0f} %" if entry.units else NONE,
            number(entry.score, places),
            "the best" if entry.size == choice.best.size else difference,
            "yes" if entry.within else "no",
            number(milliseconds, places_of_milliseconds),
            number(seconds, 0 if seconds >= 10 else 1),
        )
        rows.append(Row(cells, chosen=entry.size == choice.size))
    parameters = ("Recurrent", "Head", "Linear", "All parameters")
    scores = ("Score (nmse)", "Difference from the best", "Within one standard error")
    return Table(
        (
            "Size",
            *parameters,
            "Beside",
            "Head",
            "Learning rate",
            "Failed trainings",
            *scores,
            "Forecast, ms",
            "Training, s",
        ),
        tuple(rows),
    )


def _setting(entry: TriedSize) -> tuple[str, str, str]:
    """What the cells stand beside, the head, and the learning rate, as most folds chose them."""
    if not entry.units:
        return NONE, NONE, NONE
    beside = {"none": "nothing", "linear": "fixed linear", "joint": "trained linear"}[entry.skip]
    return beside, entry.head_type if entry.layers else NONE, f"{entry.learning_rate:g}"


def ladders(choice: Choice) -> Table | None:
    """The sizes with memory cells, plain and beside a linear model; None where only one kind was trained."""
    if len(choice.ladders) < 2:
        return None
    steps = {ladder.kind: {step.size: step for step in ladder.steps} for ladder in choice.ladders}
    chosen = {ladder.kind: ladder.size for ladder in choice.ladders}
    kinds = [ladder.kind for ladder in choice.ladders]
    sizes = sorted({size for of_kind in steps.values() for size in of_kind})
    places = decimals(step.score for of_kind in steps.values() for step in of_kind.values())

    def cell(kind: Literal["plain", "linear"], size: Size) -> str:
        step = steps[kind].get(size)
        return NONE if step is None else number(step.score, places)

    rows = [
        Row(
            (short(size), *(cell(kind, size) for kind in kinds)),
            strong=frozenset(at + 1 for at, kind in enumerate(kinds) if chosen[kind] == size),
        )
        for size in sizes
    ]
    heads = {"plain": f"Plain {choice.cell.upper()}, score (nmse)", "linear": "Beside a linear model, score (nmse)"}
    return Table(("Size", *(heads[kind] for kind in kinds)), tuple(rows))


def untried(candidates: Candidates, choice: Choice) -> list[str]:
    """Sizes of the grid that have no score."""
    return [short(candidate.size) for candidate in candidates.candidates if candidate.size not in tried(choice)]


def costs(candidates: Candidates, choice: Choice) -> Table:
    """What every candidate costs, tried or not."""
    listed = {candidate.size for candidate in candidates.candidates}
    ladder = [
        candidate
        for candidate in candidates.alpha_ladder
        if choice.procedure == "alpha" and candidate.size not in listed
    ]
    rows = []
    for candidate in (*candidates.candidates, *ladder):
        cells = (
            short(candidate.size),
            number(candidate.recurrent),
            number(candidate.textbook),
            number(candidate.parameters),
            number(candidate.multiply_adds),
            number(candidate.bytes),
        )
        rows.append(Row(cells, chosen=candidate.size == choice.size))
    heads = (
        "Recurrent parameters",
        "With one bias, as in textbooks",
        "All parameters",
        "Multiply-adds a step",
        "Bytes",
    )
    return Table(("Size", *heads), tuple(rows))


def bounds(candidates: Candidates) -> Table:
    """The bound under each definition of a sample."""
    rows, before = [], None
    counts = candidates.samples.model_dump()
    for bound in candidates.bounds:
        name = bound.samples
        count = f"{number(counts[name])} {SAMPLES[name]}" if name != before else ""
        used = name == candidates.counted and math.isclose(bound.alpha, candidates.bound.alpha)
        cells = (
            f"{count}{' (counted here)' if count and name == candidates.counted else ''}",
            f"{bound.alpha:g}",
            number(bound.neurons),
            f"{number(bound.parameters_by_outputs)} → {plural(bound.units_by_outputs, 'cell')}",
            f"{number(bound.parameters_by_samples)} → {plural(bound.units_by_samples, 'cell')}",
        )
        column = 2 if candidates.bound.kind == "neurons" else 3 if _by_outputs(candidates) else 4
        rows.append(Row(cells, frozenset({column}) if used else frozenset(), used))
        before = name
    rules = ("Cells in all layers", "Parameters, N_s·N_o/α", "Parameters, N_s/α")
    return Table(("What counts as a sample", "α", *rules), tuple(rows))


def bound_lines(candidates: Candidates) -> dict[str, int]:
    """The loose and the tight bound on one layer, for the chart."""
    lines = {}
    for bound in candidates.bounds:
        if bound.samples == candidates.counted and bound.alpha in (2, 10):
            by_parameters = bound.units_by_outputs if _by_outputs(candidates) else bound.units_by_samples
            units = bound.neurons if candidates.bound.kind == "neurons" else by_parameters
            lines[f"bound, α = {bound.alpha:g}"] = units
    # The grid's own α is always drawn, also where it is neither 2 nor 10.
    return lines | {f"bound, α = {candidates.bound.alpha:g}": candidates.bound.units}


def _by_outputs(candidates: Candidates) -> bool:
    """Which of the two parameter bounds gave the grid's bound."""
    own = [bound for bound in candidates.bounds if bound.samples == candidates.counted]
    at_alpha = [bound.units_by_outputs for bound in own if math.isclose(bound.alpha, candidates.bound.alpha)]
    return candidates.bound.units in at_alpha


def rules_of_thumb(choice: Choice) -> Table:
    """What each rule of thumb would have said, and its score where that size was tried; last what was measured."""
    places = decimals(entry.score for entry in choice.sizes)
    rows = []
    for rule in choice.rules_of_thumb:
        score, difference = "not tried", NONE
        if rule.score is not None:
            score = number(rule.score, places)
        if rule.difference is not None and rule.size != choice.size:
            difference = f"{number(rule.difference, places)} ± {number(rule.difference_se, places)}"
        rows.append(_rule_of_thumb(rule, choice, score, difference))
    measured = RuleOfThumb(rule="measured", layers=choice.layers, units=choice.units, parameters=choice.parameters)
    rows.append(_rule_of_thumb(measured, choice, number(choice.score, places), NONE))
    return Table(("Rule", "Size", "All parameters", "Score (nmse)", "Difference from the choice"), tuple(rows), text=2)


def _rule_of_thumb(rule: RuleOfThumb, choice: Choice, score: str, difference: str) -> Row:
    cells = (rule.rule, short(rule.size), number(rule.parameters), score, difference)
    return Row(cells, chosen=rule.size == choice.size)
