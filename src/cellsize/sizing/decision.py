"""The decision: what the rule chose, what that is compared with, and the reason in words."""

from dataclasses import dataclass
from math import ceil, floor

from cellsize.errors import InputError
from cellsize.params import Choose
from cellsize.sizing import adequacy, rules
from cellsize.sizing.figures import rounded, with_error
from cellsize.sizing.rules import describe
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
    best = rules.lowest(scores)
    chosen = rules.apply(scores, rule, costs)
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


def _reason(
    chosen: Scores,
    best: Scores,
    difference: Difference,
    likeliest: tuple[float, Scores] | None,
    scores: list[Scores],
    rule: Choose,
) -> str:
    near = rules.near_best(scores) if rule.rule == "one_standard_error" else chosen
    sentences = [f"Of {len(scores)} sizes tried, {describe(near.size)} {rules.in_words(rule)}."]
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
