"""A choice and its parts."""

from cellsize.sizing.choice_records import Budget, Choice, Ladder, LargerSize, ScoredSize, UndecidedSize
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.sizes import ZERO, Size
from tests.sizing.artefact_examples import CHOICE, RECIPE, SCORED


def test_a_choice_has_its_parts_and_its_recipe() -> None:
    choice = Choice.model_validate(CHOICE)
    assert choice.recipe == Recipe.model_validate(RECIPE)
    assert choice.size == Size(1, 4)
    assert choice.zero_cells.size == ZERO
    assert choice.best == ScoredSize.model_validate(SCORED)
    assert choice.larger == LargerSize(layers=1, units=8, margin=0.004, probability=0.61)
    assert choice.undecided_sizes == (UndecidedSize(layers=0, units=0, probability=0.4),)
    assert choice.budget == Budget(unit="bytes", limit=1000.0, cost=240.0)


def test_a_ladder_has_the_score_of_the_size_that_is_chosen_of_it() -> None:
    steps = [SCORED | {"units": units, "score": score, "recurrent": 45, "difference": 0.0, "difference_se": 0.0}
             for units, score in ((2, 0.5), (4, 0.3), (8, 0.2))]  # fmt: skip
    ladder = Ladder.model_validate({"layers": 1, "units": 4, "kind": "plain", "steps": steps})
    assert (ladder.score, ladder.score_se) == (0.3, 0.01)
