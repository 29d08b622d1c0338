"""Days of a place, written in UTC."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project import local_days, steps
from cellsize.project.time_columns import find_time

TOY = Path("toy.csv")


def written(frequency: str, zone: str, periods: int = 300) -> pd.DataFrame:
    """The beginnings of a place's days, weeks or months in UTC."""
    local = pd.date_range("2025-01-01", periods=periods, freq=frequency, tz=zone)
    return pd.DataFrame({"time": local.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ")})


def test_midnights_of_a_place_in_utc_ask_for_the_place() -> None:
    time = find_time(written("D", "Europe/Berlin"), TOY, (), None)
    with pytest.raises(InputError, match=r"midnights on the clock of Europe/Berlin \(and \d+ other zones\)") as refused:
        local_days.refuse(time, TOY)
    assert str(refused.value).endswith("such as --timezone Europe/Berlin")


@pytest.mark.parametrize(
    ("frequency", "zone"), [("D", "UTC"), ("D", "Asia/Tokyo"), ("h", "Europe/Berlin"), ("12h", "UTC")]
)
def test_other_times_do_not(frequency: str, zone: str) -> None:
    local_days.refuse(find_time(written(frequency, zone), TOY, (), None), TOY)


@pytest.mark.parametrize(("frequency", "step"), [("D", "D"), ("MS", "MS"), ("W-MON", "W-MON")])
def test_their_step_is_that_of_the_place(frequency: str, step: str) -> None:
    time = find_time(written(frequency, "Europe/Berlin", 40), TOY, (), None)
    there = local_days.of_place(time, "Europe/Berlin")
    assert (there.local == there.local.dt.normalize()).all()
    assert steps.find(there, np.zeros(40, np.int64)) == step
    assert there.instant.equals(time.instant)


def test_months_of_utc_stay_so_whatever_place_is_named() -> None:
    time = find_time(written("MS", "UTC", 40), TOY, (), None)
    assert local_days.of_place(time, "Europe/Berlin") is time


def test_the_end_of_all_years_is_on_no_clock_of_a_zone() -> None:
    written_as = [f"{year}-12-31T{22 + year % 2}:00:00Z" for year in range(9952, 10_000)]
    time = find_time(pd.DataFrame({"time": written_as}), TOY, (), None)
    local_days.refuse(time, TOY)
    assert local_days.of_place(time, "Europe/Berlin") is time
