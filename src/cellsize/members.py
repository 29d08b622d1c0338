"""Many small networks at once: the same results as one after another, in less time.

Below `STACKED_BELOW` units an LSTM's step is all overhead, so the members' weights are stacked and one
batched cell moves them together. From there up `nn.LSTM` is faster (measured: docs/decisions.md).
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from cellsize.network import Net

STACKED_BELOW = 8


def groups(members: Sequence[Net], numbers: Sequence[int]) -> list[list[int]]:
    """The members' numbers, those together that one batched cell can move."""
    if members and _can_stack(members[0]):
        return [list(numbers)]
    return [[number] for number in numbers]


def forward(members: Sequence[Net], steps: Sequence[Tensor], known: Sequence[Tensor]) -> list[Tensor]:
    """Forecasts of several members, each on its own windows.

    Args:
        members: Networks of one size, all training or all not.
        steps: What each member's windows see, each of shape (n, lookback, n_inputs).
        known: What is known ahead, each of shape (n, horizon, n_known).

    Returns:
        For each member a tensor of shape (n, horizon, n_targets).
    """
    alike = all(part.shape == steps[0].shape for part in steps)
    if len(members) == 1 or not alike or not _can_stack(members[0]):
        return [member(*inputs) for member, *inputs in zip(members, steps, known, strict=True)]
    outputs = torch.stack([part.permute(1, 2, 0) for part in steps], dim=1)
    for number in range(len(members[0].layers)):
        outputs = _stacked_layer([member.layers[number] for member in members], outputs)
        outputs = _dropout(members, outputs)
    summaries = outputs.mean(dim=0) if members[0].network.head == "mean" else outputs[-1]
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


def _can_stack(member: Net) -> bool:
    layer: Any = member.layers[0]
    return (
        member.network.cell == "lstm"
        and not member.network.bidirectional
        and layer.proj_size == 0
        and layer.hidden_size < STACKED_BELOW
        and layer.weight_ih_l0.device.type == "cpu"
    )


def _dropout(members: Sequence[Net], outputs: Tensor) -> Tensor:
    shares = [member.dropout if member.training else 0.0 for member in members]
    if not any(shares):
        return outputs
    keep = 1 - torch.tensor(shares).view(1, -1, 1, 1)
    return outputs * (torch.rand_like(outputs) < keep) / keep


def _stacked_layer(layers: Sequence[Any], inputs: Tensor) -> Tensor:
    """One LSTM layer of all members: (lookback, members, n_in, n) → (lookback, members, units, n)."""
    units = layers[0].hidden_size
    # PyTorch orders the gates input, forget, cell, output; with the cell last three share one sigmoid.
    order = torch.cat([torch.arange(2 * units), torch.arange(3 * units, 4 * units), torch.arange(2 * units, 3 * units)])
    w_in = torch.stack([layer.weight_ih_l0 for layer in layers])[:, order]
    w_state = torch.stack([layer.weight_hh_l0 for layer in layers])[:, order]
    bias = torch.stack([layer.bias_ih_l0 + layer.bias_hh_l0 for layer in layers])[:, order]
    result: Tensor = _StackedLSTM.apply(inputs, w_in, w_state, bias)  # type: ignore[no-untyped-call]
    return result


class _StackedLSTM(torch.autograd.Function):
    """An LSTM layer of M members with its gradient, windows last so that every gate is one block of memory."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, w_in: Tensor, w_state: Tensor, bias: Tensor) -> Tensor:
        steps, members, _, n = inputs.shape
        units = w_state.shape[2]
        gates = torch.matmul(w_in, inputs).add_(bias.unsqueeze(-1))
        states = inputs.new_zeros(steps + 1, members, units, n)
        cells = inputs.new_zeros(steps + 1, members, units, n)
        bent = inputs.new_empty(steps, members, units, n)
        # All views at once, before the loop: making them step by step costs as much as the arithmetic.
        whole, state, cell, curved = gates.unbind(), states.unbind(), cells.unbind(), bent.unbind()
        open_, fresh = gates[:, :, : 3 * units].unbind(), gates[:, :, 3 * units :].unbind()
        entering, kept, shown = (part.unbind() for part in gates[:, :, : 3 * units].split(units, 2))
        for t in range(steps):
            if t:
                torch.baddbmm(whole[t], w_state, state[t], out=whole[t])
            open_[t].sigmoid_()
            fresh[t].tanh_()
            torch.mul(entering[t], fresh[t], out=cell[t + 1]).addcmul_(kept[t], cell[t])
            torch.tanh(cell[t + 1], out=curved[t])
            torch.mul(shown[t], curved[t], out=state[t + 1])
        ctx.save_for_backward(inputs, w_in, w_state, gates, states, cells, bent)
        return states[1:]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor, Tensor]:
        inputs, w_in, w_state, gates, states, cells, bent = ctx.saved_tensors
        steps, members, _, n = inputs.shape
        units = w_state.shape[2]
        entering, kept, shown, fresh = gates.split(units, 2)
        # Derivative of each gate before its activation, without the factor that comes back through time.
        back = gates * gates
        torch.sub(gates[:, :, : 3 * units], back[:, :, : 3 * units], out=back[:, :, : 3 * units])
        back[:, :, 3 * units :].neg_().add_(1)
        for part, factor in zip(back.split(units, 2), (fresh, cells[:steps], bent, entering), strict=True):
            part.mul_(factor)
        through = torch.mul(bent, bent).neg_().add_(1).mul_(shown)
        turned = w_state.transpose(1, 2)
        d_cell = torch.zeros_like(cells[0])
        by_gate = back.view(steps, members, 4, units, n)
        d_states, behind, keeps, whole = grad.unbind(), through.unbind(), kept.unbind(), back.unbind()
        two, third, last = by_gate[:, :, :2].unbind(), by_gate[:, :, 2].unbind(), by_gate[:, :, 3].unbind()
        for t in reversed(range(steps)):
            d_state = d_states[t] if t == steps - 1 else torch.baddbmm(d_states[t], turned, whole[t + 1])
            d_cell = torch.addcmul(d_cell, d_state, behind[t])
            two[t].mul_(d_cell.unsqueeze(1))
            third[t].mul_(d_state)
            last[t].mul_(d_cell)
            d_cell = d_cell * keeps[t]
        rows = back.permute(1, 2, 0, 3).reshape(members, 4 * units, steps * n)
        d_state_weights = torch.bmm(rows, states[:steps].permute(1, 0, 3, 2).reshape(members, steps * n, units))
        d_input_weights = torch.bmm(rows, inputs.permute(1, 0, 3, 2).reshape(members, steps * n, -1))
        d_inputs = torch.matmul(w_in.transpose(1, 2), back) if ctx.needs_input_grad[0] else None
        return d_inputs, d_input_weights, d_state_weights, rows.sum(2)
