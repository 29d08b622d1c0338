"""The step of a table's times."""

import numpy as np
import pandas as pd
import pytest

from cellsize.data.clock import Clock
from cellsize.project import steps
from cellsize.project.time_columns import Time


def time(moments: "pd.Index[pd.Timestamp]", offset: list[int] | None = None) -> Time:
    moment = pd.Series(pd.DatetimeIndex(moments).astype("datetime64[us]"))
    return Time(("t",), None, moment, None if offset is None else pd.Series(offset))


def one(of: Time) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.zeros(len(of.local), np.int64)


FREQUENCIES = ["h", "15min", "30s", "2h", "D", "2D", "W-MON", "W-SUN", "MS", "ME", "QS", "QE", "YS", "YE", "B", "100ms"]


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_each_step_is_found_with_rows_missing_and_in_any_order(frequency: str) -> None:
    moments = pd.date_range("2021-01-01", periods=60, freq=frequency)
    kept = np.random.default_rng(0).permutation(np.delete(np.arange(60), [7, 30, 31]))
    found = steps.find(time(moments[kept]), np.zeros(57, np.int64))
    assert found == frequency
    Clock.of(found)  # `prepare` knows it


def test_several_series_have_one_step_each_with_its_own_phase() -> None:
    first = pd.date_range("2021-01-01 00:10", periods=30, freq="h")
    second = pd.date_range("2021-03-01 00:40", periods=30, freq="h")
    both = time(first.append(second))
    assert steps.find(both, np.repeat([0, 1], 30)) == "h"


def test_days_of_a_place_that_changes_its_clock_are_days_and_hours_are_hours() -> None:
    days = pd.date_range("2021-03-20", periods=20, freq="D")
    offset = [3600 if day < pd.Timestamp("2021-03-29") else 7200 for day in days]
    assert steps.find(time(days, offset), np.zeros(20, np.int64)) == "D"
    zoned = pd.date_range("2021-03-27", periods=60, freq="h", tz="Europe/Berlin")
    seconds = [3600 * (1 + (moment.dst() != pd.Timedelta(0))) for moment in zoned]
    assert steps.find(time(zoned.tz_localize(None), seconds), np.zeros(60, np.int64)) == "h"


def test_a_table_without_time_has_steps_of_a_row() -> None:
    rows = Time((), None, pd.Series(np.arange(5)))
    assert steps.find(rows, np.zeros(5, np.int64)) == "step"


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [("h", (24, 168)), ("15min", (96, 672)), ("D", (7,)), ("B", (5,)), ("MS", (12,)), ("QE", (4,)), ("W-MON", (52,)),
     ("YS", ()), ("step", ()), ("7h", (24,))],
)  # fmt: skip
def test_the_cycles_that_a_step_divides(frequency: str, expected: tuple[int, ...]) -> None:
    assert steps.cycles(frequency) == expected


@pytest.mark.parametrize("frequency", [*FREQUENCIES, "step"])
def test_lengths_are_those_of_the_clock(frequency: str) -> None:
    assert steps.seconds(frequency) == pytest.approx(0 if frequency == "step" else Clock.of(frequency).seconds)


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [
        ("h", "hours"),
        ("15min", "15 minutes"),
        ("W-MON", "weeks (Mon)"),
        ("ME", "months by their last day"),
        ("C-DE", "business days less holidays (DE)"),
    ],
)
def test_a_step_in_words(frequency: str, expected: str) -> None:
    assert steps.words(frequency) == expected
