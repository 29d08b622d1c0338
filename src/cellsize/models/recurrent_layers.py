"""Recurrent layers as all networks have them: how they are made, and how they begin."""

from collections.abc import Callable

from torch import nn

from cellsize.params import Network
from cellsize.sizing.sizes import Size, width

CELLS: dict[str, Callable[..., nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


def recurrent_layers(size: Size, network: Network, n_inputs: int) -> nn.ModuleList:
    """The layers of a size, the first of which reads `n_inputs` at each step."""
    options: dict[str, int] = {}
    if 0 < network.projection < size.units:
        options["proj_size"] = network.projection
    out = width(size, network)
    layers = nn.ModuleList(
        CELLS[network.cell](
            n_inputs if depth == 0 else out,
            size.units,
            batch_first=True,
            bidirectional=network.bidirectional,
            **options,
        )
        for depth in range(size.layers)
    )
    for layer in layers:
        # Weights are views of flat parameters: cuDNN's packing would move them into a memory of its own.
        layer.flatten_parameters = leave_weights  # type: ignore[assignment]
    return layers


def open_forget_gates(layers: nn.ModuleList, units: int) -> None:
    """Begins with LSTM cells that keep their values (Gers et al. 2000; Jozefowicz et al. 2015).

    Without it a single cell often never learns to hold a bit, and a size looks too small that is not.
    """
    for name, weight in layers.named_parameters():
        if ".bias_" in name:
            weight.data[units : 2 * units] = 1.0 if ".bias_ih" in name else 0.0


def leave_weights() -> None:
    """In place of packing the weights."""
