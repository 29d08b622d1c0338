"""Series with days that are never there, of unlike levels and ends: settings alone take them to a served forecast."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import forecast_rows
from tests.end_to_end.conftest import Project, make_project

pytestmark = pytest.mark.end_to_end

DAILY = {
    "prepare__frequency": "D",
    "prepare__calendar": ["weekday"],
    "baseline__seasons": [7],
    "search__compute__trials": 1,
}


def business_days() -> pd.DataFrame:
    """A price on Mondays to Fridays."""
    days = pd.bdate_range("2018-01-01", periods=600)
    wave = 100 + 5 * np.sin(np.arange(600) / 9)
    return pd.DataFrame({"when": days, "load": wave + np.random.default_rng(0).normal(0, 0.5, 600), "place": "market"})


def shops() -> pd.DataFrame:
    """Three shops closed on Sundays, of levels from 1 to 10,000, that end months apart."""
    parts = []
    for seed, (place, level, length) in enumerate((("kiosk", 1, 500), ("shop", 100, 400), ("store", 10_000, 300))):
        days = pd.date_range("2020-01-01", periods=length, freq="D")
        weekly = 5 + np.sin(2 * np.pi * np.arange(length) / 6) + np.random.default_rng(seed).normal(0, 0.2, length)
        table = pd.DataFrame({"when": days, "load": level * weekly, "place": place})
        parts.append(table[days.day_of_week < 6])
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    ("table", "settings", "ends"),
    [
        pytest.param(
            business_days(),
            {"window__horizon": 10, "window__lookback": 14, "window__fill": 3, "window__observed": 0.5},
            1,
            marks=pytest.mark.slow,
        ),
        (
            shops(),
            {
                "window__horizon": 7, "window__lookback": 14, "window__fill": 1, "window__observed": 0.8,
                "window__scale": "series", "split__holdout_of": "series",
            },
            3,
        ),
    ],
    ids=["business days", "shops"],
)  # fmt: skip
def test_ragged_series_go_from_the_table_to_a_served_forecast(
    tmp_path: Path, table: pd.DataFrame, settings: dict[str, object], ends: int
) -> None:
    project: Project = make_project(tmp_path / "project")
    table.to_csv(project.folder / "table.csv", index=False)
    project.edit(**DAILY, **settings)
    ran = project.repro()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    evaluation = json.loads(project.read("reports/evaluation.json"))
    assert 0 < evaluation["model"]["nmse"] < 1
    assert evaluation["model"]["nmse"] < evaluation["baselines"]["naive"]["nmse"]
    assert json.loads(project.read("reports/registration.json"))["registered"]
    forecasts = pd.read_parquet(project.folder / "build/forecasts.parquet")
    assert forecasts["truth"].isna().any()
    assert forecasts["series"].nunique() == ends
    assert forecasts.groupby("series")["time"].max().nunique() == ends

    # A request after some of these origins gives what was evaluated there, of the twin that has not seen them.
    model = Forecaster.load(project.folder / "build/twins/0")
    compared = 0
    for (name, origin), part in forecasts.groupby(["series", "origin"]):
        rows = table[(table["place"] == name) & (table["when"] <= origin)]
        if rows["when"].max() < origin:
            continue  # a day that is not there: a request ends with a target
        served = forecast_rows(model, rows.assign(when=rows["when"].astype(str)))
        np.testing.assert_allclose(served["load"], part.sort_values("step")["model"], rtol=1e-4)
        compared += 1
    assert compared >= 5
