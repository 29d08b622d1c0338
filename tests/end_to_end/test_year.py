"""A year of a model: rows come month by month, and what is trained again is what they ask for."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.end_to_end.conftest import Project, make_project

START, MONTH = 900, 240  # rows at first, and of each month: 20 blocks of a season of 12
NOTHING, PROMOTED, NOT_PROMOTED, REFUSED = 0, 10, 11, 12


def rows(count: int, drift: int) -> pd.DataFrame:
    """So many hours, of which those from `drift` on follow another rhythm."""
    hours = np.arange(count)
    noise = np.random.default_rng(7).normal(0, 0.3, 20 * MONTH)[:count]
    load = 50 + 5 * np.sin(2 * np.pi * hours / 12)
    load[drift:] = 50 + 5 * np.sin(2 * np.pi * hours[drift:] / 12) ** 3 + 3 * np.sign(np.sin(2 * np.pi * hours[drift:] / 8))
    when = pd.date_range("2026-01-01", periods=count, freq="h")
    return pd.DataFrame({"when": when, "load": (load + noise).round(3)})
