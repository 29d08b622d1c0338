"""The network of one size: recurrent layers, dropout after each, and a head over the horizon."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from cellsize.params import Network
from cellsize.sizing.sizes import Shape, Size, width

CELLS: dict[str, Callable[..., nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class Net(nn.Module):
    """Forecasts from what the recurrent layers remember and from the known-future covariates.

    The head's weights start at 0: an untrained network adds nothing to the linear skip connection.

    Attributes:
        dropout: Fraction of values dropped after every layer while training.
        generator: What its dropout is drawn from, so that no other network changes it; None for PyTorch's own.
    """

    def __init__(self, size: Size, network: Network, shape: Shape) -> None:
        super().__init__()
        self.network, self.shape, self.dropout = network, shape, 0.0
        self.generator: torch.Generator | None = None
        options: dict[str, int] = {}
        if 0 < network.projection < size.units:
            options["proj_size"] = network.projection
        out = width(size, network)
        self.layers = nn.ModuleList(
            CELLS[network.cell](
                shape.n_inputs if depth == 0 else out,
                size.units,
                batch_first=True,
                bidirectional=network.bidirectional,
                **options,
            )
            for depth in range(size.layers)
        )
        for layer in self.layers:
            # Weights are views of flat parameters: cuDNN's packing would move them into a memory of its own.
            layer.flatten_parameters = _leave_weights  # type: ignore[assignment]
        self.head = nn.Linear(out, shape.n_outputs)
        self.known_future_weights = nn.Parameter(torch.zeros(shape.horizon, shape.n_known_future, shape.n_targets))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        if network.cell == "lstm":
            self._open_forget_gates(size.units)

    def _open_forget_gates(self, units: int) -> None:
        """Begins with cells that keep their values (Gers et al. 2000; Jozefowicz et al. 2015).

        Without it a single cell often never learns to hold a bit, and a size looks too small that is not.
        """
        for name, weight in self.layers.named_parameters():
            if ".bias_" in name:
                weight.data[units : 2 * units] = 1.0 if ".bias_ih" in name else 0.0

    def forward(self, steps: Tensor, known_future: Tensor) -> Tensor:
        """Forecasts in normalised values.

        Args:
            steps: What the windows see, shape (n, lookback, n_inputs).
            known_future: Known-future covariates, shape (n, horizon, n_known_future).

        Returns:
            Shape (n, horizon, n_targets).
        """
        last = len(self.layers) - 1
        for depth, layer in enumerate(self.layers):
            steps = layer(steps)[0]
            if depth < last or self.network.head == "mean":
                steps = _windows_first(apply_dropout(_windows_last(steps), self))
        summary = self.summary(steps)
        if self.network.head == "last":
            # Of the last layer the head reads the last step alone, and only that is worth drawing for.
            summary = _windows_first(apply_dropout(_windows_last(summary), self))
        return self.read(summary, known_future)

    def summary(self, outputs: Tensor) -> Tensor:
        """The last layer's outputs (n, lookback, width) as one vector a window, (n, width)."""
        if self.network.head == "mean":
            return outputs.mean(dim=1)
        if not self.network.bidirectional:
            return outputs[:, -1]
        # The backward direction has read the whole window at its first step, not at its last.
        half = outputs.shape[2] // 2
        return torch.cat([outputs[:, -1, :half], outputs[:, 0, half:]], dim=1)

    def read(self, summary: Tensor, known_future: Tensor) -> Tensor:
        """The head: each step's forecast from the summary (n, width) and from what is known of that step."""
        remembered: Tensor = self.head(summary).view(-1, self.shape.horizon, self.shape.n_targets)
        return remembered + torch.einsum("nhk,hkt->nht", known_future, self.known_future_weights)


def _leave_weights() -> None:
    """In place of packing the weights."""


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
