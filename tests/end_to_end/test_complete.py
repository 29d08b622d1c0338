"""Quantiles by an encoder-decoder, judged on series never seen: from a table to a registered model that answers."""

import json

import mlflow
import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.end_to_end.conftest import Project, make_project

pytestmark = pytest.mark.slow  # half a minute of processes

SERIES, ROWS, LEVELS = 8, 120, (0.1, 0.5, 0.9)


def table(series: int, rows: int) -> pd.DataFrame:
    """Waves that only the past shows, each with its own phase, and a price that is known in future."""
    draw, hours = np.random.default_rng(0), np.arange(rows)
    parts = []
    for number in range(series):
        wave = 5 * np.sin(2 * np.pi * hours / 11 + draw.uniform(0, 6))
        price = draw.integers(0, 2, rows)
        load = 50 + wave + 3 * price + draw.normal(0, 0.5, rows)
        times = pd.date_range("2026-01-01", periods=rows, freq="h")
        parts.append(pd.DataFrame({"when": times, "place": f"p{number}", "load": load, "price": price}))
    return pd.concat(parts)


@pytest.fixture(scope="module")
def waves(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """With `skip: [none]` no memory cells see no past at all: cells have to win."""
    project = make_project(tmp_path_factory.mktemp("waves") / "project")
    table(SERIES, ROWS).to_csv(project.folder / "table.csv", index=False)
    plain, path = YAML(typ="safe"), project.folder / "params.yaml"
    plain.dump(plain.load(path), path)  # without comments: one behind a list that becomes empty would break the file
    project.edit(
        prepare__known_future_covariates=["price"], prepare__calendar=[],
        split__scheme="groups", split__holdout_of="whole_series", split__holdout=0.25, split__folds=2,
        propose__layers=1, propose__mlp_units=[], propose__network__skip=["none"],
        propose__network__head=["encoder_decoder"], baseline__classical="none", baseline__seasons=[11],
        search__training__learning_rates=[0.03], search__training__steps=150,
        search__training__maximum_steps=150, search__training__patience=150,
        search__minimum_units=4, choose__metric="quantile", choose__quantiles=list(LEVELS),
        register__beat=["naive"], refit__twins=2,
    )  # fmt: skip
    ran = project.repro()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return project
