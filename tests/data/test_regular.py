"""Regular rows: each step once, in the order of series and time, without a long gap."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import series
from cellsize.data.regular import set_back
from cellsize.errors import InputError
from cellsize.params_data import Prepare

HERE = Path("toy.csv")

Table = Callable[..., pd.DataFrame]

MakePrepare = Callable[..., Prepare]


def cleaned(raw: pd.DataFrame, prepare: Prepare) -> pd.DataFrame:
    return series.clean(raw, HERE, series.describe(raw, HERE, prepare))


def test_a_missing_row_becomes_a_row_of_missing_values(make_table: Table, make_prepare: MakePrepare) -> None:
    raw = make_table(rows=6).drop(index=[2, 3])
    clean = cleaned(raw, make_prepare(gap=2))
    assert clean["time"].tolist() == pd.date_range("2026-01-01", periods=6, freq="h").tolist()
    assert np.isnan(clean["y"]).tolist() == [False, False, True, True, False, False]
    assert clean["y"].dropna().tolist() == raw["y"].tolist()


def test_rows_may_come_in_any_order(make_table: Table, make_prepare: MakePrepare) -> None:
    raw = make_table(places=("b", "a"))
    shuffled = raw.sample(frac=1, random_state=0)
    prepare = make_prepare(series="place", categorical_covariates=["wind"], known_future_covariates=["planned"])
    pd.testing.assert_frame_equal(cleaned(shuffled, prepare), cleaned(raw, prepare))


def test_series_are_sorted_by_name_then_time_and_keep_their_own_clock(
    make_table: Table, make_prepare: MakePrepare
) -> None:
    raw = pd.concat([make_table(rows=3, places=("b",)), make_table(rows=2, places=("a",))])
    clean = cleaned(raw, make_prepare(series="place"))
    assert clean["series"].tolist() == ["a", "a", "b", "b", "b"]
    hours = [time.hour for time in clean["time"]]
    assert hours == [0, 1, 0, 1, 2]


def test_a_known_future_value_is_carried_over_a_gap_of_rows(make_table: Table, make_prepare: MakePrepare) -> None:
    raw = make_table(rows=5).drop(index=[2])
    clean = cleaned(raw, make_prepare(known_future_covariates=["planned"]))
    assert clean["planned"].tolist() == [0, 1, 1, 3, 4]


@pytest.mark.parametrize("index", [list("abcdefg"), pd.date_range("2026-01-01", periods=7), [0, 1, 2, 3, 4, 5, 4]])
def test_a_repeated_time_is_named_by_its_row_whatever_index_came_along(
    index: Any, make_table: Table, make_prepare: MakePrepare
) -> None:
    raw = make_table(rows=6)
    raw = pd.concat([raw, raw.iloc[[4]]]).set_axis(index, axis=0)
    with pytest.raises(InputError, match="row 6: 2026-01-01 04:00:00 is duplicated in series 'all'"):
        series.clean(raw, Path("toy.parquet"), series.describe(raw, HERE, make_prepare()))


def test_two_equal_times_in_a_sorted_table_are_found_before_a_time_off_the_clock(
    make_table: Table, make_prepare: MakePrepare
) -> None:
    raw = make_table(rows=6)
    times = pd.to_datetime(raw["when"]).dt.tz_localize("UTC")
    raw["when"] = [times[0], times[1], times[1], times[3], times[4] + pd.Timedelta("7min"), times[5]]
    with pytest.raises(InputError, match=r"row 2: 2026-01-01 01:00:00\S* is duplicated"):
        series.clean(raw, Path("toy.parquet"), series.describe(raw, HERE, make_prepare()))


def test_no_known_future_value_is_made_up_beyond_the_last_observed_target(
    make_table: Table, make_prepare: MakePrepare
) -> None:
    raw = make_table(rows=12)
    schema = series.describe(raw, HERE, make_prepare(known_future_covariates=["planned"]))
    raw.loc[10:, "y"] = np.nan
    clean = series.clean(raw.drop(index=[2, 10]), HERE, schema)
    assert np.array_equal(clean["planned"], [0, 1, 1, 3, 4, 5, 6, 0, 1, 2, np.nan, 4], equal_nan=True)


def plain(make_prepare: MakePrepare, **changes: Any) -> Prepare:
    """Roles of a table of `when` and `y` alone."""
    return make_prepare(past_covariates=[], calendar=[], **changes)


def table_of(times: pd.DatetimeIndex | list[str], **columns: object) -> pd.DataFrame:
    texts = [time if isinstance(time, str) else time.isoformat() for time in times]
    return pd.DataFrame({"when": texts, "y": np.arange(len(texts)) % 7.0, **columns})


def test_series_with_different_phases_keep_their_own_stamps(make_prepare: MakePrepare) -> None:
    hours = [f"2026-01-01 {hour:02d}" for hour in range(4)]
    raw = table_of([f"{hour}:00" for hour in hours] + [f"{hour}:30" for hour in hours], place=["a"] * 4 + ["b"] * 4)
    clean = cleaned(raw, plain(make_prepare, series="place"))
    assert clean["time"].dt.minute.tolist() == [0] * 4 + [30] * 4


def test_a_missing_month_becomes_a_row(make_prepare: MakePrepare) -> None:
    raw = table_of(pd.date_range("2000-01-31", periods=12, freq="ME")).drop(index=5)
    clean = cleaned(raw, plain(make_prepare, frequency="ME"))
    assert clean["time"].iloc[5] == pd.Timestamp("2000-06-30")
    assert clean["y"].isna().tolist() == [False] * 5 + [True] + [False] * 6


@pytest.mark.parametrize("frequency", ["MS", "QE", "YS", "B", "W", "15min"])
def test_a_frequency_that_the_rows_do_not_have_is_refused_with_the_one_they_have(
    make_prepare: MakePrepare, frequency: str
) -> None:
    raw = table_of(pd.date_range("2000-01-03", periods=200, freq=frequency))
    with pytest.raises(InputError, match=f"set prepare.frequency: {frequency}, which most rows follow"):
        cleaned(raw, plain(make_prepare, frequency="min", gap=10_000_000))
    assert len(cleaned(raw, plain(make_prepare, frequency=frequency))) == 200


def test_a_short_series_may_have_a_hole(make_prepare: MakePrepare) -> None:
    days = [f"2026-01-{day:02d}" for day in range(1, 31)]
    raw = table_of([*days, days[0], days[1], days[3]], place=["a"] * 30 + ["b"] * 3)
    clean = cleaned(raw, plain(make_prepare, series="place", frequency="D"))
    assert clean["series"].value_counts().to_dict() == {"a": 30, "b": 4}


def test_half_of_the_days_may_be_missing_where_a_day_is_the_most_usual_step(
    make_table: Table, make_prepare: MakePrepare
) -> None:
    raw = make_table(rows=400)
    some = raw[np.random.default_rng(0).random(400) < 0.5]
    assert len(cleaned(some, make_prepare(gap=24))) > 380
    with pytest.raises(InputError, match="steps by 2 × 'h'"):
        cleaned(raw.iloc[::2], make_prepare(gap=24))


@pytest.mark.parametrize(
    ("times", "name", "expected"),
    [
        (["2026-10-25 02:00"], None, "Europe/Berlin"),
        (["2026-10-25 01:00", "2026-10-25 01:30"], None, "Europe/London"),
        (["2025-11-02 01:00", "2026-11-01 01:45"], None, "America/New_York"),
        (["2018-02-17 23:00"], None, "America/Sao_Paulo"),
        (["2025-10-30 23:00"], None, "Africa/Cairo"),
        (["2025-10-25 23:00"], None, "Asia/Beirut"),
        (["2025-04-06 01:30"], None, "Australia/Lord_Howe"),
        (["2025-04-06 01:15"], None, None),  # there an hour is set back by a half, and no other clock is
        (["2026-10-25 03:00"], None, "Europe/Athens"),
        (["2026-10-26 02:00"], None, None),
        (["2026-10-25 02:00", "2026-10-26 02:00"], None, None),
        (["2026-10-25 02:00", "2026-11-01 01:00"], None, None),  # each on another clock
        (["2026-03-29 02:30"], None, None),  # set forward in Berlin: it is there not even once
        (["2026-10-25 02:00"], "Europe/Berlin", "Europe/Berlin"),
        (["2026-10-25 02:00"], "America/New_York", None),
        (["2026-10-25 02:00"], "+01:00", None),
    ],
)
def test_the_clocks_themselves_say_which_hours_they_show_twice(
    times: list[str], name: str | None, expected: str | None
) -> None:
    assert set_back(pd.Series(pd.to_datetime(times)), name) == expected
