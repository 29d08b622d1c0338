"""A real SQLite store for each test."""

from pathlib import Path

import pytest

from cellsize.params import Mlflow


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mlflow:
    monkeypatch.chdir(tmp_path)
    for key in ("MLFLOW_TRACKING_URI", "DVC_EXP_NAME"):
        monkeypatch.delenv(key, raising=False)
    return Mlflow(uri="sqlite:///store.db", experiment="toy")
