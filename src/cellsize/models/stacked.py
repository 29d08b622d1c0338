"""Several networks of one size at once: the results of one after another, but for rounding, in less time.

On a CPU the LSTM layers of all networks are run by fused kernels; whatever else there is runs network by network with
the kernels of PyTorch. Both are functions of the same flat parameters, so that their gradients come the same way.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from cellsize.models.engine import Engine
from cellsize.models.fused_lstm import WEIGHTS, lstm_layer
from cellsize.models.network import Net, apply_dropout
from cellsize.models.prediction import plain_forward

# Units of a layer, in all networks that are run together: more leave the cache (measured: docs/decisions.md).
UNITS_TOGETHER = 256


def groups(
    networks: Sequence[Net], indices: Sequence[int], windows: Sequence[int] | None = None, engine: Engine = "auto"
) -> list[list[int]]:
    """The networks' indices, those together that are best run together.

    Args:
        networks: Networks of one size.
        indices: The index of each.
        windows: How many windows each has in its batch, if they differ: only equal ones run together.
        engine: Which kernels run the LSTM layers.
    """
    size = max(1, UNITS_TOGETHER // _units(networks[0])) if networks and _is_fused(networks[0], engine) else 1
    counts = windows or [0] * len(indices)
    result: list[list[int]] = []
    for _, same in groupby(zip(indices, counts, strict=True), key=lambda pair: pair[1]):
        equal = [index for index, _ in same]
        result += [equal[begin : begin + size] for begin in range(0, len(equal), size)]
    return result


def forward(
    networks: Sequence[Net],
    steps: Sequence[Tensor],
    known_future: Sequence[Tensor],
    parameters: Tensor | None = None,
    engine: Engine = "auto",
) -> Tensor:
    """Forecasts of several networks, each on its own windows, equally many for each.

    Args:
        networks: Networks of one size, all training or all not.
        steps: What each network's windows see, each of shape (n, lookback, n_inputs).
        known_future: Known-future covariates, each of shape (n, horizon, n_known_future).
        parameters: Each network's parameters as a row, in the order of `Net.parameters`, shape (networks, parameters);
            gradients go to them. By default the networks' own, and gradients go to these.
        engine: Which kernels run the LSTM layers; see `cellsize.models.engine`.

    Returns:
        Shape (networks, n, horizon, n_targets).
    """
    fused = _is_fused(networks[0], engine)
    if parameters is None and not fused:
        return plain_forward(networks, steps, known_future)
    if parameters is None:
        parameters = torch.stack([torch.nn.utils.parameters_to_vector(net.parameters()) for net in networks])
    named = _named(networks[0], parameters)
    if not fused:
        outputs = [
            torch.func.functional_call(net, {name: values[index] for name, values in named.items()}, tuple(batch))
            for index, (net, *batch) in enumerate(zip(networks, steps, known_future, strict=True))
        ]
        return torch.stack(outputs)
    return _fused_forward(networks, named, steps, known_future)


def _fused_forward(
    networks: Sequence[Net], named: dict[str, Tensor], steps: Sequence[Tensor], known_future: Sequence[Tensor]
) -> Tensor:
    """`Net.forward` of all networks together."""
    outputs = torch.stack([values.permute(1, 2, 0) for values in steps], dim=1)
    depth, reads_last = len(networks[0].layers), networks[0].network.head == "last"
    for index in range(depth):
        all_steps = index < depth - 1 or not reads_last
        outputs = lstm_layer({name: named[f"layers.{index}.{name}"] for name in WEIGHTS}, outputs, all_steps)
        outputs = _dropout(networks, outputs)
    summaries = outputs if reads_last else outputs.mean(dim=0)
    return _read(networks[0], named, summaries, torch.stack(list(known_future)))


def _named(net: Net, parameters: Tensor) -> dict[str, Tensor]:
    """Views of flat parameters by their names, each with the shape of a network's own behind the networks."""
    names, shapes = zip(*((name, weight.shape) for name, weight in net.named_parameters()), strict=True)
    pieces = parameters.split([shape.numel() for shape in shapes], dim=1)
    return {
        name: piece.reshape(len(parameters), *shape) for name, piece, shape in zip(names, pieces, shapes, strict=True)
    }


def _read(net: Net, named: dict[str, Tensor], summaries: Tensor, known_future: Tensor) -> Tensor:
    """`Net.read` of all networks.

    Args:
        net: One of them.
        named: Their parameters.
        summaries: Shape (networks, units, n).
        known_future: Shape (networks, n, horizon, n_known_future).
    """
    weight, bias = named["head.weight"].contiguous(), named["head.bias"]
    remembered = torch.baddbmm(bias.unsqueeze(1), summaries.transpose(1, 2), weight.transpose(1, 2))
    from_known = torch.einsum("mnhk,mhkt->mnht", known_future, named["known_future_weights"].contiguous())
    return remembered.view(len(known_future), -1, net.shape.horizon, net.shape.n_targets) + from_known


def _units(net: Net) -> int:
    units: Any = net.layers[0].hidden_size
    return int(units)


def _is_fused(net: Net, engine: Engine) -> bool:
    """Whether the fused kernels run a network: where they can, unless PyTorch's are asked for.

    A projection that is no narrower than the layer is none, so that small sizes may be fused where large ones are not.
    """
    layer: Any = net.layers[0]
    return (
        engine != "torch"
        and net.network.cell == "lstm"
        and not net.network.bidirectional
        and layer.proj_size == 0
        and layer.weight_ih_l0.device.type == "cpu"
        and layer.weight_ih_l0.dtype == torch.float32
    )


def _dropout(networks: Sequence[Net], outputs: Tensor) -> Tensor:
    """Each network's own dropout on its part of (…, networks, units, n)."""
    if not any(net.training and net.dropout for net in networks):
        return outputs
    pairs = zip(networks, outputs.unbind(-3), strict=True)
    return torch.stack([apply_dropout(part, net) for net, part in pairs], dim=-3)
