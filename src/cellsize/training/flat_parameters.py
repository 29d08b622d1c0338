"""The parameters of all networks as the rows of one matrix: one operation makes a step of all, not one for each."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cellsize.models.network import Net


@dataclass(frozen=True)
class FlatParameters:
    """Every network's own parameters are views of its row.

    Attributes:
        values: Shape (networks, parameters), in the order of `Net.parameters`.
        gradients: Of the same shape.
        averages: Exponential moving averages (EMA) of the values, of the same shape.
        vectors: Each row as the parameter that an optimizer knows; see `set_gradients`.
    """

    values: Tensor
    gradients: Tensor
    averages: Tensor
    vectors: tuple[torch.nn.Parameter, ...]

    def swap_averages(self, networks: list[int]) -> None:
        """Exchanges values and averages of some networks."""
        values = self.values[networks]
        self.values[networks] = self.averages[networks]
        self.averages[networks] = values

    def clip_gradients(self, networks: list[int], maximum_norm: float) -> None:
        """Shortens each network's gradient to a norm, by its own norm alone."""
        norms = torch.linalg.vector_norm(self.gradients[networks], dim=1)
        self.gradients[networks] *= (maximum_norm / (norms + 1e-6)).clamp(max=1.0).unsqueeze(1)

    def put(self, index: int, net: Net) -> None:
        """Puts another network into a row, average included, and makes its parameters views of it."""
        with torch.no_grad():
            self.values[index] = row_of(net.to(self.values.device), self.values.shape[1])
            self.averages[index] = self.values[index]
        torch.nn.utils.vector_to_parameters(self.values[index], net.parameters())

    def update_averages(self, networks: list[int], decays: list[float]) -> None:
        """Updates the averages of some networks: a decay near 1 is a long memory."""
        fractions = (1 - torch.tensor(decays, dtype=torch.float64)).to(self.values).unsqueeze(1)
        self.averages[networks] = torch.lerp(self.averages[networks], self.values[networks], fractions)

    def set_gradients(self, networks: list[int]) -> None:
        """Gives the optimizer the gradients of some networks: it leaves alone what has none."""
        chosen = set(networks)
        for index, vector in enumerate(self.vectors):
            vector.grad = self.gradients[index] if index in chosen else None


def flatten(networks: Sequence[Net], columns: int, averages: Tensor | None = None) -> FlatParameters:
    """Copies the networks' parameters into one matrix, on the device they are on, and makes them views of it.

    Args:
        networks: Networks of one size; their architectures may differ.
        columns: Parameters of the largest there may be: rows of others end with zeros.
        averages: Averages to resume with; by default they begin at the values.
    """
    with torch.no_grad():
        values = torch.stack([row_of(net, columns) for net in networks])
    for net, row in zip(networks, values, strict=True):
        torch.nn.utils.vector_to_parameters(row, net.parameters())
    first = values.clone() if averages is None else averages.to(values.device)
    return FlatParameters(values, torch.zeros_like(values), first, tuple(torch.nn.Parameter(row) for row in values))


def row_of(net: Net, columns: int) -> Tensor:
    """A network's parameters, and zeros up to a number of columns."""
    vector = torch.nn.utils.parameters_to_vector(net.parameters()).detach()
    return torch.nn.functional.pad(vector, (0, columns - len(vector)))


def count(net: Net) -> int:
    """Parameters of a network."""
    return sum(weight.numel() for weight in net.parameters())
