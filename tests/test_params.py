"""The schema by itself: what a section accepts."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from cellsize.params import Params, Training

Content = Callable[[], dict[str, Any]]


def test_what_several_settings_need_to_be_decided_on_is_asked_for_across_sections(params_content: Content) -> None:
    content = params_content()
    training = content["search"]["training"]
    training |= {"rungs": [], "learning_rates": [0.01], "dropouts": [0.0], "weight_decays": [0.0]}
    content["propose"]["network"] |= {"skip": "none", "head": "plain"}
    assert Params.model_validate(content).search.training.rungs == ()
    training["learning_rates"] = [0.01, 0.1]
    with pytest.raises(ValidationError, match=r"search\.training\.rungs: with several settings to try"):
        Params.model_validate(content)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patience": 3}, r"patience: give a multiple of check_every \(2 steps\)"),
        ({"rungs": [3]}, r"rungs: give multiples of check_every \(2 steps\)"),
        ({"rungs": [4, 2]}, "rungs: give rising numbers of steps"),
        ({"rungs": [12]}, "rungs: give rising numbers of steps, none above steps"),
        ({"maximum_steps": 8}, "maximum_steps: give at least steps"),
    ],
)
def test_steps_are_whole_checks_in_order(params_content: Content, changes: dict[str, Any], words: str) -> None:
    plain = params_content()["search"]["training"]
    plain |= {"check_every": 2, "rungs": [2, 4], "steps": 10, "maximum_steps": 10, "patience": 4}
    assert Training(**plain).rungs == (2, 4)
    with pytest.raises(ValidationError, match=words):
        Training(**plain | changes)


def test_patience_may_be_shorter_than_the_race(params_content: Content) -> None:
    # A race knows what to do then; see tests/training/test_halving.py.
    plain = params_content()["search"]["training"]
    changes = {"check_every": 2, "rungs": [4, 6], "steps": 6, "maximum_steps": 6, "patience": 2}
    assert Training(**plain | changes).patience == 2
