"""What a choice's reader must know of how the search ended."""

from typing import Any

import numpy as np
import pytest

from cellsize.sizing import caveats
from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size

GRID = [ZERO, Size(1, 4), Size(1, 8), Size(1, 16), Size(2, 4), Size(2, 8)]
GUESS = Size(1, 100)
FOLDS = np.array([0.3, 0.1, 0.2])
TRIED = (ZERO, Size(1, 4), Size(1, 8), Size(2, 4))


def content(*ladder: Size, grid: list[Size] = GRID) -> dict[str, Any]:
    """What remarks read of `candidates.json`."""
    return {
        "candidates": [{**vars(size), "on_grid": size in grid, "guessed": size == GUESS} for size in [*grid, GUESS]],
        "alpha_ladder": [vars(size) for size in ladder],
    }


def scores(size: Size, *gaps: float) -> Scores:
    """Validation above training by so much on each fold."""
    return Scores(size, 10, FOLDS, FOLDS - np.array(gaps or (0.0, 0.0, 0.0)), 0.25)


def tried(*sizes: Size) -> dict[Size, Scores]:
    return {size: scores(size) for size in sizes}


@pytest.mark.parametrize(
    ("procedure", "best", "expected"),
    [
        (
            "climb",
            Size(1, 8),
            "with 1 layer: search.patience and search.cost_limit end the search there, and a larger one",
        ),
        (
            "climb",
            Size(2, 4),
            "with 2 layers: search.patience and search.cost_limit end the search there, and a larger",
        ),
        ("random", Size(1, 8), "with 1 layer: no larger one was drawn, and a larger one may be better still."),
        ("alpha", Size(1, 8), "with 1 layer: the ladder begins there, and a larger one may be better still."),
    ],
)
def test_a_search_that_ended_with_the_best_size_as_its_largest_says_so(
    procedure: str, best: Size, expected: str
) -> None:
    told = caveats.open_end(best, tried(*TRIED), content(Size(1, 8), Size(1, 4)), procedure)
    assert told.startswith("The best size is the largest that was tried ")
    assert expected in told


@pytest.mark.parametrize("procedure", ["climb", "grid", "random"])
def test_where_the_grid_itself_ends_the_grid_is_named(procedure: str) -> None:
    told = caveats.open_end(Size(1, 16), tried(*GRID), content(), procedure)
    assert told.endswith("with 1 layer: the grid has no larger one, and a larger one may be better still.")


@pytest.mark.parametrize("procedure", list(caveats.ENDS))
def test_there_is_nothing_to_say_if_a_larger_size_was_tried_or_none_is_needed(procedure: str) -> None:
    found = content(Size(1, 8), Size(1, 4))
    assert caveats.open_end(Size(1, 4), tried(*TRIED), found, procedure) == ""
    assert caveats.open_end(ZERO, tried(*TRIED), found, procedure) == ""


@pytest.mark.parametrize("procedure", ["climb", "grid", "random"])
def test_a_rule_of_thumbs_size_says_nothing_of_how_the_search_ended(procedure: str) -> None:
    beside = caveats.open_end(Size(1, 8), tried(*TRIED, GUESS), content(), procedure)
    assert beside == caveats.open_end(Size(1, 8), tried(*TRIED), content(), procedure) != ""
    told = caveats.open_end(GUESS, tried(*TRIED, GUESS), content(), procedure)
    assert told.startswith(f"The best size is a rule of thumb's, to which {procedure} did not come")


@pytest.mark.parametrize("best", [Size(1, 4), Size(1, 32)])
def test_a_step_of_the_grid_beyond_the_climbs_end_is_none_of_its_steps(best: Size) -> None:
    # A rule of thumb asked for 32 units, and the climb had ended before 16.
    grid = [*GRID, Size(1, 32)]
    told = caveats.open_end(best, tried(ZERO, Size(1, 4), Size(1, 32)), content(grid=grid), "climb")
    rule, end = "The best size is a rule of thumb's", "The best size is the largest that was tried with 1 layer"
    assert told.startswith(end if best == Size(1, 4) else rule)


@pytest.mark.parametrize("procedure", ["climb", "grid", "random"])
def test_the_best_size_having_as_many_layers_as_are_allowed_is_said(procedure: str) -> None:
    told = caveats.open_end(Size(2, 4), tried(*GRID), content(), procedure)
    assert told == "The best size has as many layers as propose.layers allows, and a deeper one may be better still."
    assert caveats.open_end(Size(2, 4), tried(*GRID), content(grid=[*GRID, Size(3, 4)]), procedure) == ""
    # Who allows one layer alone wants no other.
    assert caveats.open_end(Size(1, 4), tried(*GRID[:4]), content(grid=GRID[:4]), procedure) == ""


def test_a_rule_of_thumbs_size_on_the_ladder_of_alpha_is_a_step_of_it() -> None:
    told = caveats.open_end(GUESS, tried(ZERO, GUESS), content(GUESS), "alpha")
    assert told.startswith("The best size is the largest that was tried with 1 layer: the ladder begins there")


def test_a_choice_that_is_within_its_error_only_because_it_is_uneven_is_named_with_its_fold() -> None:
    best = Scores(Size(1, 8), 80, np.array([0.2, 0.2, 0.2]), FOLDS, 0.25)
    uneven = Scores(Size(1, 4), 40, np.array([0.2, 0.92, 0.2]), FOLDS, 0.25)
    assert caveats.uneven(uneven, best).startswith(
        "The choice is 120 % worse than the best, and within its error only because that is wide: in fold 2 it scores "
        "0.9200 against 0.2000."
    )
    assert caveats.uneven(Scores(Size(1, 4), 40, best.folds * 1.09, FOLDS, 0.25), best) == ""
    assert caveats.uneven(best, best) == ""
    # A smaller size than the one within its error is chosen for its mean, not for a wide error.
    assert caveats.uneven(Scores(Size(1, 4), 40, best.folds + 0.2, FOLDS, 0.25), best) == ""
    assert "seeds" in caveats.uneven(uneven, best)
    assert "seeds" not in caveats.uneven(Scores(ZERO, 4, uneven.folds, FOLDS, 0.25), best)


def test_alpha_says_at_which_size_overfitting_ended() -> None:
    ladder = content(Size(1, 16), Size(1, 8), Size(1, 4))
    found = {
        ZERO: scores(ZERO),
        Size(1, 16): scores(Size(1, 16), 0.2, 0.2, 0.2),
        # Mean 0.02, variance 0.0003, error √((1/3 + 1/4) · 0.0003) = 0.0132: not more than two of them.
        Size(1, 8): scores(Size(1, 8), 0.0, 0.03, 0.03),
        # Trained as a guess: the procedure had ended before.
        Size(1, 4): scores(Size(1, 4)),
    }
    assert caveats.overfitting(found, ladder) == (
        "The α procedure went from 16 to 8 memory cells. With 8 the training error is 0.0200 below the validation "
        "error, with a standard error of 0.0132: no significant overfitting."
    )


def test_alpha_says_so_if_the_smallest_size_still_overfits() -> None:
    found = {ZERO: scores(ZERO), Size(1, 16): scores(Size(1, 16), 0.2, 0.2, 0.2)}
    told = caveats.overfitting(found, content(Size(1, 16)))
    assert told.startswith("The α procedure began and ended with 16 memory cells. With 16 the training error")
    assert told.endswith("it still overfits there, at the largest α.")


def test_a_training_error_above_the_validation_error_is_no_overfitting() -> None:
    found = {ZERO: scores(ZERO), Size(1, 16): scores(Size(1, 16), -0.2, -0.2, -0.2)}
    told = caveats.overfitting(found, content(Size(1, 16), Size(1, 8)))
    assert "the training error is 0.2000 above the validation error" in told
    assert told.endswith("no significant overfitting.")
