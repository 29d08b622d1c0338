"""Random tables, and the many ways to write one and the same table."""

import csv as csv_module
import gzip
import io
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from cellsize.data.times import columns_of
from cellsize.params_data import Prepare

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
        return pd.api.types.is_datetime64_any_dtype(self.frame[self.time])


def _numbers(kind: str, rows: int, rng: np.random.Generator) -> Any:
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
            part[column] = _numbers(kind, rows, rng)
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


@dataclass
class Dialect:
    """How a table is written.

    Attributes:
        suffix: Of the file: .parquet, .csv, .csv.gz.
        csv: The section `prepare.csv`.
        time: How times are written; see `_with_times`.
        missing: What stands for a missing number.
        quoting: Of Python's csv module.
        newline: Between the lines.
        mark: Whether a byte order mark is written.
        comments: Whether lines of comment and empty lines stand between the rows.
        order: A seed that shuffles rows and columns, or None.
    """

    suffix: str = ".parquet"
    csv: dict[str, Any] = field(default_factory=lambda: dict(PLAIN_CSV))
    time: str = "typed us"
    missing: str = ""
    quoting: int = csv_module.QUOTE_MINIMAL
    newline: str = "\n"
    mark: bool = False
    comments: bool = False
    order: int | None = None


NAIVE = (
    "%d.%m.%Y %H:%M:%S.%f", "%m/%d/%Y %I:%M:%S.%f %p", "%d %b %Y %H:%M:%S.%f", "%Y-%j %H:%M:%S.%f",
    "%G-W%V-%u %H:%M:%S.%f",
)  # fmt: skip


@st.composite
def dialects(draw: st.DrawFn, toy: Toy) -> Dialect:
    """Ways to write a table that lose nothing of it."""
    suffix = draw(st.sampled_from([".csv", ".csv", ".csv", ".csv.gz", ".tsv", ".txt", ".parquet"]))
    is_text = suffix != ".parquet"
    times = ["typed us", "typed ns"]
    if toy.is_clock:
        is_naive = toy.frame[toy.time].dt.tz is None
        times = ["iso", "iso T", "iso Z", *(["iso zone"] if not is_naive else [])]
        if is_naive:
            times = ["iso", "iso T", "parts", "date clock", *NAIVE]
            if toy.frame[toy.time].dt.second.eq(0).all() and toy.frame[toy.time].dt.microsecond.eq(0).all():
                times += ["%d.%m.%Y %H:%M", "%Y%m%d%H%M", "iso short"]
            if toy.frame[toy.time].eq(toy.frame[toy.time].dt.normalize()).all():
                times += ["YYYYMMDD", "%d/%m/%Y", "%Y.%m.%d", "iso day"]
        else:
            times += ["epoch s", "epoch ms", "epoch us", "epoch ns", "offset %d.%m.%Y %H:%M:%S.%f%z"]
        if not is_text:
            times += ["typed us", "typed ns", "typed ms", *(["typed zone"] if not is_naive else [])]
    time = draw(st.sampled_from(times))
    if not is_text:
        return Dialect(time=time, order=draw(st.none() | st.integers(0, 99)))
    separator = draw(st.sampled_from([",", ";", "\t", "|", " ", "~"]))
    decimal = draw(st.sampled_from([".", ","]))
    thousands = draw(st.sampled_from([None, None, None, ".", ",", "'", " "]))
    comment = draw(st.sampled_from([None, None, "#", "%", "!"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-16", "cp1252", "utf-8-sig", "utf-16-le", "gb18030"]))
    csv = PLAIN_CSV | {
        "separator": separator, "decimal": decimal, "thousands": None if thousands == decimal else thousands,
        "comment": None if comment == separator else comment, "encoding": encoding,
        "units_row": draw(st.booleans()), "total_row": draw(st.booleans()),
    }  # fmt: skip
    return Dialect(
        suffix=suffix, csv=csv, time=time, missing=draw(st.sampled_from(["", "NA", "nan"])),
        quoting=draw(st.sampled_from([csv_module.QUOTE_MINIMAL, csv_module.QUOTE_ALL, csv_module.QUOTE_NONNUMERIC])),
        newline=draw(st.sampled_from(["\n", "\r\n", "\r"])), mark=draw(st.booleans()),
        comments=draw(st.booleans()), order=draw(st.none() | st.integers(0, 99)),
    )  # fmt: skip


def _with_times(toy: Toy, written: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows with times as they are written, and what `prepare` says of them."""
    frame, column = toy.frame.copy(), toy.time
    when = frame[column]
    if not toy.is_clock:
        return frame, {}
    kind, _, rest = written.partition(" ")
    if kind == "typed":
        if rest == "zone":
            frame[column] = when.dt.tz_convert(ZoneInfo("Asia/Tokyo"))
        else:
            try:
                frame[column] = when.dt.as_unit(rest)
            except (OverflowError, ValueError):
                return frame, {}
        return frame, {}
    if kind == "iso":
        if rest in ("Z", "zone") and when.dt.tz is not None:
            when = when.dt.tz_convert("UTC" if rest == "Z" else ZoneInfo("America/St_Johns"))
        if rest == "day":
            frame[column] = when.dt.strftime("%Y-%m-%d")
        elif rest == "short":
            frame[column] = when.dt.strftime("%Y-%m-%d %H:%M")
        else:
            frame[column] = [moment.isoformat(sep="T" if rest == "T" else " ") for moment in when]
        if rest == "Z" and when.dt.tz is not None:
            frame[column] = frame[column].str.replace("+00:00", "Z", regex=False)
        return frame, {}
    if kind == "epoch":
        count = when.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]").astype(np.int64)
        if rest == "ns" and (count.abs() > 9e15).any():
            return _with_times(toy, "epoch us")
        divisor = {"s": 1_000_000, "ms": 1000, "us": 1}.get(rest, 0)
        if divisor and (count % divisor).any():
            frame[column], written = count, "epoch us"
        else:
            frame[column] = count // divisor if divisor else count * 1000
        return frame, {"time_format": written}
    if kind == "parts":
        names = [f"{part}" for part in ("year", "month", "day", "hour", "minute", "second")]
        if set(names) & set(frame.columns) or when.dt.microsecond.any():
            return _with_times(toy, "iso")
        parts = {name: getattr(when.dt, name).astype(np.int64) for name in names}
        return frame.drop(columns=column).assign(**parts), {"time": names}
    if kind == "date":
        if {"day of it", "clock"} & set(frame.columns):
            return _with_times(toy, "iso")
        texts = {"day of it": when.dt.strftime("%Y-%m-%d"), "clock": [moment.time().isoformat() for moment in when]}
        return frame.drop(columns=column).assign(**texts), {"time": ["day of it", "clock"]}
    pattern = {"YYYYMMDD": "%Y%m%d", "offset": rest}.get(kind, written)
    frame[column] = when.dt.strftime(pattern)
    return frame, {"time_format": "YYYYMMDD" if kind == "YYYYMMDD" else pattern}


def write(toy: Toy, dialect: Dialect, folder: Path, name: str) -> tuple[Path, Prepare] | None:
    """Writes a table; None where the encoding has no such characters, or a sign cannot be told from the data.

    Returns:
        The file, and the section `prepare` that declares how it is written.
    """
    frame, changes = _with_times(toy, dialect.time)
    if dialect.order is not None:
        rng = np.random.default_rng(dialect.order)
        frame = frame.iloc[rng.permutation(len(frame))] if toy.is_clock or toy.prepare["time"] else frame
        frame = frame[list(rng.permutation(frame.columns))]
    path = folder / f"{name}{dialect.suffix}"
    prepare = Prepare.model_validate(PREPARE | toy.prepare | changes | {"csv": dialect.csv, "table": str(path)})
    if dialect.suffix == ".parquet":
        frame.to_parquet(path, index=dialect.order is not None)
        return path, prepare
    data = _as_bytes(frame, dialect, columns_of(prepare))
    if data is None:
        return None
    path.write_bytes(gzip.compress(data, 1) if dialect.suffix.endswith(".gz") else data)
    return path, prepare


def _as_bytes(frame: pd.DataFrame, dialect: Dialect, times: tuple[str, ...]) -> bytes | None:
    csv, out = dialect.csv, io.StringIO(newline="")
    comment = csv["comment"]
    # Python's writer quotes no other line break than its own.
    quoting: Any = csv_module.QUOTE_ALL if dialect.newline == "\r" else dialect.quoting
    writer = csv_module.writer(
        out,
        delimiter=csv["separator"],
        quoting=quoting,
        lineterminator=dialect.newline,
    )
    note = f"{comment} a comment{csv['separator']} of a logger{dialect.newline}" if comment else dialect.newline
    if dialect.comments:
        out.write(note)
    writer.writerow(frame.columns)
    if csv["units_row"]:
        writer.writerow(["unit"] * len(frame.columns))
    shown = [_shown(frame[column], dialect, column in times) for column in frame.columns]
    for number, row in enumerate(zip(*shown, strict=True)):
        writer.writerow(row)
        if dialect.comments and number % 7 == 3:
            out.write(note)
    if csv["total_row"]:
        writer.writerow(["Total", *["1"] * (len(frame.columns) - 1)])
    lines = [
        line for line in csv_module.reader(io.StringIO(out.getvalue(), newline=""), delimiter=csv["separator"]) if line
    ]
    if comment and sum(line[0].startswith(comment) for line in lines) > out.getvalue().count(note):
        return None  # a value would begin a comment
    if csv["separator"] == " " and any("" in line for line in lines):
        return None  # where blanks separate columns, nothing is no value
    try:
        data = out.getvalue().encode(csv["encoding"])
    except UnicodeEncodeError:
        return None
    return b"\xef\xbb\xbf" + data if dialect.mark and csv["encoding"] == "utf-8" else data


def _shown(values: pd.Series, dialect: Dialect, is_time: bool) -> list[Any]:
    """A column as texts; a time that is a number has no sign between thousands."""
    if is_time:
        return values.astype("str").tolist()
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return ["" if pd.isna(value) else str(value) for value in values]
    return [dialect.missing if pd.isna(value) else _number(value, dialect) for value in values.tolist()]


def _number(value: float, dialect: Dialect) -> str:
    decimal, thousands = dialect.csv["decimal"], dialect.csv["thousands"]
    text = repr(value)
    whole, point, fraction = text.partition(".")
    if thousands is not None and whole.lstrip("-").isdigit() and len(whole.lstrip("-")) > 3:
        whole = f"{int(whole):,}".replace(",", thousands)
    return whole + (decimal if point else "") + fraction


LETTERS: Callable[..., st.SearchStrategy[str]] = lambda: st.text(string.printable, max_size=40)  # noqa: E731
