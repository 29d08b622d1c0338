"""From scores to a size: the rules, and the reason in words.

All that a rule needs is in this module. A new one has a function, its name in `params.Choose.rule`, and a case in each
of `apply`, `_in_words` and `sentence`; mypy names those that are missing.
"""

from dataclasses import dataclass
from math import ceil, floor
from typing import assert_never

from cellsize.errors import InputError
from cellsize.params import Choose
from cellsize.sizing import adequacy
from cellsize.sizing.choice_records import Budget, Choice
from cellsize.sizing.figures import rounded, with_error
from cellsize.sizing.scores import Difference, Scores, compare, extent
from cellsize.sizing.sizes import ZERO, Size


@dataclass(frozen=True)
class Decision:
    """What a rule chose, and what it was compared with.

    Attributes:
        chosen: The size's scores.
        best: Scores of the size with the lowest mean.
        difference: Chosen minus best, paired.
        larger: Of the larger sizes tried the one most likely to be better by more than the margin; None if there is
            none, and where the rule is `adequate`: its own probabilities say more.
        larger_probability: Probability that it is.
        reason: Why, in words.
    """

    chosen: Scores
    best: Scores
    difference: Difference
    larger: Scores | None
    larger_probability: float | None
    reason: str


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


def _in_words(rule: Choose) -> str:
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


# --- the decision -----------------------------------------------------------------------------------------------------


def choose(scores: list[Scores], rule: Choose, costs: dict[Size, float]) -> Decision:
    """Applies the rule, and compares what it chose.

    Args:
        scores: All sizes that were tried; the zero-cell one is among them.
        rule: The rule and its numbers.
        costs: What each size costs in the budget's unit; read by `budget` alone.

    Returns:
        The choice and its reason.

    Raises:
        InputError: There are no scores, or no size is within the budget.
    """
    if not any(candidate.size == ZERO for candidate in scores):
        raise InputError("trials.csv: no zero-cell row to compare with; run search again")
    best = lowest(scores)
    chosen = apply(scores, rule, costs)
    difference = compare(chosen, best)
    threshold = adequacy.margin(rule).of(chosen.mean)
    larger = [
        (compare(chosen, candidate).probability_above(threshold), candidate)
        for candidate in scores
        if rule.rule != "adequate" and extent(candidate) > extent(chosen)
    ]
    likeliest = max(
        larger, key=lambda pair: (pair[0], *(-part for part in extent(pair[1])), pair[1].size), default=None
    )
    probability, larger_scores = likeliest or (None, None)
    reason = _reason(chosen, best, difference, likeliest, scores, rule)
    return Decision(chosen, best, difference, larger_scores, probability, reason)


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


def _reason(
    chosen: Scores,
    best: Scores,
    difference: Difference,
    likeliest: tuple[float, Scores] | None,
    scores: list[Scores],
    rule: Choose,
) -> str:
    near = near_best(scores) if rule.rule == "one_standard_error" else chosen
    sentences = [f"Of {len(scores)} sizes tried, {describe(near.size)} {_in_words(rule)}."]
    if rule.rule == "adequate":
        sentences.append(_probabilities(scores, chosen, best, rule))
    if near.size != chosen.size:
        scored = _against(chosen, near, compare(chosen, near))
        sentences.append(f"Chosen is a smaller one that scores no worse ({scored}): {describe(chosen.size)}.")
    if chosen.size == best.size:
        sentences.append(f"It is itself the best, with a score of {rounded(best.mean, best.standard_error)}.")
    elif rule.rule == "adequate":
        sentences.append(f"The best, {describe(best.size)}, scores {_against(best, chosen, difference)}.")
    else:
        sentences.append(
            f"The best, {describe(best.size)}, scores {_against(best, chosen, difference)}: a difference of "
            f"{rounded(difference.mean, difference.standard_error)} with a standard error of "
            f"{rounded(difference.standard_error, difference.standard_error)}, paired over "
            f"{difference.degrees + 1} folds and corrected for their overlap."
        )
    smaller = [
        candidate
        for candidate in scores
        if candidate.size not in (ZERO, best.size) and extent(candidate) < extent(chosen)
    ]
    if smaller and rule.rule != "adequate":
        next_smaller = max(smaller, key=lambda candidate: (*extent(candidate), -candidate.mean, candidate.size))
        behind = compare(next_smaller, best)
        sentences.append(
            f"The next smaller size tried, {describe(next_smaller.size)}, is "
            f"{with_error(behind.mean, behind.standard_error)} behind the best."
        )
    if chosen.size != ZERO:
        zero = next(candidate for candidate in scores if candidate.size == ZERO)
        gain = compare(zero, chosen)
        sentences.append(
            f"Without memory cells the score is {rounded(zero.mean, gain.standard_error)}: "
            f"{with_error(gain.mean, gain.standard_error)} worse."
        )
    if rule.rule != "adequate":
        sentences.append(_larger(likeliest, adequacy.margin(rule).of(chosen.mean) / chosen.mean))
    return " ".join(filter(None, sentences))


def _against(one: Scores, other: Scores, difference: Difference) -> str:
    """Two scores, both with the digits that the standard error of their difference justifies."""
    return " against ".join(rounded(scores.mean, difference.standard_error) for scores in (one, other))


def _probabilities(scores: list[Scores], chosen: Scores, best: Scores, rule: Choose) -> str:
    """How sure it is that the choice is adequate, and which smaller sizes may be adequate too."""
    margin = adequacy.margin(rule)
    probabilities = adequacy.probabilities(scores, margin)
    allowed = f"no more than {margin.of(best.mean):.2g} worse than the best"
    sentences = []
    if chosen.size != best.size:
        sentences.append(f"It is {allowed} with a probability of {in_percent(probabilities[chosen.size])}.")
    undecided = adequacy.undecided(scores, rule)
    if undecided:
        listed = ", ".join(f"{describe(size)} {in_percent(probabilities[size])}" for size in undecided)
        decide = (
            "more seeds may decide it (search.maximum_seeds, search.work_limit)"
            if adequacy.more_seeds(scores, rule)
            else "more seeds would hardly decide it, since the folds disagree"
        )
        sentences.append(f"Undecided is whether a smaller one is ({listed}); {decide}.")
    elif extent(chosen) > min(extent(one) for one in scores):
        smaller = max((one for one in scores if extent(one) < extent(chosen)), key=lambda one: probabilities[one.size])
        sentences.append(
            f"Every smaller one is too small: {describe(smaller.size)} is {allowed} with a probability of "
            f"{in_percent(probabilities[smaller.size])}."
        )
    return " ".join(sentences)


def in_percent(probability: float) -> str:
    """A probability in whole per cent, rounded towards 50 % so that 79.8 % is not shown as the 80 % that it misses.

    Never 0 % or 100 %, which nobody can know.
    """
    if probability > 0.99 or probability < 0.01:
        return "over 99 %" if probability > 0.5 else "under 1 %"
    exact = round(100 * probability, 6)
    return f"{floor(exact) if probability > 0.5 else ceil(exact)} %"


def _larger(likeliest: tuple[float, Scores] | None, fraction: float) -> str:
    """How likely a larger size is to be better."""
    if likeliest is None:
        return "No larger size was tried."
    probability, larger = likeliest
    words = "almost surely" if probability > 0.99 else f"with a probability of {ceil(100 * probability):.0f} %"
    return (
        f"Of the larger sizes tried, {describe(larger.size)} is the likeliest to be better by more than "
        f"{100 * fraction:.3g} %: {words}."
    )
