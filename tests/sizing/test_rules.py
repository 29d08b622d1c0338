"""From scores to a size: each rule on a table worked out by hand."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.errors import InputError
from cellsize.params import Rule
from cellsize.sizing import rules
from cellsize.sizing.choice_records import Budget, Choice
from cellsize.sizing.scores import Scores, compare, extent
from cellsize.sizing.sizes import ZERO, Size
from tests.sizing.score_tables import BY_HAND, NO_COSTS, TABLE, rule, scores, tables


@pytest.mark.parametrize(("name", "changes", "expected"), BY_HAND)
def test_each_rule_on_a_table_worked_out_by_hand(name: str, changes: dict[str, Any], expected: Size) -> None:
    costs = {one.size: float(one.parameters) for one in TABLE}
    for table in (TABLE, TABLE[::-1]):
        assert rules.apply(table, rule(name, **changes), costs).size == expected


def test_the_standard_error_of_the_difference_decides_and_not_that_of_the_scores() -> None:
    # The scores of 1x4 and of the best overlap widely; the paired difference does not.
    assert TABLE[1].mean - TABLE[4].mean < TABLE[4].standard_error
    difference = compare(TABLE[1], TABLE[4])
    assert (difference.mean, difference.standard_error) == pytest.approx((0.04, 0.00816), abs=1e-5)
    assert not rules.within_one_standard_error(TABLE[1], TABLE[4])
    difference = compare(TABLE[2], TABLE[4])
    assert (difference.mean, difference.standard_error) == pytest.approx((0.01, 0.02708), abs=1e-5)
    assert rules.within_one_standard_error(TABLE[2], TABLE[4])


def test_of_equal_scores_the_fewest_parameters_win() -> None:
    table = [scores((0, 0), 10, 0.9, 0.9), scores((1, 8), 60, 0.1, 0.3), scores((1, 4), 50, 0.3, 0.1)]
    costs = {one.size: 1.0 for one in table}
    for name in ("best", "one_standard_error", "within_percent", "budget"):
        for order in (table, table[::-1]):
            assert rules.apply(order, rule(name), costs).size == Size(1, 4)


def test_of_equal_parameters_the_lowest_score_wins_then_the_fewest_layers() -> None:
    table = [scores((0, 0), 10, 0.9, 0.9), scores((2, 2), 50, 0.2, 0.2), scores((1, 4), 50, 0.2, 0.2)]
    for order in (table, table[::-1]):
        assert rules.apply(order, rule("one_standard_error"), NO_COSTS).size == Size(1, 4)
    table[1] = scores((2, 2), 50, 0.19, 0.19)
    assert rules.apply(table, rule("within_percent", percent=50), NO_COSTS).size == Size(2, 2)


@pytest.mark.parametrize("unit", ["parameters", "bytes", "milliseconds"])
def test_a_budget_that_no_size_keeps_is_refused_with_the_cheapest(unit: str) -> None:
    costs = {one.size: one.parameters / 2 for one in TABLE}
    with pytest.raises(InputError, match=rf"^choose\.limit: no size costs at most 49 {unit}; the cheapest costs 50"):
        rules.apply(TABLE, rule("budget", budget=unit, limit=49), costs)


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
