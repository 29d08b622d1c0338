"""The raw rows: their clock, their series, their step."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project.asked import Asked
from cellsize.project.examine import examine
from cellsize.project.rows import read_rows
from tests.project.conftest import params, said


@pytest.mark.parametrize(
    ("frequency", "rows", "season", "written"),
    [("MS", 144, 12, "%Y-%m"), ("ME", 240, 12, "%Y-%m-%d"), ("QS", 160, 4, "%Y-%m-%d"), ("B", 700, None, "%Y-%m-%d"),
     ("W-MON", 300, 13, "%Y-%m-%d"), ("YS", 220, 11, "%Y-%m-%d"), ("D", 500, 7, "%d.%m.%Y")],
)  # fmt: skip
def test_clocks_of_every_kind_are_found(
    write_csv: Callable[..., Path], frequency: str, rows: int, season: int | None, written: str
) -> None:
    row = np.arange(rows)
    noise = np.random.default_rng(1).normal(0, 0.3, rows)
    value = noise.cumsum() if season is None else 5 * np.sin(2 * np.pi * row / season) + noise
    when = pd.date_range("1800-01-01" if frequency == "YS" else "1990-01-01", periods=rows, freq=frequency)
    found = examine(Asked(write_csv(Month=when.strftime(written), n=(100 + value).round(3))))
    made = params(found)
    assert made.prepare.frequency == frequency
    if season is not None:
        assert made.baseline.seasons == (season,)
        assert made.window.lookback >= season


def test_a_column_of_whole_numbers_counts_the_steps_where_it_is_declared(write_csv: Callable[..., Path]) -> None:
    path = write_csv(cycle=np.arange(5, 405), load=np.sin(np.arange(400) / 3).round(3))
    found = examine(Asked(path, time=("cycle",), frequency="step"))
    assert (params(found).prepare.time, params(found).prepare.frequency) == ("cycle", "step")
    assert said(found, "time").startswith("time: 'cycle' (whole numbers)")


def test_rows_without_a_time_are_taken_in_their_order(write_csv: Callable[..., Path]) -> None:
    rows = np.arange(500)
    made = params(examine(Asked(write_csv(power=(3 + np.sin(2 * np.pi * rows / 20)).round(4)))))
    assert (made.prepare.time, made.prepare.frequency, made.prepare.calendar) == (None, "step", ())
    assert made.baseline.seasons == (20,)


def test_an_hour_that_is_there_twice_is_read_once_the_clock_is_named(write_csv: Callable[..., Path]) -> None:
    when = pd.date_range("2025-10-01", "2025-11-10", freq="h", tz="Europe/Berlin").tz_localize(None)
    load = (50 + 5 * np.sin(2 * np.pi * np.arange(len(when)) / 24)).round(3)
    path = write_csv(when=when.strftime("%Y-%m-%d %H:%M"), load=load)
    with pytest.raises(InputError, match="2025-10-26 02:00:00 is there twice, as where a clock is set back"):
        examine(Asked(path))
    made = params(examine(Asked(path, timezone="Europe/Berlin"))).prepare
    assert (made.timezone, made.ambiguous, made.frequency, made.series) == ("Europe/Berlin", "infer", "h", None)


@pytest.mark.parametrize("order", ["by time", "by series", "newest first"])
@pytest.mark.parametrize("place", ["Europe/Berlin", "Africa/Cairo"])
@pytest.mark.parametrize("series", [None, "shop"])
def test_the_hours_of_several_series_are_told_apart_in_each_once_the_clock_is_named(
    write_csv: Callable[..., Path], order: str, place: str, series: str | None
) -> None:
    # Without the series rows of one hour were taken for two hours, and no column told the series apart.
    when = pd.date_range("2025-10-28", "2025-11-02", freq="h", tz=place)
    if place == "Europe/Berlin":
        when = when - pd.Timedelta("4D")
    rows = pd.concat([pd.DataFrame({"at": when, "shop": shop, "y": np.arange(len(when)) / 4}) for shop in "abc"])
    if order != "by series":
        rows = rows.sort_values("at", kind="stable", ascending=order == "by time")
    path = write_csv(when=rows["at"].dt.tz_localize(None), shop=rows["shop"], y=rows["y"])
    asked = Asked(path, series=series)
    if series is None:
        with pytest.raises(InputError, match=f"is there twice for the same 'shop'.* such as --timezone {place}$"):
            read_rows(asked)
    found = read_rows(replace(asked, timezone=place))
    assert (found.series, found.frequency, found.time.ambiguous) == ("shop", "h", "infer")
    assert found.time.instant.tolist() == rows["at"].dt.tz_convert("UTC").dt.tz_localize(None).tolist()


def test_a_table_without_a_header_is_refused(write_csv: Callable[..., Path]) -> None:
    rows = "\n".join(f"2026-01-{day:02d},{day}.5" for day in range(1, 31))
    with pytest.raises(InputError, match=r"line 1, column '2026-01-01': a time in place of a name; write the names"):
        examine(Asked(write_csv(rows)))
    with pytest.raises(InputError, match=r"line 1, column '3.5': a number in place of a name"):
        examine(Asked(write_csv("3.5,4\n" + "1.5,2\n" * 30)))


def test_hours_in_a_column_of_their_own_are_read_by_the_pipeline(write_csv: Callable[..., Path]) -> None:
    from cellsize.data import series
    from cellsize.project import source

    rows = np.arange(40 * 24)
    when = pd.date_range("2026-01-01", periods=len(rows), freq="h")
    load = (50 + 5 * np.sin(2 * np.pi * rows / 24) + np.random.default_rng(0).normal(size=len(rows))).round(3)
    path = write_csv(date=when.strftime("%Y-%m-%d"), hr=when.hour, cnt=load)
    made = params(examine(Asked(path))).prepare
    assert (made.time, made.time_format, made.frequency) == (("date", "hr"), "%Y-%m-%d %H", "h")
    table = source.load_as_declared(path, made)
    frame = series.clean(table, path, series.describe(table, path, made))
    assert list(frame["time"]) == list(when)


@pytest.mark.parametrize(("frequency", "rows"), [("D", 400), ("MS", 144)])
def test_days_of_a_place_in_utc_are_read_once_the_place_is_named(
    write_csv: Callable[..., Path], frequency: str, rows: int
) -> None:
    begins = pd.date_range("2012-01-01", periods=rows, freq=frequency, tz="Europe/Berlin")
    value = 5 * np.sin(2 * np.pi * np.arange(rows) / 12) + np.random.default_rng(1).normal(0, 0.3, rows)
    path = write_csv(when=begins.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ"), load=value.round(3))
    with pytest.raises(InputError, match="--timezone Europe/Berlin"):
        examine(Asked(path))
    made = params(examine(Asked(path, timezone="Europe/Berlin"))).prepare
    assert (made.timezone, made.frequency) == ("Europe/Berlin", frequency)


def test_times_of_day_without_a_colon_and_months_by_name_are_read_by_the_pipeline(
    write_csv: Callable[..., Path],
) -> None:
    half_hours = pd.date_range("2026-01-01", periods=960, freq="30min")
    load = (50 + 5 * np.sin(2 * np.pi * np.arange(960) / 48)).round(3)
    clock = half_hours.hour * 100 + half_hours.minute
    made = params(examine(Asked(write_csv(date=half_hours.strftime("%Y-%m-%d"), time=clock, load=load)))).prepare
    assert (made.time, made.time_format, made.frequency) == (("date", "time"), "%Y-%m-%d %H%M", "30min")
    months = pd.date_range("2000-01-01", periods=240, freq="MS")
    path = write_csv(year=months.year, month=months.strftime("%b"), load=load[:240])
    made = params(examine(Asked(path))).prepare
    assert (made.time, made.time_format, made.frequency) == (("year", "month"), "%Y %b", "MS")


@pytest.mark.parametrize("column", ["05/06/2026", "FY19", "1985"])
def test_rows_that_are_said_to_be_in_order_have_no_time_whatever_a_column_is_called(
    write_csv: Callable[..., Path], column: str
) -> None:
    rows = np.arange(500)
    path = write_csv(date=[column] * 500, power=(3 + np.sin(2 * np.pi * rows / 20)).round(4))
    assert params(examine(Asked(path, frequency="step", targets=("power",)))).prepare.time is None


@pytest.mark.parametrize("name", ["time", "hour", "session"])
def test_a_column_that_is_declared_to_name_series_is_no_part_of_a_time(
    write_csv: Callable[..., Path], name: str
) -> None:
    days = np.repeat(pd.date_range("2026-01-01", periods=200).strftime("%Y-%m-%d"), 3)
    values = {"time": [900, 1200, 1500], "hour": [9, 12, 15], "session": [1, 2, 3]}[name]
    path = write_csv(**{"date": days, name: np.tile(values, 200), "load": np.arange(600) % 21 / 7})
    rows = read_rows(Asked(path, series=name))
    assert (rows.time.columns, rows.series, rows.frequency) == (("date",), name, "D")


def test_a_week_that_is_declared_to_name_series_is_not_refused(write_csv: Callable[..., Path]) -> None:
    path = write_csv(year=np.repeat(range(2000, 2030), 52), week=np.tile(range(1, 53), 30), load=np.arange(1560) % 7)
    assert read_rows(Asked(path, series="week")).time.columns == ("year",)
