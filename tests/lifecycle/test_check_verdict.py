"""What a check comes to, in words and as an exit status."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cellsize.lifecycle import check_verdict, unpaired
from cellsize.lifecycle.block_losses import BlockLosses
from cellsize.lifecycle.check_verdict import CheckResult
from cellsize.lifecycle.shift import Shift

CALM = Shift("x", 0.1, 0.02, 0.11, 0.03, (0.1, 0.12), 0.5, 1.0)
SHIFTED = replace(CALM, column="y", ks=0.6, psi=1.0, p=0.0001, adjusted=0.0002)


def losses(mean: float, blocks: int, inside: float = 0.9, naive: float = 1.0) -> BlockLosses:
    count = np.full(blocks, 10)
    held = np.full((3, blocks), 100 * inside)
    return BlockLosses(count, np.full((1, blocks), 10 * mean), np.full(blocks, 10 * naive), 10 * count, held)


def result(new: BlockLosses, holdout: BlockLosses | None, *shifts: Shift, **changes: Any) -> CheckResult:
    plain = CheckResult(
        name="load", version="7", data="new.csv", first="2026-02-01", last="2026-02-09", rows=200, unknown=(),
        taken_as_new=False, steps=24, new=new, holdout=holdout, metric="nmse",
        compared=None if holdout is None else unpaired.compare(new, holdout), shifts=shifts,
        compared_steps=192, windows=12, no_inputs="",
    )  # fmt: skip
    return replace(plain, **changes)


AS_BEFORE = result(losses(1.0, 8), losses(1.0, 20), CALM)
CASES = [
    ("as before", 0, AS_BEFORE, "As before: the error on the new rows is 0 % higher than on the holdout, within"),
    ("inputs shifted", 3, replace(AS_BEFORE, shifts=(CALM, SHIFTED)), "Inputs shifted: y is unlike what the model has"),
    ("worse", 4, result(losses(1.5, 8), losses(1.0, 20), CALM), "Worse: the error on the new rows is 50 % higher than"),
    ("worse", 4, result(losses(1.5, 8), losses(1.0, 20), SHIFTED), "Worse: "),
    ("cannot tell", 5, result(losses(9.0, 3), losses(1.0, 20), CALM), "Cannot tell: the new rows hold 3 of at least 4"),
    ("cannot tell", 5, result(losses(9.0, 9), losses(1.0, 2), CALM), "Cannot tell: the holdout holds 2 of at least 4"),
    ("cannot tell", 5, result(losses(9.0, 9), None), "Cannot tell: version 7 was registered before cellsize kept what"),
    ("inputs shifted", 3, result(losses(9.0, 3), losses(1.0, 20), SHIFTED), "Inputs shifted: y is unlike"),
]


@pytest.mark.parametrize(("expected", "status", "case", "words"), CASES)
def test_the_error_counts_first_then_the_inputs(expected: str, status: int, case: CheckResult, words: str) -> None:
    assert case.verdict == expected
    assert check_verdict.STATUS[case.verdict] == status
    assert check_verdict.headline(case).startswith(words)
    said = check_verdict.lines(case)
    assert all(line and "\n" not in line and line == line.strip() for line in said)
    assert said[0].startswith("load, version 7: 200 new rows of new.csv, from 2026-02-01 to 2026-02-09")
    assert said[-1] == check_verdict.advice(case)


def test_an_error_that_could_be_anything_is_no_error_as_before() -> None:
    new = losses(1.3, 4)
    new = replace(new, losses=np.array([[2.0, 26.0, 4.0, 20.0]]))
    case = result(new, losses(1.0, 20), CALM)
    assert case.verdict == "cannot tell"
    assert "the error may be anything from" in check_verdict.headline(case)


def test_every_status_is_another_and_none_is_that_of_bad_input_or_of_a_wrong_command() -> None:
    assert len(set(check_verdict.STATUS.values())) == 4
    assert not {1, 2, 130} & set(check_verdict.STATUS.values())


def test_where_the_seasonal_naive_forecast_is_as_much_worse_training_may_not_help() -> None:
    harder = result(losses(1.5, 8, naive=1.5), losses(1.0, 20), CALM)
    assert "may not help" in check_verdict.advice(harder)
    assert "may not help" not in check_verdict.advice(CASES[2][2])


def test_intervals_that_hold_less_than_before_and_than_they_promise_are_called_too_narrow() -> None:
    narrow = result(losses(1.0, 8, inside=0.7), losses(1.0, 20), CALM)
    assert check_verdict.coverage_in_words(narrow.new, narrow.holdout)[1] == (
        "Intervals of 90 % hold 70 % (70 to 70 % with a probability of 90 %); on the holdout 90 %: too narrow now."
    )
    assert not any(
        "too narrow" in line for line in check_verdict.coverage_in_words(AS_BEFORE.new, AS_BEFORE.holdout)[:2]
    )
    without = replace(AS_BEFORE, new=replace(AS_BEFORE.new, inside=np.full((3, 8), np.nan)))
    assert check_verdict.coverage_in_words(without.new, without.holdout) == []


def test_inputs_that_could_not_be_compared_and_new_series_are_said() -> None:
    case = replace(AS_BEFORE, shifts=(), no_inputs="the new rows are fewer than 24 steps", unknown=("west",))
    said = check_verdict.lines(case)
    assert "Inputs were not compared: the new rows are fewer than 24 steps." in said
    assert any(line.endswith("series west.") for line in said)
    assert not any("counted" in line for line in said)
    assert check_verdict.TAKEN_AS_NEW in check_verdict.lines(replace(AS_BEFORE, taken_as_new=True))
    many = tuple(replace(SHIFTED, column=f"c{number}") for number in range(8))
    assert "c0, c1, c2, c3, c4 and 3 more are unlike" in check_verdict.headline(replace(AS_BEFORE, shifts=many))
