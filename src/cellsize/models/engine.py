"""Which kernels run the recurrent layers: fused ones for the CPU, or those of PyTorch. Imports no torch."""

from typing import Literal

from cellsize.errors import InputError
from cellsize.params import Network, Training

Engine = Literal["auto", "fused", "torch"]


def check(network: Network, training: Training, accelerator: str = "cpu", precision: str = "32-true") -> None:
    """Refuses fused kernels where they cannot run every size, before anything is trained.

    Args:
        network: What the candidates have in common.
        training: How they are trained; `engine` says which kernels.
        accelerator: Lightning's name of the device: cpu or gpu.
        precision: Of the training, in Lightning's words.

    Raises:
        InputError: `search.training.engine` is fused, and the networks are not plain LSTMs on a CPU.
    """
    reason = obstacle(network, accelerator, precision)
    if training.engine == "fused" and reason:
        raise InputError(
            f"search.training.engine: fused runs LSTM layers of one direction and without a projection, on a CPU; but "
            f"{reason}; set search.training.engine: auto"
        )


def obstacle(network: Network, accelerator: str = "cpu", precision: str = "32-true") -> str:
    """Why the fused kernels cannot run every size of a network, in words; empty if they can."""
    if network.cell != "lstm":
        return f"propose.network.cell is {network.cell}"
    if network.bidirectional:
        return "propose.network.bidirectional is true"
    if "encoder_decoder" in network.head:
        return "propose.network.head names encoder_decoder"
    if network.projection:
        return f"propose.network.projection is {network.projection}"
    if accelerator != "cpu":
        return f"the device is {accelerator} (search.compute.gpus_per_trial)"
    if precision != "32-true":
        return f"search.compute.precision is {precision}"
    return ""
