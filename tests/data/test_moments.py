"""Times as a reader wants them."""

import pandas as pd
import pytest

from cellsize.data import moments


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (pd.date_range("1959-08-01", periods=3, freq="MS"), "1959-08-01"),
        (pd.date_range("2026-03-28", periods=3, freq="D", tz="Europe/Berlin"), "2026-03-28"),
        (pd.date_range("2026-03-28", periods=3, freq="h"), "2026-03-28 00:00"),
        (pd.date_range("2026-03-28 12:00", periods=3, freq="D"), "2026-03-28 12:00"),
        (pd.date_range("2026-03-28", periods=3, freq="h", tz="Europe/Berlin"), "2026-03-28 00:00+01:00"),
        (pd.date_range("2026-03-28", periods=3, freq="10s"), "2026-03-28 00:00:00"),
        (pd.Index([7, 8, 9]), "7"),
    ],
)
def test_a_time_of_day_is_said_only_where_times_of_day_differ_from_midnight(times: pd.Index, words: str) -> None:
    assert moments.said(times[0], times) == words
    assert moments.said(pd.Series(times).iloc[0], pd.Series(times)) == words


def test_a_moment_with_a_time_of_day_keeps_it_among_midnights() -> None:
    assert moments.said(pd.Timestamp("2026-01-31 14:00"), pd.DatetimeIndex(["2026-01-01"])) == "2026-01-31 14:00"
