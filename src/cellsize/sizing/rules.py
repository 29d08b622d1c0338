"""From scores to a size: the rules, and what is said of each.

All that a rule needs is in this module. A new one has a function, its name in `params.Choose.rule`, and a case in each
of `apply`, `in_words` and `sentence`; mypy names those that are missing.
"""

from typing import assert_never

from cellsize.errors import InputError
from cellsize.params import Choose
from cellsize.sizing import adequacy
from cellsize.sizing.choice_records import Budget, Choice
from cellsize.sizing.scores import Scores, compare, extent
from cellsize.sizing.sizes import ZERO, Size

# --- by name ----------------------------------------------------------------------------------------------------------


def apply(scores: list[Scores], rule: Choose, costs: dict[Size, float]) -> Scores:
    """The size that the rule chooses.

    Args:
        scores: All sizes that were tried.
        rule: The rule and its numbers.
        costs: What each size costs in the budget's unit; read by `budget` alone.

    Raises:
        InputError: No size is within the budget.
    """
    match rule.rule:
        case "adequate":
            return adequacy.smallest_adequate(scores, rule)
        case "one_standard_error":
            return one_standard_error(scores)
        case "within_percent":
            return within_percent(scores, rule.percent)
        case "budget":
            return within_budget(scores, costs, rule.limit, rule.budget)
        case "best":
            return lowest(scores)
        case _:
            assert_never(rule.rule)


def in_words(rule: Choose) -> str:
    """What is true of the size that the rule chooses."""
    match rule.rule:
        case "adequate":
            return "is the smallest adequate one"
        case "one_standard_error":
            return "is the smallest within one standard error of the best"
        case "within_percent":
            return f"is the smallest within {rule.percent:g} % of the best"
        case "budget":
            return f"has the lowest score at no more than {rule.limit:g} {rule.budget}"
        case "best":
            return "has the lowest score"
        case _:
            assert_never(rule.rule)


def sentence(choice: Choice) -> str:
    """What the report says about the rule."""
    match choice.rule:
        case "adequate":
            return (
                "The answer is the smallest adequate size: one that most probably is hardly worse than the best. "
                "A smaller one is undecided where the trainings do not say whether it is adequate."
            )
        case "one_standard_error":
            return (
                "The answer is the smallest size within one standard error of the best, or a smaller one that scores "
                "no worse than that."
            )
        case "within_percent":
            return "The answer is the smallest size within a set percentage of the best."
        case "budget":
            return f"The answer is the best size {_within(choice.budget)}."
        case "best":
            return "The answer is the size with the lowest mean score, however many parameters it has (rule: best)."
        case _:
            assert_never(choice.rule)


def _within(budget: Budget | None) -> str:
    """The budget in words, and what the choice costs of it."""
    if budget is None:
        return "within the budget"
    return f"at no more than {budget.limit:,g} {budget.unit} (rule: budget); it has {budget.cost:,.6g}"


# --- the rules --------------------------------------------------------------------------------------------------------


def one_standard_error(scores: list[Scores]) -> Scores:
    """The smallest size within one corrected standard error of the best, or a smaller one that scores no worse.

    A size that scores unevenly is within its wide standard error of the best, even where a smaller and steadier one
    scores better and is not within its narrow standard error: then the smaller one is chosen.
    """
    near = near_best(scores)
    return smallest([candidate for candidate in scores if candidate.mean <= near.mean])


def near_best(scores: list[Scores]) -> Scores:
    """The smallest size within one corrected standard error of the best, paired."""
    best = lowest(scores)
    return smallest([candidate for candidate in scores if within_one_standard_error(candidate, best)])


def within_one_standard_error(candidate: Scores, best: Scores) -> bool:
    """Whether the paired difference to the best is no more than its corrected standard error."""
    difference = compare(candidate, best)
    return difference.mean <= difference.standard_error


def within_percent(scores: list[Scores], percent: float) -> Scores:
    """The smallest size whose mean is at most `percent` above the best one's."""
    limit = lowest(scores).mean * (1 + percent / 100)
    return smallest([candidate for candidate in scores if candidate.mean <= limit])


def within_budget(scores: list[Scores], costs: dict[Size, float], limit: float, unit: str) -> Scores:
    """The lowest mean among the sizes that cost no more than the limit.

    Raises:
        InputError: No size does.
    """
    affordable = [candidate for candidate in scores if costs[candidate.size] <= limit]
    if not affordable:
        cheapest = min(costs[candidate.size] for candidate in scores)
        raise InputError(f"choose.limit: no size costs at most {limit:g} {unit}; the cheapest costs {cheapest:g}")
    return lowest(affordable)


def lowest(scores: list[Scores]) -> Scores:
    """The lowest mean; of equals the smallest."""
    return min(scores, key=lambda candidate: (candidate.mean, *extent(candidate), candidate.size))


def smallest(scores: list[Scores]) -> Scores:
    """The smallest; of equals the lowest mean."""
    return min(scores, key=lambda candidate: (*extent(candidate), candidate.mean, candidate.size))


# --- sizes in words ---------------------------------------------------------------------------------------------------


def describe(size: Size) -> str:
    """A size in words."""
    if size == ZERO:
        return "no memory cells"
    if not size.has_memory:
        return f"an MLP of {size.units} hidden unit{'s' if size.units > 1 else ''}"
    layers = "1 layer" if size.layers == 1 else f"{size.layers} layers"
    return f"{layers} of {size.units} memory cell{'s' if size.units > 1 else ''}"


def short(size: Size) -> str:
    """A size in a table: `2 × 16`, or `zero cells`."""
    if not size.has_memory:
        return "zero cells" if size == ZERO else f"MLP of {size.units}"
    return f"{size.layers} × {size.units}"


def alone(size: Size) -> str:
    """A size in a sentence: `2 × 16`, `no memory cells`, or `an MLP of 64`."""
    if not size.has_memory:
        return "no memory cells" if size == ZERO else f"an MLP of {size.units}"
    return short(size)
