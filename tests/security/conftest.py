"""A registered champion; and loading a pickle is forbidden: whatever tries to fails the test."""

import importlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from cellsize.models.forecaster import Forecaster
from cellsize.models.twins import save
from cellsize.params import Mlflow, Register
from cellsize.registry import logged, versions
from cellsize.registry.provenance import Source
from tests.registry.test_versions import BETTER, CHOICE, HISTORY, TAGS, evaluation

Table = Callable[..., pd.DataFrame]
MakeModel = Callable[..., Forecaster]


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


@pytest.fixture
def registered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_model: MakeModel, make_table: Table
) -> tuple[Mlflow, pd.DataFrame]:
    """A registered champion, and rows for it."""
    monkeypatch.chdir(tmp_path)
    for key in ("MLFLOW_TRACKING_URI", "DVC_EXP_NAME"):
        monkeypatch.delenv(key, raising=False)
    settings, rows = Mlflow(uri="sqlite:///store.db", experiment="toy"), make_table()
    made = make_model(rows)
    made.save(Path("model"))
    save([made], Path("twins"))
    rows.to_csv("table.csv", index=False)
    gate = Register.model_validate(
        {"name": "toy", "beat": ("naive", "ridge_linear"), "margin": 1.0, "probability": 0.9, "not_worse": 0.8,
         "blocks": 8}
    )  # fmt: skip
    source = Source(Path(), "table.csv", "0123456789abcdef", "cut", HISTORY)
    new = logged.Submission(Path("model"), Path("twins"), rows.tail(6), CHOICE, evaluation(BETTER), TAGS, source)
    versions.register(settings, gate, new, compare=False)
    return settings, rows.tail(6)
