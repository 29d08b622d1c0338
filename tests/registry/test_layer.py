"""The layer around MLflow's scoring app: a real app, asked without a network."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc import scoring_server

from cellsize.models.forecaster import Forecaster
from cellsize.registry import layer as layers
from cellsize.registry.served import Served

Table = Callable[..., pd.DataFrame]
Ask = Callable[..., tuple[int, dict[str, Any]]]
JSON = {"content-type": "application/json"}


def asked(
    app: layers.App, body: bytes, headers: dict[str, str], path: str = "/invocations", method: str = "POST"
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer; the body of the request comes in pieces of 1,000 bytes."""
    pieces = [body[at : at + 1000] for at in range(0, max(len(body), 1), 1000)]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "http_version": "1.1",
        "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 9), "root_path": "",
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    head = {name.decode(): value.decode() for name, value in sent[0].get("headers", [])}
    return sent[0]["status"], head, b"".join(message.get("body", b"") for message in sent[1:])


class Model:
    """What MLflow's app wants of a model."""

    def __init__(self, folder: Path) -> None:
        self.metadata = SimpleNamespace(get_input_schema=lambda: None)
        self.served = Served()
        self.served.load_context(SimpleNamespace(artifacts={"model": str(folder)}))

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        return self.served.predict(None, data, params)


def app_for(model: Model) -> layers.App:
    app: layers.App = scoring_server.init(model)  # type: ignore[arg-type]
    return app


@pytest.fixture
def model(tmp_path: Path, make_model: Callable[..., Forecaster], make_table: Table) -> Model:
    make_model(make_table()).save(tmp_path)
    return Model(tmp_path)


@pytest.fixture
def ask(model: Model) -> Ask:
    app = layers.layer(app_for(model), ["levels"], limit=50_000)

    def asking(body: bytes, headers: dict[str, str] | None = None, **more: str) -> tuple[int, dict[str, Any]]:
        status, _, answer = asked(app, body, JSON if headers is None else headers, **more)
        return status, json.loads(answer)

    return asking


def split(rows: pd.DataFrame) -> bytes:
    return json.dumps({"dataframe_split": rows.to_dict(orient="split")}).encode()


def test_rows_are_answered_as_by_mlflow(ask: Ask, model: Model, make_table: Table) -> None:
    rows = make_table().tail(40)
    expected = [{**row} for row in model.predict(rows).to_dict(orient="records")]
    assert ask(split(rows)) == (200, {"predictions": expected})
    assert ask(rows.to_csv(index=False).encode(), {"content-type": "text/csv"}) == (200, {"predictions": expected})


def test_a_refusal_of_the_model_is_its_words_alone(ask: Ask, make_table: Table) -> None:
    secret = make_table().tail(4).assign(wind="my secret rows \nError: this")
    status, said = ask(split(secret))
    assert status == 400
    assert said["error_code"] == "BAD_REQUEST"
    assert said["message"].startswith("series 'all': 4 rows up to the last observed target")
    assert "secret" not in said["message"]


def test_what_mlflow_would_answer_with_500_is_the_callers_fault(ask: Ask) -> None:
    assert ask(b"{}", {})[0] == 415
    status, said = ask(b'{"dataframe_split":' + b"[" * 5000)
    assert (status, said["error_code"]) == (400, "BAD_REQUEST")
    assert "nested too deeply" in said["message"]


def test_no_more_than_the_limit_is_read(ask: Ask) -> None:
    for headers in (JSON, JSON | {"content-length": "60000"}):
        status, said = ask(b" " * 60_000, headers)
        assert (status, said["error_code"]) == (413, "REQUEST_TOO_LARGE")
        assert said["message"] == "a body of more than 50,000 bytes; send fewer rows, or several requests"


def test_a_body_that_mlflow_cannot_read_is_said_without_a_trace(ask: Ask) -> None:
    for kind, body in (("text/csv", b'a\n"b"c\n'), ("application/vnd.apache.parquet", b"PAR1nothing")):
        status, said = ask(body, {"content-type": kind})
        assert status == 400
        assert "Traceback" not in str(said)
        assert "/" not in said["message"].replace("text/csv", "")
        assert set(said) == {"error_code", "message"}


@pytest.mark.parametrize("error", [ZeroDivisionError("in /home/someone"), RecursionError("deep"), MemoryError()])
def test_a_fault_of_ours_is_500_without_a_word_of_what_it_was(
    ask: Ask, make_table: Table, monkeypatch: pytest.MonkeyPatch, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise error

    for place in ("cellsize.models.answers.forecast_and_clipped", "cellsize.registry.layer.check"):
        with monkeypatch.context() as patched:
            patched.setattr(place, broken)
            status, said = ask(split(make_table().tail(6)))
        assert (status, said) == (500, {"error_code": "INTERNAL_ERROR", "message": layers.OURS})
    assert type(error).__name__ in caplog.text


def test_a_model_of_somebody_else_that_fails_is_no_fault_of_the_callers(model: Model, make_table: Table) -> None:
    def predict(data: Any, params: Any = None) -> pd.DataFrame:
        raise KeyError("/srv/secret")

    model.predict = predict  # type: ignore[method-assign]
    status, _, answer = asked(layers.layer(app_for(model), []), split(make_table().tail(6)), JSON)
    assert status == 500
    assert b"secret" not in answer


def test_other_paths_are_mlflows(ask: Ask, model: Model) -> None:
    app = layers.layer(app_for(model), [])
    assert asked(app, b"", {}, path="/ping", method="GET")[0] == 200
    assert asked(app, b"", {}, method="GET")[0] == 405
    assert asked(app, b"", {}, path="/elsewhere")[0] == 404


def test_a_caller_who_goes_away_is_not_answered(model: Model) -> None:
    sent: list[Any] = []

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/invocations", "headers": [(b"content-type", b"text/csv")]}
    asyncio.run(layers.layer(app_for(model), [])(scope, gone, send))  # type: ignore[arg-type]
    assert sent == []


def test_a_large_body_is_checked_beside_the_other_requests(ask: Ask, make_table: Table) -> None:
    app_limit = layers.SMALL
    try:
        layers.SMALL = 10
        rows = make_table().tail(20)
        assert ask(split(rows))[0] == 200
        assert ask(split(rows.assign(y=np.inf)))[0] == 400
    finally:
        layers.SMALL = app_limit
