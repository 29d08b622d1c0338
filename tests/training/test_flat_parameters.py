"""All networks' parameters as one matrix: their own are views of it."""

import pytest
import torch

from cellsize.models.network import Net
from cellsize.params import Network
from cellsize.sizing.sizes import Shape, Size
from cellsize.training import flat_parameters

SHAPE = Shape(n_inputs=2, n_known_future=1, lookback=3, cell_lookback=3, horizon=2, n_targets=1, n_origin=0, n_linear=9)
GRU = Network(cell="gru", projection=0, bidirectional=False, head="last", skip="none")


def nets(count: int = 3) -> list[Net]:
    torch.manual_seed(0)
    return [Net(Size(1, 2), GRU, SHAPE) for _ in range(count)]


def vector(net: Net) -> torch.Tensor:
    return torch.nn.utils.parameters_to_vector(net.parameters()).detach()


def test_flattening_changes_no_weight_and_a_change_of_a_row_is_a_change_of_its_network() -> None:
    networks = nets()
    before = [vector(net) for net in networks]
    flat = flat_parameters.flatten(networks)
    assert torch.equal(flat.values, torch.stack(before))
    flat.values[1] += 1.0
    assert [torch.equal(vector(net), was) for net, was in zip(networks, before, strict=True)] == [True, False, True]
    assert torch.equal(vector(networks[1]), before[1] + 1.0)


def test_an_optimizer_changes_the_networks_with_a_gradient_alone() -> None:
    networks = nets()
    flat = flat_parameters.flatten(networks)
    before = flat.values.clone()
    flat.gradients[:] = 1.0
    flat.set_gradients([0, 2])
    torch.optim.SGD(flat.vectors, lr=0.5).step()
    assert torch.equal(flat.values[1], before[1])
    for index in (0, 2):
        torch.testing.assert_close(vector(networks[index]), before[index] - 0.5)


def test_each_gradient_is_clipped_by_its_own_norm() -> None:
    flat = flat_parameters.flatten(nets())
    flat.gradients.zero_()
    flat.gradients[0, :2] = torch.tensor([3.0, 4.0])
    flat.gradients[1, 0], flat.gradients[2, 0] = 0.5, 9.0
    flat.clip_gradients([0, 1], 1.0)
    assert flat.gradients[0, :2].tolist() == pytest.approx([0.6, 0.8], rel=1e-5)
    assert float(flat.gradients[1, 0]) == 0.5
    assert float(flat.gradients[2, 0]) == 9.0


def test_averages_begin_at_the_weights_and_each_has_its_own_decay() -> None:
    flat = flat_parameters.flatten(nets())
    start = flat.values.clone()
    assert torch.equal(flat.averages, start)
    flat.values[:] += 1.0
    flat.update_averages([0, 2], [0.75, 0.1])
    moved = (flat.averages - start).mean(dim=1)
    assert moved.tolist() == pytest.approx([0.25, 0.0, 0.9], abs=1e-6)


def test_swapping_twice_leaves_everything_as_it_was() -> None:
    networks = nets()
    flat = flat_parameters.flatten(networks)
    flat.averages[:] = 7.0
    before = flat.values.clone()
    flat.swap_averages([1])
    assert vector(networks[1]).tolist() == [7.0] * before.shape[1]
    assert torch.equal(flat.averages[1], before[1])
    assert torch.equal(flat.values[[0, 2]], before[[0, 2]])
    flat.swap_averages([1])
    assert torch.equal(flat.values, before)


def test_averages_that_are_given_are_resumed() -> None:
    networks = nets()
    given = torch.full_like(flat_parameters.flatten(networks).values, 3.0)
    assert torch.equal(flat_parameters.flatten(networks, given).averages, given)
