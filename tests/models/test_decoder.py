"""What a decoder reads; test_network.py compares a whole encoder-decoder with one of plain torch."""

import torch

from cellsize.models.decoder import Decoder, step_numbers
from cellsize.params import Network
from cellsize.sizing.sizes import Shape, Size

SHAPE = Shape(
    n_inputs=5, n_known_future=2, lookback=4, cell_lookback=4, horizon=4, n_targets=1, n_origin=0, n_linear=21
)
NETWORK = Network(
    cell="lstm", projection=0, bidirectional=False, summary="last", skip=("none",), head=("encoder_decoder",)
)


def test_steps_are_numbered_as_fractions_of_the_horizon() -> None:
    assert step_numbers(4).flatten().tolist() == [0.25, 0.5, 0.75, 1.0]


def test_a_step_reads_no_later_one_and_all_of_the_state() -> None:
    torch.manual_seed(0)
    decoder, known = Decoder(Size(1, 3), NETWORK, SHAPE), torch.randn(2, 4, 2, requires_grad=True)
    state = (torch.randn(1, 2, 3, requires_grad=True), torch.randn(1, 2, 3, requires_grad=True))
    outputs = decoder(known, [state], lambda values: values)
    assert outputs.shape == (2, 4, 3)
    slopes = torch.autograd.grad(outputs[:, 1].sum(), [known, *state])
    assert slopes[0][:, :2].all()
    assert not slopes[0][:, 2:].any()
    assert all(slope.all() for slope in slopes[1:])


def test_a_decoder_begins_with_open_forget_gates() -> None:
    bias = Decoder(Size(1, 3), NETWORK, SHAPE).state_dict()["layers.0.bias_ih_l0"]
    assert bias[3:6].tolist() == [1.0, 1.0, 1.0]
