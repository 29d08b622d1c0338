"""All networks' parameters as one matrix: their own are views of it."""

import pytest
import torch

from cellsize.models.network import Net
from cellsize.params import Network
from cellsize.sizing.sizes import Architecture, Shape, Size
from cellsize.training import flat_parameters

SHAPE = Shape(n_inputs=2, n_known_future=1, lookback=3, horizon=2, n_targets=1, n_linear=9)
GRU = Network(cell="gru", projection=0, bidirectional=False, summary="last", skip=("none",), head=("plain",))
PLAIN, JOINT = Architecture("none", "plain"), Architecture("joint", "plain")


def nets(*architectures: Architecture) -> list[Net]:
    """Three plain ones, or one of each architecture."""
    torch.manual_seed(0)
    return [Net(Size(1, 2), GRU, SHAPE, each) for each in architectures or [PLAIN] * 3]


def flatten(networks: list[Net], averages: torch.Tensor | None = None) -> flat_parameters.FlatParameters:
    return flat_parameters.flatten(networks, max(map(flat_parameters.count, networks)), averages)


def vector(net: Net) -> torch.Tensor:
    return torch.nn.utils.parameters_to_vector(net.parameters()).detach()


def test_flattening_changes_no_weight_and_a_change_of_a_row_is_a_change_of_its_network() -> None:
    networks = nets()
    before = [vector(net) for net in networks]
    flat = flatten(networks)
    assert torch.equal(flat.values, torch.stack(before))
    flat.values[1] += 1.0
    assert [torch.equal(vector(net), was) for net, was in zip(networks, before, strict=True)] == [True, False, True]
    assert torch.equal(vector(networks[1]), before[1] + 1.0)


def test_an_optimizer_changes_the_networks_with_a_gradient_alone() -> None:
    networks = nets()
    flat = flatten(networks)
    before = flat.values.clone()
    flat.gradients[:] = 1.0
    flat.set_gradients([0, 2])
    torch.optim.SGD(flat.vectors, lr=0.5).step()
    assert torch.equal(flat.values[1], before[1])
    for index in (0, 2):
        torch.testing.assert_close(vector(networks[index]), before[index] - 0.5)


def test_each_gradient_is_clipped_by_its_own_norm() -> None:
    flat = flatten(nets())
    flat.gradients.zero_()
    flat.gradients[0, :2] = torch.tensor([3.0, 4.0])
    flat.gradients[1, 0], flat.gradients[2, 0] = 0.5, 9.0
    flat.clip_gradients([0, 1], 1.0)
    assert flat.gradients[0, :2].tolist() == pytest.approx([0.6, 0.8], rel=1e-5)
    assert float(flat.gradients[1, 0]) == 0.5
    assert float(flat.gradients[2, 0]) == 9.0


def test_averages_begin_at_the_weights_and_each_has_its_own_decay() -> None:
    flat = flatten(nets())
    start = flat.values.clone()
    assert torch.equal(flat.averages, start)
    flat.values[:] += 1.0
    flat.update_averages([0, 2], [0.75, 0.1])
    moved = (flat.averages - start).mean(dim=1)
    assert moved.tolist() == pytest.approx([0.25, 0.0, 0.9], abs=1e-6)


def test_swapping_twice_leaves_everything_as_it_was() -> None:
    networks = nets()
    flat = flatten(networks)
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
    given = torch.full_like(flatten(networks).values, 3.0)
    assert torch.equal(flatten(networks, given).averages, given)


# --- networks of several architectures ------------------------------------------------------------------------------


def test_a_smaller_network_has_zeros_behind_its_parameters() -> None:
    networks = nets(PLAIN, JOINT)
    small, large = map(flat_parameters.count, networks)
    assert large == small + SHAPE.n_linear * SHAPE.n_outputs
    before = [vector(net) for net in networks]
    flat = flatten(networks)
    assert flat.values.shape == (2, large)
    assert torch.equal(flat.values[0, :small], before[0])
    assert not flat.values[0, small:].any()
    assert torch.equal(flat.values[1], before[1])


def test_the_zeros_stay_zero_with_momentum_and_weight_decay() -> None:
    networks = nets(PLAIN, JOINT)
    flat, small = flatten(networks), flat_parameters.count(networks[0])
    optimizer = torch.optim.AdamW(flat.vectors, lr=0.1, weight_decay=0.5)
    for _ in range(3):
        flat.gradients[0, :small] = torch.randn(small)
        flat.gradients[1] = torch.randn(flat.values.shape[1])
        flat.set_gradients([0, 1])
        optimizer.step()
        flat.update_averages([0, 1], [0.5, 0.5])
    assert not flat.values[0, small:].any()
    assert not flat.averages[0, small:].any()
    assert flat.values[1, small:].all()


@pytest.mark.parametrize(("first", "second"), [(JOINT, PLAIN), (PLAIN, JOINT)])
def test_another_network_takes_a_row_with_its_average_and_leaves_the_others(
    first: Architecture, second: Architecture
) -> None:
    networks = nets(first, JOINT)
    flat = flatten(networks)
    flat.averages[:] += 1.0
    before = flat.values[1].clone()
    (other,) = nets(second)
    torch.nn.init.normal_(other.head.weight)
    expected = vector(other)
    flat.put(0, other)
    assert torch.equal(flat.values[0, : len(expected)], expected)
    assert not flat.values[0, len(expected) :].any()
    assert torch.equal(flat.averages[0], flat.values[0])
    assert torch.equal(flat.vectors[0], flat.values[0])
    assert torch.equal(flat.values[1], before)
    flat.values[0] += 1.0
    assert torch.equal(vector(other), expected + 1.0)
