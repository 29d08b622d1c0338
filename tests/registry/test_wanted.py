"""What a served model says to somebody who has sent no rows."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.registry import serve
from cellsize.registry import served as served_module
from cellsize.registry.bodies import CSV, JSON, NO_ROWS, PARQUET
from cellsize.registry.layer import App
from cellsize.registry.wanted import no_rows
from cellsize.sizing.sizes import ZERO
from tests.fuzz.asgi import ask
from tests.registry.conftest import served_model

Table = Callable[..., pd.DataFrame]
MakeModel = Callable[..., Forecaster]
STEPS = "no rows; send the last 6 steps or more of each series, in the columns 'when', 'y', 'x'"


def test_a_model_that_forecasts_names_its_steps_and_its_columns(make_model: MakeModel, make_table: Table) -> None:
    assert no_rows(make_model(make_table())) == STEPS
    known = make_model(make_table(places=("a", "b")), series="place", known_future_covariates=["planned"])
    assert no_rows(known) == (
        "no rows; send the last 6 steps or more of each series, and rows for the 2 steps to be predicted with the "
        "targets left empty, in the columns 'when', 'place', 'y', 'x', 'planned'"
    )


def test_of_many_columns_the_first_are_named(make_model: MakeModel, make_table: Table) -> None:
    raw = make_table().assign(**{f"x{number}": make_table()["x"] for number in range(1, 7)})
    model = make_model(raw, past_covariates=["x", *(f"x{number}" for number in range(1, 7))])
    assert no_rows(model).endswith("in the columns 'when', 'y', 'x', 'x1', 'x2', 'x3', 'x4', 'x5' and 1 more")


def test_a_model_of_sequences_wants_a_row_for_each_step_and_one_of_texts_a_row_for_each_text(
    draw_classifier: Callable[..., tuple[Classifier, Any]], make_regressor: Callable[..., tuple[Regressor, Any]],
    make_texts: Callable[..., Any],
) -> None:  # fmt: skip
    sequences = "no rows; send a row for each step of each sequence, in the columns 'name', 'step', 'x', 'z'"
    assert no_rows(draw_classifier(ZERO)[0]) == no_rows(make_regressor()[0]) == sequences
    texts = draw_classifier(ZERO, sequences=make_texts(["aba", "bb", "ab", "ba"] * 5))[0]
    for sequence, columns in (("text", "'text'"), ("id", "'id', 'text'")):  # a text without a name is its own
        schema = replace(texts.schema, sequence=sequence, step=None)
        expected = f"no rows; send a row for each text, in the columns {columns}"
        assert no_rows(replace(texts, schema=schema)) == expected


@pytest.fixture
def app(tmp_path: Path, make_model: MakeModel, make_table: Table) -> App:
    """What `cellsize serve` answers with."""
    make_model(make_table()).save(tmp_path / "model")
    mlflow.pyfunc.save_model(
        str(tmp_path / "saved"), python_model=str(Path(served_module.__file__)),
        artifacts={"model": str(tmp_path / "model")},
    )  # fmt: skip
    return serve.app_of(mlflow.pyfunc.load_model(str(tmp_path / "saved")))


def test_an_empty_request_is_told_which_rows_to_send_in_whatever_way_it_is_empty(app: App) -> None:
    # It was told "no rows; send those that the model reads", or "not JSON: Expecting value at line 1, column 1".
    columns = ["when", "y", "x"]
    records: dict[str, Any] = {"dataframe_records": []}
    split = {"dataframe_split": {"columns": columns, "data": []}}
    bare: dict[str, Any] = {"dataframe_split": {"columns": [], "data": []}}
    headers = [{"Content-Type": kind} for kind in (JSON, CSV, PARQUET)] + [{}]
    nothing = [ask(app, body, each) for each in headers for body in (b"", b" \n")]
    header = ask(app, b"when,y,x\n", {"Content-Type": CSV})
    none = [ask(app, json.dumps(content).encode(), headers[0]) for content in (records, split, bare)]
    assert {answer.status for answer in (*nothing, header, *none)} == {400}
    assert {json.loads(answer.text)["message"] for answer in (header, *none)} == {STEPS}
    assert {json.loads(answer.text)["message"] for answer in nothing} == {f"{STEPS}, as {JSON}, {CSV} or {PARQUET}"}


def test_mlflows_own_server_is_told_the_same(tmp_path: Path, make_model: MakeModel, make_table: Table) -> None:
    model = served_model(make_model(make_table()), tmp_path)
    for rows in (pd.DataFrame(), make_table().iloc[:0]):
        with pytest.raises(MlflowException, match="^" + STEPS) as refused:
            model.predict(None, rows)
        assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("error", [KeyError("/srv/secret"), MlflowException("/srv/secret")])
def test_of_a_model_that_says_nothing_of_no_rows_nothing_is_handed_on(error: Exception) -> None:
    def predict(_: Any) -> None:
        raise error

    assert serve._of_no_rows(SimpleNamespace(predict=predict)) == NO_ROWS  # type: ignore[arg-type]
    assert serve._of_no_rows(SimpleNamespace(predict=len)) == NO_ROWS  # type: ignore[arg-type]
