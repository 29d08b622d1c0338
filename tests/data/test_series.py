"""Clean series: a regular clock, gaps marked, calendar features; see test_bad_input.py for what is refused."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import series
from cellsize.data.schema import Schema
from cellsize.errors import InputError
from cellsize.params_data import Prepare

HERE = Path("toy.csv")
Table = Callable[..., pd.DataFrame]
MakePrepare = Callable[..., Prepare]
MakeSchema = Callable[..., Schema]


def cleaned(raw: pd.DataFrame, prepare: Prepare) -> pd.DataFrame:
    return series.clean(raw, HERE, series.describe(raw, HERE, prepare))


def test_a_single_series_has_a_name(make_table: Table, make_prepare: MakePrepare) -> None:
    assert set(cleaned(make_table(rows=3), make_prepare())["series"]) == {"all"}


def test_series_named_by_numbers_are_named_by_their_digits(make_table: Table, make_prepare: MakePrepare) -> None:
    raw = make_table(rows=3).assign(place=7)
    assert set(cleaned(raw, make_prepare(series="place"))["series"]) == {"7"}


def test_a_past_covariate_with_missing_values_is_flagged(make_table: Table, make_prepare: MakePrepare) -> None:
    raw = make_table(rows=6).drop(index=4)
    raw.loc[1, "x"] = np.nan
    schema = series.describe(raw, HERE, make_prepare(calendar=[]))
    clean = series.clean(raw, HERE, schema)
    assert schema.flagged == ("x",)
    assert list(clean) == ["series", "time", "y", "x", "x_missing"]
    # The hour that is missing altogether is flagged too.
    assert clean["x_missing"].tolist() == [0, 1, 0, 0, 1, 0]


def test_a_target_with_missing_values_is_not_flagged(make_table: Table, make_prepare: MakePrepare) -> None:
    raw = make_table(rows=6)
    raw.loc[1, "y"] = np.nan
    assert series.describe(raw, HERE, make_prepare()).flagged == ()


def test_a_categorical_covariate_becomes_one_indicator_for_each_level(
    make_table: Table, make_prepare: MakePrepare
) -> None:
    raw = make_table(rows=4)
    raw["wind"] = ["S", "N", None, "S"]
    schema = series.describe(raw, HERE, make_prepare(categorical_covariates=["wind"], past_covariates=[], calendar=[]))
    clean = series.clean(raw, HERE, schema)
    assert schema.categorical_covariates == {"wind": ("N", "S")}
    assert list(clean) == ["series", "time", "y", "wind=N", "wind=S"]
    assert np.array_equal(clean["wind=N"], [0, 1, np.nan, 0], equal_nan=True)
    assert np.array_equal(clean["wind=S"], [1, 0, np.nan, 1], equal_nan=True)


def test_the_order_of_columns_is_targets_past_covariates_levels_flags_known_future_calendar(
    make_table: Table, make_prepare: MakePrepare
) -> None:
    raw = make_table(rows=6)
    raw.loc[1, "x"] = np.nan
    prepare = make_prepare(
        categorical_covariates=["wind"], known_future_covariates=["planned"], calendar=["weekend", "hour"]
    )
    schema = series.describe(raw, HERE, prepare)
    assert schema.past_columns == ("y", "x", "wind=N", "wind=S", "x_missing")
    assert schema.known_future_columns == ("planned", "hour_sin", "hour_cos", "weekend")
    assert list(series.clean(raw, HERE, schema)) == [
        "series",
        "time",
        *schema.past_columns,
        *schema.known_future_columns,
    ]


def test_columns_of_the_table_keep_their_precision_and_what_is_made_of_them_is_float32(
    make_table: Table, make_prepare: MakePrepare
) -> None:
    raw = make_table(rows=4).assign(x=1 / 3, y=[1 / 3, 2 / 3, 1.0, 1e-9])
    clean = cleaned(raw, make_prepare(past_covariates=["x"], known_future_covariates=["planned"], calendar=["hour"]))
    assert {column: str(kind) for column, kind in clean.dtypes.items() if column not in ("series", "time")} == {
        "y": "float64", "x": "float64", "planned": "float64", "hour_sin": "float32", "hour_cos": "float32"
    }  # fmt: skip
    assert clean["y"].tolist() == raw["y"].tolist()
    assert isinstance(clean["series"].dtype, pd.CategoricalDtype)


def test_times_with_an_offset_are_put_on_one_clock(make_table: Table, make_prepare: MakePrepare) -> None:
    raw = make_table(rows=6)
    raw["when"] = [f"{when}:00+01:00" for when in raw["when"]]
    assert len(cleaned(raw, make_prepare(calendar=["hour"], timezone="Europe/Berlin"))) == 6


def test_a_schema_made_from_a_table_is_read_as_it_was_written(
    tmp_path: Path, make_table: Table, make_prepare: MakePrepare
) -> None:
    raw = make_table(places=("a",))
    prepare = make_prepare(
        series="place",
        categorical_covariates=["wind"],
        known_future_covariates=["planned"],
        calendar=["hour", "weekend"],
    )
    schema = series.describe(raw, HERE, prepare)
    schema.save(tmp_path / "schema.json")
    assert Schema.load(tmp_path / "schema.json") == schema


def test_a_known_future_value_that_is_missing_in_rows_to_forecast_is_refused(
    make_table: Table, make_prepare: MakePrepare
) -> None:
    raw = make_table(rows=6)
    schema = series.describe(raw, HERE, make_prepare(known_future_covariates=["planned"]))
    raw.loc[5, "planned"] = np.nan
    with pytest.raises(
        InputError, match="line 7, column 'planned': missing, but declared as known in future; fill it in"
    ):
        series.clean(raw, HERE, schema)


def test_holidays_are_a_column_known_in_future_whose_name_is_reserved(
    make_table: Table, make_prepare: MakePrepare
) -> None:
    raw = make_table()
    prepare = make_prepare(holidays="DE", calendar=["weekend"])
    schema = series.describe(raw, HERE, prepare)
    clean = series.clean(raw, HERE, schema)
    assert list(clean)[-2:] == ["weekend", "holiday"]
    assert clean["holiday"].tolist() == [1] * 24 + [0] * 36  # New Year's Day
    with pytest.raises(InputError, match=r"^prepare\.holidays: 'XX' is unknown"):
        series.describe(raw, HERE, make_prepare(holidays="XX"))
    taken = raw.rename(columns={"x": "holiday"})
    with pytest.raises(InputError, match="column 'holiday': this name is reserved"):
        series.describe(taken, HERE, make_prepare(holidays="DE", past_covariates=["holiday"]))
    assert series.describe(taken, HERE, make_prepare(past_covariates=["holiday"])).holidays is None


# --- clocks ---------------------------------------------------------------------------------------------------------


def plain(make_prepare: MakePrepare, **changes: Any) -> Prepare:
    """Roles of a table of `when` and `y` alone."""
    return make_prepare(past_covariates=[], calendar=[], **changes)


def table_of(times: pd.DatetimeIndex | list[str], **columns: object) -> pd.DataFrame:
    texts = [time if isinstance(time, str) else time.isoformat() for time in times]
    return pd.DataFrame({"when": texts, "y": np.arange(len(texts)) % 7.0, **columns})


def test_hours_whose_offset_changes_with_the_clocks_are_hours_of_their_zone(make_prepare: MakePrepare) -> None:
    times = pd.date_range("2022-10-29", periods=72, freq="h", tz="Europe/Berlin")
    clean = cleaned(table_of(times), plain(make_prepare))
    assert clean["time"].tolist() == times.tolist()
    assert clean["y"].notna().all()


def test_days_at_local_midnight_are_days(make_prepare: MakePrepare) -> None:
    times = pd.date_range("2021-03-20", periods=30, freq="D", tz="Europe/Berlin")
    clean = cleaned(table_of(times), plain(make_prepare, frequency="D"))
    assert clean["time"].tolist() == times.tolist()


def test_an_autumn_hour_that_is_there_twice_is_told_from_its_order_where_that_is_declared(
    make_prepare: MakePrepare,
) -> None:
    times = pd.date_range("2026-10-24", periods=60, freq="h", tz="Europe/Berlin")
    raw = table_of(times.tz_localize(None))
    with pytest.raises(InputError, match=r"is duplicated.*daylight saving ends.*prepare.ambiguous: infer"):
        cleaned(raw, plain(make_prepare))
    clean = cleaned(raw, plain(make_prepare, timezone="Europe/Berlin", ambiguous="infer"))
    assert clean["time"].tolist() == times.tolist()


@pytest.mark.parametrize(
    ("begin", "place"),
    [
        ("2025-10-25", "Europe/Berlin"), ("2025-11-01", "America/New_York"), ("2018-02-17", "America/Sao_Paulo"),
        ("2025-04-05", "America/Santiago"), ("2025-10-25", "Asia/Beirut"), ("2024-03-23", "America/Asuncion"),
        ("2025-10-30", "Africa/Cairo"), ("2025-04-05", "Australia/Sydney"),
    ],
)  # fmt: skip
def test_an_hour_that_is_there_twice_is_never_called_a_row_too_many_wherever_clocks_are_set_back(
    make_prepare: MakePrepare, begin: str, place: str
) -> None:
    # It was held for some zones only: in Santiago clocks go back to 23:00 on a Saturday, in Cairo on a Thursday.
    times = pd.date_range(begin, periods=60, freq="h", tz=place)
    raw = table_of(times.tz_localize(None))
    with pytest.raises(InputError, match=r"if clocks were set back then \(daylight saving ends\), declare") as refused:
        cleaned(raw, plain(make_prepare))
    advice = r"prepare\.timezone: (\S+) \(or another clock that was\) and prepare\.ambiguous: infer"
    named = re.search(advice, str(refused.value))
    assert named is not None
    for zone in (named[1], place):  # the one that is named reads the rows as well
        clean = cleaned(raw, plain(make_prepare, timezone=zone, ambiguous="infer"))
        assert clean["time"].dt.tz_localize(None).tolist() == times.tz_localize(None).tolist()
        assert clean["y"].notna().all()


def test_of_a_declared_clock_only_its_own_hours_may_be_there_twice(make_prepare: MakePrepare) -> None:
    for place, says in (("Africa/Cairo", "if clocks were set back"), ("Europe/Berlin", "keep one row, or name")):
        raw = table_of(pd.date_range("2025-10-30", periods=60, freq="h", tz="Africa/Cairo").tz_localize(None))
        with pytest.raises(InputError, match=f"is duplicated in series 'all'; {says}") as refused:
            cleaned(raw, plain(make_prepare, timezone=place, ambiguous="first"))
        assert f"prepare.timezone: {place} and prepare" in str(refused.value) or place == "Europe/Berlin"
        offsets = "send times with their offset, or keep one row"
        assert refused.value.for_caller.endswith(offsets if place == "Africa/Cairo" else "'all'; keep one row")


def test_rows_without_a_time_are_counted_in_each_series(make_prepare: MakePrepare) -> None:
    raw = table_of([""] * 6, place=["a", "b"] * 3)
    clean = cleaned(raw, plain(make_prepare, series="place", time=None, frequency="step"))
    assert clean["time"].tolist() == [0, 1, 2, 0, 1, 2]
    assert clean["y"].tolist() == [0, 2, 4, 1, 3, 5]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time": None}, "prepare.time: null, but prepare.frequency is h; name the time, or set step"),
        (
            {"time": None, "frequency": "step", "calendar": ["hour"]},
            "step have no time; set prepare.calendar",
        ),
        ({"time": "y", "frequency": "step", "timezone": "UTC"}, "prepare.timezone: null"),
        ({"time": "x", "frequency": "step"}, "line 3, column 'x': 0.5 is not a whole number"),
    ],
)
def test_steps_without_a_time_have_no_calendar(make_prepare: MakePrepare, changes: dict[str, Any], said: str) -> None:
    raw = table_of(["2026-01-01", "2026-01-02"], x=[0.0, 0.5])
    with pytest.raises(InputError, match=said):
        cleaned(raw, make_prepare(**{"past_covariates": [], "calendar": [], **changes}))


def test_a_day_that_begins_at_one_o_clock_may_be_the_first(make_prepare: MakePrepare) -> None:
    dates = pd.date_range("2018-11-04", periods=5, freq="D")
    times = dates.tz_localize("America/Sao_Paulo", nonexistent="shift_forward")
    assert times[0].hour == 1
    clean = cleaned(table_of(times), plain(make_prepare, frequency="D", timezone="America/Sao_Paulo"))
    assert clean["time"].tolist() == times.tolist()
    naive = table_of([str(time.date()) for time in dates])
    clean = cleaned(naive, plain(make_prepare, frequency="D", timezone="America/Sao_Paulo"))
    assert clean["time"].tolist() == times.tolist()
