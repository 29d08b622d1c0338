"""What the rule found, as lines of the answer: the same for every task."""

from collections.abc import Iterable

from cellsize.report.wording import past_bound, tried
from cellsize.sizing.choice_records import Choice, TriedSize
from cellsize.sizing.decision import in_percent
from cellsize.sizing.rules import alone

SINCE = {
    "maximum_seeds": "all seeds that search.maximum_seeds allows were trained; more may decide it",
    "work_limit": "more seeds may decide it, and search.work_limit is spent",
    "folds": "the folds disagree, and more seeds would hardly decide it",
}


def lines(choice: Choice) -> list[str]:
    """How sure it is that each size is adequate, why it is no surer, and that the size is at the bound, if it is."""
    bound = past_bound(choice)
    since = [f"  undecided     {SINCE[choice.undecided_since]}"] if choice.undecided_since else []
    return [*_sure(choice), *since, *([f"  bound         {bound}"] if bound else [])]


def _sure(choice: Choice) -> list[str]:
    """The probabilities of the undecided sizes and of the choice, then those of all others; of no other rule."""
    if choice.rule != "adequate":
        return []
    known = tried(choice)
    named = [known[entry.size] for entry in choice.undecided_sizes] + [known[choice.size]]
    others = [entry for entry in choice.sizes if entry not in named]
    taken = f"; {alone(choice.size)} is refitted" if choice.undecided_sizes else ""
    sure = f"{_listed(named, choice)} (no more than {choice.margin:.2g} worse than the best){taken}"
    return [f"  adequate      {sure}", *([f"  other sizes   {_listed(others, choice)}"] if others else [])]


def _listed(sizes: Iterable[TriedSize], choice: Choice) -> str:
    """Some sizes, each with its probability."""
    return ", ".join(
        f"{alone(entry.size)} {'the best' if entry.size == choice.best.size else in_percent(entry.probability)}"
        for entry in sizes
    )
