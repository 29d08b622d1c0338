"""From scores to a size: each rule on a table worked out by hand."""

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.errors import InputError
from cellsize.params import Choose, Rule
from cellsize.sizing import rules
from cellsize.sizing.choice_records import Budget, Choice
from cellsize.sizing.figures import with_error
from cellsize.sizing.scores import Scores, compare, extent
from cellsize.sizing.sizes import ZERO, Size


def scores(size: tuple[int, int], parameters: int, *folds: float, ratio: float = 0.25) -> Scores:
    recurrent = parameters if size[0] else 0
    return Scores(Size(*size), recurrent, parameters, np.array(folds)[:, None], np.array(folds)[:, None] / 2, ratio)


def rule(name: str, **changes: Any) -> Choose:
    plain = {
        "metric": "mse", "quantiles": None, "rule": name, "margin": 1.0, "least_margin": 0.001, "probability": 0.8,
        "percent": 5.0, "budget": "parameters", "limit": 1000.0,
    }  # fmt: skip
    return Choose.model_validate(plain | changes)


# Fold scores around a difficulty of 0.2, 0.6, 0.4, 0.4 (mean 0.4). Differences to the best, 1x32:
#   zero  0.2, 0.2, 0.2, 0.2         mean 0.20   standard error 0
#   1x4   0.03, 0.05, 0.05, 0.03     mean 0.04   variance 0.0004/3, standard error √((1/4 + 1/4) · 0.0004/3) = 0.00816
#   1x16  0.00, 0.04, -0.04, 0.04    mean 0.01   variance 0.0044/3, standard error √(0.5 · 0.0044/3) = 0.02708
#   2x16  0.005, 0.005, 0.005, 0.005 mean 0.005  standard error 0
TABLE = [
    scores((0, 0), 100, 0.4, 0.8, 0.6, 0.6),
    scores((1, 4), 200, 0.23, 0.65, 0.45, 0.43),
    scores((1, 16), 1_000, 0.20, 0.64, 0.36, 0.44),
    scores((2, 16), 3_000, 0.205, 0.605, 0.405, 0.405),
    scores((1, 32), 4_000, 0.2, 0.6, 0.4, 0.4),
]
NO_COSTS: dict[Size, float] = {}


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("best", {}, Size(1, 32)),
        ("one_standard_error", {}, Size(1, 16)),
        ("within_percent", {"percent": 0.0}, Size(1, 32)),
        ("within_percent", {"percent": 1.5}, Size(2, 16)),
        ("within_percent", {"percent": 3.0}, Size(1, 16)),
        ("within_percent", {"percent": 11.0}, Size(1, 4)),
        ("within_percent", {"percent": 60.0}, ZERO),
        ("budget", {"limit": 999.0}, Size(1, 4)),
        ("budget", {"limit": 1_000.0}, Size(1, 16)),
        ("budget", {"limit": 3_999.0}, Size(2, 16)),
        ("budget", {"limit": 100.0}, ZERO),
    ],
)
def test_each_rule_on_a_table_worked_out_by_hand(name: str, changes: dict[str, Any], expected: Size) -> None:
    costs = {one.size: float(one.parameters) for one in TABLE}
    for table in (TABLE, TABLE[::-1]):
        decision = rules.choose(table, rule(name, **changes), costs)
        assert decision.chosen.size == expected
        assert decision.best.size == Size(1, 32)
        assert decision.difference.mean == pytest.approx(decision.chosen.mean - 0.4)


def test_the_standard_error_of_the_difference_decides_and_not_that_of_the_scores() -> None:
    # The scores of 1x4 and of the best overlap widely; the paired difference does not.
    assert TABLE[1].mean - TABLE[4].mean < TABLE[4].standard_error
    difference = compare(TABLE[1], TABLE[4])
    assert (difference.mean, difference.standard_error) == pytest.approx((0.04, 0.00816), abs=1e-5)
    assert not rules.within_one_standard_error(TABLE[1], TABLE[4])
    difference = compare(TABLE[2], TABLE[4])
    assert (difference.mean, difference.standard_error) == pytest.approx((0.01, 0.02708), abs=1e-5)
    assert rules.within_one_standard_error(TABLE[2], TABLE[4])


def test_no_memory_cells_are_the_smallest_size_whatever_the_parameters_of_their_ridge_linear_model() -> None:
    table = [scores((0, 0), 2_904, 0.2, 0.6), scores((1, 1), 200, 0.2, 0.6), scores((1, 16), 2_064, 0.21, 0.61)]
    for order in (table, table[::-1]):
        decision = rules.choose(order, rule("one_standard_error"), NO_COSTS)
        assert decision.chosen.size == ZERO
        assert decision.larger is not None
        assert decision.larger.size in (Size(1, 1), Size(1, 16))
        assert "smaller" not in decision.reason
        decision = rules.choose(
            order, rule("budget", limit=200), {ZERO: 2_904.0, Size(1, 1): 200.0, Size(1, 16): 2_064.0}
        )
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
    decision = rules.choose(table, rule("one_standard_error"), NO_COSTS)
    assert decision.chosen.size == ZERO
    assert decision.reason.startswith(
        "Of 3 sizes tried, 1 layer of 2 memory cells is the smallest within one standard error of the best. "
        "Chosen is a smaller one that scores no worse (0.410 against 0.420): no memory cells. "
    )


def test_of_equal_scores_the_fewest_parameters_win() -> None:
    table = [scores((0, 0), 10, 0.9, 0.9), scores((1, 8), 60, 0.1, 0.3), scores((1, 4), 50, 0.3, 0.1)]
    costs = {one.size: 1.0 for one in table}
    for name in ("best", "one_standard_error", "within_percent", "budget"):
        for order in (table, table[::-1]):
            assert rules.choose(order, rule(name), costs).chosen.size == Size(1, 4)


def test_of_equal_parameters_the_lowest_score_wins_then_the_fewest_layers() -> None:
    table = [scores((0, 0), 10, 0.9, 0.9), scores((2, 2), 50, 0.2, 0.2), scores((1, 4), 50, 0.2, 0.2)]
    for order in (table, table[::-1]):
        assert rules.choose(order, rule("one_standard_error"), NO_COSTS).chosen.size == Size(1, 4)
    table[1] = scores((2, 2), 50, 0.19, 0.19)
    assert rules.choose(table, rule("within_percent", percent=50), NO_COSTS).chosen.size == Size(2, 2)


@pytest.mark.parametrize("unit", ["parameters", "bytes", "milliseconds"])
def test_a_budget_that_no_size_keeps_is_refused_with_the_cheapest(unit: str) -> None:
    costs = {one.size: one.parameters / 2 for one in TABLE}
    with pytest.raises(InputError, match=rf"^choose\.limit: no size costs at most 49 {unit}; the cheapest costs 50"):
        rules.choose(TABLE, rule("budget", budget=unit, limit=49), costs)


@pytest.mark.parametrize("table", [[], TABLE[1:]])
def test_without_zero_cells_there_is_nothing_to_compare_with(table: list[Scores]) -> None:
    with pytest.raises(InputError, match="no zero-cell row"):
        rules.choose(table, rule("best"), NO_COSTS)


def test_zero_cells_alone_are_chosen_for_want_of_others() -> None:
    decision = rules.choose(TABLE[:1], rule("one_standard_error"), NO_COSTS)
    assert decision.chosen.size == ZERO
    assert (decision.larger, decision.larger_probability) == (None, None)
    assert decision.reason.endswith("No larger size was tried.")


def test_the_probability_is_that_of_the_most_promising_larger_size() -> None:
    decision = rules.choose(TABLE, rule("one_standard_error", margin=0.0, least_margin=1e-12), NO_COSTS)
    # 1x16 against 1x32: 0.01 / 0.02708 = 0.369 standard errors; t(3) is below it with probability 0.632.
    # 2x16: 0.005, less.
    assert decision.larger is not None
    assert decision.larger.size == Size(1, 32)
    assert decision.larger_probability is not None
    assert decision.larger_probability == pytest.approx(0.632, abs=2e-3)
    tolerant = rules.choose(TABLE, rule("one_standard_error", margin=5.0), NO_COSTS)
    assert tolerant.larger_probability is not None
    assert tolerant.larger_probability < decision.larger_probability


def test_a_larger_size_that_is_surely_better_is_named_as_such() -> None:
    costs = {one.size: float(one.parameters) for one in TABLE}
    reason = rules.choose(TABLE, rule("budget", limit=100.0), costs).reason
    # 1x32 and 2x16 are better by 0.2 and 0.195 on every fold; of equal probabilities the fewest parameters count.
    assert reason.endswith("2 layers of 16 memory cells is the likeliest to be better by more than 1 %: almost surely.")


def test_the_reason_says_how_far_the_next_smaller_size_is_behind() -> None:
    assert "The next smaller size" not in rules.choose(TABLE[:2], rule("best"), NO_COSTS).reason
    reason = rules.choose(TABLE, rule("best"), NO_COSTS).reason
    behind = compare(next(one for one in TABLE if one.size == Size(2, 16)), rules.lowest(TABLE))
    expected = f"2 layers of 16 memory cells, is {with_error(behind.mean, behind.standard_error)} behind the best. "
    assert f"The next smaller size tried, {expected}" in reason


def test_the_best_is_not_called_the_next_smaller_size_behind_itself() -> None:
    # Milliseconds do not grow with parameters: here 1x4, which is best, is too slow for the budget.
    table = [TABLE[0], scores((1, 4), 200, 0.1, 0.5, 0.3, 0.3), TABLE[2]]
    costs = {ZERO: 1.0, Size(1, 4): 9.0, Size(1, 16): 2.0}
    decision = rules.choose(table, rule("budget", budget="milliseconds", limit=5.0), costs)
    assert (decision.chosen.size, decision.best.size) == (Size(1, 16), Size(1, 4))
    assert "The next smaller size" not in decision.reason


def test_only_larger_sizes_count_in_the_probability() -> None:
    # 1x16 has a chance of being better than the largest, 1x32; it is not larger.
    decision = rules.choose(TABLE, rule("best", margin=0.0, least_margin=1e-12), NO_COSTS)
    assert decision.chosen.size == Size(1, 32)
    assert (decision.larger, decision.larger_probability) == (None, None)
    assert decision.reason.endswith("No larger size was tried.")


def test_the_reason_names_the_rule_the_sizes_and_the_figures() -> None:
    reason = rules.choose(TABLE, rule("one_standard_error"), NO_COSTS).reason
    for words in (
        "Of 5 sizes tried, 1 layer of 16 memory cells is the smallest within one standard error of the best.",
        "The best, 1 layer of 32 memory cells, scores 0.400 against 0.410: ",
        "a difference of 0.010 with a standard error of 0.027, paired over 4 folds",
        "Without memory cells the score is 0.600: 0.190 ±",
        "Of the larger sizes tried, 1 layer of 32 memory cells is the likeliest to be better by more than",
    ):
        assert words in reason


def choice(name: str, budget: Budget | None = None) -> Choice:
    """A choice of which only rule and budget are read."""
    return Choice.model_construct(rule=name, budget=budget)


@pytest.mark.parametrize("name", get_args(Rule))
def test_every_rule_has_its_sentence_for_the_report(name: str) -> None:
    sentence = rules.sentence(choice(name))
    assert sentence.startswith("The answer is the ")
    assert sentence.endswith(".")
    assert [rules.sentence(choice(other)) for other in get_args(Rule)].count(sentence) == 1


def test_the_sentence_of_a_budget_says_what_the_choice_costs_of_it() -> None:
    budget = Budget(unit="parameters", limit=10_000, cost=4_680)
    assert rules.sentence(choice("budget", budget)) == (
        "The answer is the best size at no more than 10,000 parameters (rule: budget); it has 4,680."
    )


@pytest.mark.parametrize(
    ("size", "words"),
    [(ZERO, "no memory cells"), (Size(1, 1), "1 layer of 1 memory cell"),
     (Size(2, 16), "2 layers of 16 memory cells"), (Size(0, 1), "an MLP of 1 hidden unit"),
     (Size(0, 16), "an MLP of 16 hidden units")],
)  # fmt: skip
def test_a_size_in_words(size: Size, words: str) -> None:
    assert rules.describe(size) == words


@st.composite
def tables(draw: st.DrawFn) -> list[Scores]:
    folds = draw(st.integers(2, 6))
    level = st.lists(st.floats(0.01, 2), min_size=folds, max_size=folds)
    sizes = draw(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 64)), max_size=6, unique=True))
    ratio = draw(st.floats(0.05, 1))
    # The linear skip connection makes zero cells have more parameters than some cells beside nothing.
    zero = scores((0, 0), draw(st.sampled_from([10, 60])), *draw(level), ratio=ratio)
    return [zero] + [scores(size, 10 + draw(st.integers(1, 100)), *draw(level), ratio=ratio) for size in sizes]


@settings(max_examples=50, deadline=None)
@given(table=tables(), percent=st.floats(0, 100))
def test_no_rule_returns_what_it_promises_not_to(table: list[Scores], percent: float) -> None:
    best = rules.lowest(table)
    chosen, near = rules.one_standard_error(table), rules.near_best(table)
    assert extent(near) <= extent(best)
    assert near.mean <= best.mean + compare(near, best).standard_error + 1e-12
    assert extent(chosen) <= extent(near)
    assert chosen.mean <= near.mean
    for one in table:
        if extent(one) < extent(chosen):
            assert compare(one, best).mean > compare(one, best).standard_error
            assert one.mean > chosen.mean
    assert rules.within_percent(table, percent).mean <= best.mean * (1 + percent / 100)
    assert rules.within_percent(table, 0).mean == best.mean


@settings(max_examples=50, deadline=None)
@given(table=tables(), limit=st.floats(1, 200))
def test_a_budget_is_kept_and_nothing_affordable_is_better(table: list[Scores], limit: float) -> None:
    costs = {one.size: float(one.parameters) for one in table}
    affordable = [one for one in table if one.parameters <= limit]
    if not affordable:
        with pytest.raises(InputError):
            rules.within_budget(table, costs, limit, "parameters")
        return
    best = rules.within_budget(table, costs, limit, "parameters")
    assert best.parameters <= limit
    assert best.mean == min(one.mean for one in affordable)


@settings(max_examples=50, deadline=None)
@given(table=tables(), name=st.sampled_from(["one_standard_error", "best", "within_percent"]), data=st.data())
def test_the_choice_does_not_depend_on_the_order_of_the_table(
    table: list[Scores], name: str, data: st.DataObject
) -> None:
    other = data.draw(st.permutations(table))
    first, second = (rules.choose(one, rule(name), NO_COSTS) for one in (table, other))
    assert first.chosen.size == second.chosen.size
    assert first.reason == second.reason
    assert first.larger_probability is None or 0 <= first.larger_probability <= 1


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.798, "79 %"), (0.8, "80 %"), (0.804, "80 %"), (0.203, "21 %"), (0.2, "20 %"), (0.57, "57 %"), (0.29, "29 %"),
     (1.0, "over 99 %"), (0.0, "under 1 %")],
)  # fmt: skip
def test_a_probability_is_not_rounded_to_the_limit_that_it_misses(probability: float, words: str) -> None:
    assert rules.in_percent(probability) == words
