"""The rows that sizes are searched on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.data.searched import last_searched, rows_until
from cellsize.errors import InputError


@pytest.fixture
def frame() -> pd.DataFrame:
    times = pd.date_range("2026-01-01", periods=4, freq="h", unit="us")
    return pd.DataFrame({SERIES: pd.Categorical(["a"] * 4 + ["b"] * 4), TIME: [*times, *times], "x": np.arange(8.0)})


@pytest.fixture
def schema(make_schema: object) -> Schema:
    return make_schema()  # type: ignore[operator,no-any-return]


def test_the_row_of_the_time_itself_is_the_last_one_of_each_series(frame: pd.DataFrame, schema: Schema) -> None:
    assert rows_until(frame, schema, "2026-01-01T01:00:00")["x"].tolist() == [0, 1, 4, 5]
    assert rows_until(frame, schema, "2026-01-01T01:59:00").index.tolist() == [0, 1, 2, 3]


def test_rows_of_a_zone_are_cut_at_an_instant(frame: pd.DataFrame, schema: Schema) -> None:
    zoned = frame.assign(time=pd.DatetimeIndex(frame[TIME]).tz_localize("Europe/Berlin"))
    berlin = replace(schema, timezone="Europe/Berlin", is_naive=False)
    assert rows_until(zoned, berlin, "2026-01-01T00:00:00+00:00")["x"].tolist() == [0, 1, 4, 5]
    with pytest.raises(
        InputError, match=r"split\.searched_until: '2026-01-01' has no offset, but the times have one; "
    ):
        rows_until(zoned, berlin, "2026-01-01")


def test_rows_whose_targets_come_later_are_not_searched_on(frame: pd.DataFrame, schema: Schema) -> None:
    known = frame.assign(**dict.fromkeys(schema.past_columns, frame["x"])).copy()
    assert last_searched(known, schema, None) == "2026-01-01T03:00:00"
    known.loc[known[TIME].dt.hour > 1, list(schema.targets)] = np.nan
    assert last_searched(known, schema, None) == "2026-01-01T01:00:00"
    assert last_searched(known, schema, "2026-01-01T02:00:00") == "2026-01-01T02:00:00"
    # One series is enough; and where nothing was ever observed, the stage says so.
    known.loc[known.index[-2], list(schema.targets)] = 1.0
    assert last_searched(known, schema, None) == "2026-01-01T02:00:00"
    nothing = known.assign(**dict.fromkeys(schema.targets, np.nan))
    assert last_searched(nothing, schema, None) == "2026-01-01T03:00:00"


def test_counted_steps_are_whole_numbers(frame: pd.DataFrame, schema: Schema) -> None:
    counted = frame.assign(time=np.tile(np.arange(4), 2))
    steps = replace(schema, frequency="step")
    assert rows_until(counted, steps, "2")["x"].tolist() == [0, 1, 2, 4, 5, 6]
    with pytest.raises(InputError, match="'Monday' is not a whole number"):
        rows_until(counted, steps, "Monday")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Monday the 3rd", "is not a time in ISO 8601; set null"),
        ("2026-01-01T00:00:00+01:00", "has an offset, but the times have none"),
        ("2025-12-31", "is before the first row; set null"),
    ],
)
def test_what_is_no_time_of_these_rows_is_refused(
    frame: pd.DataFrame, schema: Schema, said: str, expected: str
) -> None:
    with pytest.raises(InputError, match=r"^split\.searched_until: .*" + expected.replace("+", r"\+")):
        rows_until(frame, schema, said)
