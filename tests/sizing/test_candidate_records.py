"""Candidates, and how samples and inputs are counted."""

import pytest

from cellsize.sizing.candidate_records import Bound
from cellsize.sizing.sizes import ZERO
from tests.sizing.conftest import candidate, candidates


@pytest.mark.parametrize(("counted", "count"), [("targets", 9000), ("windows", 800), ("effective", 70)])
def test_the_candidates_know_how_many_samples_count(counted: str, count: int) -> None:
    assert candidates([candidate(ZERO)], counted=counted).n_samples == count


def test_inputs_and_neurons_count_those_of_a_step_or_of_a_window() -> None:
    bound = Bound(samples="targets", alpha=2, neurons_by_step=8, neurons_by_window=3, parameters_by_outputs=9,
                  parameters_by_samples=7, units_by_outputs=1, units_by_samples=1)  # fmt: skip
    assert (bound.neurons("step"), bound.neurons("window")) == (8, 3)
    by_step, by_window = (candidates([candidate(ZERO)], counted_inputs=counted) for counted in ("step", "window"))
    assert by_step.n_inputs == by_step.inputs.step != by_window.n_inputs
    assert by_window.n_inputs == by_window.inputs.window
