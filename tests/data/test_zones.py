"""From times as they are written to instants, and the zone of a model."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.data import zones
from cellsize.data.clock import zone
from cellsize.data.times import Written, read
from cellsize.errors import InputError

PATH = Path("table.csv")


def written(*texts: str) -> Written:
    return read(pd.DataFrame({"t": list(texts)}), PATH, ("t",), None)


def berlin(begin: str, periods: int, frequency: str = "h") -> pd.DatetimeIndex:
    return pd.date_range(begin, periods=periods, freq=frequency, tz="Europe/Berlin")


def isoformat(times: pd.DatetimeIndex) -> list[str]:
    return [time.isoformat() for time in times]


# --- the zone -------------------------------------------------------------------------------------------------------


def test_times_without_offset_have_no_zone_unless_one_is_declared() -> None:
    times = written("2026-01-01 00:00", "2026-01-01 01:00")
    assert zones.zone_of(times, None, PATH, "t") == (None, 0)
    assert zones.zone_of(times, "Asia/Tokyo", PATH, "t") == ("Asia/Tokyo", 0)


@pytest.mark.parametrize(("offset", "name"), [("Z", "UTC"), ("+05:30", "+05:30"), ("-03:00", "-03:00")])
def test_one_offset_of_all_times_is_the_zone(offset: str, name: str) -> None:
    found, others = zones.zone_of(written(f"2026-01-01T00:00{offset}", f"2026-07-01T00:00{offset}"), None, PATH, "t")
    assert (found, others) == (name, 0)
    at = pd.Timestamp("2026-01-01T12:00", tz=zone(name))
    assert at.isoformat().endswith(offset.replace("Z", "+00:00"))


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kathmandu"])
def test_changing_offsets_tell_a_zone_that_has_them(name: str) -> None:
    times = pd.date_range("2021-01-01", "2022-03-01", freq="D", tz=name)
    found, others = zones.zone_of(written(*isoformat(times)), None, PATH, "t")
    assert found is not None
    assert (others == 0) == (name == "Asia/Kathmandu")  # it has one offset
    again = [time.isoformat() for time in times.tz_convert(zone(found))]
    assert again == isoformat(times)


def test_offsets_that_change_as_in_no_zone_are_refused_and_the_remedy_works() -> None:
    times = written("2026-01-01T00:00+01:00", "2026-01-01T01:00+07:00", "2026-01-01T02:00+01:00")
    with pytest.raises(InputError, match=r"as on the clock of no zone; set prepare.timezone .* such as UTC"):
        zones.zone_of(times, None, PATH, "t")
    assert zones.zone_of(times, "UTC", PATH, "t") == ("UTC", 0)


# --- instants -------------------------------------------------------------------------------------------------------


def test_the_same_instants_in_three_zones_are_one_line() -> None:
    times = berlin("2026-03-28 20:00", 12)
    lines = [
        zones.instants(written(*isoformat(times.tz_convert(name))), "Europe/Berlin", "refuse", PATH, "t")
        for name in ("Europe/Berlin", "UTC", "Asia/Tokyo")
    ]
    assert isoformat(pd.DatetimeIndex(lines[0])) == isoformat(times)
    assert lines[0].equals(lines[1])
    assert lines[0].equals(lines[2])


def test_times_without_offset_are_read_on_the_clock_of_the_zone() -> None:
    times = zones.instants(written("2026-01-01 00:00", "2026-07-01 00:00"), "Europe/Berlin", "refuse", PATH, "t")
    assert isoformat(pd.DatetimeIndex(times)) == ["2026-01-01T00:00:00+01:00", "2026-07-01T00:00:00+02:00"]


def test_an_hour_that_clocks_leave_out_is_refused() -> None:
    with pytest.raises(InputError, match=r"line 3, column 't': 2026-03-29 02:30:00 does not exist in Europe/Berlin"):
        zones.instants(written("2026-03-29 01:30", "2026-03-29 02:30"), "Europe/Berlin", "infer", PATH, "t")


def test_an_hour_that_exists_twice_is_refused_with_what_to_declare() -> None:
    times = written("2026-10-25 01:00", "2026-10-25 02:00", "2026-10-25 02:00", "2026-10-25 03:00")
    with pytest.raises(InputError, match=r"line 3.*exists twice.*daylight saving ends.*prepare.ambiguous: infer"):
        zones.instants(times, "Europe/Berlin", "refuse", PATH, "t")
    inferred = zones.instants(times, "Europe/Berlin", "infer", PATH, "t")
    assert inferred.is_monotonic_increasing
    assert inferred.diff().dropna().eq(pd.Timedelta(hours=1)).all()


@pytest.mark.parametrize("frequency", ["15min", "30min", "h"])
def test_the_order_of_the_rows_tells_the_two_hours_apart_in_every_series(frequency: str) -> None:
    times = berlin("2026-10-24 22:00", 60, frequency)
    naive = [str(time) for time in times.tz_localize(None)] * 2
    inferred = zones.instants(written(*naive), "Europe/Berlin", "infer", PATH, "t")
    assert isoformat(pd.DatetimeIndex(inferred)) == isoformat(times) * 2


def test_the_order_tells_the_two_hours_apart_where_series_alternate_and_where_the_newest_row_is_the_first() -> None:
    times = berlin("2026-10-24 22:00", 12)
    naive = [str(time) for time in times.tz_localize(None)]
    alternating = [text for text in naive for _ in range(2)]
    series = pd.Series(["a", "b"] * 12)
    inferred = zones.instants(written(*alternating), "Europe/Berlin", "infer", PATH, "t", series=series)
    assert isoformat(pd.DatetimeIndex(inferred)) == [text for text in isoformat(times) for _ in range(2)]
    inferred = zones.instants(written(*naive[::-1]), "Europe/Berlin", "infer", PATH, "t")
    assert isoformat(pd.DatetimeIndex(inferred)) == isoformat(times)[::-1]


def test_a_day_whose_midnight_clocks_leave_out_begins_at_one() -> None:
    times = zones.instants(written("2018-11-03", "2018-11-04"), "America/Sao_Paulo", "refuse", PATH, "t", is_local=True)
    assert isoformat(pd.DatetimeIndex(times)) == ["2018-11-03T00:00:00-03:00", "2018-11-04T01:00:00-02:00"]


def test_the_first_meaning_of_a_doubtful_hour_is_taken_where_that_is_declared() -> None:
    times = zones.instants(written("2026-10-25 02:00"), "Europe/Berlin", "first", PATH, "t")
    assert times.iloc[0].isoformat() == "2026-10-25T02:00:00+02:00"


def test_an_offset_for_a_model_without_zone_is_refused() -> None:
    with pytest.raises(InputError, match="times with an offset, but the model was trained on times without"):
        zones.instants(written("2026-01-01T00:00Z"), None, "refuse", PATH, "t")


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "America", "UTC+25", "+1:00"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="is unknown; use Area/City"):
        zone(name)


def test_years_1_and_1600_stay_what_they_are() -> None:
    times = written("0001-06-01T00:00Z", "1600-01-01T00:00Z", "2300-01-01T00:00Z")
    found = zones.instants(times, "UTC", "refuse", PATH, "t")
    assert [time.year for time in found] == [1, 1600, 2300]
    assert np.asarray(found.dt.unit == "us").all()
