"""Times as they are written: certain, declared, or refused with the format that would read them."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import table, times
from cellsize.errors import InputError
from cellsize.params_data import Csv, Prepare
from tests.data.conftest import HERE, complaint, read, stamps

MakeCsv = Callable[..., Csv]


pytestmark = pytest.mark.usefixtures("no_bare_warning")


def test_iso_times_of_any_length_are_read_side_by_side() -> None:
    written = read(["2021-01-01", "2021-01-01 01:00:00", "2021-01-01T02:00", "2000-01", "2021-01-01 03", "1600-02-29",
                    "0001-01-01", "2021-01-01 00:00:00.25", "9999-12-31 23:59:59.999999000"])  # fmt: skip
    assert stamps(written) == [
        "2021-01-01 00:00:00", "2021-01-01 01:00:00", "2021-01-01 02:00:00", "2000-01-01 00:00:00",
        "2021-01-01 03:00:00", "1600-02-29 00:00:00", "0001-01-01 00:00:00", "2021-01-01 00:00:00.250000",
        "9999-12-31 23:59:59.999999",
    ]  # fmt: skip
    assert written.offset is None
    assert written.zone is None


def test_an_offset_is_kept_beside_what_the_clock_shows() -> None:
    written = read(["2021-01-01T00:00Z", "2021-01-01 01:00:00+01:00", "2021-01-01T02:00:00.5-0330", "2021-01-01 03+02"])
    assert written.local.dt.hour.tolist() == [0, 1, 2, 3]
    assert written.offset is not None
    assert written.offset.tolist() == [0, 3600, -12600, 7200]


def test_a_missing_time_is_named_with_its_line() -> None:
    message = complaint(["2021-01-01", "2021-01-02", None, "2021-01-03"])
    assert message == "toy.csv, line 4, column 't': the time is missing; fill it in, or remove the row"


def test_times_with_and_without_an_offset_are_refused() -> None:
    message = complaint(["2021-01-01T00:00Z", "2021-01-01T01:00", "2021-01-01T02:00Z"])
    assert message.startswith("toy.csv, line 3, column 't': '2021-01-01T01:00' has no offset from UTC")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("as_text", [False, True])
def test_a_count_of_any_unit_gives_the_same_stamp(unit: str, as_text: bool) -> None:
    factor = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    seconds = [-62135596800, -11644473600, 0, 1609459200, 10413792000]
    years = [1, 1601, 1970, 2021, 2300]
    kept = [second for second in seconds if abs(second * factor) < 2**63]
    values = [str(second * factor) if as_text else second * factor for second in kept]
    written = read(values, f"epoch {unit}")
    assert stamps(written) == [
        f"{year:04}-01-01 00:00:00" for year, second in zip(years, seconds, strict=True) if second in kept
    ]
    assert written.offset is not None
    assert not written.offset.any()


def test_a_count_that_is_not_within_the_years_1_to_9999_is_refused_with_the_unit_that_fits() -> None:
    assert complaint([1609459200000], "epoch s").endswith(
        'not within the years 1 to 9999; set prepare.time_format: "epoch ms"'
    )
    assert complaint(["1609459200.0", "1609459260.5"]).endswith(
        'set prepare.time_format: "epoch s", which reads every row'
    )
    several = '"epoch s" and "%Y%m%d%H" read every row; set prepare.time_format to the one that is meant'
    assert complaint([2021010100, 2021010101]).endswith(several)
    assert complaint([1609459200000, 1609459260000], "%Y-%m-%d").endswith('"epoch ms", which reads every row')
    assert "'soon' is no 'epoch s'" in complaint(["1609459200", "soon", "7"], "epoch s")


def test_parts_of_a_microsecond_are_refused_and_not_cut_off() -> None:
    for values, time_format in [
        ([1609459200000000001], "epoch ns"),
        (np.array([1], "datetime64[ns]"), None),
        (["2021-01-01 00:00:00.1234567"], "%Y-%m-%d %H:%M:%S.%f"),
    ]:
        assert "microsecond" in complaint(values, time_format)
    assert "lost digits" in complaint([1609459200000000000.0], "epoch ns")
    assert stamps(read([1609459200.25], "epoch s")) == ["2021-01-01 00:00:00.250000"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_datetimes_of_any_unit_are_right_or_refused(unit: str) -> None:
    years = ["1700-01-01", "2250-01-01"] if unit == "ns" else ["0001-01-01", "1600-01-01", "2300-01-01", "9999-12-31"]
    assert stamps(read(np.array(years, f"datetime64[{unit}]"))) == [f"{day} 00:00:00" for day in years]
    if unit in ("s", "ms"):
        assert "the year 20000 is not among 1 to 9999" in complaint(np.array(["20000-01-01"], f"datetime64[{unit}]"))


@pytest.mark.parametrize(
    ("zone", "name"),
    [("Europe/Berlin", "Europe/Berlin"), ("UTC", "UTC"), (datetime.UTC, "UTC"), ("+01:00", None)],
)
def test_a_zone_of_a_parquet_column_keeps_its_instants_and_its_name(
    zone: Any, name: str | None, tmp_path: Path
) -> None:
    when = pd.date_range("2021-10-30 22:00", periods=6, freq="h", tz="UTC").tz_convert(zone)
    pd.DataFrame({"t": when}).to_parquet(tmp_path / "a.parquet")
    written = read(pd.read_parquet(tmp_path / "a.parquet")["t"])
    assert written.zone == name
    assert written.offset is not None
    instants = written.local - pd.to_timedelta(written.offset, unit="s")
    assert instants.tolist() == when.tz_convert("UTC").tz_localize(None).tolist()
    assert written.local.tolist() == when.tz_localize(None).tolist()


def test_days_periods_and_categories_are_times() -> None:
    assert stamps(read([datetime.date(1600, 1, 1), datetime.date(2021, 1, 2)])) == [
        "1600-01-01 00:00:00",
        "2021-01-02 00:00:00",
    ]
    assert stamps(read(pd.period_range("2021-01", periods=2, freq="Q"))) == [
        "2021-01-01 00:00:00",
        "2021-04-01 00:00:00",
    ]
    assert stamps(read(pd.Categorical(["2021-01-02", "2021-01-02"]))) == ["2021-01-02 00:00:00"] * 2
    assert complaint([True, False]).endswith("True is not a time; write times as 2026-01-31 23:00")


def parts(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_a_time_spread_over_columns_is_put_together_whatever_their_order() -> None:
    raw = parts(Hour=[0, 23], Day=["31", "1"], month=[1, 12], YEAR=[2026, 1600])
    written = times.read(raw, HERE, ("Hour", "Day", "month", "YEAR"), None)
    assert stamps(written) == ["2026-01-31 00:00:00", "1600-12-01 23:00:00"]
    assert stamps(times.read(raw, HERE, ("YEAR", "month"), None)) == ["2026-01-01 00:00:00", "1600-12-01 00:00:00"]


@pytest.mark.parametrize("change", [{"month": 13}, {"day": 30}, {"hour": 24}, {"hour": 1.5}, {"year": 0}])
def test_a_part_out_of_range_is_named_with_its_line(change: dict[str, Any]) -> None:
    # Hour 24 was the next day without a word.
    raw = parts(year=[2021, 2021], month=[2, 2], day=[1, 2], hour=[0, 0])
    raw = raw.astype(float).assign(**{key: [1, value] for key, value in change.items()})
    with pytest.raises(InputError, match=r"line 3, column 'year, month, day, hour': .* is not a time; fix it"):
        times.read(raw, HERE, ("year", "month", "day", "hour"), None)


def test_a_part_that_is_left_out_between_others_is_named() -> None:
    with pytest.raises(InputError, match=r"column 'year, day': month is missing; name it in prepare\.time"):
        times.read(parts(year=[2021], day=[1]), HERE, ("year", "day"), None)


def test_date_and_time_of_day_in_two_columns_are_one_text() -> None:
    expected = ["2006-12-16 17:24:00"]
    assert stamps(times.read(parts(Date=["2006-12-16"], Time=["17:24:00"]), HERE, ("Date", "Time"), None)) == expected
    german = parts(Date=["16.12.2006"], Time=["17:24"])
    assert stamps(times.read(german, HERE, ("Date", "Time"), "%d.%m.%Y %H:%M")) == expected
    typed = parts(Date=[datetime.date(2006, 12, 16)], Time=[datetime.time(17, 24)])
    assert stamps(times.read(typed, HERE, ("Date", "Time"), None)) == expected
    days = parts(Date=pd.to_datetime(["2006-12-16"]), Time=["17:24"])
    assert stamps(times.read(days, HERE, ("Date", "Time"), None)) == expected
    numbers = parts(Date=[20061216], Time=[1724])
    assert stamps(times.read(numbers, HERE, ("Date", "Time"), "%Y%m%d %H%M")) == expected
    with pytest.raises(InputError, match=r'set prepare\.time_format: "%d\.%m\.%Y %H:%M", which reads every row'):
        times.read(german, HERE, ("Date", "Time"), None)


@pytest.mark.parametrize("clock", [[30, 730, 2330], [30.0, 730.0, 2330.0], ["0030", "0730", "2330"]])
def test_a_time_of_day_without_a_colon_has_lost_its_zeros_as_a_number(clock: list[Any]) -> None:
    table = pd.DataFrame({"date": ["2026-01-31"] * 3, "time": clock})
    found = times.read(table, HERE, ("date", "time"), "%Y-%m-%d %H%M").local
    assert [f"{moment:%d %H:%M}" for moment in found] == ["31 00:30", "31 07:30", "31 23:30"]


def test_names_of_months_beside_a_year_are_read_by_a_format_and_numbers_need_none() -> None:
    named = pd.DataFrame({"year": [2026, 2026], "month": ["Jan", "Feb"]})
    assert times.read(named, HERE, ("year", "month"), "%Y %b").local.iloc[1] == pd.Timestamp("2026-02-01")
    with pytest.raises(InputError, match="needs none; set it to null"):
        times.read(named.assign(month=[1, 2]), HERE, ("year", "month"), "%Y %m")


@pytest.mark.parametrize(("zeros", "unit"), [("", "s"), ("000", "ms"), ("000000", "us"), ("0" * 9, "ns"), (".0", "s")])
def test_epochs_of_a_text_file_are_told_their_unit_which_then_reads_them(
    tmp_path: Path, make_csv: MakeCsv, zeros: str, unit: str
) -> None:
    path = tmp_path / "toy.csv"
    path.write_text(f"t\n1609459200{zeros}\n1609459260{zeros}\n", encoding="utf-8")
    raw = table.read(path, (), make_csv(), ("t",))
    with pytest.raises(InputError, match=f'set prepare.time_format: "epoch {unit}", which reads every row'):
        times.read(raw, path, ("t",), None)
    assert stamps(times.read(raw, path, ("t",), f"epoch {unit}")) == ["2021-01-01 00:00:00", "2021-01-01 00:01:00"]


def test_a_float_beyond_64_bits_is_no_time() -> None:
    assert "line 3, column 't': 1e+20 is not a time" in complaint([20240101.0, 1e20], "%Y%m%d")


def test_the_index_of_the_table_is_kept() -> None:
    raw = pd.DataFrame({"t": ["2021-01-01", "2021-01-02"]}, index=[7, 3])
    assert times.read(raw, HERE, ("t",), None).local.index.tolist() == [7, 3]


def test_the_columns_of_the_time_are_those_that_prepare_names(make_prepare: Callable[..., Prepare]) -> None:
    assert times.columns_of(make_prepare(time="t")) == ("t",)
    assert times.columns_of(make_prepare(time=["date", "time"])) == ("date", "time")
    assert times.columns_of(make_prepare(time=None)) == ()
