"""The decoder of an encoder-decoder: recurrent layers that carry the state on over the steps to be predicted.

Sutskever et al. (2014), without feeding forecasts back: a step reads what is known of it and its number. So an error in
one step is none in the next, and all steps are one run of the layers, in training as when the model is served.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from cellsize.models.recurrent_layers import open_forget_gates, recurrent_layers
from cellsize.params import Network
from cellsize.sizing.sizes import Shape, Size


class Decoder(nn.Module):
    """As many layers as the encoder has, of the same units; each begins with the last state of its encoder layer.

    What is constant in each series is not among its inputs, as it is not among the encoder's (docs/decisions.md).
    """

    def __init__(self, size: Size, network: Network, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.layers = recurrent_layers(size, network, shape.n_decoder)
        if network.cell == "lstm":
            open_forget_gates(self.layers, size.units)

    def forward(self, known_future: Tensor, states: list[Any], drop: Callable[[Tensor], Tensor]) -> Tensor:
        """What the head reads at each step, dropout included.

        Args:
            known_future: Known-future covariates, shape (n, horizon, n_known_future).
            states: The last state of each encoder layer, as the layers of PyTorch give it.
            drop: Dropout after every layer.

        Returns:
            Shape (n, horizon, units).
        """
        numbers = step_numbers(self.shape.horizon).to(known_future).expand(len(known_future), -1, -1)
        outputs = torch.cat([known_future[:, :, self.shape.n_static :], numbers], dim=2)
        for layer, state in zip(self.layers, states, strict=True):
            outputs = drop(layer(outputs, state)[0])
        return outputs


def step_numbers(horizon: int) -> Tensor:
    """The number of each step to be predicted as a fraction of the horizon, shape (1, horizon, 1): the last has 1."""
    return (torch.arange(1, horizon + 1, dtype=torch.float32) / horizon).view(1, -1, 1)
