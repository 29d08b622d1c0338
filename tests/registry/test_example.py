"""The rows that a registered model is shown with."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import forecast_rows
from cellsize.registry.example import recent_rows

HERE = Path("toy.csv")
Table = Callable[..., pd.DataFrame]
MakeModel = Callable[..., Forecaster]


def hours(table: pd.DataFrame) -> list[int]:
    """The hours since the first of January."""
    return [int(since / pd.Timedelta("1h")) for since in pd.to_datetime(table["when"]) - pd.Timestamp("2026-01-01")]


def test_the_example_is_the_last_window_of_each_series_that_holds_one(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    whole, broken, short = (make_table(places=(place,)) for place in ("whole", "broken", "short"))
    broken.loc[50:, "y"] = np.nan
    raw = pd.concat([whole, short.head(5), broken])  # with an index that repeats itself
    # As text the times of this format are in another order than in time.
    raw["when"] = pd.to_datetime(raw["when"]).dt.strftime("%-m/%-d/%Y %-H:%M")
    make_model(raw, series="place", time_format="%m/%d/%Y %H:%M").save(tmp_path)
    example = recent_rows(raw.sample(frac=1, random_state=0), HERE, tmp_path)
    assert hours(example[example["place"] == "whole"]) == list(range(52, 58))
    assert hours(example[example["place"] == "broken"]) == list(range(42, 48))
    assert set(example["place"]) == {"whole", "broken"}
    assert forecast_rows(Forecaster.load(tmp_path), example)["place"].tolist() == ["broken"] * 2 + ["whole"] * 2


def test_an_example_has_rows_for_what_is_known_in_future_without_their_targets(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    raw = make_table()
    make_model(raw, known_future_covariates=["planned"]).save(tmp_path)
    example = recent_rows(raw, HERE, tmp_path)
    assert hours(example) == list(range(52, 60))
    assert example["y"].isna().tolist() == [False] * 6 + [True] * 2
    assert example["planned"].notna().all()


def test_a_table_without_a_whole_window_is_refused(tmp_path: Path, make_model: MakeModel, make_table: Table) -> None:
    raw = make_table()
    make_model(raw).save(tmp_path)
    with pytest.raises(InputError, match=r"^toy\.csv, series .*: 7 rows, but .* needs 8"):
        recent_rows(raw.head(7), HERE, tmp_path)


def test_a_table_whose_windows_all_see_a_filled_target_last_is_refused(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    raw = make_table()
    make_model(raw, fill=1).save(tmp_path)
    raw.loc[5, "y"] = np.nan  # of the one window of eight rows the sixth is seen last
    with pytest.raises(
        InputError, match=r"^toy\.csv: .* no series of it: the last target that a window sees is filled"
    ):
        recent_rows(raw.head(8), HERE, tmp_path)
    assert len(recent_rows(raw.head(9), HERE, tmp_path)) == 6


def test_an_example_ends_with_an_observed_target_where_some_are_missing(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    raw = make_table()
    raw = raw[raw.index % 7 < 5]  # no rows on two steps of seven, as at weekends
    make_model(raw, fill=2, observed=0.5).save(tmp_path)
    example = recent_rows(raw, HERE, tmp_path)
    # Of the windows that end with row 59 the last one begins with 52: it sees 57; 54 and 55 are missing.
    assert hours(example) == [52, 53, 56, 57]
    assert len(forecast_rows(Forecaster.load(tmp_path), example)) == 2
