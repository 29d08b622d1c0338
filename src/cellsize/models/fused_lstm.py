"""One LSTM layer of many members at once, with its gradient: a product of matrices a step, and one pass beside it.

The gates of a step are compiled with Numba into one pass over memory, where PyTorch makes a dozen. Arrays have
the windows last, so that every gate of every member is one block.
"""

import math
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

WEIGHTS = ("weight_hh_l0", "weight_ih_l0", "bias_ih_l0", "bias_hh_l0")
Array = npt.NDArray[np.float32]
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
    @np.errstate(all="ignore")  # a member that diverged is found by its loss
    def forward(ctx: Any, inputs: Tensor, weights: Tensor, whole: bool) -> Tensor:
        """All steps in turn; see `lstm_layer`."""
        steps, members, n_in, n = inputs.shape
        units = weights.shape[1] // 4
        read = _borrow(steps + 1, members, units + n_in + 1, n)
        read[0, :, :units] = 0
        read[:steps, :, units:-1] = inputs.detach().numpy()
        read[:, :, -1] = 1
        # Without a gradient to come one step's gates and cells are enough.
        kept = steps if any(ctx.needs_input_grad) else 1
        gates, cells = _borrow(kept, members, 4 * units, n), _borrow(kept + 1, members, units, n)
        cells[0] = 0
        # All views at once, before the loop: making them step by step costs as much as the arithmetic.
        matrices, gate, cell, block = weights.detach().numpy(), list(gates), list(cells), list(read)
        for step in range(steps):
            np.matmul(matrices, block[step], out=gate[step % kept])
            before, after = (step, step + 1) if kept == steps else (step % 2, (step + 1) % 2)
            _step(gate[step % kept], cell[before], cell[after], block[step + 1])
        # A copy: what was read is lent out again.
        made = torch.from_numpy((read[1:, :, :units] if whole else read[steps, :, :units]).copy())
        ctx.save_for_backward(weights)
        ctx.whole, ctx.lent = whole, (gates, read, cells)
        if not any(ctx.needs_input_grad):
            _give_back(ctx)
        return made

    @staticmethod
    @once_differentiable
    @np.errstate(all="ignore")
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, None]:
        """All steps in reverse: gradients of inputs and weights."""
        if not ctx.lent:
            raise RuntimeError("the gradient of an LSTM layer can be taken once: its gates are overwritten")
        (weights,), (gates, read, cells), from_above = ctx.saved_tensors, ctx.lent, grad.numpy()
        units, steps = weights.shape[1] // 4, len(gates)
        transposed = weights.transpose(1, 2).contiguous().numpy()
        back, below = transposed[:, :units], transposed[:, units:-1]
        d_weights, product = np.zeros(weights.shape, np.float32), np.empty(weights.shape, np.float32)
        d_state, d_cell = np.array(from_above[-1] if ctx.whole else from_above, order="C"), np.zeros_like(cells[0])
        gate, cell, block = list(gates), list(cells), list(read.swapaxes(2, 3))
        for step in reversed(range(steps)):
            if step < steps - 1:
                np.matmul(back, gate[step + 1], out=d_state)
                if ctx.whole:
                    d_state += from_above[step]
            # The gates become their gradients in place.
            _step_back(gate[step], cell[step], cell[step + 1], d_state, d_cell)
            d_weights += np.matmul(gate[step], block[step], out=product)
        d_inputs = torch.from_numpy(np.matmul(below, gates)) if ctx.needs_input_grad[0] else None
        _give_back(ctx)
        return d_inputs, torch.from_numpy(d_weights), None


def _borrow(*shape: int) -> Array:
    """An array with whatever was in it: the smallest spare one that is large enough, or a new one.

    An array of tens of megabytes goes back to the system when it is freed, and the next one comes as pages that are
    cleared one by one: a third of a training step.
    """
    wanted = math.prod(shape)
    large = [number for number, one in enumerate(lent.spare) if one.size >= wanted]
    if not large:
        lent.spare.clear()  # all too small: a larger size has come
        return np.empty(wanted, np.float32).reshape(shape)
    return lent.spare.pop(min(large, key=lambda number: lent.spare[number].size))[:wanted].reshape(shape)


def _give_back(ctx: Any) -> None:
    """Lends a layer's arrays out again, each whole."""
    lent.spare += [array.base for array in ctx.lent]
    ctx.lent = ()


class _Lent(threading.local):
    """The spare arrays of each thread."""

    def __init__(self) -> None:
        self.spare: list[Array] = []


lent = _Lent()


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
