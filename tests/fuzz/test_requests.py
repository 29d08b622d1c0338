"""Requests: any body, with any headers, is answered with what its rows give, or refused in words by a status of 4xx."""

import io
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from cellsize.data.sequences import Sequences
from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.registry import served as served_module
from cellsize.registry.bodies import PARQUET
from cellsize.registry.serve import app_of
from cellsize.sizing.sizes import Size
from tests.fuzz.asgi import Answer, ask
from tests.fuzz.damage import HALF
from tests.fuzz.guard import fuzzed, in_words, no_hang


@pytest.fixture(scope="module")
def apps(
    make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame],
    draw_classifier: Callable[..., tuple[Classifier, Sequences]], rows_of: Callable[[Sequences], pd.DataFrame],
    make_regressor: Callable[..., tuple[Regressor, Sequences]], make_texts: Callable[..., Sequences],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[Any, pd.DataFrame]]:  # fmt: skip
    """What `cellsize serve` answers with, of a saved model of each task, and rows that it answers."""
    raw = make_table(places=("north", "south"))
    rows = raw.groupby("place").tail(12).reset_index(drop=True).drop(columns=["wind", "planned"])
    made: dict[str, tuple[Any, pd.DataFrame]] = {"forecasts": (make_model(raw, series="place"), rows)}
    classifier, sequences = draw_classifier(Size(1, 3))
    made["classes"] = classifier, rows_of(sequences).head(20)
    regressor, sequences = make_regressor()
    made["numbers"] = regressor, rows_of(sequences).head(20)
    texts = ["Ann", "B\u00e9a", "Bo, Jr", 'C"', "Dee", "Ed"]
    classifier, _ = draw_classifier(Size(1, 3), sequences=make_texts(texts * 3, characters=9))
    schema = replace(classifier.schema, sequence="text", step=None, features=("text",))
    made["texts"] = replace(classifier, schema=schema), pd.DataFrame({"text": texts})
    return {name: (served(model, tmp_path_factory.mktemp("model")), rows) for name, (model, rows) in made.items()}


def served(model: Any, folder: Path) -> Any:
    """The app of a model, which is saved and loaded as MLflow does."""
    model.save(folder / "model")
    mlflow.pyfunc.save_model(
        str(folder / "saved"), python_model=str(Path(served_module.__file__)),
        artifacts={"model": str(folder / "model")}, pip_requirements=[],  # MLflow would look for them for seconds
    )  # fmt: skip
    return app_of(mlflow.pyfunc.load_model(str(folder / "saved")))


def bodies(rows: pd.DataFrame) -> dict[str, tuple[str, bytes]]:
    """The same rows in each way that a server reads."""
    split = rows.to_dict(orient="split")
    parquet = io.BytesIO()
    rows.to_parquet(parquet)
    return {
        "split": ("application/json", json.dumps({"dataframe_split": split}).encode()),
        "records": ("application/json", json.dumps({"dataframe_records": rows.to_dict(orient="records")}).encode()),
        "csv": ("text/csv", rows.to_csv(index=False).encode()),
        "parquet": (PARQUET, parquet.getvalue()),
        "shuffled": ("application/json", json.dumps(
            {"dataframe_records": rows.sample(frac=1, random_state=1).to_dict(orient="records")}).encode()),
        "columns": ("text/csv", rows[list(reversed(rows.columns))].to_csv(index=False).encode()),
    }  # fmt: skip


TASKS = ("forecasts", "classes", "numbers", "texts")


@pytest.mark.parametrize("task", TASKS)
def test_the_same_rows_sent_in_any_way_give_the_same_answer(
    apps: dict[str, tuple[Any, pd.DataFrame]], task: str
) -> None:
    app, rows = apps[task]
    answers = {name: ask(app, body, {"Content-Type": kind}) for name, (kind, body) in bodies(rows).items()}
    assert {answer.status for answer in answers.values()} == {200}, answers
    if task != "forecasts":  # sequences come as they come first in the rows, and another order is rounded otherwise
        shuffled, split = (by_name(answers[name]) for name in ("shuffled", "split"))
        del answers["shuffled"]
        pd.testing.assert_frame_equal(shuffled, split, check_exact=False, rtol=1e-5)
    assert len({answer.text for answer in answers.values()}) == 1, answers


def by_name(answer: Answer) -> pd.DataFrame:
    """The rows of an answer, sorted."""
    rows = pd.DataFrame(json.loads(answer.text)["predictions"])
    return rows.sort_values(rows.columns[0], ignore_index=True)


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
    "text/csv; charset=nonsense", "text/plain", PARQUET, PARQUET, "application/x-parquet", "", ";",
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
        st.tuples(st.just("cuts"), st.sampled_from(["split", "records", "csv", "parquet"]), st.lists(
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
@given(st.sampled_from(TASKS), requests())
def test_any_request_is_answered_or_refused_in_words(
    apps: dict[str, tuple[Any, pd.DataFrame]], task: str, request_: tuple[Any, dict[str, str]]
) -> None:
    server, rows = apps[task]
    body, headers = request_
    fitting, data = encoded(body, rows)
    if fitting and headers.get("Content-Type") in ("application/json", "text/csv", PARQUET):
        headers = {**headers, "Content-Type": fitting}
    note(f"{headers} {data[:3000]!r}")
    with no_hang():
        answer = ask(server, data, headers)
    holds(answer)


def holds(answer: Answer) -> None:
    """An answer has finite numbers, or is a refusal for a caller."""
    if answer.status == 200:
        for row in json.loads(answer.text)["predictions"]:
            assert all(math.isfinite(value) for value in row.values() if isinstance(value, float)), answer
            assert None not in row.values(), answer  # JSON has no NaN
        return
    assert 400 <= answer.status < 500, answer
    assert "Traceback" not in answer.text, answer
    in_words(json.loads(answer.text)["message"])
    assert "params.yaml" not in answer.text, answer
