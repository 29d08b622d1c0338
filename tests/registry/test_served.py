"""The model as MLflow serves it; over HTTP it is held end to end."""

import json
import re
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from cellsize.models.forecaster import Forecaster
from cellsize.registry import served as served_module
from cellsize.registry.serve import app_of
from cellsize.registry.served import Served
from tests.fuzz.asgi import ask
from tests.registry.conftest import served_model

Table = Callable[..., pd.DataFrame]
MakeModel = Callable[..., Forecaster]


@pytest.fixture
def served(tmp_path: Path, make_model: MakeModel, make_table: Table) -> Served:
    return served_model(make_model(make_table()), tmp_path)


def test_forecasts_have_times_as_text_and_a_column_for_each_target(served: Served, make_table: Table) -> None:
    forecasts = served.predict(None, make_table().tail(6))
    assert list(forecasts.columns) == ["series", "time", "y"]
    assert forecasts["time"].tolist() == ["2026-01-03T12:00:00", "2026-01-03T13:00:00"]
    assert forecasts["y"].between(0.9, 3.1).all()


def test_what_a_caller_sends_wrong_is_answered_as_a_bad_request(served: Served, make_table: Table) -> None:
    with pytest.raises(MlflowException, match="looks back 6") as caught:
        served.predict(None, make_table().tail(4))
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"  # which a server answers with 400


def test_clipped_values_are_counted_in_one_line_of_the_log(
    served: Served, make_table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    rows = make_table().tail(6)
    served.predict(None, rows)
    assert caplog.messages == []
    served.predict(None, rows.assign(x=[123456.0, 123456.0, 0, 1, 2, 3]))
    assert caplog.messages == ["values beyond what training has shown were clipped: x 2"]
    assert caplog.records[0].levelname == "WARNING"


# --- what is sent wrong -----------------------------------------------------------------------------------------------

Rows = pd.DataFrame
MODELS: dict[str, dict[str, Any]] = {
    "plain": {},
    "series": {"series": "place", "scale": "series"},
    "columns": {
        "series": "place",
        "static_covariates": ["size"],
        "known_future_covariates": ["planned"],
        "categorical_covariates": ["wind"],
    },
    "kinds": {"series": "place", "static_covariates": ["kind"]},
    "zoned": {"timezone": "UTC"},  # of times that are written with an offset
    "local": {"timezone": "Europe/Berlin"},
    "days": {"frequency": "D", "calendar": []},
    "business": {"frequency": "B", "calendar": [], "holidays": "DE"},
    "months": {"frequency": "MS", "calendar": []},
    "steps": {"frequency": "step", "time": "step", "calendar": []},
    "german": {"time_format": "%d.%m.%Y %H:%M"},
    "epoch": {"time_format": "epoch ms"},
    "two": {"time": ["day", "clock"]},
    "parts": {"time": ["year", "month", "day", "hour"]},
}


@pytest.fixture(scope="module")
def models(
    make_model: MakeModel, make_table: Table, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Served, Rows]]:
    """Served models of tables of many kinds, each with rows that it forecasts from."""
    made = {}
    for name, prepare in MODELS.items():
        places = ("north", "south") if "series" in prepare else ()
        raw = make_table(places=places, frequency=prepare.get("frequency", "h").replace("step", "h"))
        raw["size"], raw["kind"] = 1.0, "shop"
        if places:
            south = raw["place"] == "south"
            raw.loc[south, "size"], raw.loc[south, "kind"] = 2.0, "stall"
        when = pd.to_datetime(raw["when"])
        raw["step"] = np.arange(len(raw)) % 60
        raw["day"], raw["clock"] = when.dt.strftime("%Y-%m-%d"), when.dt.strftime("%H:%M")
        for part in ("year", "month", "hour"):
            raw[part] = getattr(when.dt, part)
        if prepare.get("time") == ["year", "month", "day", "hour"]:
            raw["day"] = when.dt.day
        if name == "zoned":
            raw["when"] += "Z"
        if name == "german":
            raw["when"] = when.dt.strftime("%d.%m.%Y %H:%M")
        if name == "epoch":
            raw["when"] = when.astype("datetime64[ms]").astype(np.int64)
        model = served_model(make_model(raw, **prepare), tmp_path_factory.mktemp(name))
        rows = raw[raw["step"] < 20].reset_index(drop=True)
        if "known_future_covariates" in prepare:
            rows["y"] = rows["y"].where(rows["step"] < 18)
        made[name] = model, rows
    return made


@pytest.mark.parametrize("name", MODELS)
def test_a_model_answers_the_rows_that_it_shall_refuse_when_they_are_broken(
    models: dict[str, tuple[Served, Rows]], name: str
) -> None:
    model, rows = models[name]
    forecasts = model.predict(None, rows)
    assert len(forecasts) == 2 * (1 + ("place" in rows))
    assert np.isfinite(forecasts["y"]).all()


def at(column: str, value: Any, row: int = 15) -> Callable[[Rows], Rows]:
    """Rows with a value in a cell."""

    def broken(rows: Rows) -> Rows:
        values = rows[column].tolist()
        return rows.assign(**{column: pd.Series([*values[:row], value, *values[row + 1 :]], dtype=object)})

    return broken


def whole(column: str, value: Any) -> Callable[[Rows], Rows]:
    """Rows with a value in all cells of a column."""
    return lambda rows: rows.assign(**{column: pd.Series([value] * len(rows), dtype=object)})


def without(*columns: str) -> Callable[[Rows], Rows]:
    return lambda rows: rows.drop(columns=list(columns))


def twice(column: str) -> Callable[[Rows], Rows]:
    return lambda rows: pd.concat([rows, rows[[column]]], axis=1)


ISO = "send times in ISO 8601, such as 2026-01-31T23:00"
ZONED = "send times in ISO 8601 with their offset, such as 2026-01-31T23:00+00:00"
NUMBERS = "send numbers with a decimal point, or nothing where the value is missing"
FIX = "leave it empty if it means that the value is missing, else fix it"
ONE = "is neither a number nor text nor a time; give one of them in each row"

MALFORMED: list[tuple[str, Callable[[Rows], Any], str]] = [
    # No table, no rows, no column.
    ("plain", lambda rows: rows.iloc[:0], "no rows; send the last 6 steps or more of each series"),
    ("plain", lambda rows: pd.DataFrame(), "no rows; send the last 6 steps or more of each series"),
    ("plain", lambda rows: rows.to_dict(orient="list"), "no table of rows; send dataframe_split, dataframe_records or"),
    ("plain", lambda rows: rows["y"].to_numpy(), "no table of rows; send"),
    ("plain", lambda rows: None, "no table of rows; send"),
    ("plain", without("when"), "no column 'when'; send it: the model reads when, y, x"),
    ("plain", without("y"), "no column 'y'; send it: the model reads when, y, x"),
    ("plain", lambda rows: rows.rename(columns=str.upper), "no column 'when'; send it"),
    ("plain", lambda rows: rows.set_axis(range(len(rows.columns)), axis=1), "no column 'when'; send it"),
    ("plain", lambda rows: pd.concat({"y": rows}, axis=1), "no column 'when'; send it"),
    ("series", without("place"), "no column 'place'; send it: the model reads when, y, x, place"),
    ("columns", without("size"), "no column 'size'; send it: the model reads when, y, x, wind, planned, size, place"),
    ("plain", twice("y"), "column 'y' is duplicated; send it once"),
    ("plain", twice("when"), "column 'when' is duplicated; send it once"),
    # Times.
    ("plain", at("when", None), f"row 15, column 'when': the time is missing; {ISO}"),
    ("plain", at("when", float("nan")), "row 15, column 'when': the time is missing"),
    ("plain", at("when", "yesterday"), f"'yesterday' is not a time; {ISO}"),
    ("plain", at("when", "now"), f"'now' is not a time; {ISO}"),
    ("plain", at("when", "2026-02-30 00:00"), f"'2026-02-30 00:00' is not a time; {ISO}"),
    ("plain", at("when", "99999-01-01T00:00"), f"'99999-01-01T00:00' is not a time; {ISO}"),
    ("plain", at("when", ""), f"'' is not a time; {ISO}"),
    ("plain", whole("when", "\u0661\u0662"), f"is not a time; {ISO}"),  # digits, but none that pandas reads
    ("plain", at("when", "x" * 5000), "'xxx"),
    ("plain", at("when", [2026, 1, 1]), f"row 15, column 'when': [2026, 1, 1] {ONE}"),
    ("plain", at("when", True), "'True' is not a time"),
    ("plain", whole("when", True), "is not a time"),
    ("plain", lambda rows: rows.assign(when=5), f"numbers, not times; {ISO}"),
    ("plain", whole("when", "03/04/2026"), f"is ambiguous: \"%d/%m/%Y\" and \"%m/%d/%Y\" read every row; {ISO}"),
    ("plain", lambda rows: rows.assign(when=pd.to_timedelta(np.arange(20), unit="h")), "is not a time"),
    ("plain", at("when", "2026-01-01T15:00+01:00"), "'2026-01-01T15:00+01:00' has an offset from UTC, but"),
    ("plain", lambda rows: rows.assign(when=rows["when"] + "Z"), "times with an offset, but the model was trained on"),
    ("zoned", lambda rows: rows.assign(when=rows["when"].str[:-1]), "times without an offset, but those of"),
    ("zoned", at("when", "soon"), "'soon' is not a time; send times in ISO 8601 with their offset, such as 2026"),
    ("zoned", at("when", "2026-01-01T15:00+99:00"), "has the offset +99:00; send times in ISO 8601 with"),
    ("local", at("when", "2026-03-29 02:30"), "does not exist in Europe/Berlin: clocks were set forward; send times"),
    ("local", at("when", "2025-10-26 02:30"), "exists twice in Europe/Berlin: clocks were set back (daylight"),
    ("plain", at("when", "2026-01-01 15:30"), "is not a whole number of steps of 'h' after"),
    ("plain", at("when", "2026-01-01 14:00"), "2026-01-01 14:00:00 is duplicated in series 'all'; keep one row"),
    ("plain", lambda rows: pd.concat([rows, rows]), "is duplicated in series 'all'; keep one row"),
    ("days", at("when", "2026-01-16 05:00"), "send rows on the clock of the model"),
    ("business", at("when", "2026-01-24"), "is not a business day (series 'all'), as 'B' wants; send rows"),
    ("months", at("when", "2027-04-02"), "is not the first day of a month (series 'all'), as 'MS' wants; send rows"),
    ("steps", at("step", 15.5), "15.5 is not a whole number; send whole numbers"),
    ("steps", at("step", None), "nan is not a whole number; send whole numbers"),
    ("steps", at("step", "last"), "column 'step': 'last' is not a number"),
    ("german", at("when", "01/16/2026"), f"'01/16/2026' is not a time; {ISO}, or as %d.%m.%Y %H:%M"),
    ("epoch", at("when", "soon"), f"'soon' is no 'epoch ms'; {ZONED}, or as epoch ms"),
    ("epoch", at("when", 10**18), f"is not within the years 1 to 9999; {ZONED}, or as epoch ms"),
    ("two", at("clock", "25:00"), f"is not a time; {ISO}"),
    ("two", without("clock"), "no column 'clock'; send it"),
    ("parts", at("hour", 24), "is not a time; send year, month, day, hour as whole numbers, or a column 'time' with"),
    ("parts", at("hour", 10**400), "is not a time; send year, month, day, hour as whole numbers"),
    ("parts", whole("day", Decimal("Infinity")), "is not a time; send year, month, day, hour as whole numbers"),
    ("parts", at("month", "May"), "is not a time; send year, month, day, hour as whole numbers"),
    # The ends of time: there is no time to forecast.
    ("plain", lambda rows: rows.assign(when=[f"9999-12-31 {hour:02d}:00" for hour in range(4, 24)]), "the year 9998"),
    ("months", lambda rows: rows.assign(when=pd.date_range("9998-05-01", periods=20, freq="MS", unit="s")), "beyond"),
    ("zoned", lambda rows: rows.assign(when=[f"0001-01-01T{hour:02d}:00Z" for hour in range(20)]), "years 1 to 9998"),
    ("local", lambda rows: rows.assign(when=[f"9999-12-31T{hour:02d}:00" for hour in range(4, 24)]), "1 to 9998"),
    ("business", lambda rows: rows.assign(when=pd.date_range("9998-12-07", periods=20, freq="B", unit="s")), "beyond"),
    # Numbers.
    ("plain", at("y", "much"), f"row 15, column 'y': 'much' is not a number; {NUMBERS}"),
    ("plain", at("y", "1,5"), f"'1,5' is not a number; {NUMBERS}"),
    ("plain", at("y", "a; prepare"), f"'a; prepare' is not a number; {NUMBERS}"),
    ("plain", at("y", np.inf), "column 'y': infinite"),
    ("plain", at("y", 1e300), f"1e+300 is beyond ±9e+36, and would become infinite in a network; {FIX}"),
    ("plain", at("x", 1e20), f"1e+20 beside a median of 2: a network sees nothing else; {FIX}"),
    ("plain", at("y", 2**53 + 1), f"9007199254740993 is a whole number beyond ±2^53, and would lose digits; {FIX}"),
    ("plain", at("y", 10**400), "column 'y': infinite"),
    ("plain", at("y", Decimal("1e999")), "column 'y': infinite"),
    ("plain", at("y", [1.0]), f"row 15, column 'y': [1.0] {ONE}"),
    ("plain", at("y", {"value": 1.0}), f"row 15, column 'y': {{'value': 1.0}} {ONE}"),
    ("plain", at("y", {1.0}), f"row 15, column 'y': {{1.0}} {ONE}"),
    ("plain", at("y", b"1"), f"row 15, column 'y': b'1' {ONE}"),
    ("plain", at("y", Decimal("sNaN")), f"column 'y': Decimal('sNaN') {ONE}"),
    ("series", at("place", "\ud800"), f"column 'place': '\\ud800' {ONE}"),  # half a character: JSON can escape it
    ("plain", at("y", 1 + 2j), f"row 15, column 'y': (1+2j) {ONE}"),
    ("plain", whole("y", list(range(1000))), f"… {ONE}"),
    ("plain", lambda rows: rows.assign(y=rows["y"].to_numpy() * 1j), ONE),
    ("plain", lambda rows: rows.assign(y=pd.Timestamp("2026-01-01")), "column 'y': times, not numbers; send numbers"),
    ("plain", lambda rows: rows.assign(y=pd.Series([pd.Period("2026-01")] * len(rows))),
     "column 'y': times, not numbers; send numbers"),
    ("plain", at("y", pd.Timestamp("2026-01-01")), "is not a number"),
    ("plain", lambda rows: rows.assign(y=pd.Series(["low"] * 20, dtype="category")), "'low' is not a number"),
    ("plain", whole("y", None), "column 'y': every value is missing; send its values: the model was trained with them"),
    ("plain", whole("x", None), "column 'x': every value is missing; send its values: the model was trained with them"),
    # Too little of it.
    ("plain", lambda rows: rows.tail(5), "5 rows up to the last observed target, but the model looks back 6; send"),
    ("plain", at("y", None, 18), "column 'y': values are missing among the last 6 steps before the forecast; fill"),
    ("plain", lambda rows: rows.drop(index=17), "values are missing among the last 6 steps"),
    ("series", lambda rows: rows.drop(index=range(22, 40)), "series 'south': 2 rows up to the last observed target"),
    ("series", at("place", None), "row 15, column 'place': no series named; fill it in"),
    ("series", at("place", ["north"]), f"column 'place': ['north'] {ONE}"),
    ("columns", whole("planned", None), "column 'planned': every value is missing; send its values"),
    ("columns", at("planned", None, 19), "column 'planned': missing, but declared as known in future; fill it in"),
    ("columns", lambda rows: rows[rows["step"] < 19], "it is known in future, so send rows for the 2 steps"),
    ("columns", whole("size", None), "column 'size': every value is missing; send its values"),
    ("columns", lambda rows: rows.assign(size=rows["size"].where(rows["place"] == "north")), "no value in series"),
    ("columns", at("size", 7.0), "column 'size': 7, but 1 before in series 'north'; send one value for each"),
    ("columns", at("size", "big"), "column 'size': 'big' is not a number"),
    ("columns", at("wind", ["N"]), f"column 'wind': ['N'] {ONE}"),
    ("kinds", at("kind", "mall"), "column 'kind': 'mall', but 'shop' before in series 'north'"),
    ("kinds", whole("kind", None), "column 'kind': no value in series 'north'; fill it in"),
]  # fmt: skip
# Words of who trained the model and of where it runs.
OURS = re.compile(r"params\.yaml|prepare\.|window\.|split\.|Traceback|\.py\b|clean\.parquet|(?<!\w)/[a-z]+/|--[a-z]")


@pytest.mark.parametrize(("name", "broken", "words"), MALFORMED, ids=[f"{m[0]}-{i}" for i, m in enumerate(MALFORMED)])
@pytest.mark.filterwarnings("error")
def test_a_malformed_request_is_answered_with_what_to_send(
    models: dict[str, tuple[Served, Rows]], name: str, broken: Callable[[Rows], Any], words: str
) -> None:
    model, rows = models[name]
    with pytest.raises(MlflowException) as caught:
        model.predict(None, broken(rows))
    said = caught.value.message
    assert words in said
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert not OURS.search(said)
    assert "\n" not in said
    assert len(said) < 500


# --- what is sent in another way, and is as good ----------------------------------------------------------------------

ACCEPTED: list[tuple[str, Callable[[Rows], Rows]]] = [
    (
        "plain",
        lambda rows: rows.assign(note="thanks", other=pd.Series([[1]] * len(rows))),
    ),  # columns that the model does not read
    ("plain", lambda rows: rows.set_axis([0] * len(rows))),  # an index that repeats
    ("plain", lambda rows: rows.sample(frac=1, random_state=0)),
    ("plain", lambda rows: rows.assign(y=rows["y"].astype(str), x=rows["x"].astype(object))),
    ("plain", lambda rows: rows.assign(y=rows["y"].map(lambda value: Decimal(repr(value))))),
    ("plain", lambda rows: rows.assign(x=rows["x"].astype("category"))),
    ("plain", lambda rows: rows.assign(when=pd.to_datetime(rows["when"]))),
    ("plain", lambda rows: rows.rename(columns={"when": "time"})),
    ("plain", lambda rows: pd.concat([pd.DataFrame({"when": ["0001-01-01 00:00"], "y": 1.0, "x": 1.0}), rows])),
    ("zoned", lambda rows: rows.assign(when=rows["when"].str[:-1] + "+00:00")),
    ("zoned", lambda rows: rows.assign(when=pd.to_datetime(rows["when"]).dt.tz_convert("Asia/Tokyo"))),
    ("german", lambda rows: rows.assign(when=pd.to_datetime(rows["when"], format="%d.%m.%Y %H:%M").astype(str))),
    ("epoch", lambda rows: rows.assign(when=rows["when"].astype(str))),
    ("series", lambda rows: rows.astype({"place": "category"})),
    ("columns", lambda rows: rows.assign(size=rows["size"].where(rows["step"] == 3))),  # said once
]


@pytest.mark.parametrize(("name", "other"), ACCEPTED, ids=[f"{m[0]}-{i}" for i, m in enumerate(ACCEPTED)])
@pytest.mark.filterwarnings("error")
def test_the_same_rows_sent_in_another_way_have_the_same_forecast(
    models: dict[str, tuple[Served, Rows]], name: str, other: Callable[[Rows], Rows]
) -> None:
    model, rows = models[name]
    pd.testing.assert_frame_equal(model.predict(None, other(rows)), model.predict(None, rows))


def test_series_and_levels_that_training_has_not_seen_are_forecast(models: dict[str, tuple[Served, Rows]]) -> None:
    for name, column in (("series", "place"), ("columns", "wind")):
        model, rows = models[name]
        assert np.isfinite(model.predict(None, rows.assign(**{column: "elsewhere"}).head(20))["y"]).all()


def test_a_history_of_a_million_rows_is_answered_in_seconds(models: dict[str, tuple[Served, Rows]]) -> None:
    model, _ = models["plain"]
    when = pd.date_range("1900-01-01", periods=1_000_000, freq="h")
    rows = pd.DataFrame({"when": when.strftime("%Y-%m-%d %H:%M"), "y": np.arange(1e6) % 5, "x": 1.0})
    begin = time.process_time()
    made = model.predict(None, rows)
    assert time.process_time() - begin < 20  # it takes 2
    assert made["time"].tolist() == [(when[-1] + pd.Timedelta(hours, "h")).isoformat() for hours in (1, 2)]


@pytest.mark.parametrize("name", ["series", "columns"])
def test_a_request_of_a_thousand_series_takes_less_than_two_seconds_of_the_processor(
    models: dict[str, tuple[Served, Rows]], tmp_path: Path, name: str
) -> None:
    model, rows = models[name]
    one = rows[rows["place"] == "north"]
    many = pd.concat([one.assign(place=f"shop {number}") for number in range(1000)], ignore_index=True)
    begin = time.process_time()
    made = model.predict(None, many)
    assert time.process_time() - begin < 2
    assert made["place"].nunique() == 1000
    assert len(made) == 2000
    # And through the layer of `cellsize serve`, which reads and checks the body first.
    model.model.save(tmp_path / "model")
    mlflow.pyfunc.save_model(
        str(tmp_path / "saved"), python_model=str(Path(served_module.__file__)),
        artifacts={"model": str(tmp_path / "model")},
    )  # fmt: skip
    app = app_of(mlflow.pyfunc.load_model(str(tmp_path / "saved")))
    body = many.to_csv(index=False).encode()
    begin = time.process_time()
    answer = ask(app, body, {"Content-Type": "text/csv"})
    assert time.process_time() - begin < 2
    assert answer.status == 200
    assert pd.DataFrame(json.loads(answer.text)["predictions"])["y"].tolist() == pytest.approx(made["y"].tolist())


def test_a_fault_of_ours_is_not_answered_as_the_callers(
    served: Served, make_table: Table, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("in /home/someone/secret.py")

    monkeypatch.setattr("cellsize.models.answers.forecast_and_clipped", broken)
    with pytest.raises(MlflowException) as caught:
        served.predict(None, make_table().tail(6))
    assert caught.value.error_code == "INTERNAL_ERROR"  # which a server answers with 500
    assert "secret" not in caught.value.message
    assert "ZeroDivisionError" in caplog.text
