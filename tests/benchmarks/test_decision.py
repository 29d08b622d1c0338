"""What is right, what contradicts, and that a simulated run is what it says."""

import numpy as np
import pytest

from benchmarks.decision import CURVES, METHODS, WORLDS, Run, Said, World, draw_data, excluded, is_right

TRUTH = 0.3 * (1 + np.array([30.0, 6.0, 0.9, 0.0, 0.0]) / 100)


@pytest.mark.parametrize(("answer", "right"), [(0, False), (1, False), (2, True), (3, True), (4, False)])
def test_right_is_within_the_margin_and_at_most_one_step_too_large(answer: int, right: bool) -> None:
    assert is_right(answer, TRUTH) is right


@pytest.mark.parametrize(
    ("larger", "smaller", "contradict"),
    [((3, ()), (3, ()), False), ((3, (2,)), (2, ()), False), ((3, ()), (2, ()), True), ((4, (3,)), (2, ()), True)],
)
def test_runs_contradict_each_other_unless_the_smaller_answer_was_left_open(
    larger: tuple[int, tuple[int, ...]], smaller: tuple[int, tuple[int, ...]], contradict: bool
) -> None:
    one, other = (Said(answer, open_ones, (), 0) for answer, open_ones in (larger, smaller))
    assert excluded(one, other) is contradict
    assert excluded(other, one) is contradict


def test_without_noise_every_method_finds_the_smallest_size_within_the_margin() -> None:
    silent = World(interaction=0.0, unequal=0.0, settings=0.0, seeds=(1e-9, 1e-8))
    data = draw_data(CURVES["0.5 % below the plateau"], silent, np.random.default_rng(0))
    data = type(data)(
        data.truth, data.hard, data.truth[:, None, None] * np.ones_like(data.expected), data.noise, silent
    )
    said = METHODS["adequate"](Run(data, np.random.default_rng(1)))
    assert (said.answer, said.undecided) == (4, ())


def test_two_runs_on_the_same_data_differ_by_their_seeds_alone() -> None:
    data = draw_data(CURVES["steep"], WORLDS["traffic"], np.random.default_rng(0))
    one, same, other = (Run(data, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.trainings[3], same.trainings[3])
    assert not np.array_equal(one.trainings[3], other.trainings[3])
    assert np.allclose(one.trainings[0], other.trainings[0])
