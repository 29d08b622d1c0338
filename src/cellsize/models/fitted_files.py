"""What models of all tasks have in their files: scaling, linear model and network, as tensors and plain values."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cellsize.data.folds import Fold
from cellsize.data.scaling import Scaling
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold
from cellsize.models.ridge_linear import RidgeLinear
from cellsize.params import Network
from cellsize.sizing.sizes import Architecture, Shape, Size

NOWHERE = np.empty(0, np.int64)


def tensors(fitted: FittedFold, net: Net | None, **others: np.ndarray) -> dict[str, Tensor]:
    """All numbers of a model by name, for safetensors.

    Args:
        fitted: Scaling constants and linear model.
        net: The network, or None.
        others: Arrays that a model of one task has in addition; `__` in a name becomes a dot.
    """
    arrays = {
        f"scaling.{name}": array
        for name, array in vars(fitted.scaling).items()
        if name != "names" and array is not None
    }
    if fitted.linear is not None:
        arrays["linear.weights"] = fitted.linear.weights
    arrays |= {name.replace("__", "."): array for name, array in others.items()}
    # Of a matrix in another order than its memory has, safetensors would refuse the view.
    found = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    if net is not None:
        found |= {f"net.{name}": weight.contiguous().clone() for name, weight in net.state_dict().items()}
    return found


def form(net: Net | None) -> dict[str, Any]:
    """Shape and architecture of a network as plain values."""
    return {
        "shape": None if net is None else asdict(net.shape),
        "architecture": None if net is None else asdict(net.architecture),
    }


def read_net(content: Mapping[str, Any], found: Mapping[str, Tensor], size: Size, network: Network) -> Net | None:
    """The network, in evaluation mode, from the values of `form` and from `tensors`; None if there is none."""
    if content["shape"] is None:
        return None
    net = Net(size, network, Shape(**content["shape"]), Architecture(**content["architecture"]))
    net.load_state_dict({name.removeprefix("net."): value for name, value in found.items() if name.startswith("net.")})
    return net.eval()


def read_fitted(
    found: Mapping[str, Tensor], penalty: float | None, reads_past: bool, names: tuple[str, ...]
) -> FittedFold:
    """Scaling and linear model from `tensors`.

    Args:
        found: By name.
        penalty: Of the linear model.
        reads_past: Whether that reads what a window sees.
        names: Series that have a scale of their own.
    """
    linear = None
    if "linear.weights" in found:
        assert penalty is not None
        linear = RidgeLinear(found["linear.weights"].numpy(), penalty, reads_past)
    constants = {
        field.name: found[f"scaling.{field.name}"].numpy()
        for field in fields(Scaling)
        if f"scaling.{field.name}" in found
    }
    return FittedFold(
        fold=Fold(NOWHERE, NOWHERE, NOWHERE),
        scaling=Scaling(**constants, names=names),
        linear=linear,
        start_alone=float("inf"),
        start_linear=float("inf"),
    )
