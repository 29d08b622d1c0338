"""Random tables, and what `prepare` has to say of them."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from hypothesis import strategies as st

PLAIN_CSV: dict[str, Any] = {
    "separator": ",", "decimal": ".", "thousands": None, "comment": None, "encoding": "utf-8", "units_row": False,
    "total_row": False,
}  # fmt: skip
PREPARE: dict[str, Any] = {
    "table": "toy.csv", "csv": PLAIN_CSV, "time": "when", "time_format": None, "series": None, "targets": ["y"],
    "past_covariates": [], "categorical_covariates": [], "known_future_covariates": [], "static_covariates": [],
    "series_as_input": False, "calendar": [], "linear_calendar": [], "holidays": None, "timezone": None,
    "ambiguous": "refuse", "frequency": "h", "gap": 48,
    "group": None, "text": None,
}  # fmt: skip

# Names of series, levels and columns that have gone wrong somewhere, or look as if they could.
NAMES = (
    "N", "S", "south west", "NA", "None", "nan", "null", "007", "7", "1.0", "1e3", "true", "False", "Ä ö", "日本",
    "a;b", "a,b", "a|b", 'say "x"', '"', "it's", "#1", "-", "+1", "inf", "2026-01-01", "=1+1", "\\", "{{ x }}",
    "<script>", "a\nb", "a\n#b", "%", "!x", "x" * 70, "Infinity", "0x10", "1_000", "١٢", "½", "é", "e\u0301",
)  # fmt: skip
COLUMNS = (
    "y", "value", "größe", "wind speed", "y;z", "a,b", 'q"t', "1", "2026", "time", "series", "Unnamed: 0", "y.1",
    "y_missing", "index", "x=1", "#y", "mean", "size", "T", "values", "name", "0", "hour", "日", "__index_level_0__",
    "<b>", "row", "level_0", "y\nz", "nan", "None", "True",
)  # fmt: skip
FREQUENCIES = ("h", "15min", "30s", "3h", "D", "W-MON", "MS", "ME", "QS", "YS", "B", "step", "2D", "250ms")
ZONES = (None, None, "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")


@dataclass(frozen=True)
class Toy:
    """A table, and what `prepare` has to say of it.

    Attributes:
        frame: The rows: times as datetimes in the column that `prepare` names, or whole numbers.
        prepare: Changes to `PREPARE`, but for how the table is written.
    """

    frame: pd.DataFrame
    prepare: dict[str, Any]

    @property
    def time(self) -> str:
        return str(self.prepare["time"])

    @property
    def is_clock(self) -> bool:
        return self.prepare["time"] is not None and pd.api.types.is_datetime64_any_dtype(self.frame[self.time])


def numbers(kind: str, rows: int, rng: np.random.Generator) -> Any:
    """A column of numbers of some kind."""
    wave = np.sin(np.arange(rows) / 3) + rng.normal(0, 0.3, rows)
    match kind:
        case "whole":
            return np.round(wave * 50).astype(np.int64)
        case "decimals":
            return np.round(wave * 1000, 2)
        case "full":
            return wave * rng.choice([1e-9, 1.0, 1e5])
        case "offset":
            return np.round(wave * 3, 3) + 1e9
        case "large":
            return np.round(wave * 1e12)
        case "counter":
            return (2**53 - 10_000 + np.arange(rows) * 7).astype(np.int64)
        case "truth":
            return wave > 0
        case _:
            return np.round(wave, 1) * 1e15


KINDS = ("whole", "decimals", "decimals", "full", "offset", "large", "counter", "truth", "huge")


def _times(frequency: str, rows: int, start: pd.Timestamp, skips: np.ndarray) -> Any:
    places = np.cumsum(skips)
    if frequency == "step":
        return places.astype(np.int64) + start.year - 2000
    moments = pd.date_range(start, periods=int(places[-1]) + 1, freq=frequency, unit="us")
    return moments[places]


@st.composite
def toys(draw: st.DrawFn, least: int = 6, most: int = 40) -> Toy:
    """Small tables with holes, missing values, several series, and columns of all roles."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frequency, zone = draw(st.sampled_from(FREQUENCIES)), draw(st.sampled_from(ZONES))
    names = draw(st.permutations(COLUMNS))
    when, place, target, past, known, level, other = (str(name) for name in names[:7])
    series = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    start = pd.Timestamp(draw(st.sampled_from(
        ["2026-01-01", "2021-03-28 00:00", "1999-12-31 23:45", "2024-02-29 12:00:30", "1931-05-04", "2345-06-07 08:00"]
    )))  # fmt: skip
    if frequency in ("D", "2D", "W-MON", "MS", "ME", "QS", "YS", "B"):
        start = start.normalize()
    has_holes, has_missing = draw(st.booleans()), draw(st.booleans())
    kinds = [draw(st.sampled_from(KINDS)) for _ in range(3)]
    parts = []
    for name in series:
        rows = draw(st.integers(least, most))
        skips = np.where(rng.random(rows) < 0.1 * has_holes, rng.integers(2, 5, rows), 1)
        skips[0] = rng.integers(0, 3)
        moments = _times(frequency, rows, start, skips)
        part = pd.DataFrame({when: moments, place: name}, columns=[when, place])
        for column, kind in zip((target, past, known), kinds, strict=True):
            part[column] = numbers(kind, rows, rng)
        part[level] = rng.choice(series, rows)
        part[other] = rng.choice(["junk", "1", ""], rows)
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    if has_missing:
        for column in (target, past):
            frame[column] = frame[column].astype("float64").where(rng.random(len(frame)) > 0.1)
        frame[level] = frame[level].where(rng.random(len(frame)) > 0.1)
    prepare: dict[str, Any] = {"time": when, "targets": [target], "frequency": frequency}
    prepare["series"] = place if len(series) > 1 or draw(st.booleans()) else None
    prepare["past_covariates"] = [past] * draw(st.booleans())
    prepare["known_future_covariates"] = [known] * draw(st.booleans())
    prepare["categorical_covariates"] = [level] * draw(st.booleans())
    if frequency != "step":
        prepare["calendar"] = draw(st.sampled_from([[], ["hour"], ["weekday", "month"]]))
        if zone is not None:
            local = frame[when].dt.tz_localize(ZoneInfo(zone), ambiguous="NaT", nonexistent="NaT")
            frame, local = frame[local.notna()].reset_index(drop=True), local.dropna().reset_index(drop=True)
            frame[when] = local
            prepare["timezone"] = zone
    return Toy(frame, prepare)
