"""Files of a model of whole sequences, whatever its labels are: one place for what all such models keep."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from safetensors.torch import load_file, save_file
from torch import Tensor

from cellsize.data.sequence_schema import SequenceSchema
from cellsize.errors import InputError
from cellsize.models.fitted_files import form, read_fitted, read_net, tensors
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold
from cellsize.params import Network
from cellsize.params_data import Window
from cellsize.sizing.sizes import Size

WEIGHTS, MODEL = "weights.safetensors", "model.json"
VERSION = 1


class SequenceModel(Protocol):
    """What all of them have."""

    @property
    def size(self) -> Size:
        """Layers and units; (0, 0) is the linear model alone."""

    @property
    def schema(self) -> SequenceSchema:
        """Meaning of the raw columns."""

    @property
    def window(self) -> Window:
        """The most steps that are read of a sequence."""

    @property
    def network(self) -> Network:
        """What the candidates had in common."""

    @property
    def fitted(self) -> FittedFold:
        """Scaling constants and linear model."""

    @property
    def longest(self) -> int:
        """Steps of the longest sequence that it was trained on: of one that is longer its last ones are read."""

    @property
    def net(self) -> Net | None:
        """The network, or None without memory cells."""

    @property
    def learned_from(self) -> tuple[str, ...]:
        """Digests of the names of the sequences that it has learned from; see `digest`."""


class Parts(NamedTuple):
    """The same as values, in the order in which models take them."""

    size: Size
    schema: SequenceSchema
    window: Window
    network: Network
    fitted: FittedFold
    net: Net | None
    longest: int
    learned_from: tuple[str, ...]


def digest(name: str) -> str:
    """What a model keeps of the name of a sequence that it has learned from.

    Whoever is served the model gets its files, and a name may be a person's, or the text itself. The digest says
    whether a sequence that one has is among them, and names none; who guesses a name can still ask whether it is.
    """
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def save(model: SequenceModel, folder: Path, **arrays: np.ndarray) -> None:
    """Writes `model.json` and `weights.safetensors`.

    Args:
        model: The model.
        folder: To write into.
        arrays: What a model of one task has in addition; see `fitted_files.tensors`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors(model.fitted, model.net, **arrays), folder / WEIGHTS)
    content = {
        "task": model.schema.task,
        "version": VERSION,
        "layers": model.size.layers,
        "units": model.size.units,
        "penalty": None if model.fitted.linear is None else model.fitted.linear.penalty,
        "schema": model.schema.content(),
        "window": model.window.model_dump(),
        "network": model.network.model_dump(),
        "longest": model.longest,
        **form(model.net),
        "learned_from": model.learned_from,
    }
    (folder / MODEL).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def load(folder: Path) -> tuple[Parts, Mapping[str, Tensor]]:
    """Reads what `save` wrote: the parts of the model, and all tensors by name.

    Raises:
        InputError: The files have a format that this version of cellsize does not read.
    """
    content: dict[str, Any] = json.loads((folder / MODEL).read_text(encoding="utf-8"))
    if content.get("version") != VERSION:
        raise InputError(
            f"{folder / MODEL}: version {content.get('version', 'none')} of the format, but this cellsize reads "
            f"{VERSION}; `dvc repro` makes build/model anew"
        )
    found, size = load_file(folder / WEIGHTS), Size(content["layers"], content["units"])
    network = Network(**content["network"])
    return Parts(
        size=size,
        schema=SequenceSchema.of(content["schema"]),
        window=Window(**content["window"]),
        network=network,
        fitted=read_fitted(found, content["penalty"], True, ()),
        net=read_net(content, found, size, network),
        longest=int(content["longest"]),
        learned_from=tuple(content["learned_from"]),
    ), found
