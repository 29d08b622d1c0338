"""The network of one size, compared with its counted cost and with a computation by hand."""

from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor

from cellsize.models import stacked
from cellsize.models.network import Net
from cellsize.params import Network
from cellsize.sizing.sizes import Shape, Size, cost, recurrent_parameters

SHAPE = Shape(
    n_inputs=5, n_known_future=2, lookback=4, cell_lookback=4, horizon=3, n_targets=2, n_origin=0, n_linear=21
)
PLAIN = Network(cell="lstm", projection=0, bidirectional=False, head="last", skip="none")
KINDS = [
    PLAIN.model_copy(update={"cell": cell, "projection": projection, "bidirectional": both, "head": head})
    for cell, projection, both, head in product(("lstm", "gru", "rnn"), (0, 3), (False, True), ("last", "mean"))
    if cell == "lstm" or not projection
]


def inputs(n: int = 4, shape: Shape = SHAPE) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(n, shape.lookback, shape.n_inputs), torch.randn(n, shape.horizon, shape.n_known_future)


def with_head(net: Net) -> Net:
    """The net with a head that is not zero, as it begins."""
    torch.manual_seed(1)
    for weight in (net.head.weight, net.head.bias, net.known_future_weights):
        torch.nn.init.normal_(weight)
    return net


@pytest.mark.parametrize("network", KINDS, ids=str)
@pytest.mark.parametrize("layers", [1, 2, 3, 6])
@pytest.mark.parametrize("units", [1, 3, 8])
def test_counted_parameters_are_those_of_the_network(network: Network, layers: int, units: int) -> None:
    net, counted = Net(Size(layers, units), network, SHAPE), cost(Size(layers, units), network, SHAPE)
    assert counted.parameters == sum(weight.numel() for weight in net.parameters())
    assert counted.recurrent == sum(weight.numel() for layer in net.layers for weight in layer.parameters())
    assert counted.head == sum(weight.numel() for weight in (*net.head.parameters(), net.known_future_weights))
    assert counted.bytes == sum(weight.numel() * weight.element_size() for weight in net.parameters())


@pytest.mark.parametrize("network", KINDS, ids=str)
def test_without_its_biases_a_layer_has_as_many_parameters_as_multiply_adds(network: Network) -> None:
    net = Net(Size(2, 8), network, SHAPE)
    weights = sum(
        weight.numel() for layer in net.layers for name, weight in layer.named_parameters() if "bias" not in name
    )
    assert weights == recurrent_parameters(Size(2, 8), network, SHAPE.n_inputs, biases=0)


@pytest.mark.parametrize("network", KINDS, ids=str)
def test_a_network_forecasts_every_target_of_every_step(network: Network) -> None:
    assert Net(Size(2, 4), network, SHAPE)(*inputs(7)).shape == (7, 3, 2)


@pytest.mark.parametrize("network", KINDS, ids=str)
def test_an_untrained_network_adds_nothing(network: Network) -> None:
    assert not Net(Size(2, 4), network, SHAPE)(*inputs()).any()


@pytest.mark.parametrize("network", KINDS, ids=str)
def test_the_first_and_the_last_step_seen_both_count(network: Network) -> None:
    # The backward direction of a bidirectional layer has read nothing but the last step at the last step.
    net = with_head(Net(Size(1, 4), network, SHAPE))
    steps, known = inputs()
    steps.requires_grad_()
    net(steps, known).sum().backward()
    assert steps.grad is not None
    assert (steps.grad[:, 0].abs().sum(dim=1) > 0).all()
    assert (steps.grad[:, -1].abs().sum(dim=1) > 0).all()


def test_both_directions_have_read_the_whole_window() -> None:
    network = PLAIN.model_copy(update={"bidirectional": True})
    net = Net(Size(1, 4), network, SHAPE)
    steps, _ = inputs()
    forward, backward = net.layers[0](steps)[1][0]
    assert torch.equal(net.summary(net.layers[0](steps)[0]), torch.cat([forward, backward], dim=1))


@pytest.mark.parametrize("head", ["last", "mean"])
def test_the_summary_is_the_last_output_or_their_mean(head: str) -> None:
    net = Net(Size(1, 4), PLAIN.model_copy(update={"head": head}), SHAPE)
    outputs = torch.arange(24.0).view(1, 6, 4)
    expected = [20.0, 21, 22, 23] if head == "last" else [10.0, 11, 12, 13]
    assert net.summary(outputs).tolist() == [expected]


def test_a_known_future_covariate_changes_the_forecast_of_its_own_step_alone() -> None:
    net = with_head(Net(Size(1, 4), PLAIN, SHAPE))
    steps, known = inputs()
    before = net(steps, known)
    known[:, 1] += 1
    changed = (net(steps, known) != before).any(dim=0)
    assert changed.tolist() == [[False, False], [True, True], [False, False]]


def test_dropout_is_applied_while_training_and_only_then() -> None:
    net = with_head(Net(Size(2, 8), PLAIN, SHAPE))
    net.dropout = 0.5
    steps, known = inputs()
    assert not torch.equal(net.train()(steps, known), net(steps, known))
    assert torch.equal(net.eval()(steps, known), net(steps, known))


def alone(net: Net, steps: Tensor, known: Tensor) -> Tensor:
    outputs: Tensor = net(steps, known)
    return outputs


def together(net: Net, steps: Tensor, known: Tensor) -> Tensor:
    return stacked.forward([net], [steps], [known])[0]


def unreachable(net: Net, forward: Callable[[Net, Tensor, Tensor], Tensor], steps: Tensor, known: Tensor) -> float:
    """Fraction of the forecasts that dropout of a half after the last layer alone could not have made."""
    with torch.no_grad():
        net.eval()
        outputs = steps
        for layer in net.layers:
            outputs = layer(outputs)[0]
        # Of a single unit each step is dropped, or twice as large: 2⁴ forecasts that there may be of each window.
        masks = 2 * torch.tensor(list(product((0.0, 1.0), repeat=SHAPE.lookback)))[:, None, :, None]
        possible = torch.stack([net.read(net.summary(mask * outputs), known) for mask in masks])
        net.dropout = 0.5
        distance = (possible - forward(net.train(), steps, known)).abs().amax(dim=(2, 3)).amin(dim=0)
    return float((distance > 1e-4).float().mean())


@pytest.mark.parametrize("forward", [alone, together])
@pytest.mark.parametrize("head", ["last", "mean"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_dropout_is_applied_after_every_layer_and_not_after_the_last_alone(
    forward: Callable[[Net, Tensor, Tensor], Tensor], head: str, cell: str
) -> None:
    network = PLAIN.model_copy(update={"cell": cell, "head": head})
    for layers in (1, 2, 3):
        net = with_head(Net(Size(layers, 1), network, SHAPE))
        for weight in net.layers.parameters():
            torch.nn.init.normal_(weight)
        fraction = unreachable(net, forward, *inputs(200))
        # With the head on the last step half of the windows are dropped at the end, whatever was before.
        assert fraction == 0 if layers == 1 else fraction > 0.3


@pytest.mark.parametrize("forward", [alone, together])
@pytest.mark.parametrize("layers", [1, 2])
def test_dropout_falls_after_the_last_layer_too(forward: Callable[[Net, Tensor, Tensor], Tensor], layers: int) -> None:
    # With a single unit, dropped in half of the windows, nothing is left there but what is known ahead.
    net = with_head(Net(Size(layers, 1), PLAIN, SHAPE))
    net.dropout = 0.5
    steps, known = inputs(400)
    empty = net.read(torch.zeros(400, 1), known)
    dropped = (forward(net.train(), steps, known) - empty).abs().amax(dim=(1, 2)) < 1e-6
    assert float(dropped.float().mean()) == pytest.approx(0.5, abs=0.1)


def test_one_series_without_known_future_covariates_is_enough() -> None:
    shape = Shape(
        n_inputs=1, n_known_future=0, lookback=4, cell_lookback=4, horizon=1, n_targets=1, n_origin=0, n_linear=5
    )
    net = Net(Size(1, 1), PLAIN, shape)
    assert net(*inputs(3, shape)).shape == (3, 1, 1)
    assert cost(Size(1, 1), PLAIN, shape).parameters == sum(weight.numel() for weight in net.parameters())


@pytest.mark.parametrize("network", [kind for kind in KINDS if kind.cell == "lstm"], ids=str)
def test_forget_gates_begin_open(network: Network) -> None:
    net = Net(Size(2, 4), network, SHAPE)
    for layer in net.layers:
        biases = {name: weight.chunk(4)[1] for name, weight in layer.named_parameters() if name.startswith("bias")}
        assert len(biases) == (4 if network.bidirectional else 2)
        for name, forget in biases.items():
            assert torch.equal(forget, torch.full((4,), 1.0 if name.startswith("bias_ih") else 0.0))
