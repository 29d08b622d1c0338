"""Why times are not read, and which format would read them."""

import functools
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data.table import line
from cellsize.data.text_file import misfit
from cellsize.data.time_formats import COMPACT, OFFSET, SHAPES, UNITS, parse, plain_value, split_offsets, text_of

NO_DATE = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?")
# What `proposals` tries: days, months and quarters as people write them, each with the times of day.
DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%y",
    "%m/%d/%y", "%y/%m/%d", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%d %m %Y", "%Y %m %d", "%d %b %Y",
    "%d-%b-%Y", "%d-%b-%y", "%d %b %y", "%d. %b %Y", "%d %B %Y", "%d. %B %Y", "%d-%B-%Y", "%b %d, %Y", "%B %d, %Y",
    "%b %d %Y", "%B %d %Y", "%Y-%b-%d", "%a, %d %b %Y", "%a %d %b %Y", "%Y%m%d", "%d%b%Y", "%Y-%j",
)  # fmt: skip
HOURS = (
    "", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M", "T%H:%M:%S", "T%H:%M:%S.%f", ", %H:%M", ", %H:%M:%S",
    " %I:%M %p", " %I:%M:%S %p", ", %I:%M %p", ", %I:%M:%S %p", " %I:%M%p", " %H", " %H.%M", " %H.%M.%S", " %Hh",
    " %H%M", " %H%M%S", "T%H%M", "T%H%M%S",
)  # fmt: skip
LONGER = (
    "%b-%y", "%b %y", "%b-%Y", "%b %Y", "%B %Y", "%B-%Y", "%B %y", "%Y-%b", "%Y %b", "%Y %B", "%y-%b", "%m/%Y",
    "%m-%Y", "%m.%Y", "%Y/%m", "%Y-%m", "%Y.%m", "%Y%m", "%YM%m", "%Y-M%m", "%m/%y", "%y/%m", "%Y", "%q-%Y", "%q/%Y",
    "%Y-%q", "%Y/%q", "%YQ%q", "%Y-Q%q", "%Y Q%q", "%Y/Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y", "%Y-%q", "%G-W%V-%u",
    "%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%d%m%Y", "%m%d%Y", "%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S",
)  # fmt: skip
SPREADSHEET = (18_264, 73_051)  # days since 1899-12-30: the years 1950 to 2099
SAMPLE = 200  # rows that most formats already fail on


def plausible(values: npt.NDArray[np.generic], unit: str) -> bool:
    """Whether all numbers lie within the years 1971 to 2100 in a unit of an epoch: units do not overlap there."""
    seconds = values.astype(np.float64) * (UNITS[unit] / 1e6)
    return bool(((seconds >= 31_536_000) & (seconds < 4_133_980_800)).all())


def remedy_for_numbers(source: pd.Series) -> str:
    """Which format reads a column of numbers."""
    values = source.to_numpy(np.float64, na_value=np.nan)
    fits = [unit for unit in UNITS if plausible(values, unit)]
    whole = bool((values % 1 == 0).all())
    if whole and (np.abs(values) < 1e15).all():
        compact = [name for name, form in COMPACT.items() if usual_years(parse(text_of(source, name), form))]
        fits += compact or [form for form in ("%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m", "%Y")
                            if usual_years(parse(text_of(source, form), form))]  # fmt: skip
    if len(fits) == 1:
        return f'set prepare.time_format: "{fits[0]}", which reads every row'
    if fits:
        several = " and ".join(f'"{each}"' for each in fits)
        return f"{several} read every row; set prepare.time_format to the one that is meant"
    if ((values >= SPREADSHEET[0]) & (values < SPREADSHEET[1])).all():
        return "if they are the days of a spreadsheet, save them there as dates, such as 2026-01-31 23:00"
    return 'set prepare.time_format, such as "epoch s", or give ISO 8601 times'


def usual_years(moment: "pd.Series[pd.Timestamp]") -> bool:
    """Whether all times were read, and lie within the years 1500 to 2200."""
    return bool((moment.notna() & moment.dt.year.between(1500, 2200)).all())


def refusal(source: pd.Series, path: Path, name: str, time_format: str | None, bad: npt.NDArray[np.bool_]) -> str:
    """Why times are not read: the format that would read all rows, or the first row that none reads."""
    row = int(np.flatnonzero(bad)[0])
    text = text_of(source, None)
    value = f"{path}, {line(path, row)}, {name}: {plain_value(source.iloc[row])!r}"
    written = "ISO 8601" if time_format is None else f"written as {time_format!r}"
    looks_like_a_date = re.match(r"\d+[-/.]\d", text.iloc[row])
    how = None if looks_like_a_date or len(bad) == 1 else misfit(path, text, row, int(bad.sum()) == 1)
    if how is not None:
        usual = "write times as 2026-01-31 23:00" if time_format is None else "fix it, or prepare.time_format"
        return f"{value} is not a time; {how}; else {usual}"
    if time_format is not None and _is_iso(text):
        return f"{value} is not {written}; set prepare.time_format: null, since all times are ISO 8601"
    fits = proposals(text)
    if text.str.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?").all():
        fits += [unit for unit in UNITS if plausible(pd.to_numeric(text).to_numpy(np.float64), unit)]
    if len(fits) == 1:
        return f'{value} is not {written}; set prepare.time_format: "{fits[0]}", which reads every row'
    if fits:
        several = " and ".join(f'"{each}"' for each in fits)
        return f"{value} is ambiguous: {several} read every row; set prepare.time_format to the one that is meant"
    if not bad.all() and (time_format is not None or bad.mean() < 0.5):
        form = "write times as 2026-01-31 23:00" if time_format is None else "fix it, or prepare.time_format"
        return f"{value} is not a time; {form}"
    # No format reads every row: the one that reads most names the row that it does not read.
    most, unread = _best(text)
    if most is not None:
        row = int(np.flatnonzero(unread)[0])
        value = f"{path}, {line(path, row)}, {name}: {plain_value(source.iloc[row])!r}"
        return f'{value} is not a time; fix it, and set prepare.time_format: "{most}", which reads the other rows'
    if NO_DATE.fullmatch(text.iloc[row]):
        return f"{value} is a time of day alone; name the column of the date too, as in prepare.time: [date, time]"
    return f"{value} is not a time; write times as 2026-01-31 23:00"


def formats() -> Iterator[str]:
    """The usual formats, those of `proposals`."""
    yield from LONGER
    for day, hour in itertools.product(DAYS, HOURS):
        yield day + hour
        if "%H" in hour:
            yield f"{day}{hour}%z"
            yield f"{day}{hour} %z"


def _is_iso(text: pd.Series) -> bool:
    """Whether all rows are ISO 8601, all with an offset or all without."""
    bare, offsets = split_offsets(text, None)
    return bool(parse(bare, None).notna().all() and (offsets is None or (offsets != "").all()))


@functools.cache
def _shapes() -> dict[str, re.Pattern[str]]:
    """A pattern of each usual format, which more texts match than the format reads."""
    return {
        form: re.compile(re.sub("%(.)", lambda found: SHAPES[found[1]], form.replace(".", r"\.").replace(" ", r"\s+")))
        for form in formats()
    }


def _possible(text: pd.Series) -> list[str]:
    """The usual formats that may read the text of more than half of the first rows."""
    first = text.iloc[:SAMPLE].tolist()
    tried = first[:: max(1, len(first) // 9)]
    return [form for form, shape in _shapes().items() if sum(map(bool, map(shape.fullmatch, tried))) * 2 > len(tried)]


def proposals(text: pd.Series) -> list[str]:
    """The usual formats that read every row, of those that read the same only the first one.

    Args:
        text: Times as they are written, none missing.
    """
    fits: list[tuple[str, npt.NDArray[np.datetime64]]] = []
    sample = text.iloc[:SAMPLE]
    for form in _possible(text):
        if _reads(sample, form).all() and _reads(text, form).all():
            moment = parse(split_offsets(text, form)[0], form).to_numpy("datetime64[us]")
            if not any(np.array_equal(moment, other) for _, other in fits):
                fits.append((form, moment))
    names = {form: name for name, form in COMPACT.items()}
    return [names.get(form, form) for form, _ in fits]


def _reads(text: pd.Series, form: str) -> npt.NDArray[np.bool_]:
    """Which rows a format reads, shape (rows,)."""
    bare, offsets = split_offsets(text, form)
    read_rows = parse(bare, form).notna().to_numpy()
    if "%z" in form:
        blank = text.str.contains(rf"\s{OFFSET}$", regex=True).to_numpy(bool)
        there = (offsets != "").to_numpy() if offsets is not None else np.zeros(len(text), np.bool_)
        read_rows = read_rows & there & (blank == (" %z" in form))
    result: npt.NDArray[np.bool_] = read_rows
    return result


def _best(text: pd.Series) -> tuple[str | None, npt.NDArray[np.bool_]]:
    """The usual format that reads most rows if it reads more than half, and the rows that it does not read."""
    best: tuple[str | None, npt.NDArray[np.bool_]] = None, np.ones(len(text), np.bool_)
    sample = text.iloc[:SAMPLE]
    for form in _possible(text):
        if _reads(sample, form).mean() > 0.5:
            unread = ~_reads(text, form)
            if unread.mean() < min(0.5, best[1].mean()):
                best = form, unread
    return best
