"""One LSTM layer of many members at once, with its gradient: a product of matrices a step, and one pass beside it.

The gates of a step are compiled with Numba into one pass over memory, where PyTorch makes a dozen. Arrays have
the windows last, so that every gate of every member is one block.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

WEIGHTS = ("weight_hh_l0", "weight_ih_l0", "bias_ih_l0", "bias_hh_l0")
HALF, ONE = np.float32(0.5), np.float32(1.0)
# Infinities and NaN must come through, so that a member that diverged is seen: not all of fastmath.
MATH = {"contract", "arcp", "nsz"}


def lstm_layer(weights: Mapping[str, Tensor], inputs: Tensor, whole: bool) -> Tensor:
    """Runs one LSTM layer of each member, on the CPU in float32.

    Args:
        weights: Those of `nn.LSTM`, by its names (`WEIGHTS`), each with the members as a first axis.
        inputs: What they see, shape (lookback, members, n_in, n).
        whole: Whether all steps are wanted, or the last one alone.

    Returns:
        Shape (lookback, members, units, n) or (members, units, n).
    """
    weight_hh, weight_ih, bias_ih, bias_hh = (weights[name] for name in WEIGHTS)
    joined = torch.cat([weight_hh, weight_ih, (bias_ih + bias_hh).unsqueeze(2)], dim=2)
    result: Tensor = LSTMLayer.apply(inputs, joined, whole)  # type: ignore[no-untyped-call]
    return result


class LSTMLayer(torch.autograd.Function):
    """Inputs (lookback, members, n_in, n) and weights (members, 4 · units, units + n_in + 1), as in `lstm_layer`.

    Each step reads one block of state, inputs and a 1 for the bias, so that one product of matrices a step gives
    the gates (in PyTorch's order: input, forget, cell, output), and another the gradient of all weights.
    """

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weights: Tensor, whole: bool) -> Tensor:
        """All steps in turn; see `lstm_layer`."""
        steps, members, n_in, n = inputs.shape
        units = weights.shape[1] // 4
        read = inputs.new_empty(steps + 1, members, units + n_in + 1, n)
        read[0, :, :units] = 0
        read[:steps, :, units:-1] = inputs
        read[:, :, -1] = 1
        # Without a gradient to come one step's gates and cells are enough.
        kept = steps if any(ctx.needs_input_grad) else 1
        gates, cells = inputs.new_empty(kept, members, 4 * units, n), inputs.new_empty(kept + 1, members, units, n)
        cells[0] = 0
        # All views at once, before the loop: making them step by step costs as much as the arithmetic.
        products, gate, cell, state = gates.unbind(), list(gates.numpy()), list(cells.numpy()), list(read.numpy())
        for step, block in enumerate(read.unbind()[:steps]):
            torch.bmm(weights, block, out=products[step % kept])
            before, after = (step, step + 1) if kept == steps else (step % 2, (step + 1) % 2)
            _step(gate[step % kept], cell[before], cell[after], state[step + 1])
        ctx.save_for_backward(weights, gates, read, cells)
        ctx.units, ctx.whole, ctx.used = units, whole, False
        return read[1:, :, :units] if whole else read[steps, :, :units]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, None]:
        """All steps in reverse: gradients of inputs and weights."""
        if ctx.used:
            raise RuntimeError("the gradient of an LSTM layer can be taken once: its gates are overwritten")
        ctx.used = True
        weights, gates, read, cells = ctx.saved_tensors
        units, steps = ctx.units, len(gates)
        back = weights[:, :, :units].transpose(1, 2).contiguous()
        d_weights, d_cell = torch.zeros_like(weights), torch.zeros_like(cells[0]).numpy()
        d_state = (grad[-1] if ctx.whole else grad).clone(memory_format=torch.contiguous_format)
        products, blocks = gates.unbind(), read.transpose(2, 3).unbind()
        gate, cell, d_state_values = list(gates.numpy()), list(cells.numpy()), d_state.numpy()
        for step in reversed(range(steps)):
            if step < steps - 1:
                torch.bmm(back, products[step + 1], out=d_state)
                if ctx.whole:
                    d_state += grad[step]
            # The gates become their gradients in place.
            _step_back(gate[step], cell[step], cell[step + 1], d_state_values, d_cell)
            torch.baddbmm(d_weights, products[step], blocks[step], out=d_weights)
        d_inputs = None
        if ctx.needs_input_grad[0]:
            d_inputs = torch.matmul(weights[:, :, units:-1].transpose(1, 2), gates)
        return d_inputs, d_weights, None


def _compiled(function: Callable[..., None]) -> Any:
    """Compiles at the first call, and keeps the result on disk; in a container that cannot be written, in memory."""
    try:
        return numba.njit(function, fastmath=MATH, error_model="numpy", cache=True)
    except RuntimeError:
        return numba.njit(function, fastmath=MATH, error_model="numpy")


@numba.njit(fastmath=MATH, error_model="numpy", inline="always")
def _tanh(value: np.float32) -> np.float32:
    """The rational approximation of Eigen's `ptanh`: within 4e-7, and made of what a processor does eight at a time."""
    bound = np.float32(7.90531110763549805)
    value = bound if value > bound else value
    value = -bound if value < -bound else value
    square = value * value
    above = np.float32(-2.76076847742355e-16) * square + np.float32(2.00018790482477e-13)
    above = above * square + np.float32(-8.60467152213735e-11)
    above = above * square + np.float32(5.12229709037114e-08)
    above = above * square + np.float32(1.48572235717979e-05)
    above = above * square + np.float32(6.37261928875436e-04)
    above = above * square + np.float32(4.89352455891786e-03)
    below = np.float32(1.19825839466702e-06) * square + np.float32(1.18534705686654e-04)
    below = below * square + np.float32(2.26843463243900e-03)
    below = below * square + np.float32(4.89352518554385e-03)
    return value * above / below


@_compiled
def _step(gates: np.ndarray, before: np.ndarray, cell: np.ndarray, state: np.ndarray) -> None:
    """Bends the gates (members, 4 · units, n) in place; writes the cells and the state's first units rows."""
    members, units, n = before.shape
    for member in range(members):
        for unit in range(units):
            entering, kept = gates[member, unit], gates[member, units + unit]
            fresh, shown = gates[member, 2 * units + unit], gates[member, 3 * units + unit]
            held, new, out = before[member, unit], cell[member, unit], state[member, unit]
            for window in range(n):
                i = HALF + HALF * _tanh(HALF * entering[window])
                f = HALF + HALF * _tanh(HALF * kept[window])
                g = _tanh(fresh[window])
                o = HALF + HALF * _tanh(HALF * shown[window])
                value = f * held[window] + i * g
                entering[window], kept[window], fresh[window], shown[window] = i, f, g, o
                new[window] = value
                out[window] = o * _tanh(value)


@_compiled
def _step_back(
    gates: np.ndarray, before: np.ndarray, cell: np.ndarray, d_state: np.ndarray, d_cell: np.ndarray
) -> None:
    """Puts the gradient of each gate before its bend in its place, and moves the cells' gradient one step back."""
    members, units, n = before.shape
    for member in range(members):
        for unit in range(units):
            entering, kept = gates[member, unit], gates[member, units + unit]
            fresh, shown = gates[member, 2 * units + unit], gates[member, 3 * units + unit]
            held, new = before[member, unit], cell[member, unit]
            from_state, from_cell = d_state[member, unit], d_cell[member, unit]
            for window in range(n):
                i, f, g, o = entering[window], kept[window], fresh[window], shown[window]
                bent, above = _tanh(new[window]), from_state[window]
                through = from_cell[window] + above * o * (ONE - bent * bent)
                entering[window] = through * g * i * (ONE - i)
                kept[window] = through * held[window] * f * (ONE - f)
                fresh[window] = through * i * (ONE - g * g)
                shown[window] = above * bent * o * (ONE - o)
                from_cell[window] = through * f
