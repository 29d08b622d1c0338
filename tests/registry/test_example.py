"""The rows that a registered model is shown with."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data.sequence_schema import SequenceSchema
from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import forecast_rows, with_times_as_text
from cellsize.registry.example import of_first, recent_rows
from cellsize.registry.served import Served

HERE = Path("toy.csv")
Table = Callable[..., pd.DataFrame]
MakeModel = Callable[..., Forecaster]


def hours(table: pd.DataFrame) -> list[int]:
    """The hours since the first of January."""
    return [int(since / pd.Timedelta("1h")) for since in pd.to_datetime(table["when"]) - pd.Timestamp("2026-01-01")]


def test_the_example_is_the_last_window_of_each_series_that_holds_one(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    whole, broken, short = (make_table(places=(place,)) for place in ("whole", "broken", "short"))
    broken.loc[50:, "y"] = np.nan
    raw = pd.concat([whole, short.head(5), broken])  # with an index that repeats itself
    # As text the times of this format are in another order than in time.
    raw["when"] = pd.to_datetime(raw["when"]).dt.strftime("%-m/%-d/%Y %-H:%M")
    make_model(raw, series="place", time_format="%m/%d/%Y %H:%M").save(tmp_path)
    example = recent_rows(raw.sample(frac=1, random_state=0), HERE, tmp_path)
    assert hours(example[example["place"] == "whole"]) == list(range(52, 58))
    assert hours(example[example["place"] == "broken"]) == list(range(42, 48))
    assert set(example["place"]) == {"whole", "broken"}
    assert forecast_rows(Forecaster.load(tmp_path), example)["place"].tolist() == ["broken"] * 2 + ["whole"] * 2


def test_an_example_has_rows_for_what_is_known_in_future_without_their_targets(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    raw = make_table()
    make_model(raw, known_future_covariates=["planned"]).save(tmp_path)
    example = recent_rows(raw, HERE, tmp_path)
    assert hours(example) == list(range(52, 60))
    assert example["y"].isna().tolist() == [False] * 6 + [True] * 2
    assert example["planned"].notna().all()


def test_a_table_without_a_whole_window_is_refused(tmp_path: Path, make_model: MakeModel, make_table: Table) -> None:
    raw = make_table()
    make_model(raw).save(tmp_path)
    with pytest.raises(InputError, match=r"^toy\.csv, series .*: 7 rows, but .* needs 8"):
        recent_rows(raw.head(7), HERE, tmp_path)


def test_a_table_whose_windows_all_see_a_filled_target_last_is_refused(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    raw = make_table()
    make_model(raw, fill=1).save(tmp_path)
    raw.loc[5, "y"] = np.nan  # of the one window of eight rows the sixth is seen last
    with pytest.raises(
        InputError, match=r"^toy\.csv: .* no series of it: the last target that a window sees is filled"
    ):
        recent_rows(raw.head(8), HERE, tmp_path)
    assert len(recent_rows(raw.head(9), HERE, tmp_path)) == 6


def test_an_example_ends_with_an_observed_target_where_some_are_missing(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    raw = make_table()
    raw = raw[raw.index % 7 < 5]  # no rows on two steps of seven, as at weekends
    make_model(raw, fill=2, observed=0.5).save(tmp_path)
    example = recent_rows(raw, HERE, tmp_path)
    # Of the windows that end with row 59 the last one begins with 52: it sees 57; 54 and 55 are missing.
    assert hours(example) == [52, 53, 56, 57]
    assert len(forecast_rows(Forecaster.load(tmp_path), example)) == 2


# --- every clock ------------------------------------------------------------------------------------------------------


def of_hours(rows: int = 60, zone: str | None = None) -> pd.DatetimeIndex:
    return pd.date_range("2026-10-24", periods=rows, freq="h", tz=zone)  # clocks are set back in the night after it


def texts(moments: pd.DatetimeIndex, form: str | None = None) -> list[str]:
    return [moment.isoformat() if form is None else moment.strftime(form) for moment in moments]


def in_columns(moments: pd.DatetimeIndex, **columns: Any) -> dict[str, Any]:
    return {name: moments.strftime(form) if isinstance(form, str) else form for name, form in columns.items()}


def of(frequency: str, first: str = "2001-01-01", zone: str | None = None) -> pd.DatetimeIndex:
    return pd.date_range(first, periods=60, freq=frequency, tz=zone, unit="s")


def business_days_of_the_us() -> pd.DatetimeIndex:
    days = of("B", "2023-01-02")
    free = ["2023-01-02", "2023-01-16", "2023-02-20"]
    return days[~days.isin(pd.to_datetime(free))]


CLOCKS: dict[str, tuple[dict[str, Any], dict[str, Any], pd.DatetimeIndex | None]] = {
    "hours": ({"when": texts(of_hours())}, {}, of_hours()),
    "hours whose offset changes": (
        {"when": texts(of_hours(zone="Europe/Berlin"))}, {}, of_hours(zone="Europe/Berlin"),
    ),
    "hours of a place without offset": (
        {"when": texts(of_hours(zone="Europe/Berlin"), "%Y-%m-%d %H:%M")},
        {"timezone": "Europe/Berlin", "ambiguous": "infer"}, of_hours(zone="Europe/Berlin"),
    ),
    "hours in a zone of Parquet": ({"when": of_hours(zone="Asia/Kolkata")}, {}, of_hours(zone="Asia/Kolkata")),
    "midnights of a place": (
        {"when": texts(of("D", "2026-03-01", "Europe/Berlin"))}, {"frequency": "D"},
        of("D", "2026-03-01", "Europe/Berlin"),
    ),
    "MS": ({"when": texts(of("MS"), "%Y-%m")}, {"frequency": "MS"}, of("MS")),
    "ME": ({"when": texts(of("ME"))}, {"frequency": "ME"}, of("ME")),
    "QE": ({"when": texts(of("QE"))}, {"frequency": "QE"}, of("QE")),
    "quarters as text": (
        {"when": [f"Q{moment.quarter} {moment.year}" for moment in of("QS")]},
        {"frequency": "QS", "time_format": "Q%q %Y"}, of("QS"),
    ),
    "YE": ({"when": texts(of("YE"))}, {"frequency": "YE"}, of("YE")),
    "years alone": ({"when": of("YS").year}, {"frequency": "YS", "time_format": "%Y"}, of("YS")),
    "B": ({"when": texts(of("B"))}, {"frequency": "B"}, of("B")),
    "C-US": (
        {"when": texts(business_days_of_the_us())}, {"frequency": "C-US"}, business_days_of_the_us(),
    ),
    "W-MON": ({"when": texts(of("W-MON"))}, {"frequency": "W-MON"}, of("W-MON")),
    "steps": ({"when": range(7, 67)}, {"frequency": "step"}, None),
    "no time": ({}, {"frequency": "step", "time": None}, None),
    "epoch ms": (
        {"when": of_hours().astype("datetime64[ms]").astype(np.int64)}, {"time_format": "epoch ms"},
        of_hours(zone="UTC"),
    ),
    "day first": ({"when": texts(of("D"), "%d.%m.%Y")}, {"frequency": "D", "time_format": "%d.%m.%Y"}, of("D")),
    "a declared format in the column of forecasts": (
        {"time": texts(of("D"), "%d.%m.%Y")}, {"frequency": "D", "time": "time", "time_format": "%d.%m.%Y"}, of("D"),
    ),
    "date and time": (
        in_columns(of_hours(), date="%d/%m/%Y", time="%H:%M"),
        {"time": ["date", "time"], "time_format": "%d/%m/%Y %H:%M"}, of_hours(),
    ),
    "year, month, day, hour": (
        in_columns(of_hours(), year=of_hours().year, month=of_hours().month, day=of_hours().day, hour=of_hours().hour),
        {"time": ["year", "month", "day", "hour"]}, of_hours(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOCKS)
def test_a_model_of_any_clock_accepts_its_example_and_its_forecasts_below_it(
    tmp_path: Path, make_model: MakeModel, name: str
) -> None:
    columns, prepare, stamps = CLOCKS[name]
    n = 60 if stamps is None else len(stamps)
    raw = pd.DataFrame(columns, index=range(n)).assign(y=np.sin(np.arange(n) / 3) + 2)
    make_model(raw, past_covariates=[], calendar=[], **prepare).save(tmp_path)
    served = Served()
    served.load_context(SimpleNamespace(artifacts={"model": str(tmp_path)}))
    example = recent_rows(raw, HERE, tmp_path)
    first = served.predict(None, example)
    assert len(first) == 2
    ahead, further = served.predict(None, raw.iloc[:-4]), served.predict(None, raw.iloc[:-2])
    if stamps is not None:
        assert ahead["time"].tolist() == texts(stamps[-4:-2])
        assert further["time"].tolist() == texts(stamps[-2:])
    # What was forecast, below the rows that it was made from, as two tables are put together; and as JSON has it.
    both = pd.concat([raw.iloc[:-4], ahead])
    split = with_times_as_text(both).astype(object).where(both.notna(), None)
    # Rows in any order, where it says nothing.
    in_order = "ambiguous" in prepare or prepare.get("time", "") is None
    mixed = both if in_order else both.sample(frac=1, random_state=0)
    for sent in (both, pd.DataFrame(split.to_dict(orient="list")), mixed):
        again = served.predict(None, sent)
        assert again["time"].tolist() == further["time"].tolist()
        assert np.isfinite(again["y"]).all()
    # Rows whose times are all as forecasts have them.
    if stamps is not None:
        alone = pd.DataFrame({"time": texts(stamps[:-2]), "y": raw["y"].iloc[:-2]})
        pd.testing.assert_frame_equal(served.predict(None, alone), further)


def test_series_of_different_phases_keep_their_own_stamps_in_the_example_and_after_it(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    late = make_table(places=("late",))
    late["when"] = (pd.to_datetime(late["when"]) + pd.Timedelta("20min")).dt.strftime("%Y-%m-%d %H:%M")
    raw = pd.concat([make_table(places=("early",)), late])
    make_model(raw, series="place").save(tmp_path)
    forecasts = forecast_rows(Forecaster.load(tmp_path), recent_rows(raw, HERE, tmp_path))
    assert forecasts.groupby("place")["time"].first().dt.minute.to_dict() == {"early": 0, "late": 20}


def test_of_sequences_with_numbers_the_first_few_are_shown(number_schema: SequenceSchema) -> None:
    rows = [(f"s{number}", step, 1.0, 2.0, 0.5 * number) for number in range(5) for step in range(2)]
    table = pd.DataFrame(rows, columns=["name", "step", "x", "z", "y"])
    shown = of_first(table, number_schema)
    assert list(shown.columns) == ["name", "step", "x", "z"]
    assert shown["name"].tolist() == ["s0", "s0", "s1", "s1", "s2", "s2"]
