"""From scores to a size: the rules, and the reason in words."""

from dataclasses import dataclass
from math import ceil

from cellsize.errors import InputError
from cellsize.params import Choose
from cellsize.sizing.scores import Difference, Scores, compare, extent
from cellsize.sizing.sizes import ZERO, Size


@dataclass(frozen=True)
class Choice:
    """What a rule chose, and what it was compared with.

    Attributes:
        chosen: The size's scores.
        best: Scores of the size with the lowest mean.
        difference: Chosen minus best, paired.
        larger: Of the larger sizes tried the one most likely to be better by more than the
            tolerance; None if there is none.
        larger_probability: Probability that it is.
        reason: Why, in words.
    """

    chosen: Scores
    best: Scores
    difference: Difference
    larger: Scores | None
    larger_probability: float | None
    reason: str


def one_standard_error(scores: list[Scores]) -> Scores:
    """The smallest size within one corrected standard error of the best, or a smaller one that scores no worse.

    A size that scores unevenly is within its wide error of the best, even where a smaller and steadier one scores
    better and is not within its narrow error: then the smaller one is chosen.
    """
    near = near_best(scores)
    return smallest([one for one in scores if one.mean <= near.mean])


def near_best(scores: list[Scores]) -> Scores:
    """The smallest size within one corrected standard error of the best, paired."""
    best = lowest(scores)
    return smallest([one for one in scores if within_one_error(one, best)])


def within_one_error(one: Scores, best: Scores) -> bool:
    """Whether the paired difference to the best is no more than its corrected standard error."""
    difference = compare(one, best)
    return difference.mean <= difference.standard_error


def within_percent(scores: list[Scores], percent: float) -> Scores:
    """The smallest size whose mean is at most `percent` above the best one's."""
    limit = lowest(scores).mean * (1 + percent / 100)
    return smallest([one for one in scores if one.mean <= limit])


def lowest(scores: list[Scores]) -> Scores:
    """The lowest mean; of equals the smallest."""
    return min(scores, key=lambda one: (one.mean, *extent(one), one.size))


def smallest(scores: list[Scores]) -> Scores:
    """The smallest; of equals the lowest mean."""
    return min(scores, key=lambda one: (*extent(one), one.mean, one.size))


def within_budget(scores: list[Scores], costs: dict[Size, float], limit: float, unit: str) -> Scores:
    """The lowest mean among the sizes that cost no more than the limit.

    Raises:
        InputError: No size does.
    """
    affordable = [one for one in scores if costs[one.size] <= limit]
    if not affordable:
        cheapest = min(costs[one.size] for one in scores)
        raise InputError(f"choose.limit: no size costs at most {limit:g} {unit}; the cheapest costs {cheapest:g}")
    return lowest(affordable)


def choose(scores: list[Scores], rule: Choose, costs: dict[Size, float]) -> Choice:
    """Applies the rule.

    Args:
        scores: All sizes that were tried; the zero-cell one is among them.
        rule: The rule and its numbers.
        costs: What each size costs in the budget's unit; read by `budget` alone.

    Returns:
        The choice and its reason.

    Raises:
        InputError: There are no scores, or no size is within the budget.
    """
    if not any(one.size == ZERO for one in scores):
        raise InputError("trials.csv: no zero-cell row to compare with; run search again")
    best = lowest(scores)
    match rule.rule:
        case "one_standard_error":
            chosen = one_standard_error(scores)
        case "within_percent":
            chosen = within_percent(scores, rule.percent)
        case "budget":
            chosen = within_budget(scores, costs, rule.limit, rule.budget)
        case "best":
            chosen = best
    difference = compare(chosen, best)
    larger = [
        (compare(chosen, one).probability_above(rule.tolerance * chosen.mean), one)
        for one in scores
        if extent(one) > extent(chosen)
    ]
    likely = max(larger, key=lambda pair: (pair[0], -pair[1].parameters, pair[1].size), default=None)
    odds, larger_one = likely or (None, None)
    reason = _reason(chosen, best, difference, likely, scores, rule)
    return Choice(chosen, best, difference, larger_one, odds, reason)


def describe(size: Size) -> str:
    """A size in words."""
    if size == ZERO:
        return "no memory cells"
    layers = "1 layer" if size.layers == 1 else f"{size.layers} layers"
    return f"{layers} of {size.units} memory cell{'s' if size.units > 1 else ''}"


def _reason(
    chosen: Scores,
    best: Scores,
    difference: Difference,
    likely: tuple[float, Scores] | None,
    scores: list[Scores],
    rule: Choose,
) -> str:
    rules = {
        "one_standard_error": "is the smallest within one standard error of the best",
        "within_percent": f"is the smallest within {rule.percent:g} % of the best",
        "budget": f"has the lowest score at no more than {rule.limit:g} {rule.budget}",
        "best": "has the lowest score",
    }
    near = near_best(scores) if rule.rule == "one_standard_error" else chosen
    told = f"Of {len(scores)} sizes tried, {describe(near.size)} {rules[rule.rule]}. "
    if near.size != chosen.size:
        scored = f"{chosen.mean:.4f} against {near.mean:.4f}"
        told += f"Chosen is a smaller one that scores no worse ({scored}): {describe(chosen.size)}. "
    if chosen.size == best.size:
        told += f"It is itself the best, with a score of {best.mean:.4f}. "
    else:
        told += (
            f"The best, {describe(best.size)}, scores {best.mean:.4f} against {chosen.mean:.4f}: a difference of "
            f"{difference.mean:.4f} with a standard error of {difference.standard_error:.4f}, paired over "
            f"{difference.degrees + 1} folds and corrected for their overlap. "
        )
    smaller = [one for one in scores if one.size not in (ZERO, best.size) and extent(one) < extent(chosen)]
    if smaller:
        next_smaller = max(smaller, key=lambda one: (one.parameters, -one.mean, one.size))
        behind = compare(next_smaller, best)
        told += (
            f"The next smaller size tried, {describe(next_smaller.size)}, is {behind.mean:.4f} ± "
            f"{behind.standard_error:.4f} behind the best. "
        )
    zero = next(one for one in scores if one.size == ZERO)
    if chosen.size != ZERO:
        gain = compare(zero, chosen)
        told += (
            f"Without memory cells the score is {zero.mean:.4f}: {gain.mean:.4f} ± {gain.standard_error:.4f} worse. "
        )
    if likely is None:
        return told + "No larger size was tried."
    odds, larger = likely
    words = "almost surely" if odds > 0.99 else f"with odds of {ceil(100 * odds):.0f} %"
    return told + (
        f"Of the larger sizes tried, {describe(larger.size)} is the likeliest to be better by more than "
        f"{100 * rule.tolerance:g} %: {words}."
    )
