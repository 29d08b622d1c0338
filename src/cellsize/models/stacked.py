"""Many small networks at once: the results of one after another, but for rounding, in less time.

On a CPU the members' LSTM layers move together (`recurrence`); whatever else there is goes network by network.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from cellsize.models.fused_lstm import WEIGHTS, lstm_layer
from cellsize.models.network import Net, drop

# Units of a layer, in all members that move together: more leave the cache (measured: docs/decisions.md).
TOGETHER = 256


def groups(members: Sequence[Net], numbers: Sequence[int], windows: Sequence[int] | None = None) -> list[list[int]]:
    """The members' numbers, those together that are best moved together.

    Args:
        members: Networks of one size.
        numbers: What each is called.
        windows: How many windows each has before it, if they differ: only equal ones move together.
    """
    many = max(1, TOGETHER // _units(members[0])) if members and _can_move_together(members[0]) else 1
    counts = windows or [0] * len(numbers)
    found: list[list[int]] = []
    for _, same in groupby(zip(numbers, counts, strict=True), key=lambda one: one[1]):
        alike = [number for number, _ in same]
        found += [alike[begin : begin + many] for begin in range(0, len(alike), many)]
    return found


def forward(
    members: Sequence[Net], steps: Sequence[Tensor], known: Sequence[Tensor], weights: Tensor | None = None
) -> Tensor:
    """Forecasts of several members, each on its own windows, equally many for each.

    Args:
        members: Networks of one size, all training or all not.
        steps: What each member's windows see, each of shape (n, lookback, n_inputs).
        known: What is known ahead, each of shape (n, horizon, n_known_future).
        weights: Each member's parameters in a row, in the order of `Net.parameters`, shape (members, parameters), if
            they are at hand; used where members move together.

    Returns:
        Shape (members, n, horizon, n_targets).
    """
    if not _can_move_together(members[0]):
        return torch.stack([member(*inputs) for member, *inputs in zip(members, steps, known, strict=True)])
    if weights is None:
        weights = torch.stack([torch.nn.utils.parameters_to_vector(member.parameters()) for member in members])
    named = _named(members[0], weights)
    outputs = torch.stack([part.permute(1, 2, 0) for part in steps], dim=1)
    depth, last = len(members[0].layers), members[0].network.head == "last"
    for number in range(depth):
        whole = number < depth - 1 or not last
        outputs = lstm_layer({name: named[f"layers.{number}.{name}"] for name in WEIGHTS}, outputs, whole)
        outputs = _dropout(members, outputs)
    summaries = outputs if last else outputs.mean(dim=0)
    return _read(members[0], named, summaries, torch.stack(list(known)))


def _named(member: Net, weights: Tensor) -> dict[str, Tensor]:
    """Rows of parameters as stacked ones, each with the shape of the network's own behind the members."""
    names, shapes = zip(*((name, weight.shape) for name, weight in member.named_parameters()), strict=True)
    pieces = weights.split([shape.numel() for shape in shapes], dim=1)
    return {name: piece.reshape(len(weights), *shape) for name, piece, shape in zip(names, pieces, shapes, strict=True)}


def _read(member: Net, named: dict[str, Tensor], summaries: Tensor, known: Tensor) -> Tensor:
    """`Net.read` of all members: summaries (members, units, n), known (members, n, horizon, n_known_future)."""
    weight, bias = named["head.weight"].contiguous(), named["head.bias"]
    remembered = torch.baddbmm(bias.unsqueeze(1), summaries.transpose(1, 2), weight.transpose(1, 2))
    seen_ahead = torch.einsum("mnhk,mhkt->mnht", known, named["ahead"].contiguous())
    return remembered.view(len(known), -1, member.shape.horizon, member.shape.n_targets) + seen_ahead


def _units(member: Net) -> int:
    units: Any = member.layers[0].hidden_size
    return int(units)


def _can_move_together(member: Net) -> bool:
    layer: Any = member.layers[0]
    return (
        member.network.cell == "lstm"
        and not member.network.bidirectional
        and layer.proj_size == 0
        and layer.weight_ih_l0.device.type == "cpu"
        and layer.weight_ih_l0.dtype == torch.float32
    )


def _dropout(members: Sequence[Net], outputs: Tensor) -> Tensor:
    """Each member's share of its own part of (…, members, units, n)."""
    if not any(member.training and member.dropout for member in members):
        return outputs
    parts = zip(members, outputs.unbind(-3), strict=True)
    return torch.stack([drop(part, member) for member, part in parts], dim=-3)
