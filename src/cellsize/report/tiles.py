"""The key facts of the page, each a tile: what it is, the figure, and what it means."""

from dataclasses import dataclass

from cellsize.data.names import score_name
from cellsize.report.wording import (
    best_baseline,
    decimals,
    hardest_difference,
    measured,
    number,
    past_bound,
    percent,
    plural,
    registration,
    tried,
    with_error,
    words_of,
)
from cellsize.report.words import Words
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation, Registration
from cellsize.sizing.rules import short
from cellsize.sizing.sizes import ZERO

NO_CLEAR = "no clear difference"


@dataclass(frozen=True)
class Tile:
    """A key fact: what it is, the figure, and what it means."""

    label: str
    value: str
    note: str


def tiles(choice: Choice, evaluation: Evaluation, record: Registration) -> list[Tile]:
    """The key facts."""
    facts, name = size_tiles(choice, words_of(choice)), score_name(choice.metric)
    (baseline, other), error = best_baseline(evaluation), evaluation.error(evaluation.model)
    places = decimals([error, other])
    note = f"{name} on the holdout {number(error, places)}; the baseline's {number(other, places)}"
    value = difference(error, other, name)
    sure = hardest_difference(evaluation)
    if sure is not None and error != other:
        of_origins, standard_error, origins = sure
        at = f"at {plural(origins, 'origin')} of the holdout"
        note += f"; difference {at} {with_error(of_origins, standard_error)} (standard error)"
        value = value if abs(other - error) > standard_error else NO_CLEAR
    facts.append(Tile(f"Compared with the best baseline ({baseline})", value, note))
    return [*facts, *last_tiles(choice, record)]


def size_tiles(choice: Choice, words: Words) -> list[Tile]:
    """The key facts of the chosen size: its parameters, and how it compares with other sizes.

    Args:
        choice: The choice.
        words: Of the task.
    """
    best, zero, entry = choice.best, choice.zero_cells, tried(choice)[choice.size]
    name = score_name(choice.metric)
    parts = f"recurrent {number(entry.recurrent)}, head {number(entry.head)}"
    if entry.linear:
        parts += f", linear skip connection {number(entry.linear)}"
    if not choice.size.has_memory:
        of_mlp = f"MLP {number(entry.head)}, linear skip connection {number(entry.linear)}"
        parts = of_mlp if entry.linear else "all of the MLP"
    if choice.size == ZERO:
        parts = f"all of the {words.linear}"
    facts = [Tile("Parameters", number(choice.parameters), parts)]
    score = measured(choice.score, choice.score_se)
    if choice.size == best.size:
        facts.append(Tile("Compared with the other sizes tried", "the best", f"score ({name}) {score}; 0 is perfect"))
    else:
        behind = with_error(choice.difference, choice.difference_se)
        note = f"difference in score {behind} (standard error); that size has {number(best.parameters)} parameters"
        label = f"Compared with the best size ({short(best.size)})"
        facts.append(Tile(label, difference(choice.score, best.score, name), note))
    if choice.size.has_memory:
        note = f"score ({name}) {score}; without memory cells {measured(zero.score, zero.score_se)}"
        if choice.mlp:
            note += f", an MLP {measured(choice.mlp.score, choice.mlp.score_se)}"
        facts.append(Tile("Compared with no memory cells", difference(choice.score, zero.score, name), note))
    elif choice.size != ZERO:
        note = f"score ({name}) {score}; {words.zero_cells} {measured(zero.score, zero.score_se)}"
        facts.append(Tile(f"Compared with the {words.linear}", difference(choice.score, zero.score, name), note))
    return facts


def last_tiles(choice: Choice, record: Registration) -> list[Tile]:
    """What the rule of thumb would have said, and whether the model can be served."""
    facts = list[Tile]()
    if choice.alpha_implied is not None:
        note = past_bound(choice) or f"the size is below the bound of {plural(choice.bound, 'cell')}"
        facts.append(Tile("α at which the rule of thumb gives this size", f"{choice.alpha_implied:.3g}", note))
    value, reason = registration(record)
    return [*facts, Tile(f"Registered as {record.name}", value, reason)]


def difference(error: float, other: float, name: str) -> str:
    """How far an error is from another, in per cent of it.

    Args:
        error: The model's.
        other: What it is compared with.
        name: Of both.
    """
    if f"{error:.4g}" == f"{other:.4g}":
        return "no difference"
    return f"{percent(error, other)} {'lower' if error < other else 'higher'} {name}"
