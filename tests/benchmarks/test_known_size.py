"""Which choice counts as right where the truth is known: on invented scores."""

from typing import Any

import numpy as np
import pytest

from benchmarks import problems
from benchmarks.data import ROOT
from benchmarks.known_size import MAKERS, TRUE, judge, summarised
from cellsize.data import folds
from cellsize.data.folds import EARLY_STOPPING
from cellsize.params import load
from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size

UNITS = (1, 2, 4, 8, 16)


def problem(**changes: Any) -> problems.Problem:
    plain = {"name": "toy", "work": None, "units": UNITS, "layers": 1, "solved": None, "surely": None, "right": None}
    return problems.Problem(**{**plain, **changes})


def table(*means: float, uneven: tuple[int, ...] = ()) -> dict[Size, Scores]:
    """Zero cells, then one layer of 1, 2, 4, … units; differences are certain but for the uneven ones' units."""
    scores = {}
    for size, mean in zip([ZERO, *(Size(1, units) for units in UNITS)], means, strict=True):
        folds = mean + np.array([0.3, 0.1, 0.2]) + (size.units in uneven) * np.array([0.2, -0.2, 0.0])
        scores[size] = Scores(size, 10 * size.units, 10 * size.units + 1, folds[:, None], folds, 0.25)
    return scores


def test_where_no_cells_are_needed_only_no_cells_are_right() -> None:
    scores = table(0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
    assert judge(problem(right=0), scores[ZERO], scores)
    assert not judge(problem(right=0), scores[Size(1, 1)], scores)
    # An MLP has none either.
    mlp = Scores(Size(0, 16), 0, 99, scores[ZERO].trainings, scores[ZERO].folds, 0.25)
    assert judge(problem(right=0), mlp, {**scores, mlp.size: mlp})


@pytest.mark.parametrize(
    ("chosen", "right"),
    [(ZERO, False), (Size(1, 2), False), (Size(1, 4), True), (Size(1, 8), True), (Size(1, 16), False)],
)
def test_of_bits_a_choice_solves_the_problem_and_is_at_most_one_step_above_the_smallest_that_does(
    chosen: Size, right: bool
) -> None:
    # With the 0.2 that every fold has on average: 4 units are the smallest at or below the limit.
    scores = table(0.9, 0.8, 0.31, 0.3, 0.1, 0.0)
    assert judge(problem(solved=0.5), scores[chosen], scores) is right


def test_where_no_cells_solve_bits_only_no_cells_or_the_next_size_are_right() -> None:
    # A linear model of the window gives the bits back.
    scores = table(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert [size for size, tried in scores.items() if judge(problem(solved=0.5), tried, scores)] == [ZERO, Size(1, 1)]


def test_plain_networks_are_judged_among_themselves() -> None:
    # The same scores without zero cells: 4 units are the smallest that solve the bits.
    plain = {size: tried for size, tried in table(0.0, 0.8, 0.7, 0.1, 0.1, 0.1).items() if size.has_memory}
    right = [size.units for size, tried in plain.items() if judge(problem(solved=0.5), tried, plain)]
    assert right == [4, 8]


@pytest.mark.parametrize("name", list(MAKERS))
def test_a_problem_is_trained_with_the_shipped_defaults(name: str) -> None:
    # What is promised of the known problems is promised of the params.yaml that users begin with.
    shipped, made = load(ROOT / "params.yaml"), MAKERS[name](0)
    assert made.work.training == shipped.search.training
    assert made.work.network == shipped.propose.network
    assert made.mlp_units == shipped.propose.mlp_units
    early_stopping = (made.work.folds.labels == EARLY_STOPPING).sum(axis=1)
    expected = folds.split(made.work.windows, shipped.split.model_copy(update={"holdout": 0.1, "folds": 5, "scheme": (
        "shuffled" if name.startswith("recall") else "contiguous")}))  # fmt: skip
    assert early_stopping.tolist() == (expected.labels == EARLY_STOPPING).sum(axis=1).tolist()


def test_bits_that_no_size_solves_have_no_right_choice() -> None:
    scores = table(0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
    assert not any(judge(problem(solved=0.5), tried, scores) for tried in scores.values())


@pytest.mark.parametrize(
    ("chosen", "right"),
    [(ZERO, False), (Size(1, 1), False), (Size(1, 2), True), (Size(1, 4), True), (Size(1, 8), True),
     (Size(1, 16), False)],
)  # fmt: skip
def test_compared_with_a_teacher_a_choice_is_as_good_as_its_size_and_at_most_one_step_above_it(
    chosen: Size, right: bool
) -> None:
    # 2 units are a little worse than the teacher's 4, within their wide standard error.
    scores = table(0.9, 0.8, 0.45, 0.4, 0.3, 0.2, uneven=(2,))
    assert judge(problem(right=4), scores[chosen], scores) is right


def test_a_summary_counts_what_is_right_and_what_is_too_small_by_either_limit() -> None:
    def line(seed: int, climb: str, right: bool, agrees: bool) -> dict[str, Any]:
        return {
            "seed": seed, "grid": "1x4", "climb": climb, "right": True, "climb_right": right, "agrees": agrees,
            "scores": {"1x2": 0.4, "1x4": 0.2, "1x8": 0.1}, "solved_below": 0.3, "surely_solved_below": 0.15,
            "seconds": 1.0, "plain": "1x8", "plain_right": right, "plain_scores": {"1x8": 0.1},
        }  # fmt: skip

    measured = [line(20, "1x2", False, False), line(21, "1x4", True, True), line(22, "1x8", True, True)]
    summary = summarised("recall-1", measured)
    assert (summary["seeds"], summary["first_seed"], summary["right"], summary["grid_right"]) == (3, 20, 2, 3)
    assert (summary["too_small"], summary["too_small_by_half_the_limit"]) == (1, 2)
    assert (summary["climb_agrees"], summary["climb_is_the_same"]) == (2, 1)
    assert (summary["plain"], summary["plain_right"]) == (["1x8"] * 3, 2)
    assert summary["chosen"] == ["1x2", "1x4", "1x8"]
    unlimited = [
        {**record, "solved_below": None, "surely_solved_below": None, "plain_right": None} for record in measured
    ]
    assert summarised("linear", unlimited)["too_small"] is None
    assert summarised("linear", unlimited)["plain_right"] is None


@pytest.mark.parametrize("name", list(MAKERS))
def test_a_problem_is_made_from_its_seed_alone(name: str) -> None:
    first, again, other = MAKERS[name](3), MAKERS[name](3), MAKERS[name](4)
    np.testing.assert_array_equal(first.work.windows.target, again.work.windows.target)
    assert not np.array_equal(first.work.windows.target, other.work.windows.target)
    assert first.name == name
    assert first.work.folds.labels.shape == (5, len(first.work.windows.first))


def test_bits_are_solved_by_reading_off_their_signs_and_not_by_guessing_one_of_them() -> None:
    for bits in (1, 2, 4, 8):
        recalled = problems.recall(0, bits)
        variance = float(np.var(recalled.work.windows.target))
        assert recalled.solved is not None
        assert recalled.surely is not None
        # What is left of a bit that is known is its noise; of one that is not, its variance, 1, too.
        assert problems.NOISE**2 / variance < recalled.surely < recalled.solved < (problems.NOISE**2 + 1 / 8) / variance


def test_every_problem_says_what_is_right() -> None:
    assert set(TRUE) == set(MAKERS)
