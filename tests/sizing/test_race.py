"""How many settings race and run to the end."""

from collections.abc import Callable
from typing import Any

import pytest

from cellsize.params import Network, Training
from cellsize.sizing.race import families, finalists, settings
from cellsize.sizing.sizes import Size
from tests.sizing.conftest import NETWORK

BOTH = NETWORK.model_copy(update={"skip": ("none", "joint"), "head": ("plain", "mixed")})


@pytest.mark.parametrize(
    ("skip", "expected"),
    [
        (["none"], [("none",)]),
        (["joint"], [("joint",)]),
        (["joint", "linear"], [("joint", "linear")]),
        (["none", "joint"], [("none",), ("joint",)]),
        (["linear", "none", "joint"], [("none",), ("linear", "joint")]),
    ],
    ids=str,
)
def test_settings_with_a_linear_skip_connection_race_apart_from_those_without(
    skip: list[str], expected: list[tuple[str, ...]]
) -> None:
    assert families(Network.model_validate(NETWORK.model_dump() | {"skip": skip})) == expected


def test_an_mlp_has_no_head_to_choose(params_content: Callable[[], dict[str, Any]]) -> None:
    plain = params_content()["search"]["training"] | {"learning_rates": [1e-3, 2e-3, 3e-3]}
    training = Training.model_validate(plain)
    assert settings(BOTH, training, Size(0, 2)) == 2 * 3
    assert settings(BOTH, training, Size(1, 2)) == 2 * 2 * 3


@pytest.mark.parametrize(
    ("families", "settings", "expected"), [(2, 24, 2), (2, 2, 2), (1, 24, 2), (1, 2, 2), (1, 1, 1)]
)
def test_two_settings_of_each_fold_run_to_the_end(families: int, settings: int, expected: int) -> None:
    assert finalists(families, settings) == expected
