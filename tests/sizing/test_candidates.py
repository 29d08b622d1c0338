"""From what the data hold to a grid of sizes, worked out by hand on windows of known number."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data.folds import TRAIN, VALIDATION, Folds
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.params import Propose
from cellsize.sizing.bound import count_samples
from cellsize.sizing.candidate_records import Bound, Candidates
from cellsize.sizing.candidates import (
    alpha_implied,
    alpha_ladder,
    guesses,
    on_grid,
    propose,
    rules_of_thumb,
    sizes,
)
from cellsize.sizing.sizes import ZERO, Architecture, Size, cost, grid, recurrent_parameters, shape

Data = tuple[Windows, Folds]
Make = Callable[..., Windows]

# 599 training windows of 3 steps seen and 2 predicted: 600 targets. 3 inputs (y, x, k), 2 outputs.
#   neurons α = 2: 600 / (2 · 5) = 60     α = 5: 24                 α = 10: 12
#   parameters α = 2: 600 · 2 / 2 = 600 by outputs, 600 / 2 = 300 by samples
#   recurrent parameters of u units: 1 layer  4u(3 + u + 2) = 4u(u + 5): 264 (6), 336 (7), 504 (9), 600 (10), 704 (11)
#                                    2 layers 4u(u + 5) + 4u(2u + 2) = 4u(3u + 7): 440 (5), 600 (6), 784 (7)
#                                    3 layers 4u(3u + 7) + 4u(2u + 2) = 4u(5u + 9): 464 (4), 680 (5)
TRAINED = 599


@pytest.fixture(scope="module")
def data(make_windows: Make) -> Data:
    made = make_windows(range(700))
    label = np.zeros(len(made.first), np.int8)
    label[:TRAINED], label[TRAINED + 10 :] = TRAIN, VALIDATION
    return made, Folds(label[None], np.zeros(len(label), bool), np.ones(len(label), bool))


@pytest.fixture(scope="module")
def proposed(data: Data, params_content: Callable[[], dict[str, Any]]) -> Callable[..., Candidates]:
    """The candidates of the section `propose`, with keys changed."""
    return lambda **changes: propose(*data, Propose.model_validate(params_content()["propose"] | changes))


def past_bound(made: Candidates) -> list[Size]:
    return [candidate.size for candidate in made.candidates if candidate.past_bound]


def at_bound(made: Candidates) -> list[Size]:
    return [candidate.size for candidate in made.candidates if candidate.at_bound]


def bounds(made: Candidates, samples: str, alpha: float) -> Bound:
    """The bounds of one way to count and one α."""
    (bound,) = [bound for bound in made.bounds if (bound.samples, bound.alpha) == (samples, alpha)]
    return bound


ONE = [Size(1, units) for units in (1, 2, 3, 4, 8, 16, 32, 64)]
# The neurons are shared: 60 in one layer, 30 in each of two, 20 in each of three.
MLP = Size(0, 16)
PLAIN = [ZERO, MLP, *ONE, *(Size(layers, units) for layers in (2, 3) for units in (1, 2, 3, 4, 8, 16, 32))]


# --- the bounds -----------------------------------------------------------------------------------------------------


def test_the_bounds_worked_out_by_hand(proposed: Callable[..., Candidates]) -> None:
    # Parameters by outputs count every number to predict, by samples every moment: they must not change places.
    assert bounds(proposed(), "targets", 2) == Bound(
        samples="targets", alpha=2, neurons_by_step=60, neurons_by_window=30, parameters_by_outputs=600,
        parameters_by_samples=300, units_by_outputs=10, units_by_samples=6,
    )  # fmt: skip
    assert bounds(proposed(), "targets", 10).neurons_by_step == 12
    assert bounds(proposed(), "targets", 10).parameters_by_outputs == 120


def test_the_grid_and_the_ladder_read_the_inputs_that_are_declared(proposed: Callable[..., Candidates]) -> None:
    # A window has 2 · 3 + 1 · 2 = 8 inputs: 600 / (2 · 10) = 30, and 600 / (10 · 10) = 6.
    by_step, by_window = proposed(), proposed(inputs="window")
    assert (by_step.n_inputs, by_window.n_inputs) == (3, 8)
    assert by_step.inputs == by_window.inputs
    assert by_step.bounds == by_window.bounds  # both readings are in either
    assert (by_step.bound.units, by_window.bound.units) == (60, 30)
    assert [size.units for size in (alpha_ladder(by_window)[0], alpha_ladder(by_window)[-1])] == [30, 6]
    assert max(size.units for size in on_grid(by_window)) == 32
    assert {rule.rule: rule.units for rule in by_window.rules_of_thumb}["α = 10"] == 6
    assert {rule.rule: rule.units for rule in by_window.rules_of_thumb}["as many units as inputs"] == 3
    # Parameters are those of the layers, which read one step at a time.
    assert proposed(bound="parameters").bound == proposed(bound="parameters", inputs="window").bound


def test_samples_are_counted_in_every_way_at_every_alpha(proposed: Callable[..., Candidates], data: Data) -> None:
    made = proposed(alpha=[3, 7])
    samples = count_samples(*data)
    assert made.samples == samples
    assert (samples.targets, samples.windows, samples.sequences) == (600, 599, 1)
    assert [(bound.samples, bound.alpha) for bound in made.bounds] == [
        (kind, alpha) for kind in ("targets", "windows", "sequences", "effective") for alpha in (2, 3, 5, 7, 10)
    ]
    for bound in made.bounds:
        count = getattr(samples, bound.samples)
        assert bound.parameters_by_samples == int(count / bound.alpha)
        assert bound.parameters_by_outputs == int(2 * count / bound.alpha)


@pytest.mark.parametrize(
    ("changes", "units"),
    [
        ({}, 60),
        ({"alpha": [3, 10]}, 40),
        # 599 / 10.
        ({"samples": "windows"}, 59),
        ({"samples": "sequences"}, 1),
        ({"bound": "parameters"}, 10),
        ({"bound": "parameters", "alpha": [3, 10]}, 7),
    ],
    ids=str,
)
def test_the_bound_follows_the_samples_the_kind_and_the_loose_alpha(
    proposed: Callable[..., Candidates], changes: dict[str, Any], units: int
) -> None:
    # 600 · 2 / 3 = 400 parameters: 7 units have 336, 8 have 416.
    made = proposed(**changes)
    assert made.bound.units == units
    assert made.bound.kind == changes.get("bound", "neurons")
    assert made.bound.alpha == changes.get("alpha", [2])[0]
    assert made.counted == changes.get("samples", "targets")
    assert made.n_samples == getattr(made.samples, made.counted)
    # One size past it, whatever it is.
    (past,) = [size for size in past_bound(made) if size.layers == 1]
    assert past.units > units >= max(size.units for size in sizes(made) if size.layers == 1 and size != past)


# --- the grid -------------------------------------------------------------------------------------------------------


def test_the_neurons_are_shared_among_the_layers(proposed: Callable[..., Candidates]) -> None:
    made = proposed()
    assert sizes(made) == PLAIN
    assert past_bound(made) == [Size(1, 64), Size(2, 32), Size(3, 32)]
    assert at_bound(made) == past_bound(made)


def test_each_number_of_layers_is_bound_by_its_own_recurrent_parameters(
    proposed: Callable[..., Candidates], data: Data, make_network: Callable[..., Any]
) -> None:
    # Layers that read other layers have more parameters a unit than the first: 600 / 2 a layer would let 2x7 in.
    for size, expected in ((Size(1, 10), 600), (Size(2, 6), 600), (Size(2, 7), 784), (Size(3, 4), 464)):
        assert recurrent_parameters(size, make_network(), data[0].n_inputs) == expected
    made = proposed(bound="parameters")
    assert sizes(made) == grid([10, 6, 4], 2, [MLP.units])
    assert past_bound(made) == [Size(1, 16), Size(2, 8), Size(3, 8)]
    assert at_bound(made) == [Size(1, 16), Size(2, 8), Size(3, 4), Size(3, 8)]
    for candidate in made.candidates:
        assert candidate.past_bound == (candidate.recurrent > 600)


def test_a_size_at_the_bound_is_not_past_it(proposed: Callable[..., Candidates]) -> None:
    # 600 / (α · 5) = 32 at α = 3.75: one of the steps 1, 2, 4, … is the bound itself; 16 in each of two layers.
    made = proposed(alpha=[3.75, 10], layers=2)
    assert made.bound.units == 32
    assert at_bound(made) == [Size(1, 32), Size(1, 64), Size(2, 16), Size(2, 32)]
    assert past_bound(made) == [Size(1, 64), Size(2, 32)]


def test_a_candidate_has_its_costs(proposed: Callable[..., Candidates], data: Data, make_network: Any) -> None:
    made = proposed()
    (small,) = [candidate for candidate in made.candidates if candidate.size == Size(1, 4)]
    # Recurrent 4 · 4 · (4 + 5); head 5 · 2 and 1 known value for each of 2 hours; the linear skip connection has
    # 2 · 3 + 1 · 2 + 1 inputs for 2 outputs.
    assert small.model_dump() == {
        "layers": 1, "units": 4, "parameters": 174, "recurrent": 144, "textbook": 128, "head": 12, "linear": 18,
        "multiply_adds": 112, "window_work": 3 * 3 * (112 + 2000), "bytes": 696,
            "past_bound": False, "at_bound": False, "on_grid": True,
        "guessed": False,
    }  # fmt: skip
    for candidate in (*made.candidates, *made.alpha_ladder):
        costs = cost(candidate.size, make_network(), shape(data[0]))
        assert candidate.parameters == costs.parameters
        assert candidate.model_dump(include=set(vars(costs))) == vars(costs)


def test_the_candidates_survive_a_file(proposed: Callable[..., Candidates], tmp_path: Path) -> None:
    for made in (proposed(), proposed(include_rules_of_thumb=True, bound="parameters", samples="effective")):
        made.write(tmp_path / "candidates.json")
        assert Candidates.read(tmp_path / "candidates.json") == made


# --- what guessing says ---------------------------------------------------------------------------------------------


def test_the_rules_of_thumb_worked_out_by_hand(data: Data) -> None:
    assert rules_of_thumb(600, 3, data[0]) == [
        ("α = 2", Size(1, 60)),
        ("α = 5", Size(1, 24)),
        ("α = 10", Size(1, 12)),
        ("as many units as inputs", Size(1, 3)),
        ("twice as many units as inputs", Size(1, 6)),
        ("2 layers of 50 units", Size(2, 50)),
        ("100 units", Size(1, 100)),
    ]


def test_the_rules_of_thumb_read_the_samples_that_are_counted(proposed: Callable[..., Candidates], data: Data) -> None:
    for samples, count in (("targets", 600), ("windows", 599)):
        thumbs = proposed(samples=samples).rules_of_thumb
        assert [(thumb.rule, thumb.size) for thumb in thumbs] == rules_of_thumb(count, 3, data[0])


def test_a_guess_has_its_parameters_whether_it_is_trained_or_not(
    proposed: Callable[..., Candidates], data: Data, make_network: Any
) -> None:
    for thumb in proposed().rules_of_thumb:
        assert thumb.parameters == cost(thumb.size, make_network(), shape(data[0])).parameters


def test_sizes_of_rules_of_thumb_are_candidates_only_if_they_are_included(
    proposed: Callable[..., Candidates],
) -> None:
    without, included = proposed(), proposed(include_rules_of_thumb=True)
    assert sizes(without) == PLAIN
    assert guesses(without) == []
    added = [Size(1, 6), Size(1, 12), Size(1, 24), Size(1, 60), Size(1, 100), Size(2, 50)]
    assert sizes(included) == sorted([*PLAIN, *added])
    assert on_grid(included) == on_grid(without) == PLAIN
    # 1x3 is a step of the grid as well.
    assert guesses(included) == [Size(1, 3), *added]
    steps = [candidate for candidate in included.candidates if candidate.on_grid]
    assert [step.model_copy(update={"guessed": False}) for step in steps] == list(without.candidates)
    assert included.rules_of_thumb == without.rules_of_thumb


def test_a_guess_may_be_at_the_bound_and_past_it(proposed: Callable[..., Candidates]) -> None:
    made = proposed(include_rules_of_thumb=True)
    assert past_bound(made) == [Size(1, 64), Size(1, 100), Size(2, 32), Size(2, 50), Size(3, 32)]
    assert set(at_bound(made)) - set(past_bound(made)) == {Size(1, 60)}


# --- the ladder of α ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [
        ([2, 10], [60, 40, 30, 24, 20, 17, 15, 13, 12]),
        ([3, 6], [40, 30, 24, 20]),
        ([5, 5], [24]),
        # 1.5, 2.5 and the tight end itself, never past it.
        ([1.5, 3.0], [80, 48, 40]),
        ([2.5, 3.5], [48, 34]),
    ],
    ids=str,
)
def test_the_ladder_of_alpha_is_one_layer_from_large_to_small(
    proposed: Callable[..., Candidates], alpha: list[float], expected: list[int]
) -> None:
    # 600 / 5 = 120 divided by 2, 3, … 10. The ladder is the same where parameters bound the grid.
    for changes in ({}, {"bound": "parameters"}, {"include_rules_of_thumb": True}):
        made = proposed(alpha=alpha, **changes)
        assert alpha_ladder(made) == [Size(1, units) for units in expected]


def test_a_projection_that_no_size_can_have_is_refused(proposed: Callable[..., Candidates], make_network: Any) -> None:
    largest = max(size.units for size in PLAIN if size.has_memory)
    with pytest.raises(
        InputError, match=rf"^propose\.network\.projection: {largest} is not smaller .*at most {largest}"
    ):
        proposed(network=make_network(projection=largest))
    assert sizes(proposed(network=make_network(projection=largest - 1))) == PLAIN
    # An MLP has no layer that could have one, however many hidden units it has.
    with pytest.raises(InputError, match=f"at most {largest}"):
        proposed(network=make_network(projection=largest), mlp_units=[2 * largest])


def test_an_mlp_is_neither_at_the_bound_nor_past_it(proposed: Callable[..., Candidates]) -> None:
    (mlp,) = [candidate for candidate in proposed(mlp_units=[500]).candidates if candidate.size == Size(0, 500)]
    assert (mlp.recurrent, mlp.past_bound, mlp.at_bound, mlp.on_grid, mlp.guessed) == (0, False, False, True, False)
    assert sizes(proposed(mlp_units=[])) == [size for size in PLAIN if size != MLP]


def test_sizes_cost_what_they_do_with_the_largest_architecture_that_is_tuned(
    proposed: Callable[..., Candidates], data: Data, make_network: Any
) -> None:
    network = make_network(skip=["none", "joint"], head=["plain", "mixed"])
    for candidate in proposed(network=network).candidates:
        largest = cost(candidate.size, network, shape(data[0]), Architecture("joint", "mixed"))
        assert candidate.parameters == largest.parameters


def test_the_ladder_of_alpha_names_a_size_once(proposed: Callable[..., Candidates]) -> None:
    # One sequence: a single unit at every α.
    assert alpha_ladder(proposed(samples="sequences")) == [Size(1, 1)]


@pytest.mark.parametrize("size", [Size(1, 60), Size(2, 30), Size(3, 20)], ids=str)
def test_the_alpha_of_a_size_counts_the_units_of_all_its_layers(size: Size) -> None:
    assert alpha_implied(600, size, 3, 2) == 2
    assert alpha_implied(600, ZERO, 3, 2) is None


@settings(deadline=None)
@given(
    samples=st.integers(1, 10**6),
    layers=st.integers(1, 6),
    units=st.integers(1, 500),
    n_inputs=st.integers(1, 50),
    n_outputs=st.integers(1, 50),
)
def test_the_rule_turned_round_gives_the_size_back(
    samples: int, layers: int, units: int, n_inputs: int, n_outputs: int
) -> None:
    alpha = alpha_implied(samples, Size(layers, units), n_inputs, n_outputs)
    assert alpha is not None
    assert samples / (alpha * (n_inputs + n_outputs)) == pytest.approx(layers * units)


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(["neurons", "parameters"]),
    samples=st.sampled_from(["targets", "windows", "sequences", "effective"]),
    loose=st.floats(1, 8),
    layers=st.integers(1, 6),
    growth=st.floats(1.2, 4),
    included=st.booleans(),
)
def test_every_number_of_layers_has_one_step_past_its_bound_and_nothing_past_it_is_within(
    proposed: Callable[..., Candidates],
    kind: str,
    samples: str,
    loose: float,
    layers: int,
    growth: float,
    included: bool,
) -> None:
    made = proposed(
        bound=kind,
        samples=samples,
        alpha=[loose, 10],
        layers=layers,
        growth=growth,
        include_rules_of_thumb=included,
    )
    every, past, guessed, steps = sizes(made), past_bound(made), guesses(made), on_grid(made)
    assert every == sorted(set(every))
    assert every[0] == ZERO
    assert set(past) <= set(at_bound(made))
    assert ZERO not in at_bound(made)
    for depth in range(1, layers + 1):
        assert [size.layers for size in past if size in steps].count(depth) == 1
        limit = min(size.units for size in past if size.layers == depth)
        assert {size for size in every if size.layers == depth and size.units >= limit} <= set(past)
    thumbs = {thumb.size for thumb in made.rules_of_thumb}
    assert set(guessed) <= thumbs
    assert set(every) == {*steps, *guessed}
    assert not included or thumbs <= set(every)
