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
