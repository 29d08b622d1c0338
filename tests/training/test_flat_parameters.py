"""All members' parameters as one matrix: the networks' own are views of it."""

import math

import pytest
import torch

from cellsize.models.network import Net
from cellsize.params import Network
from cellsize.sizing.sizes import Shape, Size
from cellsize.training import flat_parameters

SHAPE = Shape(n_inputs=2, n_known_future=1, lookback=3, horizon=2, n_targets=1, n_linear=9)
GRU = Network(cell="gru", projection=0, bidirectional=False, head="last", skip="none")


def nets(number: int = 3) -> list[Net]:
    torch.manual_seed(0)
    return [Net(Size(1, 2), GRU, SHAPE) for _ in range(number)]


def vector(net: Net) -> torch.Tensor:
    return torch.nn.utils.parameters_to_vector(net.parameters()).detach()


def test_tying_changes_no_weight_and_a_change_of_a_row_is_a_change_of_its_network() -> None:
    made = nets()
    before = [vector(net) for net in made]
    tied = flat_parameters.tie(made)
    assert torch.equal(tied.values, torch.stack(before))
    tied.values[1] += 1.0
    assert [torch.equal(vector(net), was) for net, was in zip(made, before, strict=True)] == [True, False, True]
    assert torch.equal(vector(made[1]), before[1] + 1.0)


def test_an_optimizer_moves_the_named_members_alone() -> None:
    made = nets()
    tied = flat_parameters.tie(made)
    before = tied.values.clone()
    tied.gradients[:] = 1.0
    tied.move([0, 2])
    torch.optim.SGD(tied.vectors, lr=0.5).step()
    assert torch.equal(tied.values[1], before[1])
    for number in (0, 2):
        torch.testing.assert_close(vector(made[number]), before[number] - 0.5)


def test_each_gradient_is_shortened_by_its_own_length() -> None:
    tied = flat_parameters.tie(nets())
    tied.gradients.zero_()
    tied.gradients[0, :2] = torch.tensor([3.0, 4.0])
    tied.gradients[1, 0], tied.gradients[2, 0] = 0.5, 9.0
    tied.clip([0, 1], 1.0)
    assert tied.gradients[0, :2].tolist() == pytest.approx([0.6, 0.8], rel=1e-5)
    assert float(tied.gradients[1, 0]) == 0.5
    assert float(tied.gradients[2, 0]) == 9.0


def test_averages_begin_at_the_weights_and_each_moves_by_its_own_share() -> None:
    tied = flat_parameters.tie(nets())
    start = tied.values.clone()
    assert torch.equal(tied.averages, start)
    tied.values[:] += 1.0
    tied.average([0, 2], [0.75, 0.1])
    moved = (tied.averages - start).mean(dim=1)
    assert moved.tolist() == pytest.approx([0.25, 0.0, 0.9], abs=1e-6)


def test_swapping_twice_leaves_everything_as_it_was() -> None:
    made = nets()
    tied = flat_parameters.tie(made)
    tied.averages[:] = 7.0
    before = tied.values.clone()
    tied.swap([1])
    assert vector(made[1]).tolist() == [7.0] * before.shape[1]
    assert torch.equal(tied.averages[1], before[1])
    assert torch.equal(tied.values[[0, 2]], before[[0, 2]])
    tied.swap([1])
    assert torch.equal(tied.values, before)


def test_a_network_that_went_by_itself_gives_its_gradient_to_its_row() -> None:
    made = nets()
    tied = flat_parameters.tie(made)
    made[1](torch.randn(4, 3, 2), torch.randn(4, 2, 1)).square().sum().backward()
    expected = torch.cat([weight.grad.flatten() for weight in made[1].parameters() if weight.grad is not None])
    tied.take(1, made[1])
    assert torch.equal(tied.gradients[1], expected)
    assert math.isclose(float(tied.gradients[[0, 2]].abs().sum()), 0.0)
    assert all(weight.grad is None for weight in made[1].parameters())


def test_averages_that_are_given_go_on() -> None:
    made = nets()
    given = torch.full_like(flat_parameters.tie(made).values, 3.0)
    assert torch.equal(flat_parameters.tie(made, given).averages, given)
