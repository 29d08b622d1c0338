"""Several networks of one size at once: the results of one after another, but for rounding, in less time.

On a CPU the LSTM layers of all networks are run by fused kernels; whatever else there is runs network by network with
the kernels of PyTorch. Both are functions of the same flat parameters, so that their gradients come the same way.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from cellsize.models import unequal
from cellsize.models.engine import Engine
from cellsize.models.fused_lstm import WEIGHTS, lstm_layer
from cellsize.models.network import CORRECTION, Net, apply_dropout, flat_known
from cellsize.models.prediction import plain_forward

# Units of a layer, in all networks that are run together: more leave the cache (measured: docs/decisions.md).
UNITS_TOGETHER = 256


def groups(
    networks: Sequence[Net],
    indices: Sequence[int],
    windows: Sequence[int] | None = None,
    engine: Engine = "auto",
    has_lengths: bool = False,
) -> list[list[int]]:
    """The networks' indices, those together that are best run together.

    Args:
        networks: Networks of one size.
        indices: The index of each.
        windows: How many windows each has in its batch, if they differ: only equal ones run together.
        engine: Which kernels run the LSTM layers.
        has_lengths: Whether they read sequences of unequal length.
    """
    counts = windows or [0] * len(indices)
    kinds = [(count, _run_together(net, engine, has_lengths)) for net, count in zip(networks, counts, strict=True)]
    result: list[list[int]] = []
    for (_, together), same in groupby(zip(indices, kinds, strict=True), key=lambda pair: pair[1]):
        size = max(1, UNITS_TOGETHER // networks[0].units) if together else 1
        equal = [index for index, _ in same]
        result += [equal[begin : begin + size] for begin in range(0, len(equal), size)]
    return result


def forward(
    networks: Sequence[Net],
    steps: Sequence[Tensor],
    known_future: Sequence[Tensor],
    linear_inputs: Sequence[Tensor],
    parameters: Tensor | None = None,
    engine: Engine = "auto",
    lengths: Sequence[Tensor] | None = None,
) -> Tensor:
    """Forecasts of several networks, each on its own windows, equally many for each.

    Args:
        networks: Networks of one size, all training or all not; their architectures may differ, as far as `groups`
            puts them together.
        steps: What each network's windows see, each of shape (n, lookback, n_inputs).
        known_future: Known-future covariates, each of shape (n, horizon, n_known_future).
        linear_inputs: What the ridge-linear model reads, each of shape (n, n_linear).
        parameters: Each network's parameters as the beginning of a row, in the order of `Net.parameters`, shape
            (networks, parameters of the largest); gradients go to them. By default the networks' own, and gradients go
            to these.
        engine: Which kernels run the LSTM layers; see `cellsize.models.engine`.
        lengths: Steps of each network's sequences, each of shape (n,); None: all have as many as there are.

    Returns:
        Shape (networks, n, horizon, n_targets).
    """
    together = _run_together(networks[0], engine, lengths is not None)
    if parameters is None and not together:
        return plain_forward(networks, steps, known_future, linear_inputs, lengths=lengths)
    if parameters is None:
        parameters = padded([torch.nn.utils.parameters_to_vector(net.parameters()) for net in networks])
    batches = list(zip(steps, known_future, linear_inputs, strict=True))
    if not together:
        of_each = [None] * len(networks) if lengths is None else lengths
        rows = zip(networks, parameters.split(1), batches, of_each, strict=True)
        return torch.stack(
            [
                torch.func.functional_call(
                    net, {name: value[0] for name, value in _named(net, row).items()}, (*batch, of_batch)
                )
                for net, row, batch, of_batch in rows
            ]
        )
    if networks[0].layers and lengths is not None:
        summaries = _fused_sequences(networks, parameters, steps, torch.stack(list(lengths)))
    elif networks[0].layers:
        summaries = _fused_summaries(networks, parameters, steps)
    else:
        summaries = _hidden(networks, parameters, linear_inputs)
    # The heads of equal architectures together.
    order: list[int] = []
    outputs: list[Tensor] = []
    for architecture in dict.fromkeys(net.architecture for net in networks):
        same = [index for index, net in enumerate(networks) if net.architecture == architecture]
        order += same
        outputs.append(_read([networks[index] for index in same], parameters[same], summaries[same],
                             [batches[index] for index in same]))  # fmt: skip
    forecasts = torch.cat(outputs)
    return forecasts if order == sorted(order) else forecasts[torch.tensor(order).argsort()]


def padded(vectors: Sequence[Tensor]) -> Tensor:
    """Vectors as the beginnings of the rows of one matrix, with zeros behind the shorter ones."""
    return torch.nn.utils.rnn.pad_sequence(list(vectors), batch_first=True)


def _fused_summaries(networks: Sequence[Net], parameters: Tensor, steps: Sequence[Tensor]) -> Tensor:
    """What the heads read, (networks, width, n): the recurrent layers of all networks together, dropout included."""
    named = _named(networks[0], parameters)
    outputs = torch.stack([values.permute(1, 2, 0) for values in steps], dim=1)
    depth, reads_last = len(networks[0].layers), networks[0].network.summary == "last"
    for index in range(depth):
        all_steps = index < depth - 1 or not reads_last
        outputs = lstm_layer({name: named[f"layers.{index}.{name}"] for name in WEIGHTS}, outputs, all_steps)
        outputs = _dropout(networks, outputs)
    return outputs if reads_last else outputs.mean(dim=0)


def _fused_sequences(networks: Sequence[Net], parameters: Tensor, steps: Sequence[Tensor], lengths: Tensor) -> Tensor:
    """The same of sequences of unequal length, (networks, n), in one direction or both; see `unequal`."""
    named, network = _named(networks[0], parameters), networks[0].network
    outputs = torch.stack([values.permute(1, 2, 0) for values in steps], dim=1)
    depth, kind = len(networks[0].layers), network.summary
    for index in range(depth):

        def run(inputs: Tensor, suffix: str, index: int = index) -> Tensor:
            return lstm_layer({name: named[f"layers.{index}.{name}{suffix}"] for name in WEIGHTS}, inputs, True)

        if network.bidirectional:
            outputs = unequal.both_directions(run, outputs, lengths)
        else:
            outputs = run(outputs, unequal.FORWARD)
        if index < depth - 1 or kind == "mean":
            outputs = _dropout(networks, outputs)
    summaries = unequal.summary(outputs, lengths, kind, network.bidirectional)
    return _dropout(networks, summaries) if kind == "last" else summaries


def _hidden(networks: Sequence[Net], parameters: Tensor, linear_inputs: Sequence[Tensor]) -> Tensor:
    """The hidden units of MLPs, (networks, units, n), dropout included."""
    weight = _named(networks[0], parameters)["hidden.weight"].contiguous()
    units = torch.relu(torch.bmm(weight, torch.stack(list(linear_inputs)).transpose(1, 2)))
    return _dropout(networks, units)


def _named(net: Net, parameters: Tensor) -> dict[str, Tensor]:
    """Views of flat parameters by their names, each with the shape of a network's own behind the networks."""
    names, shapes = zip(*((name, weight.shape) for name, weight in net.named_parameters()), strict=True)
    counts = [shape.numel() for shape in shapes]
    pieces = parameters[:, : sum(counts)].split(counts, dim=1)
    return {
        name: piece.reshape(len(parameters), *shape) for name, piece, shape in zip(names, pieces, shapes, strict=True)
    }


def _read(
    networks: Sequence[Net], parameters: Tensor, summaries: Tensor, batches: Sequence[tuple[Tensor, Tensor, Tensor]]
) -> Tensor:
    """`Net.read` of networks of one architecture.

    Args:
        networks: The networks.
        parameters: Their flat parameters, shape (networks, parameters).
        summaries: Shape (networks, width, n).
        batches: Of each network the arguments of `Net.forward`.
    """
    net, named = networks[0], _named(networks[0], parameters)
    known_future = torch.stack([batch[1] for batch in batches])
    remembered = _affine(summaries.transpose(1, 2), named["head.weight"], named["head.bias"])
    if net.architecture.head == "mixed":
        read = torch.cat([summaries.transpose(1, 2), flat_known(known_future, net.shape)], dim=2)
        mixed = torch.relu(_affine(read, named["mixing.weight"], named["mixing.bias"]))
        remembered = torch.baddbmm(remembered, mixed, named["mixed_head.weight"].contiguous().transpose(1, 2))
    if net.architecture.skip == "joint":
        linear_inputs = torch.stack([batch[2] for batch in batches])
        remembered = torch.baddbmm(remembered, linear_inputs, named["correction.weight"].contiguous(), alpha=CORRECTION)
    from_known = torch.einsum("mnhk,mhkt->mnht", known_future, named["known_future.weight"].contiguous())
    return remembered.view(len(networks), -1, net.shape.horizon, net.shape.n_targets) + from_known


def _affine(values: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A linear layer of each network: values (networks, n, in), weights (networks, out, in)."""
    return torch.baddbmm(bias.unsqueeze(1), values, weight.contiguous().transpose(1, 2))


def _run_together(net: Net, engine: Engine, has_lengths: bool) -> bool:
    """Whether several networks are one batch of operations: MLPs anywhere, recurrent layers by the fused kernels."""
    return not net.layers or _is_fused(net, engine, has_lengths)


def _is_fused(net: Net, engine: Engine, has_lengths: bool) -> bool:
    """Whether the fused kernels run a network: where they can, unless PyTorch's are asked for.

    Both directions of forecasts are PyTorch's, and were so when the examples were measured; those of sequences of
    unequal length are fused. A projection that is no narrower than the layer is none, so that small sizes may be fused
    where large ones are not.
    """
    layer: Any = net.layers[0]
    return (
        engine != "torch"
        and net.architecture.head != "encoder_decoder"  # they begin with no state, and give none back
        and net.network.cell == "lstm"
        and (has_lengths or not net.network.bidirectional)
        and layer.proj_size == 0
        and layer.weight_ih_l0.device.type == "cpu"
        and layer.weight_ih_l0.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")  # they know no other precision
    )


def _dropout(networks: Sequence[Net], outputs: Tensor) -> Tensor:
    """Each network's own dropout on its part of (…, networks, units, n)."""
    if not any(net.training and net.dropout for net in networks):
        return outputs
    pairs = zip(networks, outputs.unbind(-3), strict=True)
    return torch.stack([apply_dropout(part, net) for net, part in pairs], dim=-3)
