"""A size, what it costs, and the grid of sizes.

Parameters are PyTorch's, which keeps two bias vectors for each gate; the textbook has one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cellsize.params import Head, Network, Skip
from cellsize.tasks.samples import Samples

GATES = {"lstm": 4, "gru": 3, "rnn": 1}
BYTES_EACH = 4  # a parameter, as float32
OVERHEAD = 2000  # what a step of a layer costs in addition to its multiply-adds, in multiply-adds
BACKWARD = 3  # forward and backward pass, in forward passes
MIXED_WIDTH = 64  # hidden units of a mixed head
SKIPS: tuple[Skip, ...] = ("none", "linear", "joint")  # from few parameters to many
HEADS: tuple[Head, ...] = ("plain", "mixed", "encoder_decoder")  # a decoder has recurrent parameters


@dataclass(frozen=True, order=True)
class Size:
    """Number of recurrent layers and of memory cells in each.

    (0, 0) is no recurrent part at all, the ridge-linear model; (0, n) an MLP of n hidden units on the same inputs.
    """

    layers: int
    units: int

    @property
    def has_memory(self) -> bool:
        """Whether it has memory cells."""
        return self.layers > 0

    def __str__(self) -> str:
        return f"{self.layers}x{self.units}"


ZERO = Size(0, 0)


@dataclass(frozen=True, order=True)
class Architecture:
    """What is tuned of a network's shape beside its size.

    Attributes:
        skip: What the cells stand beside. none: nothing; linear: the ridge-linear model, as it is; joint: the same,
            trained along with the network.
        head: plain: linear in what is remembered and what is known in future, one vector for all steps to be predicted;
            mixed: in addition one hidden layer that reads both; encoder_decoder: as many recurrent layers again, which
            begin with the last state and read what is known of each step to be predicted, and its number.
    """

    skip: Skip
    head: Head


@dataclass(frozen=True)
class Shape:
    """What goes into a network and out of it.

    Attributes:
        n_inputs: Features a step that memory cells see, N_i.
        n_known_future: Features that are known in future; the cells see those that change too.
        lookback: Steps seen.
        cell_lookback: The last of them, which memory cells see.
        horizon: Steps predicted.
        n_targets: Columns predicted.
        n_origin: Columns of the calendar that the linear part alone reads.
        n_linear: Inputs of the ridge-linear model, with its bias.
        n_static: Of the features known in future those that are constant in each series; they come first.
    """

    n_inputs: int
    n_known_future: int
    lookback: int
    cell_lookback: int
    horizon: int
    n_targets: int
    n_origin: int
    n_linear: int
    n_static: int = 0

    @property
    def n_known(self) -> int:
        """Values known of the steps to be predicted: what is constant in each series counts once for a window."""
        return self.n_static + (self.n_known_future - self.n_static) * self.horizon

    @property
    def n_outputs(self) -> int:
        """Numbers to predict, N_o."""
        return self.horizon * self.n_targets

    @property
    def n_decoder(self) -> int:
        """What a decoder reads of each step to be predicted: what is known and changes, and the number of the step."""
        return self.n_known_future - self.n_static + 1


def shape(samples: Samples) -> Shape:
    """The shape of everything that these samples feed."""
    return Shape(
        n_inputs=samples.n_cell_inputs,
        n_known_future=samples.n_known_future,
        lookback=samples.lookback,
        cell_lookback=samples.cell_lookback,
        horizon=samples.horizon,
        n_targets=samples.n_columns,
        n_origin=samples.n_origin,
        n_linear=samples.n_linear,
        n_static=samples.n_static,
    )


@dataclass(frozen=True)
class Cost:
    """What a size costs.

    Attributes:
        recurrent: Parameters of the recurrent layers, a decoder's too (PyTorch's two biases).
        textbook: The same with one bias for each gate.
        head: Parameters of the head; of an MLP all its weights.
        linear: Parameters of the linear skip connection, or of the ridge-linear model; with skip: none only zero cells
            have them, for what is known in future.
        multiply_adds: Multiply-adds of the recurrent layers, or of an MLP, for one step that a window sees.
        window_work: Multiply-adds of one optimizer step for one window, with a layer's overhead.
        bytes: Bytes of all parameters as float32.
    """

    recurrent: int
    textbook: int
    head: int
    linear: int
    multiply_adds: int
    window_work: int
    bytes: int

    @property
    def parameters(self) -> int:
        """All of them."""
        return self.recurrent + self.head + self.linear


def layer_parameters(cell: str, n_in: int, units: int, projection: int = 0, biases: int = 2, peepholes: int = 0) -> int:
    """Parameters of one recurrent layer in one direction.

    Args:
        cell: lstm, gru or rnn.
        n_in: Inputs a step.
        units: Memory cells.
        projection: Width of the recurrent projection (Sak et al. 2014), 0 for none.
        biases: Bias vectors for each gate: 2 in PyTorch, 1 in textbooks, 0 in Sak et al.
        peepholes: Peephole connections for each cell: 3 in Sak et al., 0 in PyTorch.
    """
    state = projection or units
    gates = GATES[cell] * units * (n_in + state + biases)
    return gates + projection * units + peepholes * units


def recurrent_parameters(size: Size, network: Network, n_inputs: int, biases: int = 2, n_decoder: int = 0) -> int:
    """Parameters of all recurrent layers; with those of a decoder that reads `n_decoder` inputs a step, if any."""
    if n_decoder:
        return sum(recurrent_parameters(size, network, inputs, biases) for inputs in (n_inputs, n_decoder))
    directions = 2 if network.bidirectional else 1
    projection = _projection(size, network)
    width = directions * (projection or size.units)
    inputs = [n_inputs] + [width] * (size.layers - 1)
    layers = (layer_parameters(network.cell, n_in, size.units, projection, biases) for n_in in inputs[: size.layers])
    return directions * sum(layers)


def _projection(size: Size, network: Network) -> int:
    """The width of the projection; 0 for one that is not narrower than the layer: PyTorch refuses it."""
    return network.projection if network.projection < size.units else 0


def width(size: Size, network: Network) -> int:
    """Numbers that the last recurrent layer, or the hidden layer of an MLP, gives the head."""
    if not size.layers:
        return size.units
    return (2 if network.bidirectional else 1) * (_projection(size, network) or size.units)


def largest(network: Network) -> Architecture:
    """Of the architectures that are tuned the one with the most parameters."""
    return Architecture(max(network.skip, key=SKIPS.index), max(network.head, key=HEADS.index))


def cost(size: Size, network: Network, shape: Shape, architecture: Architecture | None = None) -> Cost:
    """Counts parameters, multiply-adds and bytes of one size.

    Args:
        size: The size.
        network: What all candidates have in common.
        shape: What goes in and out.
        architecture: Skip connection and head; by default the largest of those that are tuned.
    """
    architecture = architecture or largest(network)
    has_decoder = size.layers > 0 and architecture.head == "encoder_decoder"
    n_decoder = shape.n_decoder if has_decoder else 0
    recurrent, textbook = (recurrent_parameters(size, network, shape.n_inputs, biases, n_decoder) for biases in (2, 1))
    multiply_adds = recurrent_parameters(size, network, shape.n_inputs, biases=0)
    decoding = recurrent_parameters(size, network, n_decoder, biases=0) if has_decoder else 0
    head = 0
    if size != ZERO:
        known_at_each_step = shape.horizon * shape.n_known_future * shape.n_targets
        outputs = shape.n_targets if has_decoder else shape.n_outputs  # one head for all steps of a decoder
        head = (width(size, network) + 1) * outputs + known_at_each_step
    if size.layers and architecture.head == "mixed":
        head += (width(size, network) + shape.n_known + 1) * MIXED_WIDTH + MIXED_WIDTH * shape.n_outputs
    if size != ZERO and not size.layers:  # the hidden layer of an MLP
        head += shape.n_linear * size.units
        multiply_adds = shape.n_linear * size.units // shape.cell_lookback
    if size == ZERO and not network.has_linear_skip:  # zero cells leave only what is known in future
        linear = (shape.n_known + shape.n_origin + 1) * shape.n_outputs
    else:
        linear = shape.n_linear * shape.n_outputs if size == ZERO or architecture.skip != "none" else 0
    overhead = OVERHEAD * max(1, size.layers)
    steps = shape.cell_lookback * (multiply_adds + overhead)
    if has_decoder:
        steps += shape.horizon * (decoding + overhead)
    return Cost(
        recurrent=recurrent,
        textbook=textbook,
        head=head,
        linear=linear,
        multiply_adds=multiply_adds,
        window_work=BACKWARD * steps,
        bytes=BYTES_EACH * (recurrent + head + linear),
    )


def units_in_steps(bound: int, growth: float) -> list[int]:
    """Units 1, 2, 3, then up to the bound in geometric steps, and one past it.

    `units_in_steps(10, 2.0)` is [1, 2, 3, 4, 8, 16]: 16 is there to show whether the bound binds.
    """
    units, power = {1, 2, 3}, 1  # the advice is to begin with two or three cells
    while max(units) <= bound:
        units.add(round(growth**power))
        power += 1
    ordered = sorted(units)
    return [1, *(larger for smaller, larger in pairwise(ordered) if smaller <= bound)]


def grid(bounds: Sequence[int], growth: float, hidden_units: Sequence[int] = ()) -> list[Size]:
    """Zero cells, MLPs, then for each number of layers the units of one layer up to its bound and one past it.

    Args:
        bounds: The bound on the units of each layer, for one layer, two layers, …
        growth: Factor between two steps.
        hidden_units: Of each MLP.
    """
    sizes = [ZERO, *(Size(0, units) for units in sorted(set(hidden_units)))]
    for depth, bound in enumerate(bounds, start=1):
        sizes += [Size(depth, units) for units in units_in_steps(bound, growth)]
    return sizes
