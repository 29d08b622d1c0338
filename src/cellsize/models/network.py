"""The network of one size: recurrent layers, dropout after each, and a head over the horizon."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from cellsize.models import unequal
from cellsize.models.decoder import Decoder
from cellsize.models.recurrent_layers import leave_weights, open_forget_gates, recurrent_layers
from cellsize.params import Network
from cellsize.sizing.sizes import MIXED_WIDTH, Architecture, Shape, Size, width

# What a trained linear skip connection is multiplied by. Adam moves every weight by about the learning rate, whatever
# its size: weights that begin at the ridge solution would be shaken out of it (measured: docs/decisions.md).
CORRECTION = 0.1


class Weights(nn.Module):
    """Weights that begin at 0. A module: a network's own parameters would come before those of its layers."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(*shape))


class Net(nn.Module):
    """Forecasts from what the recurrent layers remember and from the known-future covariates.

    Without recurrent layers it is a multilayer perceptron (MLP) of one hidden layer on the ridge-linear model's inputs.
    The last weights of everything start at 0: an untrained network adds nothing to the linear skip connection.

    Attributes:
        architecture: What the cells stand beside, and how the head is made.
        dropout: Fraction of values dropped after every layer while training.
        generator: What its dropout is drawn from, so that no other network changes it; None for PyTorch's own.
    """

    def __init__(self, size: Size, network: Network, shape: Shape, architecture: Architecture) -> None:
        super().__init__()
        self.network, self.shape, self.architecture, self.dropout = network, shape, architecture, 0.0
        self.units = size.units
        self.generator: torch.Generator | None = None
        out, has_decoder = width(size, network), architecture.head == "encoder_decoder"
        # The recurrent layers come first: networks of several architectures have them in the same place.
        self.layers = recurrent_layers(size, network, shape.n_inputs)
        if not size.layers:
            self.hidden = nn.Linear(shape.n_linear, size.units, bias=False)  # a 1 is among the inputs
        self.head = nn.Linear(out, shape.n_targets if has_decoder else shape.n_outputs)
        self.known_future = Weights(shape.horizon, shape.n_known_future, shape.n_targets)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        if architecture.head == "mixed":
            self.mixing = nn.Linear(out + shape.n_known, MIXED_WIDTH)
            self.mixed_head = nn.Linear(MIXED_WIDTH, shape.n_outputs, bias=False)
            nn.init.zeros_(self.mixed_head.weight)
        if has_decoder:
            self.decoder = Decoder(size, network, shape)
        if architecture.skip == "joint":
            self.correction = Weights(shape.n_linear, shape.n_outputs)
        if network.cell == "lstm":
            open_forget_gates(self.layers, size.units)

    def forward(
        self, steps: Tensor, known_future: Tensor, linear_inputs: Tensor, lengths: Tensor | None = None
    ) -> Tensor:
        """Forecasts in normalised values, without the ridge-linear model's that a skip connection adds.

        Args:
            steps: What the windows see, shape (n, lookback, n_inputs).
            known_future: Known-future covariates, shape (n, horizon, n_known_future).
            linear_inputs: What the ridge-linear model reads, shape (n, n_linear).
            lengths: Steps of each sequence, shape (n,); None: all have as many as there are.

        Returns:
            Shape (n, horizon, n_targets).
        """
        if not self.layers:
            return self.read(self.drop(torch.relu(self.hidden(linear_inputs))), known_future, linear_inputs)
        if lengths is not None:
            return self.read(self._summary_of(steps, lengths), known_future, linear_inputs)
        last, has_decoder, states = len(self.layers) - 1, self.architecture.head == "encoder_decoder", list[Any]()
        for depth, layer in enumerate(self.layers):
            steps, state = layer(steps)
            states.append(state)
            if depth < last or (self.network.summary == "mean" and not has_decoder):
                steps = self.drop(steps)
        if has_decoder:
            return self.read(self.decoder(known_future, states, self.drop), known_future, linear_inputs)
        summary = self.summary(steps)
        if self.network.summary == "last":
            # Of the last layer the head reads the last step alone, and only that is worth drawing for.
            summary = self.drop(summary)
        return self.read(summary, known_future, linear_inputs)

    def _summary_of(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """What the head reads of sequences of unequal length, (n, width), dropout included; see `unequal`."""
        outputs, kind, last = steps.permute(1, 2, 0), self.network.summary, len(self.layers) - 1
        for depth, layer in enumerate(self.layers):
            assert isinstance(layer, nn.RNNBase)
            if self.network.bidirectional:
                outputs = unequal.both_directions(partial(run_direction, layer), outputs, lengths)
            else:
                outputs = layer(outputs.permute(2, 0, 1))[0].permute(1, 2, 0)
            if depth < last or kind == "mean":
                outputs = apply_dropout(outputs, self)
        summary = unequal.summary(outputs, lengths, kind, self.network.bidirectional)
        return (apply_dropout(summary, self) if kind == "last" else summary).transpose(0, 1)

    def drop(self, values: Tensor) -> Tensor:
        """Dropout of (n, …)."""
        return _windows_first(apply_dropout(_windows_last(values), self))

    def summary(self, outputs: Tensor) -> Tensor:
        """The last layer's outputs (n, lookback, width) as one vector a window, (n, width)."""
        if self.network.summary == "mean":
            return outputs.mean(dim=1)
        if not self.network.bidirectional:
            return outputs[:, -1]
        # The backward direction has read the whole window at its first step, not at its last.
        half = outputs.shape[2] // 2
        return torch.cat([outputs[:, -1, :half], outputs[:, 0, half:]], dim=1)

    def read(self, summary: Tensor, known_future: Tensor, linear_inputs: Tensor) -> Tensor:
        """The head: forecasts from the summary, from what is known in future, and from linear inputs.

        The summary has the shape (n, width), or of a decoder (n, horizon, width).
        """
        remembered: Tensor = self.head(summary).flatten(1)
        if self.architecture.head == "mixed":
            mixed = torch.relu(self.mixing(torch.cat([summary, flat_known(known_future, self.shape)], dim=1)))
            remembered = remembered + self.mixed_head(mixed)
        if self.architecture.skip == "joint":
            remembered = remembered + CORRECTION * (linear_inputs @ self.correction.weight)
        forecasts = remembered.view(-1, self.shape.horizon, self.shape.n_targets)
        return forecasts + torch.einsum("nhk,hkt->nht", known_future, self.known_future.weight)


def run_direction(layer: nn.RNNBase, inputs: Tensor, suffix: str) -> Tensor:
    """One direction of a layer of two, as a layer of its own that reads forwards.

    Args:
        layer: Has the weights.
        inputs: Shape (steps, n_in, n).
        suffix: Of the names of the direction's weights.

    Returns:
        Shape (steps, width, n).
    """
    # It has no memory and draws nothing: its weights are the layer's.
    options: dict[str, int] = {"proj_size": layer.proj_size} if layer.proj_size else {}
    make: Callable[..., nn.RNNBase] = type(layer)
    single = make(layer.input_size, layer.hidden_size, batch_first=True, device="meta", **options)
    single.flatten_parameters = leave_weights  # type: ignore[method-assign]
    weights = {name: getattr(layer, name + suffix) for name, _ in single.named_parameters()}
    outputs = torch.func.functional_call(single, weights, (inputs.permute(2, 0, 1),))[0]
    directed: Tensor = outputs.permute(1, 2, 0)
    return directed


def flat_known(known_future: Tensor, shape: Shape) -> Tensor:
    """Known-future covariates (…, horizon, n_known_future) in a row, (…, n_known): what is constant comes once."""
    if not shape.n_static:
        return known_future.flatten(-2)
    return torch.cat([known_future[..., 0, : shape.n_static], known_future[..., shape.n_static :].flatten(-2)], dim=-1)


def apply_dropout(values: Tensor, net: Net) -> Tensor:
    """Dropout as the network asks for it: a fraction is 0, the rest larger by as much; nothing when not training.

    The windows are the last axis, whichever kernels run the layers: so both draw the same values.
    """
    if not net.training or not net.dropout:
        return values
    drawn = torch.rand(values.shape, generator=net.generator, device=values.device)
    return values * ((drawn >= net.dropout) / (1 - net.dropout))


def _windows_last(values: Tensor) -> Tensor:
    """(n, …) as (…, n)."""
    return values.movedim(0, -1)


def _windows_first(values: Tensor) -> Tensor:
    """(…, n) as (n, …)."""
    return values.movedim(-1, 0)
