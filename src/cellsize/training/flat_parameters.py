"""The parameters of all members as the rows of one matrix: a step of all is a few operations, not a few for each."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cellsize.models.network import Net


@dataclass(frozen=True)
class Rows:
    """Every network's own parameters are views of its row.

    Attributes:
        values: Shape (members, parameters), in the order of `Net.parameters`.
        gradients: Of the same shape.
        averages: Running averages of the values, of the same shape.
        vectors: Each row as the parameter that an optimizer knows, without a gradient until it is to move.
    """

    values: Tensor
    gradients: Tensor
    averages: Tensor
    vectors: tuple[torch.nn.Parameter, ...]

    def swap(self, numbers: list[int]) -> None:
        """Exchanges values and averages of some members."""
        held = self.values[numbers]
        self.values[numbers] = self.averages[numbers]
        self.averages[numbers] = held

    def clip(self, numbers: list[int], longest: float) -> None:
        """Shortens each member's gradient to a length, by its own norm."""
        length = torch.linalg.vector_norm(self.gradients[numbers], dim=1)
        self.gradients[numbers] *= (longest / (length + 1e-6)).clamp(max=1.0).unsqueeze(1)

    def average(self, numbers: list[int], decays: list[float]) -> None:
        """Moves the running averages: a decay near 1 is a long memory."""
        share = 1 - torch.tensor(decays, dtype=torch.float64)
        moved = share.to(self.values).unsqueeze(1)
        self.averages[numbers] = torch.lerp(self.averages[numbers], self.values[numbers], moved)

    def take(self, number: int, net: Net) -> None:
        """Takes up the gradient that a network found by itself."""
        slopes = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in net.parameters()]
        self.gradients[number] = torch.cat([slope.flatten() for slope in slopes])
        net.zero_grad()

    def move(self, numbers: list[int]) -> None:
        """Tells the optimizer which members move: it leaves alone what has no gradient."""
        chosen = set(numbers)
        for number, vector in enumerate(self.vectors):
            vector.grad = self.gradients[number] if number in chosen else None


def tie(nets: Sequence[Net], averages: Tensor | None = None) -> Rows:
    """Lays the networks' parameters into one matrix, on the device they are on.

    Args:
        nets: Networks of one size; their parameters become views.
        averages: Running averages to go on with; by default they begin at the values.
    """
    with torch.no_grad():
        values = torch.stack([torch.nn.utils.parameters_to_vector(net.parameters()) for net in nets])
    for net, row in zip(nets, values, strict=True):
        torch.nn.utils.vector_to_parameters(row, net.parameters())
    begun = values.clone() if averages is None else averages.to(values.device)
    return Rows(values, torch.zeros_like(values), begun, tuple(torch.nn.Parameter(row) for row in values))
