"""Forecasts from rows in the user's own columns; that they are those evaluated is held end to end."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster

Table = Callable[..., pd.DataFrame]


def test_a_model_is_read_as_it_was_written(
    tmp_path: Path, make_model: Callable[..., Forecaster], make_table: Table
) -> None:
    model = make_model(make_table())
    model.save(tmp_path)
    read = Forecaster.load(tmp_path)
    assert read.learned_until == model.learned_until
    pd.testing.assert_frame_equal(read.forecast(make_table(rows=20)), model.forecast(make_table(rows=20)))


def test_a_model_says_until_when_it_has_learned(make_model: Callable[..., Forecaster], make_table: Table) -> None:
    # 60 hours, a holdout of a fifth: the last window before it ends with hour 47.
    assert make_model(make_table()).learned_until == "2026-01-02T23:00:00"


def test_a_gap_is_filled_no_further_than_in_training(make_model: Callable[..., Forecaster], make_table: Table) -> None:
    model, rows = make_model(make_table(), fill=1), make_table(rows=20)
    rows.loc[17, "y"] = np.nan
    assert len(model.forecast(rows)) == 2
    rows.loc[16, "y"] = np.nan
    with pytest.raises(InputError, match="series 'all': values are missing among the last 6 steps before the forecast"):
        model.forecast(rows)


def test_what_is_known_ahead_is_asked_for_and_never_made_up(
    make_model: Callable[..., Forecaster], make_table: Table
) -> None:
    model, rows = make_model(make_table(), known_future_covariates=["planned"]), make_table(rows=22)
    rows.loc[20:, "y"] = np.nan
    assert len(model.forecast(rows)) == 2
    with pytest.raises(InputError, match="column 'planned': not given for 2026-01-01 20:00:00"):
        model.forecast(rows.drop(index=20))
    with pytest.raises(InputError, match="column 'planned': missing, but declared as known"):
        model.forecast(rows.assign(planned=rows["planned"].where(rows.index != 20)))
