"""What a registry, a finished shard, a checkpoint or a request hands over is data: no pickle of it is loaded."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import torch
from mlflow.exceptions import MlflowException

from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.params import Mlflow
from cellsize.registry import champion
from cellsize.registry.serve import app_of
from cellsize.sizing.sizes import Size
from cellsize.training import fit as fit_module
from cellsize.training.records import Result, Work
from cellsize.training.train import train
from tests.fuzz.asgi import ask
from tests.security.conftest import ForbiddenError

MakeWork = Callable[..., Work]


class Payload:
    """A pickle that makes a file where it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def test_the_fixture_forbids_what_it_shall(no_pickle: None, tmp_path: Path) -> None:
    torch.save(torch.ones(1), tmp_path / "weights.pt")
    for load in (
        lambda: pickle.loads(pickle.dumps(1)), lambda: pickle.Unpickler(io.BytesIO()),
        lambda: torch.load(tmp_path / "weights.pt"), lambda: np.load(tmp_path / "x.npy", allow_pickle=True),
    ):  # fmt: skip
        with pytest.raises(ForbiddenError):
            load()
    assert torch.load(tmp_path / "weights.pt", weights_only=True) == 1


def test_a_consumer_loads_and_asks_a_registered_model_without_a_pickle(
    registered: tuple[Mlflow, pd.DataFrame], no_pickle: None
) -> None:
    settings, rows = registered
    assert champion.load(settings, "toy") is not None
    model = mlflow.pyfunc.load_model("models:/toy@champion")
    assert len(model.predict(rows)) == 2
    answer = ask(
        app_of(model), json.dumps({"dataframe_split": rows.to_dict(orient="split")}).encode(),
        {"Content-Type": "application/json"},
    )  # fmt: skip
    assert answer.status == 200, answer


def test_a_registered_model_holds_code_as_text_and_no_pickled_object(registered: tuple[Mlflow, pd.DataFrame]) -> None:
    folder = Path(mlflow.artifacts.download_artifacts("models:/toy@champion"))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path.name for path in files if path.suffix in (".pkl", ".pickle", ".joblib", ".cloudpickle")]
    assert not [path.name for path in files if path.is_symlink()]
    assert (folder / "MLmodel").read_text(encoding="utf-8").count("model_code_path")


def test_a_model_that_somebody_pickled_into_the_registry_is_refused(
    registered: tuple[Mlflow, pd.DataFrame], tmp_path: Path
) -> None:
    folder = Path(mlflow.artifacts.download_artifacts("models:/toy@champion"))
    mark, text = tmp_path / "was loaded", (folder / "MLmodel").read_text(encoding="utf-8")
    (folder / "python_model.pkl").write_bytes(pickle.dumps(Payload(mark)))
    lines = [line for line in text.splitlines() if "model_code_path" not in line]
    at = next(number for number, line in enumerate(lines) if "python_function:" in line)
    lines[at + 1 : at + 1] = ["    python_model: python_model.pkl", "    cloudpickle_version: 3.1.1"]
    (folder / "MLmodel").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(MlflowException, match="eserializing model using pickle"):
        mlflow.pyfunc.load_model(str(folder))
    assert not mark.exists()


def test_weights_that_are_a_pickle_are_refused(registered: tuple[Mlflow, pd.DataFrame], tmp_path: Path) -> None:
    folder = Path(mlflow.artifacts.download_artifacts("models:/toy@champion")) / "artifacts" / "model"
    weights = next(path for path in folder.iterdir() if path.suffix in (".pt", ".safetensors"))
    mark = tmp_path / "was loaded"
    for content in (pickle.dumps(Payload(mark)), _as_torch_writes(weights, pickle.dumps(Payload(mark)))):
        weights.write_bytes(content)
        with pytest.raises(InputError, match="cannot be read"):
            champion.load(registered[0], "toy")
    assert not mark.exists()


def _as_torch_writes(weights: Path, content: bytes) -> bytes:
    """A file of `torch.save` whose pickle is another one."""
    out = io.BytesIO()
    torch.save({"a": torch.ones(2)}, out)
    swapped = io.BytesIO()
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(swapped, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name.endswith("data.pkl") else old.read(name))
    return swapped.getvalue()


@pytest.fixture
def trained(make_work: MakeWork) -> tuple[Work, Result]:
    """A trained size. Numba's kernels are loaded by then: its cache of them is pickled, as SECURITY.md says."""
    work = make_work()
    return work, train(work, Size(1, 2), folds=(0,))


def test_shards_and_arrays_are_read_without_a_pickle(
    trained: tuple[Work, Result], no_pickle: None, tmp_path: Path
) -> None:
    work, result = trained
    result.save(tmp_path / "1x2.npz")
    assert Result.load(tmp_path / "1x2.npz").size == Size(1, 2)
    work.windows.save(tmp_path / "windows.npz")
    assert Windows.load(tmp_path / "windows.npz").names == work.windows.names


@pytest.mark.parametrize("load", [Result.load, Windows.load])
def test_arrays_that_hold_a_pickle_are_refused(load: Callable[[Path], object], tmp_path: Path) -> None:
    mark = tmp_path / "was loaded"
    np.savez(tmp_path / "a.npz", rows=np.array([Payload(mark)], dtype=object), inputs=np.array([Payload(mark)]))
    with pytest.raises(ValueError, match="allow_pickle"):
        load(tmp_path / "a.npz")
    assert not mark.exists()


@pytest.fixture
def stopped(tmp_path: Path, make_work: MakeWork, monkeypatch: pytest.MonkeyPatch) -> tuple[Work, Path]:
    """A training that was stopped after its first check, and its checkpoint."""
    monkeypatch.setattr(fit_module, "SAVE_SECONDS", 0.0)
    work, checkpoint = make_work(), tmp_path / "1x2.ckpt"

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        train(work, Size(1, 2), checkpoint, stop)
    assert checkpoint.is_file()
    return work, checkpoint


def test_a_checkpoint_is_resumed_without_a_pickle(stopped: tuple[Work, Path], no_pickle: None) -> None:
    work, checkpoint = stopped
    assert train(work, Size(1, 2), checkpoint).size == Size(1, 2)


def test_a_checkpoint_that_is_a_pickle_is_not_loaded(stopped: tuple[Work, Path], tmp_path: Path) -> None:
    work, checkpoint = stopped
    mark = tmp_path / "was loaded"
    checkpoint.write_bytes(_as_torch_writes(checkpoint, pickle.dumps(Payload(mark))))
    checks = list[int]()
    assert train(work, Size(1, 2), checkpoint, checks.append).size == Size(1, 2)
    assert checks[:2] == [0, 1]  # 0: what was there is removed as damaged, and the training begins anew
    assert not mark.exists()
