"""What a served model answers, by its task."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cellsize.data.sequences import Sequences
from cellsize.models.answers import answer
from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.models.row_forecasts import forecast_rows
from cellsize.models.row_labels import label_rows
from cellsize.models.row_numbers import number_rows
from cellsize.models.saved import load


def test_a_model_is_read_and_asked_as_its_task_wants(
    make_model: Callable[..., Forecaster],
    make_table: Callable[..., pd.DataFrame],
    rows_of: Callable[..., pd.DataFrame],
    draw_classifier: Callable[..., tuple[Classifier, Sequences]],
    make_regressor: Callable[..., tuple[Regressor, Sequences]],
    tmp_path: Path,
) -> None:
    table = make_table()
    forecaster, (classifier, sequences) = make_model(table), draw_classifier()
    regressor, numbered = make_regressor()
    for name, model in (("forecaster", forecaster), ("classifier", classifier), ("regressor", regressor)):
        model.save(tmp_path / name)
        assert type(load(tmp_path / name)) is type(model)
    forecast = answer(forecaster, table.tail(6))
    assert forecast.table["time"].tolist() == ["2026-01-03T12:00:00", "2026-01-03T13:00:00"]
    assert forecast.table["y"].tolist() == forecast_rows(forecaster, table.tail(6))["y"].tolist()
    labels = answer(load(tmp_path / "classifier"), rows_of(sequences))
    pd.testing.assert_frame_equal(labels.table, label_rows(classifier, rows_of(sequences)))
    assert forecast.remarks == labels.remarks == []
    with_interval = answer(regressor, rows_of(numbered), (0.9,)).table
    pd.testing.assert_frame_equal(with_interval, number_rows(regressor, rows_of(numbered), (0.9,)))
