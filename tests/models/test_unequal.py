"""Sequences of unequal length in one batch: nothing behind an end counts, whichever kernels run the layers."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from cellsize.models import unequal
from cellsize.models.network import Net
from cellsize.models.stacked import forward
from cellsize.params import Network
from cellsize.sizing.sizes import Architecture, Shape, Size

LENGTHS = torch.tensor([5, 2, 1, 4])
SHAPE = Shape(
    n_inputs=3, n_known_future=0, lookback=5, cell_lookback=5, horizon=1, n_targets=4, n_origin=0, n_linear=2
)  # fmt: skip


def draw_net(network: Network, size: Size, seed: int = 0) -> Net:
    """A network with every weight drawn at random, those that begin at 0 too."""
    torch.manual_seed(seed)
    net = Net(size, network, SHAPE, Architecture("none", "plain"))
    for weights in net.parameters():
        torch.nn.init.uniform_(weights, -0.5, 0.5)
    return net.eval()


def batch(behind: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """Steps, known future and linear inputs of sequences of `LENGTHS`, and a value behind the end of each."""
    steps = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(1))
    for sequence, length in zip(steps, LENGTHS, strict=True):
        sequence[int(length) :] = behind
    return steps, torch.zeros(4, 1, 0), torch.ones(4, 2)


def test_a_sequence_is_reversed_within_its_length() -> None:
    values = torch.arange(1.0, 6.0).view(5, 1, 1).repeat(1, 1, 2)
    backward = unequal.reverse(values, torch.tensor([5, 3]))
    assert backward[:, 0, 0].tolist() == [5, 4, 3, 2, 1]
    assert backward[:, 0, 1].tolist() == [3, 2, 1, 4, 5]


def test_the_summary_reads_the_true_end_and_the_mean_of_a_sequences_own_steps() -> None:
    outputs = torch.tensor([[1.0, 10.0], [2.0, 20.0], [3.0, torch.nan]]).view(3, 1, 2)
    lengths = torch.tensor([3, 2])
    assert unequal.summary(outputs, lengths, "last", False).tolist() == [[3.0, 20.0]]
    assert unequal.summary(outputs, lengths, "mean", False).tolist() == [[2.0, 15.0]]
    both = torch.cat([outputs, -outputs], dim=1)  # the second half ends at the first step
    assert unequal.summary(both, lengths, "last", True).tolist() == [[3.0, 20.0], [-1.0, -10.0]]


@pytest.mark.parametrize("engine", ["fused", "torch"])
@pytest.mark.parametrize("summary", ["last", "mean"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_network_says_the_same_as_pytorchs_packed_sequences(
    make_network: Callable[..., Network], engine: str, summary: str, bidirectional: bool
) -> None:
    net = draw_net(make_network(summary=summary, bidirectional=bidirectional), Size(2, 3))
    steps, known_future, linear_inputs = batch()
    packed: Tensor = steps
    for layer in net.layers:
        read = pack_padded_sequence(packed, LENGTHS, batch_first=True, enforce_sorted=False)
        packed = pad_packed_sequence(layer(read)[0], batch_first=True)[0]
    own = [sequence[: int(length)] for sequence, length in zip(packed, LENGTHS, strict=True)]
    if summary == "mean":
        expected = torch.stack([sequence.mean(dim=0) for sequence in own])
    elif bidirectional:
        expected = torch.stack([torch.cat([sequence[-1, :3], sequence[0, 3:]]) for sequence in own])
    else:
        expected = torch.stack([sequence[-1] for sequence in own])
    outputs = forward([net], [steps], [known_future], [linear_inputs], None, engine, [LENGTHS])  # type: ignore[arg-type]
    np.testing.assert_allclose(outputs[0, :, 0].detach(), net.head(expected).detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_what_lies_behind_an_end_changes_nothing_not_even_a_gradient(
    make_network: Callable[..., Network], cell: str
) -> None:
    net = draw_net(make_network(cell=cell, bidirectional=True, summary="mean"), Size(2, 3))
    found = []
    for behind in (0.0, 1e3):
        net.zero_grad()
        outputs = net(*batch(behind), LENGTHS)
        outputs.square().sum().backward()
        gradient = dict(net.named_parameters())["layers.0.weight_ih_l0_reverse"].grad
        assert gradient is not None
        found.append((outputs.detach(), gradient.clone()))
    for first, other in zip(*found, strict=True):
        np.testing.assert_array_equal(first, other)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_fused_and_plain_kernels_give_the_same_gradients_and_draw_the_same_dropout(
    make_network: Callable[..., Network], bidirectional: bool
) -> None:
    network, gradients = make_network(bidirectional=bidirectional, summary="mean"), []
    steps, known_future, linear_inputs = batch()
    for engine in ("fused", "torch"):
        nets = [draw_net(network, Size(2, 3), seed) for seed in (0, 1)]
        for number, net in enumerate(nets):
            net.train().dropout, net.generator = 0.3, torch.Generator().manual_seed(number)
        rows = torch.stack([torch.nn.utils.parameters_to_vector(net.parameters()).detach() for net in nets])
        rows.requires_grad_()
        outputs = forward(nets, [steps] * 2, [known_future] * 2, [linear_inputs] * 2, rows, engine, [LENGTHS] * 2)
        outputs.square().sum().backward()
        assert rows.grad is not None
        gradients.append(rows.grad)
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-4, atol=1e-5)


def test_sequences_that_are_all_as_long_as_the_batch_are_windows(make_network: Callable[..., Network]) -> None:
    net = draw_net(make_network(), Size(1, 3))
    steps, known_future, linear_inputs = batch()
    full = torch.full((4,), 5)
    np.testing.assert_allclose(
        net(steps, known_future, linear_inputs, full).detach(), net(steps, known_future, linear_inputs).detach(),
        rtol=1e-6,
    )  # fmt: skip
