"""Public holidays, and which country a timezone lies in."""

from pathlib import Path

import pandas as pd
import pytest

from cellsize.data.clock import Clock
from cellsize.data.holidays import FIRST_YEAR, LAST_YEAR, country_of, holidays
from cellsize.errors import InputError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("timezone", "country"),
    [("America/New_York", "US"), ("Europe/Berlin", "DE"), ("Asia/Kolkata", "IN"), ("UTC", None), ("Etc/GMT+5", None),
     (None, None), ("Nowhere/Town", None)],
)  # fmt: skip
def test_a_timezone_tells_its_country_if_its_holidays_are_known(timezone: str | None, country: str | None) -> None:
    assert country_of(timezone) == country


def test_without_a_table_of_timezones_nothing_tells_a_country(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellsize.data.holidays._zone_table", lambda: "")
    assert country_of("Europe/Berlin") is None


@pytest.mark.parametrize("country", ["XX", "US-QQ", "germany", ""])
def test_an_unknown_country_is_refused(country: str) -> None:
    with pytest.raises(InputError, match=f"^prepare.holidays: '{country}' is unknown to the package holidays; give"):
        holidays(country, range(2026, 2027))


@pytest.mark.parametrize(
    ("frequency", "day", "is_left_out"),
    [("C-US", "1949-02-22", False), ("C-US", "1950-12-25", True), ("C-US", "2100-01-01", True),
     ("C-DE", "1990-12-25", False), ("C-DE", "1991-01-01", True)],
)  # fmt: skip
def test_business_days_leave_out_the_holidays_of_the_years_that_the_page_says(
    frequency: str, day: str, is_left_out: bool
) -> None:
    misplaced = Clock.of(frequency).misplaced(pd.Series(pd.to_datetime([day]).as_unit("us")))
    assert (misplaced is not None) == is_left_out
    page = " ".join((ROOT / "docs/your-data.md").read_text("utf-8").split())
    assert f"holidays of the years {FIRST_YEAR} to {LAST_YEAR} are left out" in page


@pytest.mark.parametrize("frequency", ["C-XX", "C-US-QQ"])
def test_an_unknown_country_of_business_days_is_refused_under_the_key_that_names_it(frequency: str) -> None:
    remedy = "give the code of a country, such as C-DE, or of a part of one, such as C-US-CA, or B"
    with pytest.raises(InputError, match=f"^prepare.frequency: '{frequency}' is unknown to .* holidays; {remedy}$"):
        Clock.of(frequency)
    assert [Clock.of(name).unit for name in ("C-DE", "C-US-CA", "B")] == ["business"] * 3
