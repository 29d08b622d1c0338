"""The registered model, loaded and served as its consumers do."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import mlflow
import numpy as np
import pandas as pd
import pytest

from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import forecast_rows
from tests.end_to_end.conftest import Project, served

pytestmark = pytest.mark.end_to_end


def history(project: Project, rows: int) -> pd.DataFrame:
    """The last rows of each series, in the raw table's columns and units."""
    table = pd.read_csv(project.folder / "table.csv")
    return table.groupby("place").tail(rows).reset_index(drop=True)


def test_the_champion_forecasts_rows_in_original_units_without_a_pickle(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    for name_store in (mlflow.set_tracking_uri, mlflow.set_registry_uri):  # a test before this one may have named both
        name_store(f"sqlite:///{project.folder}/mlflow.db")
    model = mlflow.pyfunc.load_model("models:/small@champion")
    made = model.predict(history(project, 12))
    assert list(made.columns) == ["place", "time", "load"]
    read = history(project, 12).assign(when=lambda rows: pd.to_datetime(rows["when"]))
    pd.testing.assert_frame_equal(model.predict(read), made)  # times as times are as good as times as text
    assert list(made["place"]) == ["north"] * 3 + ["south"] * 3
    last = pd.Timestamp(history(project, 1)["when"].iloc[0])
    assert [pd.Timestamp(moment) for moment in made["time"][:3]] == [last + pd.Timedelta(h, "h") for h in (1, 2, 3)]
    assert made["load"].between(40, 60).all()
    assert model.metadata.signature is not None
    assert model.input_example is not None


def test_the_first_twin_gives_the_forecasts_that_were_evaluated(project: Project) -> None:
    beside = pd.read_parquet(project.folder / "build/forecasts.parquet")
    one = beside[beside["series"] == "north"].groupby("origin").get_group(beside["origin"].iloc[0])
    table = pd.read_csv(project.folder / "table.csv", parse_dates=["when"])
    seen = table[(table["place"] == "north") & (table["when"] <= one["origin"].iloc[0])].tail(12)
    made = forecast_rows(Forecaster.load(project.folder / "build/twins/0"), seen)
    np.testing.assert_allclose(made["load"], one["model"], rtol=1e-4)


@pytest.fixture(scope="module")
def address(project: Project) -> Iterator[str]:
    with served(project, "models:/small@champion") as at:
        yield at


def post(address: str, rows: pd.DataFrame) -> dict[str, list[dict[str, object]]]:
    body = json.dumps({"dataframe_split": rows.to_dict(orient="split")}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    answer: dict[str, list[dict[str, object]]] = json.load(urllib.request.urlopen(request, timeout=60))
    return answer


@pytest.mark.slow
def test_the_served_model_answers_rows_with_forecasts(project: Project, address: str) -> None:
    made = pd.DataFrame(post(address, history(project, 20))["predictions"])
    assert list(made["place"]) == ["north"] * 3 + ["south"] * 3
    assert made["load"].between(40, 60).all()


@pytest.mark.slow
def test_too_short_a_history_is_refused_in_words(project: Project, address: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(address, history(project, 5))
    assert refused.value.code == 400
    assert "looks back 12" in refused.value.read().decode()


def refusal(address: str, body: bytes, content_type: str = "application/json") -> tuple[int, str]:
    """Status and text of an answer that refuses."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(address, body, {"Content-Type": content_type}), timeout=60)
    return refused.value.code, refused.value.read().decode()


@pytest.mark.slow
def test_csv_is_answered_as_json_is(project: Project, address: str) -> None:
    rows = history(project, 20)
    request = urllib.request.Request(address, rows.to_csv(index=False).encode(), {"Content-Type": "text/csv"})
    answer = json.load(urllib.request.urlopen(request, timeout=60))
    assert answer == post(address, rows)


@pytest.mark.slow
def test_whole_numbers_and_a_forecast_sent_back_are_answered(project: Project, address: str) -> None:
    rows = history(project, 20)
    forecasts = pd.DataFrame(post(address, rows)["predictions"])
    sent = pd.concat([rows.rename(columns={"when": "time"}).assign(load=lambda it: it["load"].round()), forecasts])
    again = pd.DataFrame(post(address, sent.drop(columns=["when"], errors="ignore"))["predictions"])
    assert pd.Timestamp(again["time"].iloc[0]) == pd.Timestamp(forecasts["time"].iloc[2]) + pd.Timedelta("1h")


@pytest.mark.slow
def test_what_cannot_be_answered_is_refused_in_words_for_a_caller(project: Project, address: str) -> None:
    rows = history(project, 20)

    def split(table: pd.DataFrame) -> bytes:
        return json.dumps({"dataframe_split": table.to_dict(orient="split")}).encode()

    refused = {
        "no rows; send the last 12 steps or more of each series": split(rows.iloc[:0]),
        "no column 'load'": split(rows.drop(columns="load")),
        "column 'when'": split(rows.assign(when="yesterday")),
        "is duplicated in series 'north'; keep one row": split(pd.concat([rows, rows.iloc[:1]])),
        "is not a number": split(rows.assign(load="much")),
    }
    for words, body in refused.items():
        code, said = refusal(address, body)
        assert code == 400, said
        assert words in said
        assert "params.yaml" not in said
        assert "prepare." not in said
        assert "Traceback" not in said
