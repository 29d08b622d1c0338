"""What the refit trains."""

import pytest

from cellsize.sizing.recipe import Recipe
from cellsize.sizing.sizes import Size
from tests.sizing.artefact_examples import RECIPE


def test_a_recipe_is_of_a_size_and_has_a_known_skip_connection_and_head() -> None:
    assert Recipe.model_validate(RECIPE).size == Size(1, 4)
    for key in ("skip", "head"):
        with pytest.raises(ValueError, match=key):
            Recipe.model_validate(RECIPE | {key: "other"})


def test_two_recipes_train_the_same_whatever_their_trainings_should_reach() -> None:
    recipe = Recipe.model_validate(RECIPE)
    looked_at = recipe.model_copy(update={"early_stopping_score": 0.2, "start_score": 0.4})
    assert looked_at.trains_as(looked_at.model_copy(update={"early_stopping_score": 0.3, "start_score": None}))
    assert not recipe.trains_as(recipe.model_copy(update={"steps": recipe.steps + 1}))


def test_a_recipe_of_before_says_nothing_of_what_its_training_should_reach() -> None:
    old = Recipe.model_validate(RECIPE)
    assert (old.early_stopping_score, old.start_score) == (None, None)
    # Nobody looked at what it trained: today's may be another network.
    assert not old.trains_as(old.model_copy(update={"early_stopping_score": 0.2}))
    assert old.trains_as(Recipe.model_validate(RECIPE))
