"""Sequences of unequal length in one batch: what lies behind the end of a shorter one never counts.

Zeros fill a shorter sequence up on the right, so that a forward direction has read all of it before it meets the first
zero. A backward direction is a forward one on inputs that are reversed within their length: PyTorch's packed sequences
give the same numbers, 3 to 8 times slower on a CPU (docs/decisions.md).

Arrays have the steps first and the samples last, (steps, …, width, n), as the fused kernels have them.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

# The suffixes of the weights of `nn.LSTM`, one for each direction.
FORWARD, BACKWARD = "", "_reverse"


def reverse(values: Tensor, lengths: Tensor) -> Tensor:
    """Reverses each sequence within its length; what is behind its end stays where it is.

    Args:
        values: Shape (steps, …, width, n).
        lengths: Shape (…, n).
    """
    step = torch.arange(len(values), device=values.device).view(-1, *[1] * lengths.dim())
    source = torch.where(step < lengths, lengths - 1 - step, step)
    return values.gather(0, source.unsqueeze(-2).expand(values.shape))


def both_directions(run: Callable[[Tensor, str], Tensor], inputs: Tensor, lengths: Tensor) -> Tensor:
    """The outputs of a layer that reads each sequence in both directions, (steps, …, 2 · width, n).

    Args:
        run: Runs one direction: takes inputs, and the suffix of its weights' names.
        inputs: Shape (steps, …, n_in, n).
        lengths: Shape (…, n).
    """
    backward = run(reverse(inputs, lengths), BACKWARD)
    return torch.cat([run(inputs, FORWARD), reverse(backward, lengths)], dim=-2)


def summary(outputs: Tensor, lengths: Tensor, kind: Literal["last", "mean"], is_bidirectional: bool) -> Tensor:
    """The last layer's outputs (steps, …, width, n) as one vector a sequence, (…, width, n), of its own steps alone.

    Args:
        outputs: Shape (steps, …, width, n).
        lengths: Shape (…, n).
        kind: The output at the end of the sequence, or the mean over its steps.
        is_bidirectional: Whether the second half of the width has read it backwards, and so ends at its first step.
    """
    if kind == "mean":
        step = torch.arange(len(outputs), device=outputs.device).view(-1, *[1] * lengths.dim())
        there = (step < lengths).unsqueeze(-2)
        # Not a product with the mask: what a network that diverged says behind the end may be infinite.
        return torch.where(there, outputs, 0.0).sum(dim=0) / lengths.unsqueeze(-2)
    end = (lengths - 1).unsqueeze(-2).unsqueeze(0).expand(1, *outputs.shape[1:])
    last = outputs.gather(0, end)[0]
    if not is_bidirectional:
        return last
    half = outputs.shape[-2] // 2
    return torch.cat([last[..., :half, :], outputs[0, ..., half:, :]], dim=-2)
