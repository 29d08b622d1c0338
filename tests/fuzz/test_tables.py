"""Tables: the same one written in any way gives the same arrays, and a broken one is refused in words."""

import contextlib
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note, reject
from hypothesis import strategies as st
from pydantic import ValidationError

from cellsize.data import series, table, times, usable, windows
from cellsize.params_data import Prepare, Window
from tests.fuzz.damage import CELLS, Cut, column_of, cuts
from tests.fuzz.dialects import Dialect, dialects, write
from tests.fuzz.guard import fuzzed, outcome
from tests.fuzz.tables import PLAIN_CSV, PREPARE, Toy, toys
from tests.fuzz.written import damaged_file, to_file

WINDOW = Window.model_validate(
    {"lookback": 3, "linear_lookback": None, "horizon": 2, "fill": 1, "transform": "none", "normalise": "none",
     "scale": "global", "observed": 0.5}
)  # fmt: skip


def prepared(path: Path, prepare: Prepare) -> pd.DataFrame:
    """What the stage `prepare` makes of a table."""
    rows = table.read(path, series.texts(prepare), prepare.csv, times.columns_of(prepare))
    return series.clean(rows, path, series.describe(rows, path, prepare))


def arrays(path: Path, prepare: Prepare) -> tuple[pd.DataFrame, windows.Windows]:
    """What the stages `prepare` and `window` make of a table."""
    rows = table.read(path, series.texts(prepare), prepare.csv, times.columns_of(prepare))
    schema = series.describe(rows, path, prepare)
    frame = series.clean(rows, path, schema)
    return frame, usable.build(frame, schema, WINDOW, path)


def same(one: tuple[pd.DataFrame, windows.Windows], other: tuple[pd.DataFrame, windows.Windows]) -> None:
    pd.testing.assert_frame_equal(one[0], other[0], check_exact=True)
    for name in ("inputs", "target", "step", "stamp", "series", "first", "offset", "origin"):
        np.testing.assert_array_equal(getattr(one[1], name), getattr(other[1], name), err_msg=name)


@st.composite
def written_twice(draw: st.DrawFn) -> tuple[Toy, Dialect]:
    toy = draw(toys())
    return toy, draw(dialects(toy))


@pytest.mark.slow
@fuzzed()
@given(written_twice())
def test_a_table_written_in_another_way_gives_the_same_arrays(case: tuple[Toy, Dialect]) -> None:
    toy, dialect = case
    with tempfile.TemporaryDirectory() as folder:
        reference, other = write(toy, Dialect(), Path(folder), "one"), write(toy, dialect, Path(folder), "other")
        assert reference is not None
        if other is None:
            reject()  # this dialect cannot hold this table: one that is never compared counts for nothing
        if other[0].suffix == ".csv":
            note(other[0].read_bytes()[:3000].decode("latin-1"))
        expected, found = outcome(lambda: arrays(*reference)), outcome(lambda: arrays(*other))
        if isinstance(expected, str) or isinstance(found, str):
            assert isinstance(expected, str) == isinstance(found, str), f"{dialect}: {expected} // {found}"
        else:
            same(expected, found)


@pytest.mark.slow
@fuzzed()
@given(written_twice(), cuts())
def test_a_damaged_file_is_read_or_refused_in_words(case: tuple[Toy, Dialect], damages: list[Cut]) -> None:
    toy, dialect = case
    with damaged_file(toy, dialect, damages) as (path, prepare):
        found = outcome(lambda: prepared(path, prepare))
        if isinstance(found, str):
            assert str(path) in found or "prepare." in found, found


FORMATS = (
    None, "%d.%m.%Y", "%Y-%m-%d %H", "epoch s", "epoch ms", "epoch us", "epoch ns", "YYYYMMDD", "%Y", "%Q", "%q-%Y",
    "", "%", "%%", "%Y%", "%y%m%d", "now", "%H:%M", "%Y-%m-%d%z", "%z%Y", "%Y %Y", "%s", "%-d.%m.%Y", "(%Y", "[%Y",
    "%G-W%V", "%G-W%V-%u", "%j", "%Y-%U-%w", "%Y%j", "%d%m%y", "%Y-%m-%dT%H:%M:%S.%f%z", "\\d%Y", "%Y\n%m", "%Y*",
)  # fmt: skip
STEPS = ("h", "D", "MS", "B", "step", "W", "W-MON", "0h", "1000000h", "", "H", "QS-FEB", "C-DE", "C-XX", "us", "YE")


@st.composite
def odd_tables(draw: st.DrawFn) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Tables whose cells may be anything, and settings that may not fit."""
    rows = draw(st.integers(1, 12))
    columns: dict[str, Any] = {}
    hours = pd.date_range("2026-01-01", periods=rows, freq="h").strftime("%Y-%m-%d %H:%M").tolist()
    for name, usual in (("when", hours), ("y", list(range(rows))), ("x", [0.5] * rows), ("place", ["N"] * rows)):
        values: list[Any] = list(usual)
        match draw(st.sampled_from(["usual", "usual", "one cell", "some", "all of one"])):
            case "one cell":
                values[draw(st.integers(0, rows - 1))] = draw(st.sampled_from(CELLS))
            case "some":
                values = [draw(st.sampled_from(CELLS)) for _ in range(rows)]
            case "all of one":
                values = [draw(st.sampled_from(CELLS))] * rows
        columns[name] = values
    frame = pd.DataFrame({name: column_of(values) for name, values in columns.items()})
    kind = draw(st.sampled_from(
        [None, None, "category", "Int64", "float32", "uint8", "string", "datetime64[ns]", "bool", "period[M]",
         "timedelta64[s]", "object"]))  # fmt: skip
    column = draw(st.sampled_from(list(columns)))
    if kind is not None:
        with contextlib.suppress(TypeError, ValueError, OverflowError, AttributeError):
            frame[column] = frame[column].astype(kind)  # type: ignore[call-overload]
    role = st.sampled_from(["when", "y", "x", "place", "absent"])
    settings: dict[str, Any] = {
        "time": draw(st.sampled_from(["when", "when", "when", None, "y", "place", ["when", "y"], ["place", "when"]])),
        "time_format": draw(st.none() | st.sampled_from(FORMATS)),
        "series": draw(st.sampled_from([None, None, "place", "y", "absent"])),
        "targets": draw(st.sampled_from([["y"], ["y"], ["x"], ["y", "x"], ["place"], ["absent"]])),
        "frequency": draw(st.sampled_from(["h", "h", *STEPS])),
        "timezone": draw(st.sampled_from([None, None, "UTC", "Europe/Berlin", "Nowhere/City", "../etc", "", "EST"])),
        "ambiguous": draw(st.sampled_from(["refuse", "first", "infer"])),
        "holidays": draw(st.sampled_from([None, None, "DE", "US-CA", "XX", "", "DE-"])),
        "calendar": draw(st.sampled_from([[], ["hour", "weekday", "weekend", "month"]])),
        "linear_calendar": draw(st.sampled_from([[], ["hour_of_week"], ["day_of_year", "harmonics_of_week"]])),
    }  # fmt: skip
    free = draw(role)
    if free not in (*settings["targets"], settings["series"]):
        settings[draw(st.sampled_from(
            ["past_covariates", "categorical_covariates", "known_future_covariates", "static_covariates"]
        ))] = [free]  # fmt: skip
    return frame, settings


@pytest.mark.slow
@fuzzed()
@given(odd_tables(), st.booleans())
def test_any_cells_and_settings_are_read_or_refused_in_words(
    case: tuple[pd.DataFrame, dict[str, Any]], as_text: bool
) -> None:
    frame, changes = case
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("toy.csv" if as_text else "toy.parquet")
        to_file(frame, path)
        toy = Toy(frame, changes)
        prepare = declared(toy, path)
        if prepare is None:
            reject()
        found = outcome(lambda: arrays(path, prepare))
        if isinstance(found, str):
            assert str(path) in found or "prepare." in found, found
        else:
            assert np.isfinite(found[0][list(prepare.targets)].dropna()).all(axis=None)


def declared(toy: Toy, path: Path) -> Prepare | None:
    """The section `prepare`, or None where params.yaml would refuse it."""
    try:
        return Prepare.model_validate(PREPARE | toy.prepare | {"table": str(path)})
    except ValidationError:
        return None


# Each was found by the fuzzer: text, settings of `prepare.csv`, and what is said; nothing: it is read.
FOUND: dict[str, tuple[str, dict[str, Any], str | None]] = {
    # Values moved one column to the left, and nothing was said.
    "nothing between blanks": (
        "when y x\n2026-01-01T00:00  7\n2026-01-01T01:00 2 8\n2026-01-01T02:00 3 9\n", {"separator": " "},
        "line 2: 2 values, but the header has 3 columns; where blanks separate columns, write NA for a missing number",
    ),
    # pandas' own words: Unable to parse string.
    "digits of another script": (
        "when,y,x\n2026-01-01T00:00,1,\u0661\u0662\n2026-01-01T01:00,2,\u0661\n2026-01-01T02:00,3,\u0663\n", {},
        "'\u0661\u0662' is not a number",
    ),
    "times in digits of another script": (
        "when,y,x\n\u0661\u0662,1,1\n\u0661\u0663,2,2\n\u0661\u0664,3,3\n", {}, "is not a time",
    ),
    # Rows were lost.
    "what begins as a comment in a quoted value": (
        'when,y,x,note\n2026-01-01T00:00,1,1,"a\n#b"\n2026-01-01T01:00,2,3,"c\n#d"\n2026-01-01T02:00,3,4,\n',
        {"comment": "#"}, None,
    ),
    # 'NA' is not a number, it was said.
    "NA beside a number of sixteen digits": (
        "when,y,x\n2026-01-01T00:00,1,9007199254740992.0\n2026-01-01T01:00,2,NA\n2026-01-01T02:00,3,NULL\n", {}, None,
    ),
}  # fmt: skip


def test_what_is_said_to_a_caller_is_one_line_too(tmp_path: Path) -> None:
    # Names of columns were said as they are, with their line breaks.
    path = tmp_path / "toy.csv"
    path.write_text("when,y\n2026-01-01T00:00,1\n", encoding="utf-8")
    found = outcome(lambda: prepared(path, Prepare.model_validate(PREPARE | {"past_covariates": ["a\nb"]})))
    assert "no column 'a\\nb'" in str(found)


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_is_read_or_refused(name: str, tmp_path: Path) -> None:
    text, changes, words = FOUND[name]
    path = tmp_path / "toy.csv"
    path.write_text(text, encoding="utf-8")
    prepare = Prepare.model_validate(PREPARE | {"csv": PLAIN_CSV | changes, "past_covariates": ["x"]})
    found = outcome(lambda: prepared(path, prepare))
    if isinstance(found, str):
        assert words is not None, found
        assert words in found
    else:
        assert words is None
        assert found["y"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "changes", "words"),
    [
        # Hours 1 to 24: nobody can know whether 24 ends this day or the next one begins with it.
        ("when,y\n2026-01-01 01:00,1\n2026-01-01 24:00,2\n", {}, "'2026-01-01 24:00' is not a time"),
        ("day,hour,y\n2026-01-01,23,1\n2026-01-01,24,2\n",
         {"time": ["day", "hour"], "time_format": "%Y-%m-%d %H"}, "'2026-01-01 24' is not a time"),
        ("year,month,day,hour,y\n2026,1,1,23,1\n2026,1,1,24,2\n",
         {"time": ["year", "month", "day", "hour"]}, "a day has the hours 0 to 23"),
        # Serial days of a spreadsheet: numbers, and of no epoch that is read.
        ("when,y\n46023.0,1\n46023.0416667,2\n", {}, "'46023.0' is not a time; write times as"),
    ],
)  # fmt: skip
def test_times_that_are_none_are_refused_with_what_to_do(
    text: str, changes: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "toy.csv"
    path.write_text(text, encoding="utf-8")
    found = outcome(lambda: prepared(path, Prepare.model_validate(PREPARE | changes)))
    assert isinstance(found, str)
    assert words in found


def test_two_files_of_one_name_are_each_said_by_their_own_lines(tmp_path: Path) -> None:
    # How a file is written is kept for messages, by its path.
    path = tmp_path / "toy.csv"
    for csv, text in (({"units_row": True}, "when,y\n,mm\n2026-01-01T00:00,1\n2026-01-01T01:00,x\n"),
                      ({"comment": "#"}, "#\n#\n#\nwhen,y\n2026-01-01T00:00,1\n2026-01-01T01:00,x\n")):  # fmt: skip
        path.write_text(text, encoding="utf-8")
        prepare = Prepare.model_validate(PREPARE | {"csv": PLAIN_CSV | csv})
        found = outcome(partial(prepared, path, prepare))
        assert f"line {text.count(chr(10))}, column 'y': 'x' is not a number" in str(found)
