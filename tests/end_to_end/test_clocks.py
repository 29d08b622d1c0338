"""Months, years and business days: from a table, with two commands, to a forecast of the registered model."""

import io
import json
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.end_to_end.conftest import ROOT, Project, served
from tests.end_to_end.test_init_and_run import SMALL

pytestmark = pytest.mark.end_to_end

# Fewer folds, one penalty and no classical method: what is held here is the clock, not the size.
TINY = SMALL | {"split__folds": 2, "baseline__classical": "none", "baseline__penalties": [1.0]}


def business_days() -> pd.DataFrame:
    """Prices of an exchange: a random walk of 800 business days, of which some are holidays."""
    days = pd.bdate_range("2022-01-03", periods=820)
    free = days[[63, 74, 104, 184, 255, 324, 335, 365, 445, 516, 585, 600, 626, 706, 777]]
    days = days.drop(free)[:800]
    walk = 100 + np.random.default_rng(3).normal(0, 1, 800).cumsum()
    return pd.DataFrame({"date": days.strftime("%Y-%m-%d"), "price": walk.round(2)})


@dataclass(frozen=True)
class Case:
    """A table, the clock that init is to find in it, and how its times are written."""

    table: pd.DataFrame
    frequency: str
    time_format: str | None
    written: str

    def stamps(self, last: str, steps: int) -> list[str]:
        """The steps after one, as a forecast has them."""
        first = pd.to_datetime(last, format=self.written)
        return [each.isoformat() for each in pd.date_range(first, periods=steps + 1, freq=self.frequency)[1:]]


def case(name: str) -> Case:
    if name == "prices":
        return Case(business_days(), "B", None, "%Y-%m-%d")
    table = pd.read_csv(ROOT / f"data/raw/{name}.csv")
    return Case(table, "MS", None, "%Y-%m") if name == "air-passengers" else Case(table, "YS", "%Y", "%Y")


@pytest.fixture(scope="module")
def project_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """The project of a table after `init` and `run`, made once."""
    made: dict[str, Project] = {}

    def make(name: str) -> Project:
        if name not in made:
            project = Project(tmp_path_factory.mktemp(name))
            case(name).table.to_csv(project.folder / f"{name}.csv", index=False)
            for words in (["init", f"{name}.csv", "--yes"], ["run"]):
                ran = project.command(sys.executable, "-m", "cellsize", *words)
                assert ran.returncode == 0, ran.stdout + ran.stderr
                if words[0] == "init":
                    project.edit(**TINY)
            made[name] = project
        return made[name]

    return make


def params(project: Project) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe").load(project.read("params.yaml"))
    return content


def registered(project: Project) -> Any:
    """The champion, or where the gate let none through the version, as a consumer loads it."""
    for name_store in (mlflow.set_tracking_uri, mlflow.set_registry_uri):  # a test before this one may have named both
        name_store(f"sqlite:///{project.folder}/mlflow.db")
    return mlflow.pyfunc.load_model(f"models:/{uri(project)}")


def uri(project: Project) -> str:
    registration = json.loads(project.read("reports/registration.json"))
    assert registration["registered"]
    name = params(project)["register"]["name"]
    return f"{name}@champion" if registration["promoted"] else f"{name}/{registration['version']}"


@pytest.mark.slow  # the tutorial's test takes AirPassengers the same way
@pytest.mark.parametrize("name", ["air-passengers", "yearly-sunspots", "prices"])
def test_a_table_of_any_clock_goes_from_init_to_a_forecast_with_the_right_stamps(
    project_of: Callable[[str], Project], name: str
) -> None:
    project = project_of(name)
    expected, prepare = case(name), params(project)["prepare"]
    assert (prepare["frequency"], prepare["time_format"]) == (expected.frequency, expected.time_format)
    model = registered(project)
    horizon, time_column, target = params(project)["window"]["horizon"], prepare["time"], prepare["targets"][0]

    table = expected.table.astype({time_column: str})
    last = table[time_column].iloc[-1]

    # Its own example.
    example = model.input_example
    shown = model.predict(example)
    assert shown["time"].tolist() == expected.stamps(str(example[time_column].iloc[-1]), horizon)
    assert len(example) <= model.metadata.metadata["looks_back"]
    assert (model.metadata.metadata["clock"], model.metadata.metadata["horizon"]) == (expected.frequency, horizon)

    # The table itself, and its own forecasts: below it as they are, or written as the table is.
    forecasts = model.predict(expected.table)
    assert forecasts["time"].tolist() == expected.stamps(last, horizon)
    recent = expected.table[target].tail(60)
    assert forecasts[target].between(recent.min() - recent.std(), recent.max() + 2 * recent.std()).all()
    again = model.predict(pd.concat([expected.table, forecasts]))
    assert again["time"].tolist() == expected.stamps(last, 2 * horizon)[horizon:]
    written = pd.DatetimeIndex(forecasts["time"]).strftime(expected.written)
    below = pd.DataFrame({time_column: written, target: forecasts[target]})
    pd.testing.assert_frame_equal(model.predict(pd.concat([table, below])), again)


@pytest.fixture(scope="module", params=["yearly-sunspots", "prices"])
def served_table(request: pytest.FixtureRequest, project_of: Callable[[str], Project]) -> Iterator[tuple[str, str]]:
    """The name of a table, and the address of the real server of its model: years are the least like other times."""
    project = project_of(request.param)
    with served(project, f"models:/{uri(project)}") as at:
        yield request.param, at


def answer(address: str, body: str, content_type: str = "text/csv") -> pd.DataFrame:
    request = urllib.request.Request(address, body.encode(), {"Content-Type": content_type})
    return pd.DataFrame(json.load(urllib.request.urlopen(request, timeout=60))["predictions"])


@pytest.mark.slow
def test_the_file_of_the_table_can_be_posted_and_what_is_answered_below_it(
    project_of: Callable[[str], Project], served_table: tuple[str, str]
) -> None:
    name, address = served_table
    project, expected = project_of(name), case(name)
    prepare = params(project)["prepare"]
    time_column, target = prepare["time"], prepare["targets"][0]
    model, text = registered(project), project.read(f"{name}.csv")
    forecasts = answer(address, text)
    pd.testing.assert_frame_equal(forecasts, model.predict(expected.table))
    # Times as the table has them and times of ISO 8601 in one column, as one CSV.
    table = pd.read_csv(io.StringIO(text), dtype=str)
    below = forecasts.rename(columns={"time": time_column})[[time_column, target]].astype(str)
    again = answer(address, pd.concat([table, below]).to_csv(index=False))
    horizon = len(forecasts)
    assert again["time"].tolist() == expected.stamps(table[time_column].iloc[-1], 2 * horizon)[horizon:]
    # Its own example, as JSON.
    example = json.dumps({"dataframe_split": model.input_example.to_dict(orient="split")})
    pd.testing.assert_frame_equal(answer(address, example, "application/json"), model.predict(model.input_example))
