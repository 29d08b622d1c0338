"""The gate for labelled sequences: who gets the alias."""

import pytest

from cellsize.evaluation import by_task
from cellsize.evaluation.class_gate import compared_with_trees, gate
from cellsize.params import Register
from tests.sizing.class_examples import comparison, errors, evaluation

BEAT = ("majority_class", "logistic_regression")


def register(*beat: str) -> Register:
    return Register(name="toy", beat=beat, margin=1.0, probability=0.9, not_worse=0.8, blocks=8)  # type: ignore[arg-type]


def test_a_model_that_beats_the_baselines_named_passes_where_there_is_no_champion() -> None:
    passed, reason = gate(evaluation(), register(*BEAT))
    assert (passed, reason) == (True, "no worse on the holdout than majority_class, logistic_regression")
    assert by_task.opens(evaluation(), register(*BEAT)) == (passed, reason)


def test_a_model_worse_than_one_baseline_is_refused_with_its_name_and_both_errors() -> None:
    passed, reason = gate(evaluation(model=errors(0.5)), register(*BEAT))
    assert not passed
    assert reason == "not better on the holdout than logistic_regression (normalised log loss 0.250 against 0.500)"
    assert gate(evaluation(model=errors(0.5)), register("majority_class"))[0]


def test_a_choice_without_memory_cells_is_not_worse_than_the_logistic_regression_that_it_is() -> None:
    assert gate(evaluation(model=errors(0.25 * (1 + 1e-8))), register(*BEAT))[0]


def test_against_the_champion_it_is_the_rule_of_forecasts() -> None:
    better = evaluation(comparison=comparison(better=0.97), champion_version="4")
    passed, reason = gate(better, register(*BEAT), champion="4")
    assert passed
    assert reason.endswith("better by 1 % than the champion, version 4, with probability 0.97 (normalised log loss "
                           "0.4100 against 0.4000 on 40 sequences in 20 groups)")  # fmt: skip
    assert not gate(evaluation(comparison=comparison(), champion_version="4"), register(*BEAT), champion="4")[0]
    smaller = comparison(smaller=True, not_worse=0.95)
    assert gate(evaluation(comparison=smaller, champion_version="4"), register(*BEAT), champion="4")[0]


def test_later_looks_at_the_same_sequences_ask_for_more() -> None:
    sure = evaluation(comparison=comparison(better=0.96), champion_version="4")
    assert gate(sure, register(*BEAT), champion="4", look=1)[0]
    assert not gate(sure, register(*BEAT), champion="4", look=2)[0]


@pytest.mark.parametrize("why", ["reads other columns, knows other classes, or has another window"])
def test_a_champion_that_cannot_be_measured_is_not_replaced(why: str) -> None:
    unmeasured = evaluation(champion_not_measured=why, champion_version="4")
    passed, reason = gate(unmeasured, register(*BEAT), champion="4")
    assert not passed
    assert why in reason


def test_boosted_trees_that_are_better_are_named_with_both_errors() -> None:
    assert compared_with_trees(evaluation()) == (False, "no better: 0.3 against 0.2")
    assert by_task.compared_with_trees(evaluation(model=errors(0.5))) == (True, "better: 0.3 against 0.5")
