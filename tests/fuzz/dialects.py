"""The many ways to write one and the same table."""

import csv as csv_module
import gzip
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from cellsize.data.times import columns_of
from cellsize.params_data import Prepare
from tests.fuzz.tables import PLAIN_CSV, PREPARE, Toy


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
    if not toy.is_clock:
        return frame, {}
    when = frame[column]
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
    shown = [_shown(frame[column], dialect, column in times) for column in frame.columns]
    has_other = dialect.newline == "\r" or any("\r" in str(value) for values in shown for value in values)
    quoting: Any = csv_module.QUOTE_ALL if has_other else dialect.quoting
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
