"""Networks together: the same forecasts and the same gradients as one network after another, with either engine."""

from collections.abc import Iterable

import pytest
import torch
from torch import Tensor

from cellsize.models import stacked
from cellsize.models.engine import Engine
from cellsize.models.network import Net
from cellsize.params import Network
from cellsize.sizing.sizes import Shape, Size

SHAPE = Shape(
    n_inputs=3, n_known_future=1, lookback=5, cell_lookback=5, horizon=2, n_targets=2, n_origin=0, n_linear=18
)
PLAIN = Network(cell="lstm", projection=0, bidirectional=False, head="last", skip="none")
NOT_FUSED = [{"cell": "gru"}, {"cell": "rnn"}, {"bidirectional": True}, {"projection": 2}]
ENGINES: list[Engine] = ["auto", "torch"]


def nets(count: int, size: Size, network: Network = PLAIN) -> list[Net]:
    """Different networks, whose heads are not zero."""
    torch.manual_seed(0)
    networks = [Net(size, network, SHAPE) for _ in range(count)]
    for weight in (weight for net in networks for weight in net.parameters()):
        torch.nn.init.normal_(weight, std=0.5)
    return networks


def windows(*counts: int) -> tuple[list[Tensor], list[Tensor]]:
    """For each network its own windows."""
    torch.manual_seed(1)
    steps = [torch.randn(n, SHAPE.lookback, SHAPE.n_inputs) for n in counts]
    return steps, [torch.randn(n, SHAPE.horizon, SHAPE.n_known_future) for n in counts]


def gradients(networks: list[Net], outputs: Iterable[Tensor]) -> list[Tensor]:
    """Of a loss in which every output counts differently."""
    for net in networks:
        net.zero_grad()
    sum((output.sin() * (torch.arange(output.numel()).view_as(output) + 1)).sum() for output in outputs).backward()  # type: ignore[union-attr]
    slopes = [weight.grad for net in networks for weight in net.parameters()]
    assert all(slope is not None for slope in slopes)
    return [slope for slope in slopes if slope is not None]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("head", ["last", "mean"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("units", [1, 3, 32])
def test_networks_together_forecast_and_learn_as_they_would_alone(
    layers: int, units: int, head: str, engine: Engine
) -> None:
    networks = nets(3, Size(layers, units), PLAIN.model_copy(update={"head": head}))
    steps, known = windows(4, 4, 4)
    together = stacked.forward(networks, steps, known, engine=engine)
    alone = [net(*inputs) for net, *inputs in zip(networks, steps, known, strict=True)]
    for output, expected in zip(together, alone, strict=True):
        torch.testing.assert_close(output, expected, rtol=1e-5, atol=1e-5)
    slopes = gradients(networks, alone)
    for slope, expected in zip(gradients(networks, together), slopes, strict=True):
        torch.testing.assert_close(slope, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("changes", [{}, *NOT_FUSED], ids=str)
def test_the_kernels_of_pytorch_run_networks_one_by_one_to_the_same_bits(changes: dict[str, object]) -> None:
    networks = nets(2, Size(2, 3), PLAIN.model_copy(update=changes))
    steps, known = windows(4, 4)
    for engine in ENGINES if changes else ENGINES[1:]:
        assert stacked.groups(networks, [0, 1], engine=engine) == [[0], [1]]
        outputs = stacked.forward(networks, steps, known, engine=engine)
        for output, net, *inputs in zip(outputs, networks, steps, known, strict=True):
            assert torch.equal(output, net(*inputs))


def test_fused_kernels_run_networks_together() -> None:
    networks = nets(3, Size(1, 3))
    assert stacked.groups(networks, [5, 6, 8]) == stacked.groups(networks, [5, 6, 8], engine="fused") == [[5, 6, 8]]


def test_only_networks_with_equally_many_windows_run_together() -> None:
    assert stacked.groups(nets(4, Size(1, 3)), [0, 1, 4, 6], [4, 2, 2, 4]) == [[0], [1, 4], [6]]


@pytest.mark.parametrize("changes", [{}, *NOT_FUSED], ids=str)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("layers", [1, 2])
def test_given_parameters_take_the_place_of_the_networks_own_and_get_the_gradient(
    layers: int, engine: Engine, changes: dict[str, object]
) -> None:
    network = PLAIN.model_copy(update=changes)
    networks, others = nets(3, Size(layers, 3), network), nets(6, Size(layers, 3), network)[3:]
    steps, known = windows(4, 4, 4)
    rows = torch.stack([torch.nn.utils.parameters_to_vector(net.parameters()).detach() for net in others])
    rows.requires_grad_()
    together = stacked.forward(networks, steps, known, rows, engine)
    alone = [net(*inputs) for net, *inputs in zip(others, steps, known, strict=True)]
    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-5, atol=1e-5)
    together.sin().sum().backward()
    assert rows.grad is not None
    for row, net, output in zip(rows.grad, others, alone, strict=True):
        slopes = torch.autograd.grad(output.sin().sum(), list(net.parameters()))
        expected = torch.cat([slope.flatten() for slope in slopes])
        torch.testing.assert_close(row, expected, rtol=1e-4, atol=1e-4)
    assert all(weight.grad is None for net in networks for weight in net.parameters())


def test_large_networks_run_in_smaller_groups() -> None:
    units = stacked.UNITS_TOGETHER // 2
    assert stacked.groups(nets(5, Size(1, units)), [0, 1, 4, 7, 9]) == [[0, 1], [4, 7], [9]]
    assert stacked.groups(nets(2, Size(1, 2 * stacked.UNITS_TOGETHER)), [3, 4]) == [[3], [4]]


def test_no_networks_are_no_groups() -> None:
    assert stacked.groups([], []) == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("poisoned", [0, 1, 2])
def test_a_network_that_diverged_does_not_change_the_others(poisoned: int, engine: Engine) -> None:
    networks = nets(3, Size(1, 3))
    steps, known = windows(4, 4, 4)
    expected = [output.detach().clone() for output in stacked.forward(networks, steps, known, engine=engine)]
    networks[poisoned].head.weight.data[:] = float("nan")
    next(iter(networks[poisoned].layers[0].parameters())).data[:] = float("inf")
    outputs = stacked.forward(networks, steps, known, engine=engine)
    torch.stack([output.square().mean() for output in outputs]).sum().backward()
    for index, net in enumerate(networks):
        healthy = index != poisoned
        assert torch.equal(outputs[index], expected[index]) == healthy
        assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in net.parameters()) == healthy


@pytest.mark.parametrize("engine", ENGINES)
def test_dropout_keeps_the_mean_and_follows_each_networks_fraction(engine: Engine) -> None:
    networks = nets(2, Size(1, 4))
    networks[0].dropout, networks[1].dropout = 0.0, 0.5
    torch.manual_seed(0)
    steps, known = windows(400, 400)
    first, second = stacked.forward(networks, steps, known, engine=engine)
    assert torch.equal(first, stacked.forward(networks, steps, known, engine=engine)[0])
    assert not torch.equal(second, stacked.forward(networks, steps, known, engine=engine)[1])
    alone = networks[1].eval()(steps[1], known[1])
    torch.testing.assert_close(second.mean(dim=0), alone.mean(dim=0), rtol=0, atol=0.1)
    for net in networks:
        net.eval()
    again = [stacked.forward(networks, steps, known, engine=engine)[1] for _ in range(2)]
    assert torch.equal(*again)


@pytest.mark.parametrize("head", ["last", "mean"])
@pytest.mark.parametrize("layers", [1, 3])
def test_both_engines_drop_the_same_values(layers: int, head: str) -> None:
    # Else a training with dropout would be another training with another engine.
    networks = nets(3, Size(layers, 4), PLAIN.model_copy(update={"head": head}))
    steps, known = windows(40, 40, 40)
    outputs = []
    for engine in ENGINES:
        for index, net in enumerate(networks):
            net.dropout, net.generator = 0.5, torch.Generator().manual_seed(index)
        outputs.append(stacked.forward(networks, steps, known, engine=engine))
    torch.testing.assert_close(outputs[0], outputs[1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("changes", [{}, {"cell": "gru"}, {"head": "mean"}], ids=str)
def test_a_networks_dropout_does_not_depend_on_the_others(changes: dict[str, object]) -> None:
    networks = nets(3, Size(2, 4), PLAIN.model_copy(update=changes))
    steps, known = windows(4, 4, 4)

    def of_the_last(first: int) -> Tensor:
        for index, net in enumerate(networks):
            net.dropout, net.generator = 0.5, torch.Generator().manual_seed(index)
        return stacked.forward(networks[first:], steps[first:], known[first:])[-1]

    torch.testing.assert_close(of_the_last(0), of_the_last(2))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_known_future_covariates_may_be_none(cell: str) -> None:
    shape = Shape(
        n_inputs=1, n_known_future=0, lookback=3, cell_lookback=3, horizon=2, n_targets=1, n_origin=0, n_linear=4
    )
    networks = [Net(Size(1, 2), PLAIN.model_copy(update={"cell": cell}), shape) for _ in range(3)]
    for net in networks:
        torch.nn.init.normal_(net.head.weight)
    steps, known = [torch.randn(4, 3, 1)] * 3, [torch.empty(4, 2, 0)] * 3
    together = stacked.forward(networks, steps, known)
    alone = torch.stack([net(*inputs) for net, *inputs in zip(networks, steps, known, strict=True)])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)
    together.sum().backward()
    assert all(net.head.weight.grad is not None for net in networks)
