"""One LSTM layer of many networks at once, with its gradient: for each step one matrix product and one fused pass.

The gates of a step are compiled with Numba into one pass over memory, where PyTorch makes a dozen. Arrays have
the windows last, so that every gate of every network is one block.
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
# Infinities and NaN must come through, so that a network that diverged is seen: not all of fastmath.
MATH = {"contract", "arcp", "nsz"}


def lstm_layer(weights: Mapping[str, Tensor], inputs: Tensor, all_steps: bool) -> Tensor:
    """Runs one LSTM layer of each network, on the CPU in float32.

    Args:
        weights: Those of `nn.LSTM`, by its names (`WEIGHTS`), each with the networks as a first axis.
        inputs: What the layers read, shape (lookback, networks, n_in, n).
        all_steps: Whether the outputs of all steps are wanted, or those of the last one alone.

    Returns:
        Shape (lookback, networks, units, n) or (networks, units, n).
    """
    weight_hh, weight_ih, bias_ih, bias_hh = (weights[name] for name in WEIGHTS)
    joined = torch.cat([weight_hh, weight_ih, (bias_ih + bias_hh).unsqueeze(2)], dim=2)
    outputs: Tensor = LSTMLayer.apply(inputs, joined, all_steps)  # type: ignore[no-untyped-call]
    return outputs


class LSTMLayer(torch.autograd.Function):
    """Inputs (lookback, networks, n_in, n) and weights (networks, 4 · units, units + n_in + 1), as in `lstm_layer`.

    Each step reads one block of state, inputs and a 1 for the bias, so that one product of matrices a step gives
    the gates (in PyTorch's order: input, forget, cell, output), and another the gradient of all weights.
    """

    @staticmethod
    @np.errstate(all="ignore")  # a network that diverged is found by its loss
    def forward(ctx: Any, inputs: Tensor, weights: Tensor, all_steps: bool) -> Tensor:
        """All steps in turn; see `lstm_layer`."""
        steps, networks, n_in, n = inputs.shape
        units = weights.shape[1] // 4
        read = _take_buffer(steps + 1, networks, units + n_in + 1, n)
        read[0, :, :units] = 0
        read[:steps, :, units:-1] = inputs.detach().numpy()
        read[:, :, -1] = 1
        # Without a gradient to come one step's gates and cells are enough.
        kept = steps if any(ctx.needs_input_grad) else 1
        gates, cells = _take_buffer(kept, networks, 4 * units, n), _take_buffer(kept + 1, networks, units, n)
        cells[0] = 0
        # All views at once, before the loop: making them step by step costs as much as the arithmetic.
        matrices, gate, cell, block = weights.detach().numpy(), list(gates), list(cells), list(read)
        for step in range(steps):
            np.matmul(matrices, block[step], out=gate[step % kept])
            before, after = (step, step + 1) if kept == steps else (step % 2, (step + 1) % 2)
            _forward_step(gate[step % kept], cell[before], cell[after], block[step + 1])
        # A copy: the buffer goes back to the pool.
        outputs = torch.from_numpy((read[1:, :, :units] if all_steps else read[steps, :, :units]).copy())
        ctx.save_for_backward(weights)
        ctx.all_steps, ctx.buffers = all_steps, (gates, read, cells)
        if not any(ctx.needs_input_grad):
            _return_buffers(ctx)
        return outputs

    @staticmethod
    @once_differentiable
    @np.errstate(all="ignore")
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, None]:
        """All steps in reverse: gradients of inputs and weights."""
        if not ctx.buffers:
            raise RuntimeError("the gradient of an LSTM layer can be taken once: its gates are overwritten")
        (weights,), (gates, read, cells), d_outputs = ctx.saved_tensors, ctx.buffers, grad.numpy()
        units, steps = weights.shape[1] // 4, len(gates)
        transposed = weights.transpose(1, 2).contiguous().numpy()
        to_state, to_inputs = transposed[:, :units], transposed[:, units:-1]
        d_weights, product = np.zeros(weights.shape, np.float32), np.empty(weights.shape, np.float32)
        d_state, d_cell = np.array(d_outputs[-1] if ctx.all_steps else d_outputs, order="C"), np.zeros_like(cells[0])
        gate, cell, block = list(gates), list(cells), list(read.swapaxes(2, 3))
        for step in reversed(range(steps)):
            if step < steps - 1:
                np.matmul(to_state, gate[step + 1], out=d_state)
                if ctx.all_steps:
                    d_state += d_outputs[step]
            # The gates become their gradients in place.
            _backward_step(gate[step], cell[step], cell[step + 1], d_state, d_cell)
            d_weights += np.matmul(gate[step], block[step], out=product)
        d_inputs = torch.from_numpy(np.matmul(to_inputs, gates)) if ctx.needs_input_grad[0] else None
        _return_buffers(ctx)
        return d_inputs, torch.from_numpy(d_weights), None


def _take_buffer(*shape: int) -> Array:
    """An array that is not cleared: the smallest of the pool that is large enough, or a new one.

    An array of tens of megabytes goes back to the system when it is freed, and the next one comes as pages that are
    cleared one by one: a third of a training step.
    """
    wanted = math.prod(shape)
    large_enough = [index for index, buffer in enumerate(pool.buffers) if buffer.size >= wanted]
    if not large_enough:
        pool.buffers.clear()  # all too small: a larger size has come
        return np.empty(wanted, np.float32).reshape(shape)
    return pool.buffers.pop(min(large_enough, key=lambda index: pool.buffers[index].size))[:wanted].reshape(shape)


def _return_buffers(ctx: Any) -> None:
    """Returns a layer's buffers to the pool, each whole."""
    pool.buffers += [array.base for array in ctx.buffers]
    ctx.buffers = ()


class _Pool(threading.local):
    """The spare buffers of each thread."""

    def __init__(self) -> None:
        self.buffers: list[Array] = []


pool = _Pool()


def _compiled(function: Callable[..., None]) -> Any:
    """Compiles at the first call, and keeps the result on disk; in a container that cannot be written, in memory."""
    try:
        return numba.njit(function, fastmath=MATH, error_model="numpy", cache=True)
    except RuntimeError:
        return numba.njit(function, fastmath=MATH, error_model="numpy")


@numba.njit(fastmath=MATH, error_model="numpy", inline="always")
def _tanh(value: np.float32) -> np.float32:
    """The rational approximation of Eigen's `ptanh`: within 4e-7, of operations that a processor does eight at once."""
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
def _forward_step(gates: np.ndarray, cells_before: np.ndarray, cells: np.ndarray, state: np.ndarray) -> None:
    """Applies the activations to the gates (networks, 4 · units, n) in place.

    Writes the cells (networks, units, n), and the first units rows of the state.
    """
    networks, units, n = cells_before.shape
    for network in range(networks):
        for unit in range(units):
            i_gate, f_gate = gates[network, unit], gates[network, units + unit]
            g_gate, o_gate = gates[network, 2 * units + unit], gates[network, 3 * units + unit]
            before, cell, out = cells_before[network, unit], cells[network, unit], state[network, unit]
            for window in range(n):
                i = HALF + HALF * _tanh(HALF * i_gate[window])
                f = HALF + HALF * _tanh(HALF * f_gate[window])
                g = _tanh(g_gate[window])
                o = HALF + HALF * _tanh(HALF * o_gate[window])
                value = f * before[window] + i * g
                i_gate[window], f_gate[window], g_gate[window], o_gate[window] = i, f, g, o
                cell[window] = value
                out[window] = o * _tanh(value)


@_compiled
def _backward_step(
    gates: np.ndarray, cells_before: np.ndarray, cells: np.ndarray, d_state: np.ndarray, d_cells: np.ndarray
) -> None:
    """Replaces each gate by the gradient before its activation; takes the cells' gradient one step back."""
    networks, units, n = cells_before.shape
    for network in range(networks):
        for unit in range(units):
            i_gate, f_gate = gates[network, unit], gates[network, units + unit]
            g_gate, o_gate = gates[network, 2 * units + unit], gates[network, 3 * units + unit]
            before, cell = cells_before[network, unit], cells[network, unit]
            d_out, d_cell = d_state[network, unit], d_cells[network, unit]
            for window in range(n):
                i, f, g, o = i_gate[window], f_gate[window], g_gate[window], o_gate[window]
                tanh_cell, d_h = _tanh(cell[window]), d_out[window]
                d_c = d_cell[window] + d_h * o * (ONE - tanh_cell * tanh_cell)
                i_gate[window] = d_c * g * i * (ONE - i)
                f_gate[window] = d_c * before[window] * f * (ONE - f)
                g_gate[window] = d_c * i * (ONE - g * g)
                o_gate[window] = d_h * tanh_cell * o * (ONE - o)
                d_cell[window] = d_c * f
