"""The tables of the page, as rows of text that HTML and Markdown both can show."""

import math
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from cellsize.data import collection
from cellsize.data.names import score_name
from cellsize.inspection.wording import percent as gain
from cellsize.report.wording import (
    NONE,
    SAMPLES,
    decimals,
    measured,
    number,
    plural,
    tried,
    with_error,
)
from cellsize.report.words import Words
from cellsize.sizing.adequacy import Verdict
from cellsize.sizing.candidate_records import Candidates, RuleOfThumb
from cellsize.sizing.choice_records import Choice, TriedSize
from cellsize.sizing.decision import in_percent
from cellsize.sizing.inspection_records import Inspection, Remarks
from cellsize.sizing.rules import short
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


def sizes(choice: Choice, timings: pd.DataFrame) -> Table:
    """Every size tried, and what it is worth; `made_of` has the rest: one table of both would not fit a page.

    Args:
        choice: The choice.
        timings: Rows of `timings.csv`.
    """
    seconds = _times(timings, "seconds")
    rows = []
    for entry in sorted(choice.sizes, key=lambda entry: entry.size):
        took = seconds.get(entry.size, math.nan)
        difference = with_error(entry.difference, entry.difference_se)
        cells = (
            short(entry.size),
            measured(entry.score, entry.score_se),
            "the best" if entry.size == choice.best.size else difference,
            _judged(entry, choice),
            f"{100 * entry.failure_rate:.0f} %" if entry.units else NONE,
            number(entry.seeds) if entry.units else NONE,
            number(entry.parameters),
            number(took, 0 if took >= 10 else 1),
        )
        rows.append(Row(cells, chosen=entry.size == choice.size))
    judged = "Probability of being adequate" if choice.rule == "adequate" else "Within one standard error"
    scores = (f"Score ({score_name(choice.metric)})", "Difference from the best", judged)
    return Table(("Size", *scores, "Failed trainings", "Seeds", "All parameters", "Training, s"), tuple(rows))


def made_of(choice: Choice, timings: pd.DataFrame, output: str = "Forecast") -> Table:
    """What each size tried is made of: its parameters by part, the settings most folds chose, the time of a forecast.

    Args:
        choice: The choice.
        timings: Rows of `timings.csv`.
        output: What a network gives.
    """
    milliseconds, places = _times(timings, "milliseconds"), decimals(timings["milliseconds"], 2)
    rows = [
        Row(
            (
                short(entry.size),
                *(number(part) for part in (entry.recurrent, entry.head, entry.linear)),
                *_setting(entry),
                number(milliseconds.get(entry.size), places),
            ),
            chosen=entry.size == choice.size,
        )
        for entry in sorted(choice.sizes, key=lambda entry: entry.size)
    ]
    parameters = ("Recurrent parameters", "Those of the head", "Those of the linear part")
    return Table(("Size", *parameters, "Beside", "Head", "Learning rate", f"{output}, ms"), tuple(rows))


def _times(timings: pd.DataFrame, key: str) -> dict[Size, float]:
    columns = (timings[name] for name in ("layers", "units", key))
    return {Size(int(layers), int(units)): float(value) for layers, units, value in zip(*columns, strict=True)}


def verdict(entry: TriedSize, choice: Choice) -> Verdict:
    """What the rule makes of a size; a rule without probabilities knows two verdicts."""
    if choice.rule == "adequate":
        return entry.verdict
    return "adequate" if entry.within else "too_small"


def verdicts(choice: Choice) -> dict[Verdict, str]:
    """What the legend calls the verdicts that occur."""
    if choice.rule != "adequate":
        return {"adequate": "within one standard error", "too_small": "worse"}
    return {"adequate": "adequate", "undecided": "undecided", "too_small": "too small"}


def _judged(entry: TriedSize, choice: Choice) -> str:
    """What the rule makes of a size: its probability and verdict, or whether it is within one standard error."""
    if choice.rule != "adequate":
        return "yes" if entry.within else "no"
    if entry.size == choice.best.size:
        return "the best"
    return f"{in_percent(entry.probability)}, {entry.verdict.replace('_', ' ')}"


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

    def cell(kind: Literal["plain", "linear"], size: Size) -> str:
        step = steps[kind].get(size)
        return NONE if step is None else measured(step.score, step.score_se)

    rows = [
        Row(
            (short(size), *(cell(kind, size) for kind in kinds)),
            strong=frozenset(at + 1 for at, kind in enumerate(kinds) if chosen[kind] == size),
        )
        for size in sizes
    ]
    score = f"score ({score_name(choice.metric)})"
    heads = {"plain": f"Plain {choice.cell.upper()}, {score}", "linear": f"Beside a linear model, {score}"}
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


def left_out(remarks: Remarks) -> Table | None:
    """Every series that is left out, and why; None where a sentence has named them all."""
    if remarks.left_out <= collection.NAMED:
        return None
    return Table(("Series", "Why"), tuple(Row((each.series, each.reason)) for each in remarks.series_left_out), text=2)


def bounds(candidates: Candidates, words: Words | None = None) -> Table:
    """The bound under each definition of a sample and of an input.

    Args:
        candidates: The bounds.
        words: Of the task; None: of a forecast. Ways to count that it has no word for are left out: there they are all
            the same.
    """
    called = SAMPLES if words is None or words.samples is None else words.samples(candidates.counted)
    rows, before = [], None
    counts = candidates.samples.model_dump()
    for bound in candidates.bounds:
        name = bound.samples
        if name not in called:
            continue
        count = f"{number(counts[name])} {called[name]}" if name != before else ""
        used = name == candidates.counted and math.isclose(bound.alpha, candidates.bound.alpha)
        cells = (
            f"{count}{' (counted here)' if count and name == candidates.counted else ''}",
            f"{bound.alpha:g}",
            number(bound.neurons_by_step),
            number(bound.neurons_by_window),
            f"{number(bound.parameters_by_outputs)} → {plural(bound.units_by_outputs, 'cell')}",
            f"{number(bound.parameters_by_samples)} → {plural(bound.units_by_samples, 'cell')}",
        )
        if candidates.bound.kind == "neurons":
            column = 2 if candidates.counted_inputs == "step" else 3
        else:
            column = 4 if _by_outputs(candidates) else 5
        rows.append(Row(cells, frozenset({column}) if used else frozenset(), used))
        before = name
    neurons = (
        f"Cells in all layers, N_i = {number(candidates.inputs.step)} inputs of a step",
        f"Cells in all layers, N_i = {number(candidates.inputs.window)} inputs of {words.fed if words else 'a window'}",
    )
    rules = (*neurons, "Parameters, N_s·N_o/α", "Parameters, N_s/α")
    return Table(("What counts as a sample", "α", *rules), tuple(rows))


def bound_lines(candidates: Candidates) -> dict[str, int]:
    """The loose and the tight bound on one layer, for the chart."""
    lines = {}
    for bound in candidates.bounds:
        if bound.samples == candidates.counted and bound.alpha in (2, 10):
            by_parameters = bound.units_by_outputs if _by_outputs(candidates) else bound.units_by_samples
            units = bound.neurons(candidates.counted_inputs) if candidates.bound.kind == "neurons" else by_parameters
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
    rows = []
    for rule in choice.rules_of_thumb:
        score, difference = "not tried", NONE
        if rule.score is not None:
            entry = tried(choice).get(rule.size)
            score = measured(rule.score, None if entry is None else entry.score_se)
        if rule.difference is not None and rule.difference_se is not None and rule.size != choice.size:
            difference = with_error(rule.difference, rule.difference_se)
        rows.append(_rule_of_thumb(rule, choice, score, difference))
    found = RuleOfThumb(rule="measured", layers=choice.layers, units=choice.units, parameters=choice.parameters)
    rows.append(_rule_of_thumb(found, choice, measured(choice.score, choice.score_se), NONE))
    heads = ("Size", "All parameters", f"Score ({score_name(choice.metric)})", "Difference from the choice")
    return Table(("Rule", *heads), tuple(rows), text=2)


def _rule_of_thumb(rule: RuleOfThumb, choice: Choice, score: str, difference: str) -> Row:
    cells = (rule.rule, short(rule.size), number(rule.parameters), score, difference)
    return Row(cells, chosen=rule.size == choice.size)


def inspection(found: Inspection) -> Table:
    """What each change of `params.yaml` is worth to the linear model; those worth it are stressed."""
    name, by_mae = score_name(found.metric), found.metric == "mae"
    scores = [getattr(each, name) for each in (found, *found.options)]
    places = decimals(scores)
    none = (NONE,) if by_mae else (NONE, NONE)
    declared = Row(("as declared", "", number(scores[0], places), *none), chosen=True)
    rows = [
        Row(
            (
                option.key,
                option.value,
                number(score, places),
                gain(option.gain),
                *(() if by_mae else (gain(option.gain_mae),)),
            ),
            strong=frozenset({3} if option.worth else ()),
        )
        for option, score in zip(found.options, scores[1:], strict=True)
    ]
    heads = ("Key", "Value", name, "Gain", *(() if by_mae else ("Gain in MAE",)))
    return Table(heads, (declared, *rows), text=2)
