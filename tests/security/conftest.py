"""Loading a pickle is forbidden: whatever tries to fails the test."""

import importlib
import pickle
from typing import Any

import numpy as np
import pytest
import torch


class ForbiddenError(AssertionError):
    """A pickle was about to be loaded."""


@pytest.fixture
def no_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forbids every way that this project's libraries have to load a pickle."""

    def forbid(*_: Any, **__: Any) -> Any:
        raise ForbiddenError

    class Unpickler:
        def __init__(self, *_: Any, **__: Any) -> None:
            raise ForbiddenError

    load_array: Any = np.load
    load_tensors: Any = torch.load

    def np_load(*arguments: Any, allow_pickle: bool = False, **rest: Any) -> Any:
        if allow_pickle:
            raise ForbiddenError
        return load_array(*arguments, allow_pickle=False, **rest)

    def torch_load(*arguments: Any, weights_only: bool | None = None, **rest: Any) -> Any:
        if weights_only is not True:
            raise ForbiddenError
        return load_tensors(*arguments, weights_only=True, **rest)

    for library in ("pickle", "cloudpickle", "joblib"):
        module = importlib.import_module(library)
        for name in ("load", "loads"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, forbid)
    monkeypatch.setattr(pickle, "Unpickler", Unpickler)
    monkeypatch.setattr(np, "load", np_load)
    monkeypatch.setattr(torch, "load", torch_load)
