"""Members together: the same forecasts and the same gradients as one network after another."""

from collections.abc import Iterable

import pytest
import torch
from torch import Tensor

from cellsize.models import stacked
from cellsize.models.network import Net
from cellsize.params import Network
from cellsize.sizing.sizes import Shape, Size

SHAPE = Shape(n_inputs=3, n_known_future=1, lookback=5, horizon=2, n_targets=2, n_linear=18)
PLAIN = Network(cell="lstm", projection=0, bidirectional=False, head="last", skip="none")


def nets(number: int, size: Size, network: Network = PLAIN) -> list[Net]:
    """Different networks, whose heads say something."""
    torch.manual_seed(0)
    made = [Net(size, network, SHAPE) for _ in range(number)]
    for weight in (weight for net in made for weight in net.parameters()):
        torch.nn.init.normal_(weight, std=0.5)
    return made


def windows(*counts: int) -> tuple[list[Tensor], list[Tensor]]:
    """For each member its own windows."""
    torch.manual_seed(1)
    steps = [torch.randn(n, SHAPE.lookback, SHAPE.n_inputs) for n in counts]
    return steps, [torch.randn(n, SHAPE.horizon, SHAPE.n_known_future) for n in counts]


def gradients(made: list[Net], outputs: Iterable[Tensor]) -> list[Tensor]:
    """Of a loss in which every output counts differently."""
    for net in made:
        net.zero_grad()
    sum((output.sin() * (torch.arange(output.numel()).view_as(output) + 1)).sum() for output in outputs).backward()  # type: ignore[union-attr]
    found = [weight.grad for net in made for weight in net.parameters()]
    assert all(one is not None for one in found)
    return [one for one in found if one is not None]


@pytest.mark.parametrize("head", ["last", "mean"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("units", [1, 3, 32])
def test_members_together_forecast_and_learn_as_they_would_alone(layers: int, units: int, head: str) -> None:
    made = nets(3, Size(layers, units), PLAIN.model_copy(update={"head": head}))
    steps, known = windows(4, 4, 4)
    assert stacked.groups(made, [5, 6, 8]) == [[5, 6, 8]]
    together = stacked.forward(made, steps, known)
    alone = [net(*inputs) for net, *inputs in zip(made, steps, known, strict=True)]
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    expected = gradients(made, alone)
    for one, other in zip(gradients(made, together), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "changes", [{"cell": "gru"}, {"cell": "rnn"}, {"bidirectional": True}, {"projection": 2}], ids=str
)
def test_what_cannot_move_together_goes_one_by_one_to_the_same_end(changes: dict[str, object]) -> None:
    made = nets(2, Size(2, 3), PLAIN.model_copy(update=changes))
    steps, known = windows(4, 4)
    assert stacked.groups(made, [0, 1]) == [[0], [1]]
    for one, net, *inputs in zip(stacked.forward(made, steps, known), made, steps, known, strict=True):
        assert torch.equal(one, net(*inputs))


def test_only_members_with_equally_many_windows_move_together() -> None:
    assert stacked.groups(nets(4, Size(1, 3)), [0, 1, 4, 6], [4, 2, 2, 4]) == [[0], [1, 4], [6]]


@pytest.mark.parametrize("layers", [1, 2])
def test_weights_at_hand_are_used_in_place_of_the_networks_own(layers: int) -> None:
    made, others = nets(3, Size(layers, 3)), nets(6, Size(layers, 3))[3:]
    steps, known = windows(4, 4, 4)
    rows = torch.stack([torch.nn.utils.parameters_to_vector(net.parameters()).detach() for net in others])
    rows.requires_grad_()
    together = stacked.forward(made, steps, known, rows)
    alone = [net(*inputs) for net, *inputs in zip(others, steps, known, strict=True)]
    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-5, atol=1e-5)
    together.sin().sum().backward()
    assert rows.grad is not None
    for row, net, output in zip(rows.grad, others, alone, strict=True):
        expected = torch.autograd.grad(output.sin().sum(), list(net.parameters()))
        torch.testing.assert_close(row, torch.cat([one.flatten() for one in expected]), rtol=1e-4, atol=1e-4)


def test_large_members_move_in_smaller_groups() -> None:
    units = stacked.TOGETHER // 2
    assert stacked.groups(nets(5, Size(1, units)), [0, 1, 4, 7, 9]) == [[0, 1], [4, 7], [9]]
    assert stacked.groups(nets(2, Size(1, 2 * stacked.TOGETHER)), [3, 4]) == [[3], [4]]


def test_nobody_is_nobody() -> None:
    assert stacked.groups([], []) == []


@pytest.mark.parametrize("poisoned", [0, 1, 2])
def test_a_member_gone_mad_does_not_touch_the_others(poisoned: int) -> None:
    made = nets(3, Size(1, 3))
    steps, known = windows(4, 4, 4)
    expected = [output.detach().clone() for output in stacked.forward(made, steps, known)]
    made[poisoned].head.weight.data[:] = float("nan")
    next(iter(made[poisoned].layers[0].parameters())).data[:] = float("inf")
    outputs = stacked.forward(made, steps, known)
    torch.stack([output.square().mean() for output in outputs]).sum().backward()
    for number, net in enumerate(made):
        healthy = number != poisoned
        assert torch.equal(outputs[number], expected[number]) == healthy
        assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in net.parameters()) == healthy


def test_dropout_keeps_the_mean_and_follows_each_members_share() -> None:
    made = nets(2, Size(1, 4))
    made[0].dropout, made[1].dropout = 0.0, 0.5
    torch.manual_seed(0)
    steps, known = windows(400, 400)
    first, second = stacked.forward(made, steps, known)
    assert torch.equal(first, stacked.forward(made, steps, known)[0])
    assert not torch.equal(second, stacked.forward(made, steps, known)[1])
    alone = made[1].eval()(steps[1], known[1])
    torch.testing.assert_close(second.mean(dim=0), alone.mean(dim=0), rtol=0, atol=0.1)
    for net in made:
        net.eval()
    assert torch.equal(stacked.forward(made, steps, known)[1], stacked.forward(made, steps, known)[1])


@pytest.mark.parametrize("changes", [{}, {"cell": "gru"}, {"head": "mean"}], ids=str)
def test_a_members_dropout_does_not_depend_on_the_others(changes: dict[str, object]) -> None:
    made = nets(3, Size(2, 4), PLAIN.model_copy(update=changes))
    steps, known = windows(4, 4, 4)

    def of_the_last(first: int) -> Tensor:
        for number, net in enumerate(made):
            net.dropout, net.generator = 0.5, torch.Generator().manual_seed(number)
        return stacked.forward(made[first:], steps[first:], known[first:])[-1]

    torch.testing.assert_close(of_the_last(0), of_the_last(2))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_nothing_need_be_known_ahead(cell: str) -> None:
    shape = Shape(n_inputs=1, n_known_future=0, lookback=3, horizon=2, n_targets=1, n_linear=4)
    made = [Net(Size(1, 2), PLAIN.model_copy(update={"cell": cell}), shape) for _ in range(3)]
    for net in made:
        torch.nn.init.normal_(net.head.weight)
    steps, known = [torch.randn(4, 3, 1)] * 3, [torch.empty(4, 2, 0)] * 3
    together = stacked.forward(made, steps, known)
    alone = torch.stack([net(*inputs) for net, *inputs in zip(made, steps, known, strict=True)])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)
    together.sum().backward()
    assert all(net.head.weight.grad is not None for net in made)
