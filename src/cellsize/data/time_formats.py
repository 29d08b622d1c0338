"""Formats of times: what `prepare.time_format` may be, and which texts are written so."""

import re

import numpy as np
import pandas as pd

from cellsize.data.table import labels
from cellsize.errors import InputError

UNITS = {"epoch s": 1_000_000, "epoch ms": 1_000, "epoch us": 1, "epoch ns": 0.001}  # microseconds in one
COMPACT = {"YYYYMMDD": "%Y%m%d"}
# A year alone is not a time: it may be a count of something. Beyond microseconds only zeros are read.
DATE = r"[0-9]{4}-\d{2}(?:-\d{2}(?:[T ]\d{2}(?::\d{2}(?::\d{2}(?:\.\d{1,6}0*)?)?)?)?)?"
OFFSET = r"(?:Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)"
LONGEST_OFFSET = len("+01:00:00")
# Digits of a directive, where no sign separates it from the next one: 112021 may be 1.1.2021 or 11.2.021.
WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "y": 2, "j": 3, "I": 2}

# What each directive can look like: a thousand formats are told apart by it without reading any time.
SHAPES = {
    "Y": r"\d{4}", "G": r"\d{4}", "y": r"\d\d", "m": r"\d\d?", "d": r"\d\d?", "H": r"\d\d?", "I": r"\d\d?",
    "M": r"\d\d?", "S": r"\d\d?", "f": r"\d{1,9}", "j": r"\d{1,3}", "V": r"\d\d?", "u": r"\d", "q": "[1-4]",
    "b": r"[^\W\d]+", "B": r"[^\W\d]+", "a": r"[^\W\d]+", "A": r"[^\W\d]+", "p": "[AaPp][Mm]", "z": OFFSET,
}  # fmt: skip


def check_format(time_format: str | None) -> None:
    """Refuses a format that leaves the year open, or that would be read by a language or a zone of this machine."""
    if time_format is None or time_format in UNITS or time_format in COMPACT:
        return
    remedy = 'use such as "%d.%m.%Y %H:%M", epoch s, epoch ms, epoch us, epoch ns, YYYYMMDD, or null'
    directives = re.findall("%(.?)", time_format.replace("%%", ""))
    unknown = [letter for letter in directives if letter not in set("YymdHIMSfpbBaAjzGVuq")]
    if unknown:
        raise InputError(f"prepare.time_format: {time_format!r} has %{unknown[0]}, which is not read; {remedy}")
    if not {"Y", "y", "G"} & set(directives):
        raise InputError(f"prepare.time_format: {time_format!r} names no year; {remedy}")
    if "z" in directives and not time_format.endswith("%z"):
        raise InputError(f"prepare.time_format: {time_format!r} has %z before its end, which is not read; {remedy}")
    if len(set(directives)) < len(directives):
        raise InputError(f"prepare.time_format: {time_format!r} names a part of the time twice; {remedy}")
    if "q" in directives and not set(directives) <= {"q", "Y", "y"}:
        raise InputError(f"prepare.time_format: {time_format!r} has more than a year beside %q; {remedy}")
    found = set(directives)
    if found & {"G", "V"} and not (found >= {"G", "V"} and found & set("uaA") and not found & set("Yj")):
        raise InputError(
            f"prepare.time_format: {time_format!r} is a part of a week's date, which is read as %G-W%V-%u: year, week "
            f"and weekday, without %Y and %j; {remedy}"
        )
    try:
        pd.to_datetime(pd.Series(["0"]), format=time_format.replace("%q", "%m"), errors="coerce", utc=True)
    except ValueError:  # pandas' words are about its own arguments
        raise InputError(f"prepare.time_format: {time_format!r} cannot be read; {remedy}") from None


def text_of(source: pd.Series, time_format: str | None) -> pd.Series:
    """Numbers and texts as texts; a zero that a number has lost at the front is put back where a format needs it."""
    text = labels(source).astype("str").str.strip() if pd.api.types.is_numeric_dtype(source) else source.str.strip()
    width = _width(COMPACT.get(str(time_format), str(time_format)))
    if width and pd.api.types.is_numeric_dtype(source):
        text = text.str.zfill(width)
    return text


def _width(time_format: str) -> int:
    """Digits of a format without a sign between its parts, 0 for other formats."""
    directives = re.findall("%(.)", time_format)
    if len(directives) * 2 != len(time_format) or not set(directives) <= set(WIDTHS):
        return 0
    return sum(WIDTHS[letter] for letter in directives)


def _of_full_width(time_format: str) -> str | None:
    """A pattern of a format with parts that nothing separates, each of all its digits; None for other formats.

    pandas would read `24` as `%H%M`: four minutes past two.
    """
    run = rf"(?:%[{''.join(WIDTHS)}]){{2,}}"
    if not re.search(run, time_format):
        return None
    parts = re.split(rf"({run}|%.|\s+)", time_format)
    return "".join(map(_shape, parts))


def _shape(part: str) -> str:
    """A pattern of a part of a format: of directives that nothing separates, of one, of blanks, or of what is fixed."""
    if len(part) > 2 and part.startswith("%"):
        return rf"\d{{{_width(part)}}}"
    if part.startswith("%"):
        return SHAPES.get(part[1], re.escape(part[1]))
    return re.escape(part) if part.strip() else r"\s+" * bool(part)


def split_offsets(text: pd.Series, time_format: str | None) -> tuple[pd.Series, "pd.Series[str] | None"]:
    """Texts without the offset at their end, and the offsets, empty where there is none; None: no row has one."""
    if time_format is not None and "%z" not in time_format:
        return text, None
    # Few different ends: a pattern for each row would take most of the time of reading.
    codes, ends = pd.factorize(text.str.slice(-LONGEST_OFFSET))
    matches = [re.search(f"{OFFSET}$", end) for end in ends]
    found = np.array([match[0] if match else "" for match in matches], object)[codes]
    length = np.array([len(match[0]) if match else 0 for match in matches])[codes]
    if time_format is None:  # the day of a date is no offset
        is_day = text.str.len().to_numpy(np.int64) - length < len("2026-01-31 23")
        found[is_day], length[is_day] = "", 0
    if not length.any():
        return text, None
    bare = text
    for some in np.unique(length[length > 0]):
        bare = bare.where(length != some, text.str.slice(0, -int(some)).str.rstrip())
    return bare, pd.Series(found, index=text.index, dtype="str")


def parse(text: pd.Series, time_format: str | None) -> "pd.Series[pd.Timestamp]":
    """Texts without offsets as datetimes, NaT where they are not written in the format."""
    if time_format is None:
        fits, pandas_format = text.str.fullmatch(DATE), "ISO8601"
        # More than six digits would make nanoseconds of all rows, which end in the year 2262.
        text = text.str.replace(r"(\.\d{6})0+$", r"\1", regex=True)
    elif "%q" in time_format:
        return _quarters(text, time_format)
    else:
        pandas_format = COMPACT.get(time_format, time_format)
        pandas_format = re.sub(r"\s*%z$", "", pandas_format)
        # Without a digit pandas reads `now` and `today`, whatever the format.
        width = _width(pandas_format)
        fits = text.str.fullmatch(rf"\d{{{width}}}" if width else _of_full_width(pandas_format) or r".*\d.*")
    return pd.to_datetime(text.where(fits.astype(bool)), format=pandas_format, errors="coerce")


def _quarters(text: pd.Series, time_format: str) -> "pd.Series[pd.Timestamp]":
    """The first day of the quarters that are written so."""
    pattern = re.escape(time_format)
    for directive, group in {"%q": r"(?P<q>[1-4])", "%Y": r"(?P<year>\d{4})", "%y": r"(?P<year>\d{2})"}.items():
        pattern = pattern.replace(re.escape(directive), group)
    found = text.str.extract(f"^{pattern}$")
    month = (found["q"].astype("float64") * 3 - 2).astype("Int64").astype("str").str.zfill(2)
    written = found["year"] + "-" + month
    return pd.to_datetime(written, format="%Y-%m" if "%Y" in time_format else "%y-%m", errors="coerce")


def plain_value(value: object) -> object:
    """A NumPy number as Python writes it."""
    return value.item() if isinstance(value, np.generic) else value
