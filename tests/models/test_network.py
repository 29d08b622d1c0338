"""The network of one size, compared with its counted cost and with a computation by hand."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product

import pytest
import torch
from torch import Tensor, nn

from cellsize.models import stacked
from cellsize.models.network import CORRECTION, Net
from cellsize.params import Cell, Head, Network
from cellsize.sizing.sizes import Architecture, Shape, Size, cost, recurrent_parameters

SHAPE = Shape(
    n_inputs=5, n_known_future=2, lookback=4, cell_lookback=4, horizon=3, n_targets=2, n_origin=0, n_linear=21
)
PLAIN = Network(cell="lstm", projection=0, bidirectional=False, summary="last", skip=("none",), head=("plain",))
KINDS = [
    PLAIN.model_copy(update={"cell": cell, "projection": projection, "bidirectional": both, "summary": summary})
    for cell, projection, both, summary in product(("lstm", "gru", "rnn"), (0, 3), (False, True), ("last", "mean"))
    if cell == "lstm" or not projection
]


ARCHITECTURES = [Architecture(skip, head) for skip in ("none", "linear", "joint") for head in ("plain", "mixed")]
DECODERS = [Architecture(skip, "encoder_decoder") for skip in ("none", "linear", "joint")]


def make(
    size: Size, network: Network = PLAIN, architecture: Architecture = ARCHITECTURES[0], shape: Shape = SHAPE
) -> Net:
    return Net(size, network, shape, architecture)


def inputs(n: int = 4, shape: Shape = SHAPE) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    steps, known = torch.randn(n, shape.lookback, shape.n_inputs), torch.randn(n, shape.horizon, shape.n_known_future)
    return steps, known, torch.randn(n, shape.n_linear)


def with_head(net: Net) -> Net:
    """The net with last weights that are not zero, as they begin."""
    torch.manual_seed(1)
    for name, weight in net.named_parameters():
        if not weight.any() and not name.startswith("layers"):
            torch.nn.init.normal_(weight)
    return net


def counted(weights: Iterable[Tensor]) -> int:
    return sum(weight.numel() for weight in weights)


@pytest.mark.parametrize("network", KINDS, ids=str)
@pytest.mark.parametrize("layers", [1, 2, 3, 6])
@pytest.mark.parametrize("units", [1, 3, 8])
def test_counted_parameters_are_those_of_the_network(network: Network, layers: int, units: int) -> None:
    net, costs = make(Size(layers, units), network), cost(Size(layers, units), network, SHAPE)
    assert costs.parameters == counted(net.parameters())
    assert costs.recurrent == counted(net.layers.parameters())
    assert costs.head == counted([*net.head.parameters(), net.known_future.weight])
    assert costs.bytes == sum(weight.numel() * weight.element_size() for weight in net.parameters())


@pytest.mark.parametrize("architecture", [*ARCHITECTURES, *DECODERS], ids=str)
@pytest.mark.parametrize("size", [Size(1, 3), Size(2, 8), Size(0, 5)], ids=str)
@pytest.mark.parametrize("n_static", [0, 1])
def test_counted_parameters_are_those_of_every_architecture(
    size: Size, architecture: Architecture, n_static: int
) -> None:
    if not size.layers and architecture.head != "plain":
        return  # an MLP has a plain head
    shape = replace(SHAPE, n_static=n_static)
    net, costs = make(size, PLAIN, architecture, shape), cost(size, PLAIN, shape, architecture)
    # The ridge-linear model of skip: linear lies outside the network; that of skip: joint is corrected inside it.
    outside = costs.linear if architecture.skip == "linear" else 0
    assert costs.parameters - outside == counted(net.parameters())
    decoder = net.decoder.layers.parameters() if architecture.head == "encoder_decoder" else []
    assert costs.recurrent == counted([*net.layers.parameters(), *decoder])
    if architecture.skip == "joint":
        assert costs.linear == net.correction.weight.numel() == SHAPE.n_linear * SHAPE.n_outputs


@pytest.mark.parametrize("architecture", [*ARCHITECTURES, *DECODERS], ids=str)
def test_the_recurrent_layers_come_first_whatever_the_architecture(architecture: Architecture) -> None:
    # Networks of several architectures are run together, as views of rows with the layers in the same place.
    names = [name for name, _ in make(Size(2, 3), PLAIN, architecture).named_parameters()]
    plain = [name for name, _ in make(Size(2, 3)).named_parameters()]
    layers = [name for name in plain if name.startswith("layers.")]
    assert len(layers) == 8
    assert names[: len(plain)] == plain == [*layers, "head.weight", "head.bias", "known_future.weight"]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("n_static", [0, 1])
def test_an_encoder_decoder_is_one_of_plain_torch_with_the_same_weights(cell: Cell, layers: int, n_static: int) -> None:
    shape, size = replace(SHAPE, n_static=n_static), Size(layers, 4)
    network = PLAIN.model_copy(update={"cell": cell})
    net = with_head(make(size, network, Architecture("none", "encoder_decoder"), shape)).eval()
    # Two modules of PyTorch, as a textbook has them: the state of the one is where the other begins.
    make_plain = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[cell]
    encoder = make_plain(SHAPE.n_inputs, 4, layers, batch_first=True)
    decoder = make_plain(SHAPE.n_known_future - n_static + 1, 4, layers, batch_first=True)
    for plain, ours in ((encoder, net.layers), (decoder, net.decoder.layers)):
        plain.load_state_dict(
            {name: ours[int(name[-1])].state_dict()[f"{name[:-1]}0"] for name in plain.state_dict()}, strict=True
        )
    steps, known, linear = inputs()
    numbers = torch.tensor([1 / 3, 2 / 3, 1.0]).view(1, 3, 1).expand(len(steps), -1, -1)
    outputs, _ = decoder(torch.cat([known[:, :, n_static:], numbers], dim=2), encoder(steps)[1])
    expected = outputs @ net.head.weight.T + net.head.bias
    expected = expected + torch.einsum("nhk,hkt->nht", known, net.known_future.weight)
    torch.testing.assert_close(net(steps, known, linear), expected, rtol=1e-5, atol=1e-6)


def test_dropout_acts_after_every_layer_of_a_decoder_and_never_on_the_state() -> None:
    net = with_head(make(Size(1, 4), PLAIN, Architecture("none", "encoder_decoder")))
    net.dropout, net.generator = 0.5, torch.Generator().manual_seed(0)
    seen: list[Tensor] = []
    net.decoder.register_forward_pre_hook(lambda _, arguments: seen.extend(arguments[1][0]))
    net(*inputs())
    net.eval()(*inputs())
    torch.testing.assert_close(seen[:2], seen[2:])
    net.train().dropout = 0.999
    net.head.bias.data.zero_()
    net.known_future.weight.data.zero_()
    assert (net(*inputs()) == 0).float().mean() > 0.9


def test_an_encoder_begins_alike_whatever_the_head() -> None:
    weights = []
    heads: tuple[Head, ...] = ("plain", "encoder_decoder")
    for head in heads:
        torch.manual_seed(3)
        weights.append(make(Size(2, 4), PLAIN, Architecture("joint", head)).layers.state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


@pytest.mark.parametrize("network", KINDS, ids=str)
def test_without_its_biases_a_layer_has_as_many_parameters_as_multiply_adds(network: Network) -> None:
    net = make(Size(2, 8), network)
    weights = sum(
        weight.numel() for layer in net.layers for name, weight in layer.named_parameters() if "bias" not in name
    )
    assert weights == recurrent_parameters(Size(2, 8), network, SHAPE.n_inputs, biases=0)


@pytest.mark.parametrize("network", KINDS, ids=str)
def test_a_network_forecasts_every_target_of_every_step(network: Network) -> None:
    assert make(Size(2, 4), network)(*inputs(7)).shape == (7, 3, 2)


@pytest.mark.parametrize("network", KINDS, ids=str)
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_an_untrained_network_adds_nothing(network: Network, architecture: Architecture) -> None:
    assert not make(Size(2, 4), network, architecture)(*inputs()).any()
    assert not make(Size(0, 4), network, architecture)(*inputs()).any()


@pytest.mark.parametrize("network", KINDS, ids=str)
def test_the_first_and_the_last_step_seen_both_count(network: Network) -> None:
    # The backward direction of a bidirectional layer has read nothing but the last step at the last step.
    net = with_head(make(Size(1, 4), network))
    steps, known, linear = inputs()
    steps.requires_grad_()
    net(steps, known, linear).sum().backward()
    assert steps.grad is not None
    assert (steps.grad[:, 0].abs().sum(dim=1) > 0).all()
    assert (steps.grad[:, -1].abs().sum(dim=1) > 0).all()


def test_both_directions_have_read_the_whole_window() -> None:
    network = PLAIN.model_copy(update={"bidirectional": True})
    net = make(Size(1, 4), network)
    steps, _, _ = inputs()
    forward, backward = net.layers[0](steps)[1][0]
    assert torch.equal(net.summary(net.layers[0](steps)[0]), torch.cat([forward, backward], dim=1))


@pytest.mark.parametrize("summary", ["last", "mean"])
def test_the_summary_is_the_last_output_or_their_mean(summary: str) -> None:
    net = make(Size(1, 4), PLAIN.model_copy(update={"summary": summary}))
    outputs = torch.arange(24.0).view(1, 6, 4)
    expected = [20.0, 21, 22, 23] if summary == "last" else [10.0, 11, 12, 13]
    assert net.summary(outputs).tolist() == [expected]


def test_a_known_future_covariate_changes_the_forecast_of_its_own_step_alone() -> None:
    net = with_head(make(Size(1, 4), PLAIN))
    steps, known, linear = inputs()
    before = net(steps, known, linear)
    known[:, 1] += 1
    changed = (net(steps, known, linear) != before).any(dim=0)
    assert changed.tolist() == [[False, False], [True, True], [False, False]]


def test_dropout_is_applied_while_training_and_only_then() -> None:
    net = with_head(make(Size(2, 8), PLAIN))
    net.dropout = 0.5
    batch = inputs()
    assert not torch.equal(net.train()(*batch), net(*batch))
    assert torch.equal(net.eval()(*batch), net(*batch))


Run = Callable[[Net, Tensor, Tensor, Tensor], Tensor]


def alone(net: Net, *batch: Tensor) -> Tensor:
    outputs: Tensor = net(*batch)
    return outputs


def together(net: Net, *batch: Tensor) -> Tensor:
    steps, known, linear = batch
    return stacked.forward([net], [steps], [known], [linear])[0]


def unreachable(net: Net, forward: Run, steps: Tensor, known: Tensor, linear: Tensor) -> float:
    """Fraction of the forecasts that dropout of a half after the last layer alone could not have made."""
    with torch.no_grad():
        net.eval()
        outputs = steps
        for layer in net.layers:
            outputs = layer(outputs)[0]
        # Of a single unit each step is dropped, or twice as large: 2⁴ forecasts that there may be of each window.
        masks = 2 * torch.tensor(list(product((0.0, 1.0), repeat=SHAPE.lookback)))[:, None, :, None]
        possible = torch.stack([net.read(net.summary(mask * outputs), known, linear) for mask in masks])
        net.dropout = 0.5
        distance = (possible - forward(net.train(), steps, known, linear)).abs().amax(dim=(2, 3)).amin(dim=0)
    return float((distance > 1e-4).float().mean())


@pytest.mark.parametrize("forward", [alone, together])
@pytest.mark.parametrize("summary", ["last", "mean"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_dropout_is_applied_after_every_layer_and_not_after_the_last_alone(
    forward: Run, summary: str, cell: str
) -> None:
    network = PLAIN.model_copy(update={"cell": cell, "summary": summary})
    for layers in (1, 2, 3):
        net = with_head(make(Size(layers, 1), network))
        for weight in net.layers.parameters():
            torch.nn.init.normal_(weight)
        fraction = unreachable(net, forward, *inputs(200))
        # With the head on the last step half of the windows are dropped at the end, whatever was before.
        assert fraction == 0 if layers == 1 else fraction > 0.3


@pytest.mark.parametrize("forward", [alone, together])
@pytest.mark.parametrize("layers", [1, 2])
def test_dropout_falls_after_the_last_layer_too(forward: Run, layers: int) -> None:
    # With a single unit, dropped in half of the windows, nothing is left there but what is known ahead.
    net = with_head(make(Size(layers, 1), PLAIN))
    net.dropout = 0.5
    steps, known, linear = inputs(400)
    empty = net.read(torch.zeros(400, 1), known, linear)
    dropped = (forward(net.train(), steps, known, linear) - empty).abs().amax(dim=(1, 2)) < 1e-6
    assert float(dropped.float().mean()) == pytest.approx(0.5, abs=0.1)


def test_one_series_without_known_future_covariates_is_enough() -> None:
    shape = Shape(
        n_inputs=1, n_known_future=0, lookback=4, cell_lookback=4, horizon=1, n_targets=1, n_origin=0, n_linear=5
    )
    net = make(Size(1, 1), shape=shape)
    assert net(*inputs(3, shape)).shape == (3, 1, 1)
    assert cost(Size(1, 1), PLAIN, shape).parameters == sum(weight.numel() for weight in net.parameters())


@pytest.mark.parametrize("network", [kind for kind in KINDS if kind.cell == "lstm"], ids=str)
def test_forget_gates_begin_open(network: Network) -> None:
    net = make(Size(2, 4), network)
    for layer in net.layers:
        biases = {name: weight.chunk(4)[1] for name, weight in layer.named_parameters() if name.startswith("bias")}
        assert len(biases) == (4 if network.bidirectional else 2)
        for name, forget in biases.items():
            assert torch.equal(forget, torch.full((4,), 1.0 if name.startswith("bias_ih") else 0.0))


# --- heads and skip connections -------------------------------------------------------------------------------------


def test_a_joint_skip_connection_adds_a_tenth_of_its_correction_to_the_same_network() -> None:
    plain, joint = (make(Size(1, 4), PLAIN, Architecture(skip, "plain")) for skip in ("linear", "joint"))
    joint.load_state_dict(plain.state_dict(), strict=False)
    for net in (plain, joint):
        torch.nn.init.normal_(net.head.weight, generator=torch.Generator().manual_seed(3))
    # With no correction it is the skip connection as it is.
    assert torch.equal(joint(*inputs()), plain(*inputs()))
    torch.nn.init.normal_(joint.correction.weight)
    added = CORRECTION * (inputs()[2] @ joint.correction.weight)
    torch.testing.assert_close(joint(*inputs()), plain(*inputs()) + added.view(-1, 3, 2), rtol=1e-5, atol=1e-5)


def test_a_mixed_head_reads_memory_and_what_is_known_in_future_together() -> None:
    net = with_head(make(Size(1, 4), PLAIN, Architecture("none", "mixed")))
    steps, known, linear = inputs()
    summary = net.layers[0](steps)[0][:, -1]
    hidden = torch.cat([summary, known.flatten(1)], dim=1) @ net.mixing.weight.T + net.mixing.bias
    expected = summary @ net.head.weight.T + net.head.bias + hidden.clamp(min=0) @ net.mixed_head.weight.T
    expected = expected.view(-1, 3, 2) + torch.einsum("nhk,hkt->nht", known, net.known_future.weight)
    torch.testing.assert_close(net(steps, known, linear), expected, rtol=1e-5, atol=1e-5)
    # What is known of one step changes the forecast of others, as with a plain head it cannot.
    before = net(steps, known, linear)
    known[:, 1] += 1
    assert (net(steps, known, linear) != before).any(dim=0).all()


def test_an_mlp_is_what_it_is_by_hand() -> None:
    net = with_head(make(Size(0, 6)))
    steps, known, linear = inputs()
    expected = (linear @ net.hidden.weight.T).clamp(min=0) @ net.head.weight.T + net.head.bias
    expected = expected.view(-1, 3, 2) + torch.einsum("nhk,hkt->nht", known, net.known_future.weight)
    torch.testing.assert_close(net(steps, known, linear), expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(net(steps + 1, known, linear), net(steps, known, linear))  # it has no memory cells


@pytest.mark.parametrize("forward", [alone, together])
def test_dropout_of_an_mlp_falls_on_its_hidden_units(forward: Run) -> None:
    net = with_head(make(Size(0, 1)))
    net.dropout = 0.5
    steps, known, _ = inputs(400)
    linear = torch.ones(400, SHAPE.n_linear)
    net.hidden.weight.data.fill_(1.0)
    empty = net.read(torch.zeros(400, 1), known, linear)
    dropped = (forward(net.train(), steps, known, linear) - empty).abs().amax(dim=(1, 2)) < 1e-6
    assert float(dropped.float().mean()) == pytest.approx(0.5, abs=0.1)
