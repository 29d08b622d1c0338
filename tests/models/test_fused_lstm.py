"""The LSTM layer of many networks: what `nn.LSTM` gives, forward and backward, to float32's last digits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from cellsize.models import fused_lstm


def layers(count: int, n_in: int, units: int) -> list[nn.LSTM]:
    """Different layers with weights so large that the activations are not linear."""
    torch.manual_seed(0)
    lstms = [nn.LSTM(n_in, units) for _ in range(count)]
    for weight in (weight for layer in lstms for weight in layer.parameters()):
        nn.init.normal_(weight, std=0.7)
    return lstms


def forward(lstms: list[nn.LSTM], inputs: Tensor, all_steps: bool) -> Tensor:
    """The layers together."""
    weights = {name: torch.stack([getattr(layer, name) for layer in lstms]) for name in fused_lstm.WEIGHTS}
    return fused_lstm.lstm_layer(weights, inputs, all_steps)


def gradients(lstms: list[nn.LSTM], inputs: Tensor, loss: Tensor) -> list[Tensor]:
    """Of the inputs and of all weights."""
    return list(torch.autograd.grad(loss, [inputs, *(weight for layer in lstms for weight in layer.parameters())]))


@settings(deadline=None, max_examples=40)
@given(
    networks=st.integers(1, 4),
    n_in=st.integers(1, 5),
    units=st.integers(1, 20),
    steps=st.integers(1, 12),
    windows=st.integers(1, 33),
    all_steps=st.booleans(),
)
def test_it_is_the_lstm_of_pytorch(
    networks: int, n_in: int, units: int, steps: int, windows: int, all_steps: bool
) -> None:
    lstms = layers(networks, n_in, units)
    inputs = torch.randn(steps, networks, n_in, windows, requires_grad=True)
    weighting = torch.randn(steps, networks, units, windows)
    together = forward(lstms, inputs, all_steps)
    alone = torch.stack(
        [layer(inputs[:, index].transpose(1, 2))[0].transpose(1, 2) for index, layer in enumerate(lstms)], dim=1
    )
    expected = alone if all_steps else alone[-1]
    weighting = weighting if all_steps else weighting[-1]
    torch.testing.assert_close(together, expected, rtol=1e-5, atol=2e-6)
    slopes = gradients(lstms, inputs, (together * weighting).sum())
    for slope, other in zip(slopes, gradients(lstms, inputs, (expected * weighting).sum()), strict=True):
        torch.testing.assert_close(slope, other, rtol=1e-4, atol=1e-4 * max(1.0, float(other.abs().max())))


def test_the_activation_is_a_hyperbolic_tangent() -> None:
    values = np.concatenate([np.linspace(-12, 12, 100_001), [0.0, 1e-30, -1e-8, 300.0, -1e30]]).astype(np.float32)
    activated = np.array([fused_lstm._tanh(value) for value in values])
    np.testing.assert_allclose(activated, np.tanh(values.astype(np.float64)), rtol=4e-7, atol=4e-7)


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_infinite_values_and_nan_come_through(poison: float) -> None:
    lstms = layers(2, 2, 3)
    inputs = torch.randn(4, 2, 2, 9)
    inputs[1, 1, 0, 4] = poison
    outputs = forward(lstms, inputs, True)
    expected = lstms[1](inputs[:, 1].transpose(1, 2))[0].transpose(1, 2)
    assert outputs[:, 0].isfinite().all()
    assert torch.equal(outputs[:, 1].isnan(), expected.isnan())
    assert outputs[:, 1, :, [0, 1, 2, 3, 5, 6, 7, 8]].isfinite().all()


@pytest.mark.parametrize("all_steps", [True, False])
def test_outputs_stay_as_they_are_when_their_buffers_are_used_again(all_steps: bool) -> None:
    lstms, results = layers(2, 3, 4), []
    for windows in (7, 30, 7, 2, 7):  # larger ones and smaller ones between equal ones
        torch.manual_seed(windows)
        inputs = torch.randn(5, 2, 3, windows, requires_grad=True)
        outputs = forward(lstms, inputs, all_steps)
        with torch.no_grad():
            forward(lstms, torch.randn(5, 2, 3, windows), all_steps)
        results.append([outputs, outputs.detach().clone(), *gradients(lstms, inputs, outputs.sum())])
    for first, again in ((results[0], results[2]), (results[0], results[4])):
        for values, expected in zip(first, again, strict=True):
            assert torch.equal(values, expected)
    for outputs, copied, *_ in results:
        assert torch.equal(outputs, copied)
