"""What is decided about a table, and that nothing of the holdout has a say."""

from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cellsize.params import Params
from cellsize.project import template
from cellsize.project.asked import Asked
from cellsize.project.examine import _names, examine
from tests.project.conftest import params, said

Hourly = Callable[..., Path]


def test_an_hourly_table_is_found_out(hourly: Hourly) -> None:
    found = examine(Asked(hourly()))
    made = params(found)
    assert (made.prepare.time, made.prepare.series, made.prepare.frequency) == ("when", None, "h")
    assert made.prepare.targets == ("load",)
    assert made.baseline.seasons == (12,)
    assert (made.window.lookback, made.window.horizon) == (24, 12)
    assert made.prepare.calendar == ("hour", "weekday", "weekend")
    assert (made.register_.name, made.mlflow.experiment, made.report.title) == ("sales", "sales", "sales")
    assert said(found, "seasons") == "seasons: 12 steps, from the autocorrelation before the holdout"
    # A fifth of the rows are ten blocks of twelve, less those that the first window of it sees.
    assert made.register_.blocks == 20
    assert said(found, "remark").startswith("remark: the holdout has 6 blocks of 12 steps, and a comparison")
    assert said(found, "target") == "target: 'load', the only column of numbers"


@pytest.mark.parametrize(
    ("name", "called"),
    [("sales.csv", "sales"), ("sales.tsv", "sales"), ("sales.txt.gz", "sales"), ("SALES.CSV.GZ", "SALES"),
     ("a.b.tsv", "a.b"), ("sales.parquet", "sales"), ("my sales.txt", "my-sales"), (".csv", "table")],
)  # fmt: skip
def test_a_project_is_called_as_its_table_is_without_what_says_its_kind(name: str, called: str) -> None:
    assert _names(Path(name), ("y",))["register.name"] == called


@pytest.mark.slow
def test_the_shipped_data_give_the_shipped_window() -> None:
    # What was tuned by hand on the folds is found by looking at the table; its holdout has no say in it.
    root = Path(__file__).parents[2]
    made = params(examine(Asked(root / "data/raw/bay-area-traffic.parquet")))
    shipped = Params.model_validate(YAML(typ="safe", pure=True).load(template.shipped("params.yaml")))
    assert made.window == shipped.window
    assert made.split == shipped.split
    assert made.baseline == shipped.baseline
    assert made.prepare.calendar == shipped.prepare.calendar
