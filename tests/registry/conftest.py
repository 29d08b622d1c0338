"""A real SQLite store for each test."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from mlflow import MlflowClient

from cellsize.models.forecaster import Forecaster
from cellsize.params import Mlflow
from cellsize.registry.served import Served
from cellsize.registry.store import connect


def served_model(forecaster: Forecaster, folder: Path) -> Served:
    """A model as MLflow serves it, saved in a folder."""
    forecaster.save(folder)
    model = Served()
    model.load_context(SimpleNamespace(artifacts={"model": str(folder)}))
    return model


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables and nothing in them: to make them takes MLflow longer than most tests."""
    path = tmp_path_factory.mktemp("store") / "store.db"
    MlflowClient(f"sqlite:///{path}", f"sqlite:///{path}").search_experiments(max_results=1)
    return path


@pytest.fixture
def settings(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> Mlflow:
    monkeypatch.chdir(tmp_path)
    for key in ("MLFLOW_TRACKING_URI", "DVC_EXP_NAME", "GITHUB_ACTOR"):
        monkeypatch.delenv(key, raising=False)
    shutil.copy(empty_store, tmp_path / "store.db")
    return Mlflow(uri="sqlite:///store.db", experiment="toy")


@pytest.fixture
def with_versions(settings: Mlflow) -> Callable[[int], MlflowClient]:
    """A registry with so many versions of `toy`, none of them champion; none has files."""

    def make(count: int) -> MlflowClient:
        client, experiment = connect(settings)
        client.create_registered_model("toy")
        run = client.create_run(experiment)
        for _ in range(count):
            client.create_model_version("toy", f"{run.info.artifact_uri}/gone", run.info.run_id)
        return client

    return make
