"""A small project without a run, and models of tiny work."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize import params_file
from cellsize.params import Params
from cellsize.project import template
from tests.evaluation.conftest import described, refitted
from tests.lifecycle.known_classifier import labels, make_known_classifier
from tests.lifecycle.known_model import known, make_known, wave

__all__ = ["described", "known", "labels", "make_known", "make_known_classifier", "refitted", "wave"]
CHANGES: dict[str, template.Value] = {
    "prepare.table": "table.csv", "prepare.time": "when", "prepare.targets": ["load"], "prepare.calendar": [],
    "prepare.linear_calendar": [], "window.lookback": 12, "window.linear_lookback": None, "window.horizon": 3,
    "split.folds": 3, "baseline.seasons": [12], "register.name": "toy", "mlflow.experiment": "toy",
}  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Params]:
    """Makes this folder a project with so many rows; returns its parameters."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def make(rows: int = 400, **columns: object) -> Params:
        hours = np.arange(rows)
        load = 50 + 5 * np.sin(2 * np.pi * hours / 12) + np.random.default_rng(3).normal(0, 0.3, 4000)[:rows]
        when = pd.date_range("2026-01-01", periods=rows, freq="h")
        pd.DataFrame({"when": when, "load": load.round(3), **columns}).to_csv("table.csv", index=False)
        Path("params.yaml").write_text(template.params(CHANGES), encoding="utf-8")
        return params_file.load(Path("params.yaml"))

    return make
