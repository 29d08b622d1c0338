"""The model as MLflow serves it; over HTTP it is held end to end."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from cellsize.models.forecaster import Forecaster
from cellsize.registry.served import Served

Table = Callable[..., pd.DataFrame]
MakeModel = Callable[..., Forecaster]


@pytest.fixture
def served(tmp_path: Path, make_model: MakeModel, make_table: Table) -> Served:
    make_model(make_table()).save(tmp_path)
    model = Served()
    model.load_context(SimpleNamespace(artifacts={"model": str(tmp_path)}))
    return model


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
