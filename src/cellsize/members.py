"""Many small networks at once: the results of one after another, but for rounding, in less time.

On a CPU the members' LSTM layers move together (`recurrence`); whatever else there is goes network by network.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from cellsize.network import Net, drop
from cellsize.recurrence import lstm_layer

# Units of a layer, in all members that move together: more leave the cache (measured: docs/decisions.md).
TOGETHER = 256


def groups(members: Sequence[Net], numbers: Sequence[int]) -> list[list[int]]:
    """The members' numbers, those together that are best moved together."""
    many = max(1, TOGETHER // _units(members[0])) if members and _can_move_together(members[0]) else 1
    return [list(numbers[begin : begin + many]) for begin in range(0, len(numbers), many)]


def forward(members: Sequence[Net], steps: Sequence[Tensor], known: Sequence[Tensor]) -> list[Tensor]:
    """Forecasts of several members, each on its own windows.

    Args:
        members: Networks of one size, all training or all not.
        steps: What each member's windows see, each of shape (n, lookback, n_inputs).
        known: What is known ahead, each of shape (n, horizon, n_known).

    Returns:
        For each member a tensor of shape (n, horizon, n_targets).
    """
    if not _can_move_together(members[0]):
        return [member(*inputs) for member, *inputs in zip(members, steps, known, strict=True)]
    if any(part.shape != steps[0].shape for part in steps):
        return [
            forward([member], [seen], [ahead])[0] for member, seen, ahead in zip(members, steps, known, strict=True)
        ]
    outputs = torch.stack([part.permute(1, 2, 0) for part in steps], dim=1)
    depth, last = len(members[0].layers), members[0].network.head == "last"
    for number in range(depth):
        whole = number < depth - 1 or not last
        outputs = lstm_layer([member.layers[number] for member in members], outputs, whole)
        outputs = _dropout(members, outputs)
    summaries = outputs if last else outputs.mean(dim=0)
    return list(_read(members, summaries, torch.stack(list(known))).unbind())


def _read(members: Sequence[Net], summaries: Tensor, known: Tensor) -> Tensor:
    """`Net.read` of all members: summaries (members, units, n), known (members, n, horizon, n_known)."""
    shape = members[0].shape
    weight = torch.stack([member.head.weight for member in members])
    bias = torch.stack([member.head.bias for member in members])
    remembered = torch.baddbmm(bias.unsqueeze(1), summaries.transpose(1, 2), weight.transpose(1, 2))
    ahead = torch.stack([member.ahead for member in members])
    seen_ahead = torch.einsum("mnhk,mhkt->mnht", known, ahead)
    return remembered.view(len(members), -1, shape.horizon, shape.n_targets) + seen_ahead


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
