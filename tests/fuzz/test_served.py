"""The served model: any rows and any request are answered with forecasts, or refused in words with a status of 4xx."""

import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException

from cellsize.models.forecaster import Forecaster
from cellsize.registry import served as served_module
from cellsize.registry.serve import app_of
from cellsize.registry.served import Served
from tests.fuzz.asgi import Answer, ask
from tests.fuzz.damage import CELLS, HALF, whole
from tests.fuzz.guard import fuzzed, in_words, no_hang
from tests.registry.conftest import served_model

MODELS: dict[str, dict[str, Any]] = {
    "plain": {},
    "columns": {
        "series": "place", "static_covariates": ["size"], "known_future_covariates": ["planned"],
        "categorical_covariates": ["wind"], "scale": "series", "fill": 1,
    },
    "zoned": {"timezone": "Europe/Berlin", "calendar": ["hour", "month"], "linear_calendar": ["hour_of_week"]},
    "months": {"frequency": "MS", "calendar": ["month"]},
    "business": {"frequency": "B", "calendar": [], "holidays": "DE"},
    "steps": {"frequency": "step", "time": "step", "calendar": []},
    "german": {"time_format": "%d.%m.%Y %H:%M"},
    "epoch": {"time_format": "epoch ms"},
    "parts": {"time": ["year", "month", "day", "hour"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def models(
    make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[Served, pd.DataFrame]]:  # fmt: skip
    """Served models, each with rows that it forecasts from."""
    made = {}
    for name, prepare in MODELS.items():
        places = ("north", "south") if "series" in prepare else ()
        raw = make_table(places=places, frequency=prepare.get("frequency", "h").replace("step", "h"))
        raw["size"] = np.where(raw.get("place", "north") == "south", 2.0, 1.0)
        when = pd.to_datetime(raw["when"])
        raw["step"] = np.arange(len(raw)) % 60
        if name == "parts":
            for part in prepare["time"]:
                raw[part] = getattr(when.dt, part)
        if name == "zoned":
            raw["when"] += "+01:00"
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


Change = tuple[str, Any, Any, Any]


@st.composite
def changes(draw: st.DrawFn) -> list[Change]:
    """What is done to the rows; places are fractions, since each model has other columns."""
    place = st.floats(0, 0.999)
    cell = st.one_of(
        st.sampled_from(CELLS), st.floats(), st.integers(), st.text(max_size=8), st.binary(max_size=4),
        st.lists(st.integers(), max_size=2), st.datetimes(), st.dates(), st.decimals(allow_nan=False), st.none(),
        st.booleans(),
    )  # fmt: skip
    one = st.one_of(
        st.tuples(st.just("cell"), place, place, cell),
        st.tuples(st.just("cell"), place, place, cell),
        st.tuples(st.just("column"), place, st.none(), cell),
        st.tuples(st.just("drop column"), place, st.none(), st.none()),
        st.tuples(st.just("repeat column"), place, st.none(), st.none()),
        st.tuples(st.just("rename"), place, st.none(), st.sampled_from(["time", "series", "", 1, None, "y", "x"])),
        st.tuples(st.just("drop rows"), place, place, st.none()),
        st.tuples(st.just("repeat row"), place, st.none(), st.none()),
        st.tuples(st.just("type"), place, st.none(), st.sampled_from(
            ["category", "string", "object", "Int64", "float32", "bool", "datetime64[ns]", "period[h]", "uint8",
             "complex128", "timedelta64[s]", "Float64", "int8", "str"])),
        st.tuples(st.just("index"), place, st.none(), st.sampled_from(["when", "many", "named"])),
        st.tuples(st.just("scale"), place, st.none(), st.sampled_from([0, -1, 1e10, 1e40, np.nan, np.inf])),
    )  # fmt: skip
    return draw(st.lists(one, max_size=3))


def changed(rows: pd.DataFrame, todo: list[Change]) -> Any:
    """The rows after what is done to them; what pandas cannot do is left out."""
    for kind, place, other, what in todo:
        if not rows.shape[1] or not len(rows):
            return rows
        column, row = int(place * rows.shape[1]), int((other or 0) * len(rows))
        values = rows.iloc[:, column]
        match kind:
            case "cell":
                what = whole(what)
                cells = [*values.tolist()[:row], what, *values.tolist()[row + 1 :]]
                rows = _with(rows, column, pd.Series(cells, dtype=object, index=rows.index))
            case "column":
                rows = _with(rows, column, pd.Series([what] * len(rows), dtype=object, index=rows.index))
            case "drop column":
                rows = rows.drop(columns=rows.columns[column])
            case "repeat column":
                rows = pd.concat([rows, rows.iloc[:, [column]]], axis=1)
            case "rename":
                rows = rows.set_axis([*rows.columns[:column], what, *rows.columns[column + 1 :]], axis=1)
            case "drop rows":
                rows = rows.iloc[: int(place * len(rows))] if place > 0.5 else rows.iloc[row:]
            case "repeat row":
                rows = pd.concat([rows, rows.iloc[[int(place * len(rows))]]])
            case "type":
                try:
                    rows = _with(rows, column, values.astype(what))
                except (TypeError, ValueError, OverflowError, AttributeError):
                    continue
            case "index":
                index: Any = {"when": values, "many": [0] * len(rows), "named": pd.RangeIndex(len(rows), name="y")}
                try:
                    rows = rows.set_axis(pd.Index(index[what]), axis=0)
                except (TypeError, ValueError):
                    continue
            case "scale":
                if pd.api.types.is_float_dtype(values):
                    rows = _with(rows, column, values * what)
    return rows


def _with(rows: pd.DataFrame, column: int, values: pd.Series) -> pd.DataFrame:
    parts = [rows.iloc[:, :column], values.rename(rows.columns[column]), rows.iloc[:, column + 1 :]]
    return pd.concat(parts, axis=1)


@pytest.mark.slow
@fuzzed()
@given(st.sampled_from(sorted(MODELS)), changes())
def test_any_rows_are_forecast_or_refused_in_words(
    models: dict[str, tuple[Served, pd.DataFrame]], name: str, todo: list[Change]
) -> None:
    model, rows = models[name]
    sent = changed(rows, todo)
    note(f"{sent.dtypes}\n{sent}")
    found = forecast_or_refusal(model, sent)
    if isinstance(found, pd.DataFrame):
        assert np.isfinite(found["y"]).all()
        return
    assert found.error_code == "INVALID_PARAMETER_VALUE", found.message
    in_words(found.message)
    assert "params.yaml" not in found.message
    assert "prepare." not in found.message


def forecast_or_refusal(model: Served, sent: Any) -> pd.DataFrame | MlflowException:
    with no_hang():
        try:
            return model.predict(None, sent)
        except MlflowException as error:
            return error


# --- requests -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def app(
    make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Any, pd.DataFrame]:  # fmt: skip
    """What `cellsize serve` answers with, of a saved model, and rows that it forecasts from."""
    folder, raw = tmp_path_factory.mktemp("model"), make_table(places=("north", "south"))
    make_model(raw, series="place").save(folder / "model")
    mlflow.pyfunc.save_model(
        str(folder / "saved"), python_model=str(Path(served_module.__file__)),
        artifacts={"model": str(folder / "model")},
    )  # fmt: skip
    model = mlflow.pyfunc.load_model(str(folder / "saved"))
    rows = raw.groupby("place").tail(12).reset_index(drop=True)
    return app_of(model), rows.drop(columns=["wind", "planned"])


def bodies(rows: pd.DataFrame) -> dict[str, tuple[str, bytes]]:
    """The same rows in each way that a server reads."""
    split = rows.to_dict(orient="split")
    parquet = io.BytesIO()
    rows.to_parquet(parquet)
    return {
        "split": ("application/json", json.dumps({"dataframe_split": split}).encode()),
        "records": ("application/json", json.dumps({"dataframe_records": rows.to_dict(orient="records")}).encode()),
        "csv": ("text/csv", rows.to_csv(index=False).encode()),
        "shuffled": ("application/json", json.dumps(
            {"dataframe_records": rows.sample(frac=1, random_state=1).to_dict(orient="records")}).encode()),
        "columns": ("text/csv", rows[list(reversed(rows.columns))].to_csv(index=False).encode()),
    }  # fmt: skip


def test_the_same_rows_sent_in_any_way_give_the_same_forecasts(app: tuple[Any, pd.DataFrame]) -> None:
    answers = {name: ask(app[0], body, {"Content-Type": kind}) for name, (kind, body) in bodies(app[1]).items()}
    assert {answer.status for answer in answers.values()} == {200}, answers
    assert len({answer.text for answer in answers.values()}) == 1, answers


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5)
    | st.sampled_from(["2026-01-01 00:00", "north", 1e999, -(10**40), HALF, "x" * 3000]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["columns", "data", "index", "when", "y", "x", "place", "inputs", "instances", "params", "a"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
TYPES = (
    "application/json", "application/json", "application/json; charset=utf-8", "text/csv", "text/csv; charset=utf-16",
    "text/csv; charset=nonsense", "text/plain", "application/vnd.apache.parquet", "application/x-parquet", "", ";",
    "application/json; charset=latin-1", "APPLICATION/JSON", "application/xml", "multipart/form-data", "text/csv;",
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> tuple[Any, dict[str, str]]:
    """A body (bytes, something for JSON, or what is done to a good one), and headers."""
    headers = {} if draw(st.integers(0, 19)) == 0 else {"Content-Type": draw(st.sampled_from(TYPES))}
    if draw(st.integers(0, 9)) == 0:
        headers[draw(st.sampled_from(["Content-Encoding", "Accept", "Host", "X-Forwarded-For"]))] = draw(
            st.sampled_from(["gzip", "*/*", "../..", "identity", "br"])
        )
    body: Any = draw(st.one_of(
        st.tuples(st.just("cuts"), st.sampled_from(["split", "records", "csv"]), st.lists(
            st.tuples(st.floats(0, 0.999), st.integers(0, 30), st.binary(max_size=6) | st.sampled_from(
                [b"null", b"NaN", b"1e999", b"[]", b"{}", b'"', b",", b"\n", b'"\\ud800"', b"true", b"\x00", b"\xff"])),
            max_size=3)),
        st.tuples(st.just("json"), st.sampled_from(
            ["dataframe_split", "dataframe_records", "instances", "inputs", "columns", None]), JUNK),
        st.tuples(st.just("bytes"), st.none(), st.binary(max_size=60)),
        st.tuples(st.just("deep"), st.sampled_from(["[", '{"a":', '{"dataframe_split":']), st.sampled_from(
            [10, 900, 5000, 100_000])),
    ))  # fmt: skip
    return body, headers


def encoded(body: Any, rows: pd.DataFrame) -> tuple[str, bytes]:
    kind, how, what = body
    if kind == "cuts":
        content_type, data = bodies(rows)[how]
        for place, length, new in what:
            at = int(place * len(data))
            data = data[:at] + new + data[at + length :]
        return content_type, data
    if kind == "json":
        return "", json.dumps(what if how is None else {how: what}).replace(HALF, "\\ud800").encode()
    if kind == "deep":
        return "", (how * what).encode()
    return "", what


@pytest.mark.slow
@fuzzed()
@given(requests())
def test_any_request_is_answered_or_refused_in_words(
    app: tuple[Any, pd.DataFrame], request_: tuple[Any, dict[str, str]]
) -> None:
    server, rows = app
    body, headers = request_
    fitting, data = encoded(body, rows)
    if fitting and headers.get("Content-Type") in ("application/json", "text/csv"):
        headers = {**headers, "Content-Type": fitting}
    note(f"{headers} {data[:3000]!r}")
    with no_hang():
        answer = ask(server, data, headers)
    holds(answer)


def holds(answer: Answer) -> None:
    """An answer is a forecast of finite numbers, or a refusal for a caller."""
    if answer.status == 200:
        for row in json.loads(answer.text)["predictions"]:
            assert math.isfinite(row["y"]), answer
        return
    assert 400 <= answer.status < 500, answer
    assert "Traceback" not in answer.text, answer
    in_words(json.loads(answer.text)["message"])
    assert "params.yaml" not in answer.text, answer
