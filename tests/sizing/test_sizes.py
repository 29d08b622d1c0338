"""What a size costs, and the grid of sizes; test_network.py compares the counts with PyTorch's."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data.sequences import Sequences
from cellsize.params import Network
from cellsize.sizing.sizes import (
    BACKWARD,
    HEADS,
    OVERHEAD,
    SKIPS,
    ZERO,
    Architecture,
    Shape,
    Size,
    cost,
    grid,
    largest,
    layer_parameters,
    recurrent_parameters,
    shape,
    units_in_steps,
    width,
)

PLAIN = Network(cell="lstm", projection=0, bidirectional=False, summary="last", skip=("linear",), head=("plain",))
BOTH = PLAIN.model_copy(update={"skip": ("joint", "none", "linear"), "head": ("mixed", "plain")})
SHAPE = Shape(
    n_inputs=3, n_known_future=1, lookback=6, cell_lookback=6, horizon=2, n_targets=1, n_origin=0, n_linear=15
)


def test_the_textbook_case_of_80_inputs_and_12_units() -> None:
    assert layer_parameters("lstm", 80, 12, biases=1) == 4464
    assert layer_parameters("lstm", 80, 12) == 4512
    assert recurrent_parameters(Size(1, 12), PLAIN, 80, biases=1) == 4464
    assert recurrent_parameters(Size(1, 12), PLAIN, 80) == 4512


@pytest.mark.parametrize(("cell", "expected"), [("lstm", 4 * 90), ("gru", 3 * 90), ("rnn", 90)])
def test_every_gate_has_a_weight_for_each_input_each_state_and_two_biases(cell: str, expected: int) -> None:
    # 5 units, 11 inputs: 5 · (11 + 5 + 2) = 90 a gate.
    assert layer_parameters(cell, 11, 5) == expected


@pytest.mark.parametrize(
    ("layers", "cells", "projection", "total"),
    [(2, 800, 512, 13_161_664), (1, 750, 0, 13_057_500), (7, 385, 0, 13_262_480)],
)
def test_the_table_of_sak_et_al_2014(layers: int, cells: int, projection: int, total: int) -> None:
    # Their totals count: weights without biases, three peepholes a cell, the recurrent projection, and an output
    # layer of 14,247 states without biases that reads the projection, or the cells where there is none.
    state = projection or cells
    inputs = [40, *[state] * (layers - 1)]
    recurrent = sum(layer_parameters("lstm", n_in, cells, projection, biases=0, peepholes=3) for n_in in inputs)
    assert recurrent + state * 14_247 == total


def test_costs_worked_out_by_hand() -> None:
    # Layer 1: 4 · 4 · (3 + 4 + 2) = 144, layer 2: 4 · 4 · (4 + 4 + 2) = 160.
    costs = cost(Size(2, 4), PLAIN, SHAPE)
    assert costs.recurrent == 304
    assert costs.textbook == 304 - 2 * 16
    assert costs.multiply_adds == 304 - 4 * 16
    # Head: 4 weights and a bias for each of 2 outputs, and 1 known value for each of 2 hours ahead.
    assert costs.head == 5 * 2 + 2
    assert costs.linear == 15 * 2
    assert costs.parameters == 304 + 12 + 30
    assert costs.bytes == 4 * costs.parameters


@pytest.mark.parametrize(("skip", "linear"), [("linear", 30), ("none", 6)])
def test_zero_cells_are_the_ridge_linear_model_alone_and_without_the_skip_only_of_what_is_known_in_future(
    skip: str, linear: int
) -> None:
    # 2 outputs, each from 15 inputs of the ridge-linear model, or from the 2 values known in future and the bias.
    costs = cost(ZERO, PLAIN.model_copy(update={"skip": (skip,)}), SHAPE)
    assert (costs.recurrent, costs.head, costs.linear, costs.multiply_adds) == (0, 0, linear, 0)


@pytest.mark.parametrize("skip", ["linear", "none"])
def test_zero_cells_of_whole_sequences_are_their_linear_model_whatever_the_skip(
    make_sequences: Callable[..., Sequences], skip: str
) -> None:
    # 3 classes, each from 6 summaries of 2 features, the length and the bias.
    costs = cost(ZERO, PLAIN.model_copy(update={"skip": (skip,)}), shape(make_sequences()))
    assert costs.parameters == costs.linear == (6 * 2 + 2) * 3


def test_without_a_linear_skip_connection_it_costs_nothing() -> None:
    assert cost(Size(1, 4), PLAIN.model_copy(update={"skip": ("none",)}), SHAPE).linear == 0
    assert cost(Size(1, 4), BOTH, SHAPE, Architecture("none", "plain")).linear == 0


def test_a_skip_connection_costs_the_same_whether_it_is_trained_along_or_not() -> None:
    # Zero cells are the ridge-linear model of the window as soon as one setting has a skip connection.
    assert [cost(Size(1, 4), BOTH, SHAPE, Architecture(skip, "plain")).linear for skip in ("linear", "joint")] == [
        30,
        30,
    ]
    assert cost(ZERO, BOTH, SHAPE).linear == cost(ZERO, BOTH, SHAPE, Architecture("none", "plain")).linear == 30


def test_a_mixed_head_has_a_hidden_layer_over_memory_and_known_future_worked_out_by_hand() -> None:
    # Beside the plain head's 5 · 2 + 2: 64 hidden units of 4 remembered and 2 known values and a bias, 2 outputs.
    assert cost(Size(1, 4), BOTH, SHAPE, Architecture("none", "mixed")).head == 12 + 64 * 7 + 64 * 2


def test_an_mlp_has_no_recurrent_parameters_and_reads_what_the_ridge_linear_model_reads() -> None:
    # 15 inputs, the 1 among them, for each of 16 hidden units; 17 for each of 2 outputs; 1 known value an hour.
    costs = cost(Size(0, 16), BOTH, SHAPE, Architecture("none", "plain"))
    assert (costs.recurrent, costs.textbook, costs.linear) == (0, 0, 0)
    assert costs.head == 15 * 16 + 17 * 2 + 2
    # Its multiply-adds are counted for one step of the window of 6, as those of the recurrent layers are.
    assert costs.multiply_adds == 15 * 16 // 6
    # It has no mixed head: its hidden units read what is known in future already.
    assert cost(Size(0, 16), BOTH, SHAPE, Architecture("none", "mixed")).head == costs.head
    assert cost(Size(0, 16), BOTH, SHAPE, Architecture("joint", "plain")).linear == 30


def test_without_an_architecture_a_size_costs_what_the_largest_that_is_tuned_costs() -> None:
    assert largest(BOTH) == Architecture("joint", "mixed")
    assert largest(PLAIN) == Architecture("linear", "plain")
    assert cost(Size(2, 4), BOTH, SHAPE) == cost(Size(2, 4), BOTH, SHAPE, Architecture("joint", "mixed"))


def test_the_recurrent_parameters_do_not_depend_on_skip_connection_or_head() -> None:
    tuned = [Architecture(skip, head) for skip in SKIPS for head in ("plain", "mixed")]
    assert len({cost(Size(2, 4), BOTH, SHAPE, architecture).recurrent for architecture in tuned}) == 1


def test_the_cells_of_a_decoder_count_worked_out_by_hand() -> None:
    # Beside the encoder's 304: layer 1 reads the known value and the number of a step, 4 · 4 · (2 + 4 + 2) = 128,
    # layer 2 as the encoder's 160.
    decoder = Architecture("none", "encoder_decoder")
    costs, plain = cost(Size(2, 4), BOTH, SHAPE, decoder), cost(Size(2, 4), BOTH, SHAPE, Architecture("none", "plain"))
    assert (plain.recurrent, costs.recurrent) == (304, 304 + 128 + 160)
    assert costs.textbook == costs.recurrent - 4 * 16
    assert recurrent_parameters(Size(2, 4), BOTH, 3, n_decoder=2) == costs.recurrent
    # One head for all steps: 4 weights and a bias for the one target, and 1 known value for each of 2 hours ahead.
    assert costs.head == 5 + 2
    # It decodes 2 steps after the 6 that are seen, forward and backward.
    decoding = 128 + 160 - 4 * 16 + 2 * OVERHEAD
    assert costs.window_work == plain.window_work + BACKWARD * 2 * decoding
    # What is constant in each series is none of its inputs; an MLP has no decoder.
    assert replace(SHAPE, n_static=1).n_decoder == 1
    assert cost(Size(0, 16), BOTH, SHAPE, decoder) == cost(Size(0, 16), BOTH, SHAPE, Architecture("none", "plain"))
    assert largest(BOTH.model_copy(update={"head": HEADS})).head == "encoder_decoder"


def test_only_sizes_with_layers_have_memory() -> None:
    assert [size.has_memory for size in (ZERO, Size(0, 16), Size(1, 1))] == [False, False, True]


@pytest.mark.parametrize(
    ("projection", "bidirectional", "expected"), [(0, False, 8), (3, False, 3), (8, False, 8), (3, True, 6)]
)
def test_a_projection_as_wide_as_the_layer_is_none(projection: int, bidirectional: bool, expected: int) -> None:
    network = PLAIN.model_copy(update={"projection": projection, "bidirectional": bidirectional})
    assert width(Size(1, 8), network) == expected
    if projection == 8:
        assert recurrent_parameters(Size(2, 8), network, 3) == recurrent_parameters(Size(2, 8), PLAIN, 3)


@pytest.mark.parametrize(
    ("bound", "growth", "expected"),
    [
        (10, 2.0, [1, 2, 3, 4, 8, 16]),
        (8, 2.0, [1, 2, 3, 4, 8, 16]),
        (7, 2.0, [1, 2, 3, 4, 8]),
        (1, 2.0, [1, 2]),
        (6, 1.5, [1, 2, 3, 5, 8]),
    ],
)
def test_units_in_steps_worked_out_by_hand(bound: int, growth: float, expected: list[int]) -> None:
    assert units_in_steps(bound, growth) == expected


@settings(deadline=None)
@given(bound=st.integers(1, 2000), growth=st.floats(1.01, 5))
def test_units_rise_from_one_and_exactly_one_is_past_the_bound(bound: int, growth: float) -> None:
    steps = units_in_steps(bound, growth)
    assert steps[0] == 1
    assert steps == sorted(set(steps))
    assert [units > bound for units in steps] == [False] * (len(steps) - 1) + [True]


def test_mlps_follow_zero_cells_each_once_from_small_to_large() -> None:
    assert grid([1], 2.0, (64, 16, 64)) == [ZERO, Size(0, 16), Size(0, 64), Size(1, 1), Size(1, 2)]


def test_the_grid_has_a_bound_for_each_number_of_layers() -> None:
    assert grid([12, 6, 4], 2.0) == [
        ZERO,
        *(Size(1, units) for units in (1, 2, 3, 4, 8, 16)),
        *(Size(2, units) for units in (1, 2, 3, 4, 8)),
        *(Size(3, units) for units in (1, 2, 3, 4, 8)),
    ]


@settings(deadline=None)
@given(bounds=st.lists(st.integers(1, 500), min_size=1, max_size=6), growth=st.floats(1.1, 4))
def test_every_number_of_layers_has_one_size_past_its_bound(bounds: list[int], growth: float) -> None:
    sizes = grid(bounds, growth)
    assert len(sizes) == len(set(sizes))
    for depth, bound in enumerate(bounds, start=1):
        units = [size.units for size in sizes if size.layers == depth]
        assert 1 in units
        assert sum(one > bound for one in units) == 1


@settings(deadline=None)
@given(units=st.integers(1, 60), layers=st.integers(1, 5))
def test_more_units_and_more_layers_cost_more(units: int, layers: int) -> None:
    here = cost(Size(layers, units), PLAIN, SHAPE).parameters
    assert cost(Size(layers, units + 1), PLAIN, SHAPE).parameters > here
    assert cost(Size(layers + 1, units), PLAIN, SHAPE).parameters > here


def test_a_size_is_written_layers_by_units() -> None:
    assert str(Size(2, 16)) == "2x16"
