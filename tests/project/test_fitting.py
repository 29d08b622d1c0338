"""Window and folds that a table is long enough for."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.errors import InputError
from cellsize.params_data import Split, Window
from cellsize.project import fitting


def frame(rows: int) -> pd.DataFrame:
    time = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(rows), unit="h")
    wave = np.sin(np.arange(rows) / 3) + 2
    return pd.DataFrame({SERIES: pd.Categorical(["a"] * rows), TIME: time, "y": wave})


Make = Callable[..., fitting.Fit]


@pytest.fixture
def fit(
    make_schema: Callable[..., Schema], make_window: Callable[..., Window], make_split: Callable[..., Split]
) -> Make:
    def make(rows: int, season: int = 12, lookback: int | None = None, horizon: int | None = None) -> fitting.Fit:
        parts = make_split(folds=5, fraction=0.2, blocks=2)
        return fitting.find(frame(rows), make_schema(), make_window(), parts, season, lookback, horizon)

    return make


def test_a_long_table_has_two_seasons_in_sight_one_ahead_and_all_folds(fit: Make) -> None:
    found = fit(2000)
    assert (found.window.lookback, found.window.horizon) == (24, 12)
    assert (found.split.folds, found.split.early_stopping.blocks) == (5, 2)


def test_a_short_table_gives_up_steps_ahead_before_its_season(fit: Make) -> None:
    found = fit(150)
    assert found.window.lookback == 12
    assert found.window.horizon < 12
    assert found.smallest >= fitting.FEW


def test_a_table_too_short_for_its_season_sees_less_of_it(fit: Make) -> None:
    found = fit(150, season=48)
    assert found.window.lookback < 48
    assert found.smallest >= fitting.FEW


def test_what_is_asked_for_is_kept_or_refused(fit: Make) -> None:
    found = fit(600, lookback=20, horizon=7)
    assert (found.window.lookback, found.window.horizon) == (20, 7)
    with pytest.raises(InputError, match="100 rows are too few for --horizon 30 --lookback 40") as refused:
        fit(100, lookback=40, horizon=30)
    named = re.search(r"--horizon (\d+) --lookback (\d+) fit", str(refused.value))
    assert named is not None
    horizon, lookback = map(int, named.groups())
    fits = fit(100, lookback=lookback, horizon=horizon).window
    assert (fits.lookback, fits.horizon) == (lookback, horizon)


def test_a_table_of_a_few_rows_is_refused(fit: Make) -> None:
    with pytest.raises(InputError, match="20 rows are too few"):
        fit(20)


@pytest.mark.parametrize("rows", [60, 90, 150, 300, 1000])
def test_every_set_of_every_fold_holds_windows(fit: Make, rows: int) -> None:
    found = fit(rows)
    for fold in found.folds.all():
        assert min(map(len, (fold.early_stopping, fold.validation))) >= fitting.LEAST
    assert found.folds.holdout.sum() >= fitting.LEAST


def test_gaps_are_filled_as_usual_unless_longer_ones_are_many() -> None:
    few, many = np.zeros(1000, np.bool_), np.zeros(1000, np.bool_)
    few[100:109] = True
    for begin in range(50, 1000, 50):
        many[begin : begin + 9] = True
    assert fitting.fill_for([few], 24, 6) == 6
    assert fitting.fill_for([many], 24, 6) == 9
    assert fitting.fill_for([many], 8, 6) == 6  # longer than what is forecast: nothing is made up


def test_the_longest_run_lies_between_two_values() -> None:
    assert fitting.longest_run(np.array([True, True, False, True, True, True, False, True])) == 3
    assert fitting.longest_run(np.zeros(4, np.bool_)) == 0
    assert fitting.longest_run(np.ones(4, np.bool_)) == 0
