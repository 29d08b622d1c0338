"""What training a size costs, counted by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from cellsize.params import Training
from cellsize.sizing import compute
from cellsize.sizing.compute import minutes, of_seed, of_size, steps, table, total
from cellsize.sizing.sizes import ZERO, Size
from tests.sizing.conftest import NETWORK, candidate, candidates

TWO, MLP = Size(1, 2), Size(0, 2)
RATES = [1e-3, 2e-3, 3e-3]
PLAIN = NETWORK.model_copy(update={"skip": ("none",), "head": ("plain",)})
BOTH = NETWORK.model_copy(update={"skip": ("none", "joint"), "head": ("plain", "mixed")})

MakeTraining = Callable[..., Training]


@pytest.fixture
def make_training(params_content: Callable[[], dict[str, Any]]) -> MakeTraining:
    """80 steps with one seed and one setting, and what is changed of it."""
    plain = params_content()["search"]["training"] | {
        "learning_rates": RATES[:1], "rungs": [20, 40], "steps": 80, "maximum_steps": 80, "patience": 80,
    }  # fmt: skip
    return lambda **changes: Training.model_validate(plain | changes)


def test_one_setting_is_trained_three_quarters_of_its_steps(make_training: MakeTraining) -> None:
    assert steps(PLAIN, make_training(), TWO) == 60


def test_every_seed_is_trained_as_long(make_training: MakeTraining) -> None:
    assert steps(PLAIN, make_training(seeds=2), TWO) == 120


def test_a_race_keeps_a_quarter_at_each_rung_and_its_two_best_to_the_end(make_training: MakeTraining) -> None:
    # Nine settings for 20 steps, 9 / 4 of them for 20 more, and then two for 60 steps.
    training = make_training(learning_rates=RATES, weight_decays=[0.0, 0.1, 0.2])
    assert steps(PLAIN, training, TWO) == 9 * 20 + 9 / 4 * 20 + 2 * 60


def test_of_two_families_one_setting_each_goes_to_the_end_with_every_seed(make_training: MakeTraining) -> None:
    # Twelve settings for 20 steps, and three for 20 more; then two with two seeds for 60 steps.
    assert steps(BOTH, make_training(learning_rates=RATES, seeds=2), TWO) == 12 * 20 + 3 * 20 + 2 * 2 * 60


def test_two_settings_that_both_go_to_the_end_have_no_race(make_training: MakeTraining) -> None:
    assert steps(PLAIN, make_training(learning_rates=RATES[:2]), TWO) == 2 * 60


def test_a_size_costs_its_steps_on_every_fold_and_window_of_a_batch(make_training: MakeTraining) -> None:
    of = candidate(TWO, window_work=7)
    listed = candidates([candidate(ZERO, window_work=5), of], network=PLAIN, folds=3)
    assert of_size(of, listed, make_training(batch_size=10)) == 60 * 3 * 10 * 7
    # There are 800 windows in the smallest training part.
    assert of_size(of, listed, make_training(batch_size=10**6)) == 60 * 3 * 800 * 7
    assert table(listed, make_training(batch_size=10)) == {ZERO: 0.0, TWO: 60 * 3 * 10 * 7}


def test_one_seed_more_has_no_race(make_training: MakeTraining) -> None:
    of = candidate(TWO, window_work=7)
    listed = candidates([of], network=BOTH, folds=3)
    assert of_seed(of, listed, make_training(batch_size=10, learning_rates=RATES)) == 60 * 3 * 10 * 7


def test_multiply_adds_are_added_and_said_as_minutes_of_one_core() -> None:
    assert total([TWO, MLP], {TWO: 3.0, MLP: 4.0, ZERO: 5.0}) == 7.0
    assert minutes(60 * compute.SPEED) == 1.0
