"""The LSTM layer of many members: what `nn.LSTM` gives, forward and backward, to float32's last digits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from cellsize.models import fused_lstm


def layers(number: int, n_in: int, units: int) -> list[nn.LSTM]:
    """Different layers with weights large enough to bend."""
    torch.manual_seed(0)
    made = [nn.LSTM(n_in, units) for _ in range(number)]
    for weight in (weight for layer in made for weight in layer.parameters()):
        nn.init.normal_(weight, std=0.7)
    return made


def forward(made: list[nn.LSTM], inputs: Tensor, whole: bool) -> Tensor:
    """The layers together."""
    weights = {name: torch.stack([getattr(layer, name) for layer in made]) for name in fused_lstm.WEIGHTS}
    return fused_lstm.lstm_layer(weights, inputs, whole)


def gradients(made: list[nn.LSTM], inputs: Tensor, loss: Tensor) -> list[Tensor]:
    """Of the inputs and of all weights."""
    return list(torch.autograd.grad(loss, [inputs, *(weight for layer in made for weight in layer.parameters())]))


@settings(deadline=None, max_examples=40)
@given(
    members=st.integers(1, 4),
    n_in=st.integers(1, 5),
    units=st.integers(1, 20),
    steps=st.integers(1, 12),
    windows=st.integers(1, 33),
    whole=st.booleans(),
)
def test_it_is_the_lstm_of_pytorch(members: int, n_in: int, units: int, steps: int, windows: int, whole: bool) -> None:
    made = layers(members, n_in, units)
    inputs = torch.randn(steps, members, n_in, windows, requires_grad=True)
    given_back = torch.randn(steps, members, units, windows)
    together = forward(made, inputs, whole)
    alone = torch.stack(
        [layer(inputs[:, number].transpose(1, 2))[0].transpose(1, 2) for number, layer in enumerate(made)], dim=1
    )
    expected = alone if whole else alone[-1]
    weighing = given_back if whole else given_back[-1]
    torch.testing.assert_close(together, expected, rtol=1e-5, atol=2e-6)
    found = gradients(made, inputs, (together * weighing).sum())
    for one, other in zip(found, gradients(made, inputs, (expected * weighing).sum()), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4 * max(1.0, float(other.abs().max())))


def test_the_bend_is_a_hyperbolic_tangent() -> None:
    values = np.concatenate([np.linspace(-12, 12, 100_001), [0.0, 1e-30, -1e-8, 300.0, -1e30]]).astype(np.float32)
    bent = np.array([fused_lstm._tanh(value) for value in values])
    np.testing.assert_allclose(bent, np.tanh(values.astype(np.float64)), rtol=4e-7, atol=4e-7)


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_what_is_no_number_stays_none(poison: float) -> None:
    made = layers(2, 2, 3)
    inputs = torch.randn(4, 2, 2, 9)
    inputs[1, 1, 0, 4] = poison
    outputs = forward(made, inputs, True)
    expected = made[1](inputs[:, 1].transpose(1, 2))[0].transpose(1, 2)
    assert outputs[:, 0].isfinite().all()
    assert torch.equal(outputs[:, 1].isnan(), expected.isnan())
    assert outputs[:, 1, :, [0, 1, 2, 3, 5, 6, 7, 8]].isfinite().all()


@pytest.mark.parametrize("whole", [True, False])
def test_what_was_given_stays_as_it_is_when_its_arrays_are_lent_out_again(whole: bool) -> None:
    made, results = layers(2, 3, 4), []
    for windows in (7, 30, 7, 2, 7):  # larger ones and smaller ones between equal ones
        torch.manual_seed(windows)
        inputs = torch.randn(5, 2, 3, windows, requires_grad=True)
        found = forward(made, inputs, whole)
        with torch.no_grad():
            forward(made, torch.randn(5, 2, 3, windows), whole)
        results.append([found, found.detach().clone(), *gradients(made, inputs, found.sum())])
    for one, other in ((results[0], results[2]), (results[0], results[4])):
        for values, expected in zip(one, other, strict=True):
            assert torch.equal(values, expected)
    for found, then, *_ in results:
        assert torch.equal(found, then)
