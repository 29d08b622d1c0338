"""The decision: what is compared with what on a table worked out by hand, and the reason in words."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.errors import InputError
from cellsize.sizing import rules
from cellsize.sizing.decision import choose, in_percent
from cellsize.sizing.figures import with_error
from cellsize.sizing.scores import Scores, compare
from cellsize.sizing.sizes import ZERO, Size
from tests.sizing.score_tables import BY_HAND, NO_COSTS, TABLE, rule, scores, tables


@pytest.mark.parametrize(("name", "changes", "expected"), BY_HAND)
def test_what_a_rule_chooses_is_compared_with_the_lowest_score(
    name: str, changes: dict[str, Any], expected: Size
) -> None:
    costs = {one.size: float(one.parameters) for one in TABLE}
    for table in (TABLE, TABLE[::-1]):
        decision = choose(table, rule(name, **changes), costs)
        assert decision.chosen.size == expected
        assert decision.best.size == Size(1, 32)
        assert decision.difference.mean == pytest.approx(decision.chosen.mean - 0.4)


def test_no_memory_cells_are_the_smallest_size_whatever_the_parameters_of_their_ridge_linear_model() -> None:
    table = [scores((0, 0), 2_904, 0.2, 0.6), scores((1, 1), 200, 0.2, 0.6), scores((1, 16), 2_064, 0.21, 0.61)]
    for order in (table, table[::-1]):
        decision = choose(order, rule("one_standard_error"), NO_COSTS)
        assert decision.chosen.size == ZERO
        assert decision.larger is not None
        assert decision.larger.size in (Size(1, 1), Size(1, 16))
        assert "smaller" not in decision.reason
        decision = choose(order, rule("budget", limit=200), {ZERO: 2_904.0, Size(1, 1): 200.0, Size(1, 16): 2_064.0})
        assert decision.chosen.size == Size(1, 1)
        assert decision.larger is not None
        assert decision.larger.size == Size(1, 16)


def test_a_size_that_a_smaller_one_beats_is_not_chosen_for_its_wide_standard_error() -> None:
    # To 1x32: zero cells 0.01 on every fold, standard error 0; 1x2 0.02 with one of 0.0248, so within it, and alone.
    table = [
        scores((0, 0), 100, 0.21, 0.61, 0.41, 0.41),
        scores((1, 2), 200, 0.18, 0.62, 0.44, 0.44),
        scores((1, 32), 4_000, 0.20, 0.60, 0.40, 0.40),
    ]
    assert [rules.within_one_standard_error(one, table[2]) for one in table] == [False, True, True]
    decision = choose(table, rule("one_standard_error"), NO_COSTS)
    assert decision.chosen.size == ZERO
    assert decision.reason.startswith(
        "Of 3 sizes tried, 1 layer of 2 memory cells is the smallest within one standard error of the best. "
        "Chosen is a smaller one that scores no worse (0.410 against 0.420): no memory cells. "
    )


@pytest.mark.parametrize("table", [[], TABLE[1:]])
def test_without_zero_cells_there_is_nothing_to_compare_with(table: list[Scores]) -> None:
    with pytest.raises(InputError, match="no zero-cell row"):
        choose(table, rule("best"), NO_COSTS)


def test_zero_cells_alone_are_chosen_for_want_of_others() -> None:
    decision = choose(TABLE[:1], rule("one_standard_error"), NO_COSTS)
    assert decision.chosen.size == ZERO
    assert (decision.larger, decision.larger_probability) == (None, None)
    assert decision.reason.endswith("No larger size was tried.")


def test_the_probability_is_that_of_the_most_promising_larger_size() -> None:
    decision = choose(TABLE, rule("one_standard_error", margin=0.0, least_margin=1e-12), NO_COSTS)
    # 1x16 against 1x32: 0.01 / 0.02708 = 0.369 standard errors; t(3) is below it with probability 0.632.
    # 2x16: 0.005, less.
    assert decision.larger is not None
    assert decision.larger.size == Size(1, 32)
    assert decision.larger_probability is not None
    assert decision.larger_probability == pytest.approx(0.632, abs=2e-3)
    tolerant = choose(TABLE, rule("one_standard_error", margin=5.0), NO_COSTS)
    assert tolerant.larger_probability is not None
    assert tolerant.larger_probability < decision.larger_probability


def test_a_larger_size_that_is_surely_better_is_named_as_such() -> None:
    costs = {one.size: float(one.parameters) for one in TABLE}
    reason = choose(TABLE, rule("budget", limit=100.0), costs).reason
    # 1x32 and 2x16 are better by 0.2 and 0.195 on every fold; of equal probabilities the fewest parameters count.
    assert reason.endswith("2 layers of 16 memory cells is the likeliest to be better by more than 1 %: almost surely.")


def test_the_reason_says_how_far_the_next_smaller_size_is_behind() -> None:
    assert "The next smaller size" not in choose(TABLE[:2], rule("best"), NO_COSTS).reason
    reason = choose(TABLE, rule("best"), NO_COSTS).reason
    behind = compare(next(one for one in TABLE if one.size == Size(2, 16)), rules.lowest(TABLE))
    expected = f"2 layers of 16 memory cells, is {with_error(behind.mean, behind.standard_error)} behind the best. "
    assert f"The next smaller size tried, {expected}" in reason


def test_the_best_is_not_called_the_next_smaller_size_behind_itself() -> None:
    # Milliseconds do not grow with parameters: here 1x4, which is best, is too slow for the budget.
    table = [TABLE[0], scores((1, 4), 200, 0.1, 0.5, 0.3, 0.3), TABLE[2]]
    costs = {ZERO: 1.0, Size(1, 4): 9.0, Size(1, 16): 2.0}
    decision = choose(table, rule("budget", budget="milliseconds", limit=5.0), costs)
    assert (decision.chosen.size, decision.best.size) == (Size(1, 16), Size(1, 4))
    assert "The next smaller size" not in decision.reason


def test_only_larger_sizes_count_in_the_probability() -> None:
    # 1x16 has a chance of being better than the largest, 1x32; it is not larger.
    decision = choose(TABLE, rule("best", margin=0.0, least_margin=1e-12), NO_COSTS)
    assert decision.chosen.size == Size(1, 32)
    assert (decision.larger, decision.larger_probability) == (None, None)
    assert decision.reason.endswith("No larger size was tried.")


def test_the_reason_names_the_rule_the_sizes_and_the_figures() -> None:
    reason = choose(TABLE, rule("one_standard_error"), NO_COSTS).reason
    for words in (
        "Of 5 sizes tried, 1 layer of 16 memory cells is the smallest within one standard error of the best.",
        "The best, 1 layer of 32 memory cells, scores 0.400 against 0.410: ",
        "a difference of 0.010 with a standard error of 0.027, paired over 4 folds",
        "Without memory cells the score is 0.600: 0.190 ±",
        "Of the larger sizes tried, 1 layer of 32 memory cells is the likeliest to be better by more than",
    ):
        assert words in reason


@settings(max_examples=50, deadline=None)
@given(table=tables(), name=st.sampled_from(["one_standard_error", "best", "within_percent"]), data=st.data())
def test_the_choice_does_not_depend_on_the_order_of_the_table(
    table: list[Scores], name: str, data: st.DataObject
) -> None:
    other = data.draw(st.permutations(table))
    first, second = (choose(one, rule(name), NO_COSTS) for one in (table, other))
    assert first.chosen.size == second.chosen.size
    assert first.reason == second.reason
    assert first.larger_probability is None or 0 <= first.larger_probability <= 1


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.798, "79 %"), (0.8, "80 %"), (0.804, "80 %"), (0.203, "21 %"), (0.2, "20 %"), (0.57, "57 %"), (0.29, "29 %"),
     (1.0, "over 99 %"), (0.0, "under 1 %")],
)  # fmt: skip
def test_a_probability_is_not_rounded_to_the_limit_that_it_misses(probability: float, words: str) -> None:
    assert in_percent(probability) == words
