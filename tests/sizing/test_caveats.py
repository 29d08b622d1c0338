"""What a choice's reader must know of how the search ended."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest

from cellsize.params import Params, Procedure
from cellsize.sizing import caveats
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.climb import Cut
from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size
from tests.sizing.conftest import candidate, candidates

GRID = [ZERO, Size(1, 4), Size(1, 8), Size(1, 16), Size(2, 4), Size(2, 8)]
GUESS = Size(1, 100)
FOLDS = np.array([0.3, 0.1, 0.2])
TRIED = (ZERO, Size(1, 4), Size(1, 8), Size(2, 4))


def proposed(*ladder: Size, grid: list[Size] = GRID) -> Candidates:
    """The grid, one guess, and the ladder of the α procedure."""
    listed = [candidate(size, on_grid=size in grid, guessed=size == GUESS) for size in [*grid, GUESS]]
    return candidates(listed, [candidate(size) for size in ladder])


def tried(*sizes: Size) -> dict[Size, Scores]:
    return {size: Scores(size, 10, 10, FOLDS[:, None], FOLDS[:, None], 0.25) for size in sizes}


@pytest.mark.parametrize(
    ("procedure", "best", "expected"),
    [
        (
            "climb",
            Size(1, 8),
            "with 1 layer: search.patience or search.work_limit ended the ladder there, and a larger one",
        ),
        (
            "climb",
            Size(2, 4),
            "with 2 layers: search.patience or search.work_limit ended the ladder there, and a larger",
        ),
        ("random", Size(1, 8), "with 1 layer: no larger one was drawn, and a larger one may be better still."),
        ("alpha", Size(1, 8), "with 1 layer: the ladder begins there, and a larger one may be better still."),
    ],
)
def test_a_search_that_ended_with_the_best_size_as_its_largest_says_so(
    procedure: Procedure, best: Size, expected: str
) -> None:
    sentence = caveats.open_end(best, tried(*TRIED), proposed(Size(1, 8), Size(1, 4)), procedure)
    assert sentence.startswith("The best size is the largest that was tried ")
    assert expected in sentence


@pytest.mark.parametrize("procedure", ["climb", "grid", "random"])
def test_where_the_grid_itself_ends_the_grid_is_named(procedure: Procedure) -> None:
    sentence = caveats.open_end(Size(1, 16), tried(*GRID), proposed(), procedure)
    assert sentence.endswith("with 1 layer: the grid has no larger one, and a larger one may be better still.")


@pytest.mark.parametrize("procedure", get_args(Procedure))
def test_there_is_nothing_to_say_if_a_larger_size_was_tried_or_none_is_needed(procedure: Procedure) -> None:
    listed = proposed(Size(1, 8), Size(1, 4))
    assert caveats.open_end(Size(1, 4), tried(*TRIED), listed, procedure) == ""
    assert caveats.open_end(ZERO, tried(*TRIED), listed, procedure) == ""
    assert caveats.open_end(Size(0, 64), tried(*TRIED, Size(0, 64)), listed, procedure) == ""


@pytest.mark.parametrize("procedure", ["climb", "grid", "random"])
def test_a_rule_of_thumbs_size_says_nothing_of_how_the_search_ended(procedure: Procedure) -> None:
    with_guess = caveats.open_end(Size(1, 8), tried(*TRIED, GUESS), proposed(), procedure)
    assert with_guess == caveats.open_end(Size(1, 8), tried(*TRIED), proposed(), procedure) != ""
    sentence = caveats.open_end(GUESS, tried(*TRIED, GUESS), proposed(), procedure)
    assert sentence.startswith(f"The best size is a rule of thumb's, to which {procedure} did not come")


@pytest.mark.parametrize("best", [Size(1, 4), Size(1, 32)])
def test_a_step_of_the_grid_beyond_the_climbs_end_is_none_of_its_steps(best: Size) -> None:
    # A rule of thumb asked for 32 units, and the climb had ended before 16.
    grid = [*GRID, Size(1, 32)]
    sentence = caveats.open_end(best, tried(ZERO, Size(1, 4), Size(1, 32)), proposed(grid=grid), "climb")
    rule, end = "The best size is a rule of thumb's", "The best size is the largest that was tried with 1 layer"
    assert sentence.startswith(end if best == Size(1, 4) else rule)


@pytest.mark.parametrize("procedure", ["climb", "grid", "random"])
def test_the_best_size_having_as_many_layers_as_are_allowed_is_said(procedure: Procedure) -> None:
    sentence = caveats.open_end(Size(2, 4), tried(*GRID), proposed(), procedure)
    assert (
        sentence == "The best size has as many layers as propose.layers allows, and a deeper one may be better still."
    )
    assert caveats.open_end(Size(2, 4), tried(*GRID), proposed(grid=[*GRID, Size(3, 4)]), procedure) == ""
    # Who allows one layer alone wants no other.
    assert caveats.open_end(Size(1, 4), tried(*GRID[:4]), proposed(grid=GRID[:4]), procedure) == ""


def test_a_rule_of_thumbs_size_on_the_ladder_of_alpha_is_a_step_of_it() -> None:
    sentence = caveats.open_end(GUESS, tried(ZERO, GUESS), proposed(GUESS), "alpha")
    assert sentence.startswith("The best size is the largest that was tried with 1 layer: the ladder begins there")


def test_no_memory_cells_are_in_doubt_if_a_size_learns_now_and_then() -> None:
    # The one that learns most often is named; one that never learns is too small, an MLP has no memory.
    rates = {Size(0, 16): 0.5, Size(1, 1): 1.0, Size(1, 8): 0.9, Size(1, 32): 0.25}
    assert caveats.unreliable(ZERO, rates) == (
        "Memory cells cannot be ruled out: 1 layer of 32 memory cells failed in 25 % of the trainings, and not in the "
        "others. Raise search.training.seeds, or search.minimum_units for larger sizes; where the same folds fail with "
        "every seed, more rows are needed."
    )
    assert caveats.unreliable(Size(0, 16), rates) == caveats.unreliable(ZERO, rates)


@pytest.mark.parametrize("rates", [{}, {Size(1, 1): 1.0, Size(1, 8): 0.0}, {Size(0, 16): 0.5}])
def test_there_is_no_doubt_about_no_memory_cells_if_every_size_always_learns_or_never(rates: dict[Size, float]) -> None:
    assert caveats.unreliable(ZERO, rates) == ""


def test_a_choice_with_memory_cells_is_named_as_unreliable_for_its_own_trainings_alone() -> None:
    rates = {Size(1, 4): 0.2, Size(1, 8): 0.0, Size(1, 16): 0.5}
    assert caveats.unreliable(Size(1, 4), rates) == (
        "The choice trains unreliably: 20 % of its trainings failed; raise search.training.seeds."
    )
    assert caveats.unreliable(Size(1, 8), rates) == ""


def test_an_mlp_most_of_whose_trainings_failed_is_a_choice_with_a_caution() -> None:
    # On 144 months an MLP of 64 was the answer with 72 % of its trainings failed, and nothing was said.
    rates = {Size(0, 16): 0.875, Size(0, 64): 0.725, Size(1, 1): 1.0, Size(1, 2): 0.6, Size(1, 4): 0.1}
    assert caveats.learnt_little(Size(0, 64), rates) == (
        "The choice trains unreliably: an MLP of 64 hidden units learnt hardly more than a linear model in 72 % of the "
        "trainings. So did memory cells, in 60 to 100 % of theirs. Raise search.training.seeds or "
        "search.training.steps."
    )
    assert "cells" not in caveats.learnt_little(Size(0, 64), {Size(0, 64): 0.5})
    assert caveats.learnt_little(Size(0, 64), {Size(0, 64): 0.4, Size(1, 1): 1.0}) == ""
    assert caveats.learnt_little(ZERO, rates) == caveats.learnt_little(Size(1, 1), rates) == ""


def test_a_choice_that_is_within_its_standard_error_only_because_it_is_uneven_is_named_with_its_fold() -> None:
    best = Scores(Size(1, 8), 80, 80, np.array([[0.2], [0.2], [0.2]]), FOLDS[:, None], 0.25)
    uneven = Scores(Size(1, 4), 40, 40, np.array([[0.2], [0.92], [0.2]]), FOLDS[:, None], 0.25)
    assert caveats.uneven(uneven, best).startswith(
        "The choice is 120 % worse than the best, and within its standard error only because that is wide: in fold 2 "
        "it scores 0.92 against 0.20."
    )
    assert caveats.uneven(Scores(Size(1, 4), 40, 40, best.trainings * 1.09, FOLDS[:, None], 0.25), best) == ""
    assert caveats.uneven(best, best) == ""
    # A smaller size than the one within its standard error is chosen for its mean, not for a wide standard error.
    assert caveats.uneven(Scores(Size(1, 4), 40, 40, best.trainings + 0.2, FOLDS[:, None], 0.25), best) == ""
    assert "seeds" in caveats.uneven(uneven, best)
    assert "seeds" not in caveats.uneven(Scores(ZERO, 0, 4, uneven.trainings, FOLDS[:, None], 0.25), best)


def test_sizes_below_a_large_one_that_the_work_limit_left_out_are_named_with_the_limit_for_all(
    params_content: Callable[[], dict[str, Any]],
) -> None:
    content = params_content()
    content["search"] |= {"procedure": "climb", "work_limit": 1.0}
    search = Params.model_validate(content).search
    listed = candidates([candidate(size, window_work=10**9) for size in GRID])
    below = [Cut(size, was_helping=False, is_below=True) for size in (Size(1, 4), Size(1, 8))]
    sentence = caveats.cut_short(below, [ZERO, Size(1, 16)], listed, search)
    assert sentence.startswith(
        "search.work_limit: 1 (about 1 minute of one core) left out sizes below one that helped, which may be enough: "
        "1 layer of 4 memory cells and 1 layer of 8 memory cells; to try them, set search.work_limit: "
    )
    assert sentence.count("search.work_limit") == 2
    assert caveats.cut_short((), [ZERO], listed, search) == ""
