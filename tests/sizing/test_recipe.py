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
    assert recipe.trains_as(recipe.model_copy(update={"early_stopping_score": 0.2}))
    assert not recipe.trains_as(recipe.model_copy(update={"steps": recipe.steps + 1}))


def test_a_recipe_of_before_says_nothing_of_what_its_training_should_reach() -> None:
    old = {key: value for key, value in RECIPE.items() if key != "early_stopping_score"}
    assert Recipe.model_validate(old).early_stopping_score is None
