"""Forecasts from rows in the user's own columns; that they are those evaluated is held end to end."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.data import series, windows
from cellsize.data.batches import original
from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import forecast_and_clipped, forecast_rows

Table = Callable[..., pd.DataFrame]
MakeModel = Callable[..., Forecaster]
HERE = Path("rows.csv")


def test_a_model_that_was_read_forecasts_what_it_did_before(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    model, rows = make_model(make_table()), make_table(rows=20)
    model.save(tmp_path)
    pd.testing.assert_frame_equal(forecast_rows(Forecaster.load(tmp_path), rows), forecast_rows(model, rows))


def test_each_series_is_forecast_after_its_last_observed_target(make_model: MakeModel, make_table: Table) -> None:
    model = make_model(make_table(places=("north", "south")), series="place")
    rows = make_table(rows=20, places=("north", "south"))
    forecasts = forecast_rows(model, rows.drop(index=19))  # the last row of north
    assert list(forecasts) == ["place", "time", "y"]
    assert forecasts["place"].tolist() == ["north"] * 2 + ["south"] * 2
    assert [moment.hour for moment in forecasts["time"]] == [19, 20, 20, 21]
    assert np.isfinite(forecasts["y"]).all()


def test_too_short_a_history_is_refused(make_model: MakeModel, make_table: Table) -> None:
    with pytest.raises(InputError, match=r"^series 'all': 5 rows up to the last observed target, but the model looks"):
        forecast_rows(make_model(make_table()), make_table(rows=5))


def test_a_gap_is_filled_no_further_than_in_training(make_model: MakeModel, make_table: Table) -> None:
    model, rows = make_model(make_table(), fill=1), make_table(rows=20)
    rows.loc[17, "y"] = np.nan
    assert len(forecast_rows(model, rows)) == 2
    rows.loc[16, "y"] = np.nan
    with pytest.raises(InputError, match="series 'all': values are missing among the last 6 steps before the forecast"):
        forecast_rows(model, rows)


def test_what_is_known_ahead_is_asked_for_and_never_made_up(make_model: MakeModel, make_table: Table) -> None:
    model, rows = make_model(make_table(), known_future_covariates=["planned"]), make_table(rows=22)
    rows.loc[20:, "y"] = np.nan
    assert len(forecast_rows(model, rows)) == 2
    with pytest.raises(InputError, match="column 'planned': not given for 2026-01-01 20:00:00"):
        forecast_rows(model, rows.drop(index=20))
    with pytest.raises(InputError, match="column 'planned': missing, but declared as known"):
        forecast_rows(model, rows.assign(planned=rows["planned"].where(rows.index != 20)))


def test_what_is_added_to_the_target_is_added_to_its_forecast(make_model: MakeModel, make_table: Table) -> None:
    # 1e9 ± 1 once lost its digits on the way to float32.
    table, rows = make_table(), make_table(rows=20)
    plain = forecast_rows(make_model(table), rows)["y"]
    added = forecast_rows(make_model(table.assign(y=table["y"] + 1e9)), rows.assign(y=rows["y"] + 1e9))["y"]
    np.testing.assert_allclose(added - 1e9, plain, rtol=0, atol=2e-6)


def test_an_odd_covariate_is_clipped_and_counted(make_model: MakeModel, make_table: Table) -> None:
    model, rows = make_model(make_table()), make_table(rows=20)
    odd = rows.assign(x=rows["x"].where(rows.index != 18, 1e6))
    forecasts, clipped = forecast_and_clipped(model, odd)
    assert clipped == {"x": 1}
    assert forecasts["y"].between(0, 4).all()
    assert forecast_and_clipped(model, rows)[1] == {}


def test_rows_give_the_linear_part_all_that_windows_did(make_model: MakeModel, make_table: Table) -> None:
    raw = make_table()
    model = make_model(raw, linear_lookback=9, linear_calendar=["hour_of_day"], holidays="DE", timezone="Europe/Berlin")
    arrays = windows.build(series.clean(raw, HERE, model.schema), model.schema, model.window, HERE)
    first = 60 - 2 - 9  # of the last window: its forecasts are those after row 57
    expected = original(arrays, model.fitted.scaling, model.predict(arrays, np.array([first])))
    assert forecast_rows(model, raw.iloc[first : first + 9])["y"].to_numpy() == pytest.approx(expected[0, :, 0])
    with pytest.raises(InputError, match="8 rows up to the last observed target, but the model looks back 9; send"):
        forecast_rows(model, raw.iloc[-8:])
